package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jinglebridge/jinglebridge/internal/auth"
)

func guestKeyFile(t *testing.T, mode os.FileMode) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "guest.key")
	if err := os.WriteFile(name, []byte("0123456789abcdef0123456789abcdef\n"), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(name, mode); err != nil { // whatever the umask
		t.Fatal(err)
	}
	return name
}

// What token prints lets a guest in, as far as it says.
func TestToken(t *testing.T) {
	key := guestKeyFile(t, 0o600)
	var out, errs bytes.Buffer
	args := []string{"token", "--key-file", key, "--call", "juliet@example.org", "--call", "bob", "--for", "2h", "--once", "--title", "Mr Smith"}
	began := time.Now().Truncate(time.Second)
	if code := run(t.Context(), args, &out, &errs); code != exitOK || errs.Len() > 0 {
		t.Fatalf("got %q, %q, %d", &out, &errs, code)
	}
	a, err := auth.New(auth.Config{GuestKeyFile: key})
	if err != nil {
		t.Fatal(err)
	}
	g, err := a.Check(t.Context(), auth.Request{Token: strings.TrimSpace(out.String())})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(g.Call, []string{"juliet@example.org", "bob"}) || g.Once == "" || g.Title != "Mr Smith" || g.Until.Before(began.Add(2*time.Hour)) || g.Until.After(began.Add(3*time.Hour)) {
		t.Errorf("got %+v", g)
	}
}

// TestTokenLink: with the address of the page it is a link that can be sent.
func TestTokenLink(t *testing.T) {
	key := guestKeyFile(t, 0o600)
	for url, want := range map[string]string{
		"https://call.example.org":            "https://call.example.org/#token=",
		"https://call.example.org/":           "https://call.example.org/#token=",
		"http://127.0.0.1:8080/call/?lang=en": "http://127.0.0.1:8080/call/?lang=en#token=",
	} {
		var out, errs bytes.Buffer
		if code := run(t.Context(), []string{"token", "--key-file", key, "--call", "bob", "--url", url}, &out, &errs); code != exitOK {
			t.Fatalf("%s: got %q, %d", url, &errs, code)
		}
		token, ok := strings.CutPrefix(out.String(), want)
		if !ok {
			t.Errorf("%s: got %s, want it to begin with %s", url, &out, want)
		}
		a, err := auth.New(auth.Config{GuestKeyFile: key})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.Check(t.Context(), auth.Request{Token: strings.TrimSpace(token)}); err != nil {
			t.Errorf("%s: the token in it: %v", url, err)
		}
	}
}

func TestTokenRefuses(t *testing.T) {
	key := guestKeyFile(t, 0o600)
	for _, test := range []struct {
		args []string
		want string
		code int
	}{
		{[]string{"--key-file", key}, "--call", exitConfig},
		{[]string{"--call", "bob"}, "--key-file", exitConfig},
		{[]string{"--key-file", key, "--call", ""}, `got ""`, exitConfig},
		{[]string{"--key-file", key, "--call", "bob", "--url", "call.example.org"}, "--url", exitConfig},
		{[]string{"--key-file", key, "--call", "bob", "--url", "https://x/#y"}, "without #", exitConfig},
		{[]string{"--key-file", key, "--call", "bob/x"}, `got "bob/x"`, exitConfig},
		{[]string{"--key-file", key, "--call", "@example.org"}, "--call", exitConfig},
		{[]string{"--key-file", key, "--call", "juliet@example.org/phone"}, "want an address like", exitConfig},
		{[]string{"--key-file", key, "--call", "bob", "--for", "0s"}, "a second and more", exitConfig},
		{[]string{"--key-file", key, "--call", "bob", "--for=-1h"}, "a second and more", exitConfig},
		{[]string{"--key-file", key, "--call", "bob", "--title", strings.Repeat("x", 101)}, "want a title", exitRuntime},
		{[]string{"--key-file", guestKeyFile(t, 0o644), "--call", "bob"}, "run: chmod o= ", exitRuntime},
		{[]string{"--key-file", filepath.Join(t.TempDir(), "none"), "--call", "bob"}, "no such file", exitRuntime},
	} {
		var out, errs bytes.Buffer
		if code := run(t.Context(), append([]string{"token"}, test.args...), &out, &errs); code != test.code || out.Len() > 0 || !strings.Contains(errs.String(), test.want) {
			t.Errorf("%q: got %q, %q, %d; want %q, %d", test.args, &out, &errs, code, test.want, test.code)
		}
	}
}
