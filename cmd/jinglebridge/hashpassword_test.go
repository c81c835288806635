package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jinglebridge/jinglebridge/internal/auth"
)

// withInput runs the program with this on its standard input.
func withInput(t *testing.T, input string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	before := os.Stdin
	os.Stdin = r
	defer func() { os.Stdin = before }()
	go func() {
		w.WriteString(input) // which fails when nobody reads that much
		w.Close()
	}()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, &out, &errs)
	return out.String(), errs.String(), code
}

// What hash-password prints is a line that lets somebody in.
func TestHashPassword(t *testing.T) {
	line, stderr, code := withInput(t, "correct horse\r\nmore\n", "hash-password", "Anna Smith")
	if code != exitOK || stderr != "" || !strings.HasPrefix(line, "Anna Smith:$argon2id$") || strings.Count(line, "\n") != 1 {
		t.Fatalf("got %q, %q, %d", line, stderr, code)
	}
	name := filepath.Join(t.TempDir(), "passwords")
	if err := os.WriteFile(name, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := auth.New(auth.Config{PasswordFile: name})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Check(t.Context(), auth.Request{Name: "anna smith", Password: "correct horse"}); err != nil {
		t.Error(err)
	}
	if hash, _, code := withInput(t, "x", "hash-password"); code != exitOK || !strings.HasPrefix(hash, "$argon2id$") {
		t.Errorf("without a name: got %q, %d", hash, code)
	}
}

func TestHashPasswordRefuses(t *testing.T) {
	for _, test := range []struct {
		input, name, want string
		code              int
	}{
		{"", "anna", "want a password on standard input", exitRuntime},
		{"\n", "anna", "want a password", exitRuntime},
		{"a\x00b\n", "anna", "in one line", exitRuntime},
		{strings.Repeat("x", 2000), "anna", "at most 1024 bytes", exitRuntime},
		{"x", "an:na", `got "an:na"`, exitConfig},
		{"x", "#anna", `got "#anna"`, exitConfig},
	} {
		stdout, stderr, code := withInput(t, test.input, "hash-password", test.name)
		if stdout != "" || code != test.code || !strings.Contains(stderr, test.want) {
			t.Errorf("%.20q, %q: got %q, %q, %d; want %q, %d", test.input, test.name, stdout, stderr, code, test.want, test.code)
		}
	}
}
