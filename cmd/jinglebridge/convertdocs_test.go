package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	console = regexp.MustCompile("(?ms)^```console\n(.*?)^```$")
	typed   = regexp.MustCompile(`(?m)^\$ jinglebridge (.*)\n`)
)

// TestReadmeConverts runs what README.md shows of convert, on the same files, and wants the
// same output; "…" stands for lines that are left out there.
func TestReadmeConverts(t *testing.T) {
	doc, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(filepath.Join("testdata", "convert"))
	ran := 0
	for _, block := range console.FindAllStringSubmatch(string(doc), -1) {
		command := typed.FindStringSubmatch(block[1])
		if command == nil || !strings.HasPrefix(command[1], "convert ") {
			continue
		}
		ran++
		want := strings.TrimPrefix(block[1], command[0])
		if got := typeOut(t, command[1]); !shows(want, got) {
			t.Errorf("README.md shows\n%s\nfor %s; it is\n%s", want, command[1], got)
		}
	}
	if ran < 2 {
		t.Errorf("got %d commands, want both directions", ran)
	}
}

// typeOut is what a terminal would show of a command; "> file" takes standard output away.
func typeOut(t *testing.T, command string) string {
	t.Helper()
	command, _, redirected := strings.Cut(command, " > ")
	code, out, errs := convert(strings.Fields(command)[1:]...)
	if code != exitOK {
		t.Fatalf("%s: got code %d and %q", command, code, errs)
	}
	if redirected {
		return errs
	}
	return errs + strings.ReplaceAll(out, "\r\n", "\n")
}

// shows says whether an excerpt is what it is an excerpt of.
func shows(excerpt, whole string) bool {
	pattern := strings.ReplaceAll(regexp.QuoteMeta(excerpt), "…\n", "(?:.+\n)+")
	return regexp.MustCompile("^" + pattern + "$").MatchString(whole)
}

// The help must name what there is.
func TestConvertHelp(t *testing.T) {
	code, help, errs := convert("--help")
	if code != exitOK || errs != "" {
		t.Fatalf("got code %d and %q", code, errs)
	}
	for _, want := range append(readerNames(), "jinglebridge convert --explain offer.sdp", "--role", "--action", "--offer", "--for", "--sid") {
		if !strings.Contains(help, want) {
			t.Errorf("got\n%s\nwant %q in it", help, want)
		}
	}
}
