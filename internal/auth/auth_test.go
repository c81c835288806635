package auth

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// noon is when tests run.
var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func atNoon() time.Time { return noon }

// file writes a file that only its owner may read.
func file(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// cheap is a hash that costs little.
func cheap(t testing.TB, password string) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return string(hash)
}

func newAuth(t testing.TB, cfg Config) *Auth {
	t.Helper()
	if cfg.Now == nil {
		cfg.Now = atNoon
	}
	a, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// codeOf is that of an Error, "" without an error.
func codeOf(err error) string {
	var e *Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return e.Code
	}
	return "no Error: " + err.Error()
}

// want checks what a login gets; code "" is a Grant.
func want(t *testing.T, a *Auth, r Request, code string) Grant {
	t.Helper()
	g, err := a.Check(t.Context(), r)
	if got := codeOf(err); got != code {
		t.Errorf("%+v: got %q (%v), want %q", r, got, err, code)
	}
	if err != nil && (g.Method != "" || g.Name != "") {
		t.Errorf("%+v: got %+v with an error", r, g)
	}
	return g
}

func TestNobodyGetsIn(t *testing.T) {
	a := newAuth(t, Config{})
	if m := a.Methods(); m == nil || len(m) > 0 {
		t.Errorf("got %v, want an empty list", m)
	}
	for _, r := range []Request{{}, {Name: "anna"}, {Name: "anna", Password: "x"}, {Token: "x"}, {Name: "anna", Password: "x", Token: "x"}} {
		want(t, a, r, CodeAuthRequired)
	}
}

func TestMethods(t *testing.T) {
	a := newAuth(t, Config{Anonymous: true, PasswordFile: file(t, "passwords", ""), GuestKey: []byte(secret)})
	if got := strings.Join(a.Methods(), " "); got != "none password token" {
		t.Errorf("got %s", got)
	}
}

func TestAnonymous(t *testing.T) {
	a := newAuth(t, Config{Anonymous: true, PasswordFile: file(t, "passwords", "Anna:"+cheap(t, "secret"))})
	if g := want(t, a, Request{Name: "Bob"}, ""); g.Method != "none" || g.Name != "Bob" || g.Multi || g.Call != nil || !g.Until.IsZero() {
		t.Errorf("got %+v", g)
	}
	want(t, a, Request{}, CodeBadName)
	want(t, a, Request{Name: "bo\x00b"}, CodeBadName)
	want(t, a, Request{Name: "anna"}, CodeAuthRequired)
	want(t, a, Request{Name: "ANNA"}, CodeAuthRequired)
	want(t, a, Request{Name: "guest-1"}, "") // there are no guests here
	want(t, a, Request{Name: "bob", Token: "x"}, CodeAuthRequired)

	open := newAuth(t, Config{Anonymous: true, GuestKey: []byte(secret)})
	want(t, open, Request{Name: "Guest-1"}, CodeBadName)
	want(t, open, Request{Name: "anna", Password: "x"}, CodeAuthRequired)
}

func TestFold(t *testing.T) {
	cfg := Config{Anonymous: true, Fold: func(name string) (string, error) {
		if name == "nobody" {
			return "", errors.New("want somebody")
		}
		return strings.TrimSuffix(name, "!"), nil
	}}
	a := newAuth(t, cfg)
	want(t, a, Request{Name: "bob!"}, "")
	want(t, a, Request{Name: "nobody"}, CodeBadName)
	want(t, a, Request{Name: "!"}, CodeBadName) // folds to nothing
}

func TestContextEnds(t *testing.T) {
	a := newAuth(t, Config{PasswordFile: file(t, "passwords", "anna:"+cheap(t, "secret"))})
	for range hashWorkers {
		a.hashes.work <- struct{}{} // all are at work
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.Check(ctx, Request{Name: "anna", Password: "secret"}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if len(a.hashes.queue) != 0 || len(a.throttle.names) != 0 || len(a.throttle.addresses) != 0 {
		t.Error("who went away is still counted")
	}
}

func TestBadConfig(t *testing.T) {
	keys := file(t, "key", secret)
	set := file(t, "set", `{"keys":[`+publicJWK(t, "", rsaTestKey().Public(), `"alg":"RS256"`)+`]}`)
	for name, test := range map[string]struct {
		cfg  Config
		want string
	}{
		"no password file":      {Config{PasswordFile: filepath.Join(t.TempDir(), "none")}, "no such file"},
		"a folder":              {Config{PasswordFile: t.TempDir()}, "want a file"},
		"key file and key set":  {Config{JWT: JWTConfig{KeyFile: keys, JWKS: set}}, "not both"},
		"guest key and file":    {Config{GuestKey: []byte(secret), GuestKeyFile: keys}, "not both"},
		"a short guest key":     {Config{GuestKey: []byte("changeme")}, "at least 32 bytes"},
		"leeway":                {Config{JWT: JWTConfig{KeyFile: keys, Leeway: -1}}, "leeway"},
		"algorithm none":        {Config{JWT: JWTConfig{KeyFile: keys, Algorithms: []string{"none"}}}, `"none"`},
		"algorithm of no key":   {Config{JWT: JWTConfig{KeyFile: keys, Algorithms: []string{"RS256"}}}, "no key is good for RS256"},
		"algorithm of no JWK":   {Config{JWT: JWTConfig{JWKS: set, Algorithms: []string{"PS256"}}}, "no key is good for PS256"},
		"key set over http":     {Config{JWT: JWTConfig{JWKS: "http://id.example.org/keys"}}, "https"},
		"key set from file://":  {Config{JWT: JWTConfig{JWKS: "file:///etc/passwd"}}, "https"},
		"key set with password": {Config{JWT: JWTConfig{JWKS: "https://a:b@id.example.org/keys"}}, "without a password"},
	} {
		test.cfg.Now = atNoon
		if _, err := New(test.cfg); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
	}
}

func TestErrorText(t *testing.T) {
	cause := errors.New("no key")
	for _, test := range []struct {
		err  *Error
		want string
	}{
		{&Error{Code: "c", Text: "text"}, "c: text"},
		{&Error{Code: "c", Text: "text", Cause: cause}, "c: text: no key"},
		{&Error{Code: "c", Text: "no key", Cause: cause}, "c: no key"},
	} {
		if got := test.err.Error(); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
	if err := badToken(cause); !errors.Is(err, cause) {
		t.Error("the cause is lost")
	}
}

func TestAlgorithmsAreOfKeys(t *testing.T) {
	var all []string
	for _, public := range []any{[]byte(secret), rsaTestKey().Public(), ecTestKey("P-256").Public(), ecTestKey("P-384").Public(), ecTestKey("P-521").Public(), edTestKey().Public()} {
		of, err := algorithmsOf(public)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, of...)
	}
	if !slices.Equal(all, algorithms) {
		t.Errorf("keys can %v, tokens may %v", all, algorithms)
	}
}
