package main

import (
	"bytes"
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jinglebridge/jinglebridge/internal/store"
)

func storeCommand(path string, args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	args = append([]string{"store"}, args...)
	args = append(args, "--set", "store.path="+path, "--set", "xmpp.domain=call.example.org", "--set", "auth.anonymous=true")
	code = run(context.Background(), args, &out, &errs)
	return code, out.String(), errs.String()
}

// The commands work beside a store that is open, but for restore.
func TestStoreCommands(t *testing.T) {
	t.Setenv("JINGLEBRIDGE_XMPP_SECRET", "a secret of the tests, long enough")
	path := filepath.Join(t.TempDir(), "store.db")
	s, err := store.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	done, now := make(chan error, 1), time.Now()
	record := store.CallRecord{ID: "c1", Direction: "browser-xmpp", From: "ann@call.example.org", To: "romeo@example.org", Media: "audio",
		Began: now.Add(-2 * time.Minute), Answered: now.Add(-time.Minute), Ended: now, Reason: "hangup"}
	if err := s.Do(record, func(err error) { done <- err }); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	code, out, errs := storeCommand(path, "calls", "--json")
	var line callLine
	if err := json.Unmarshal([]byte(out), &line); code != exitOK || err != nil || line.To != record.To || line.Answered == nil {
		t.Errorf("got %d, %q, %q, %v", code, out, errs, err)
	}
	copied := path + ".copy"
	for _, test := range []struct {
		code      int
		out, errs string
		args      []string
	}{
		{exitOK, `"romeo@example.org"  audio  1m0s    hangup`, "", []string{"calls"}},
		{exitOK, "BEGAN", "", []string{"calls", "--since", "1ns"}},
		{exitOK, "the store is good: 0 names", "", []string{"check"}},
		{exitOK, "", "", []string{"snapshot", copied}},
		{exitRuntime, "", "in use by another process", []string{"restore", copied}},
		{exitRuntime, "", "no such file", []string{"restore", path + ".nothing"}},
	} {
		if strings.HasSuffix(test.args[len(test.args)-1], ".nothing") {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
		code, out, errs := storeCommand(path, test.args...)
		if code != test.code || !strings.Contains(out, test.out) || !strings.Contains(errs, test.errs) {
			t.Errorf("%q: got %d, %q, %q", test.args, code, out, errs)
		}
	}
	if code, out, errs := storeCommand(path, "restore", copied); code != exitOK || !strings.Contains(out, path+".before-") {
		t.Errorf("restore: got %d, %q, %q", code, out, errs)
	}
	if code, _, errs := storeCommand("", "check"); code != exitRuntime || !strings.Contains(errs, "store.path is empty") {
		t.Errorf("without a store: got %d, %q", code, errs)
	}
}
