// Command load measures what a bridge costs and how fast it is with many people: it starts the
// real binary, plays an XMPP server (or attaches to a real Prosody) with all contacts, and a
// browser for each user. It prints a table, and exits with 1 when a bound is broken.
//
//	go run ./internal/load                        10,000 users with 5 contacts each, with a store
//	go run ./internal/load -users 1000            shortly
//	go run ./internal/load -server prosody        through a real Prosody
//
// It needs as many file descriptors as users, and so does the bridge: ulimit -n.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

func main() {
	var p plan
	flag.IntVar(&p.users, "users", 10_000, "people who are logged in")
	flag.IntVar(&p.contacts, "contacts", 5, "contacts of each")
	flag.IntVar(&p.crowd, "crowd", 1000, "contacts of one who has many")
	flag.IntVar(&p.accounts, "accounts", 1000, "XMPP accounts that browsers are")
	flag.StringVar(&p.server, "server", "scripted", "the XMPP server: scripted, or prosody")
	flag.BoolVar(&p.store, "store", true, "let the bridge remember its contacts; without, it is not restarted")
	flag.StringVar(&p.binary, "binary", "", "the bridge to measure; built when empty")
	flag.DurationVar(&p.rest, "rest", 30*time.Second, "how long nothing happens before memory is measured")
	flag.BoolVar(&p.verbose, "v", false, "print the bridge's log")
	flag.Parse()
	os.Exit(run(p, os.Stdout, os.Stderr))
}

// plan is what to measure.
type plan struct {
	users, contacts, crowd, accounts int
	rest                             time.Duration
	server, binary                   string
	store, verbose                   bool
}

var errBroken = errors.New("a bound is broken")

func run(p plan, stdout, stderr io.Writer) int {
	t, err := measure(p, stderr)
	if t != nil {
		t.print(stdout)
		if err == nil && t.broken() {
			err = errBroken
		}
	}
	if err != nil {
		fmt.Fprintln(stderr, "load:", err)
		return 1
	}
	return 0
}

// measure runs all steps; the table has what they found, also when one failed.
func measure(p plan, progress io.Writer) (*table, error) {
	dir, err := os.MkdirTemp("", "jinglebridge-load-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if p.binary == "" {
		p.binary = filepath.Join(dir, "jinglebridge")
		build := exec.Command("go", "build", "-o", p.binary, "github.com/jinglebridge/jinglebridge/cmd/jinglebridge")
		if out, err := build.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("go build: %w\n%s", err, out)
		}
	}
	s := &stage{plan: p, table: &table{}, progress: progress, dir: dir}
	defer s.close()
	return s.table, s.play()
}
