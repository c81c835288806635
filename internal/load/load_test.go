//go:build integration

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What docs/operating.md says of ten thousand holds for a thousand, and behind Prosody for a few.
func TestIntegrationLoad(t *testing.T) {
	for _, p := range []plan{
		{server: "scripted", users: 1000, contacts: 5, crowd: 1000, accounts: 100, store: true, rest: 2 * time.Second},
		{server: "prosody", users: 100, contacts: 5, crowd: 300, store: true},
	} {
		t.Run(p.server, func(t *testing.T) {
			var table, progress strings.Builder
			if code := run(p, &table, &progress); code != 0 {
				t.Errorf("%s\n%s", &table, &progress)
			}
		})
	}
}

// A bound that is broken is what the exit code says, and the table where.
func TestBrokenBounds(t *testing.T) {
	var all table
	all.within("in time", time.Second, 2*time.Second)
	all.note("of no interest", "%d", 1)
	if all.broken() {
		t.Error("broken where nothing is")
	}
	all.exactly("lost", 1, 0)
	var out strings.Builder
	all.print(&out)
	if !all.broken() || strings.Count(out.String(), "BROKEN") != 1 || strings.Count(out.String(), "ok") != 1 {
		t.Errorf("got\n%s", &out)
	}
}

// A bridge that does not start says why.
func TestABridgeThatDoesNotStart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bridge")
	if err := os.WriteFile(file, []byte("#!/bin/sh\necho that is no good >&2\nexit 78\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	var table, said strings.Builder
	if code := run(plan{server: "scripted", users: 1, binary: file}, &table, &said); code != 1 || !strings.Contains(said.String(), "that is no good") {
		t.Errorf("got %d, %s", code, &said)
	}
}
