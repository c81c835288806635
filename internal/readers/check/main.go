// Command check asks the reader of every client about stanzas that tests recorded:
//
//	go run ./internal/readers/check FILE...
//
// A file has a stanza on each line, "in " before one that came from the bridge, "out " before
// one that went to it. Objections are printed, and end it with status 1. Only tests use it.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/jinglebridge/jinglebridge/internal/element"
	"github.com/jinglebridge/jinglebridge/internal/readers"
)

const maxLine = 1 << 20

func main() {
	objections, heard, err := checkAll(os.Args[1:])
	for _, objection := range objections {
		fmt.Println(objection)
	}
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "check:", err)
		os.Exit(2)
	case len(objections) > 0:
		os.Exit(1)
	}
	fmt.Printf("%d stanzas, and nobody objects\n", heard)
}

func checkAll(files []string) (objections []string, heard int, err error) {
	for _, name := range files {
		file, err := os.Open(name)
		if err != nil {
			return nil, 0, err
		}
		found, n, err := check(file)
		file.Close()
		if err != nil {
			return nil, 0, fmt.Errorf("%s: %w", name, err)
		}
		objections, heard = append(objections, found...), heard+n
	}
	return objections, heard, nil
}

// check goes through the stanzas in their order, each client through all of them.
func check(r io.Reader) (objections []string, heard int, err error) {
	var sessions []*readers.Session
	for _, client := range readers.All() {
		sessions = append(sessions, &readers.Session{Client: client})
	}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	for n := 1; lines.Scan(); n++ {
		direction, xml, _ := strings.Cut(lines.Text(), " ")
		e, err := element.Parse([]byte(xml), "jabber:client", element.Limits{})
		switch {
		case err != nil:
			return nil, 0, fmt.Errorf("line %d: %w", n, err)
		case direction == "out":
			for _, session := range sessions {
				session.Says(e)
			}
		case direction == "in":
			heard++
			for _, session := range sessions {
				if only := readers.MeantFor(e); only != "" && only != session.Client.Name {
					continue
				}
				for _, objection := range session.Hears(e) {
					objections = append(objections, fmt.Sprintf("%s objects: %s in\n\t%.3000s", session.Client.Name, objection, xml))
				}
			}
		default:
			return nil, 0, fmt.Errorf("line %d: %q, want in or out", n, direction)
		}
	}
	return objections, heard, lines.Err()
}
