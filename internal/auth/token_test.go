package auth

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func siteAuth(t testing.TB) *Auth {
	return newAuth(t, Config{JWT: JWTConfig{KeyFile: file(t, "secret", secret)}, GuestKey: []byte(guestSecret)})
}

func TestTokenGrant(t *testing.T) {
	a := siteAuth(t)
	until := noon.Add(time.Hour + time.Minute) // with the leeway, or a token could end before it is taken
	site := func(more ...string) Request { return Request{Token: sign(t, "HS256", []byte(secret), anna(more...))} }
	for _, test := range []struct {
		name string
		r    Request
		want Grant
	}{
		{"plain", site(), Grant{Method: "token", Name: "anna", Until: until, Multi: true}},
		{"title", site(`"name":" Anna\u0000 \u202eSmith\n"`), Grant{Method: "token", Name: "anna", Title: "Anna Smith", Until: until, Multi: true}},
		{"long title", site(`"name":"` + strings.Repeat("ä", 200) + `"`), Grant{Method: "token", Name: "anna", Title: strings.Repeat("ä", maxTitle), Until: until, Multi: true}},
		{"title of another kind", site(`"name":7`), Grant{Method: "token", Name: "anna", Until: until, Multi: true}},
		{"guest", site(`"jb":{"call":["a@b","c"],"max":1}`, `"jti":"7"`), Grant{Method: "token", Name: "anna", Call: []string{"a@b", "c"}, Until: until, Once: "token:7"}},
		{"guest for nobody", site(`"jb":{}`), Grant{Method: "token", Name: "anna", Call: []string{}, Until: until}},
	} {
		g := want(t, a, test.r, "")
		g.Until = g.Until.UTC()
		if !reflect.DeepEqual(g, test.want) {
			t.Errorf("%s: got %+v, want %+v", test.name, g, test.want)
		}
	}
}

func TestTokenAndName(t *testing.T) {
	a := siteAuth(t)
	token := sign(t, "HS256", []byte(secret), anna())
	for name, code := range map[string]string{"": "", "anna": "", "ANNA": "", "bob": CodeForbidden, "an\nna": CodeBadName} {
		want(t, a, Request{Name: name, Token: token}, code)
	}
	// The password is not looked at.
	want(t, a, Request{Name: "anna", Token: token, Password: "x"}, "")
}

func TestNotYetSaysWhen(t *testing.T) {
	a := siteAuth(t)
	_, err := a.Check(t.Context(), Request{Token: sign(t, "HS256", []byte(secret), anna(fmt.Sprintf(`"nbf":%d`, noon.Unix()+100)))})
	var e *Error
	if !errors.As(err, &e) || e.Code != CodeNotYet || e.Retry != 40*time.Second {
		t.Errorf("got %v", err)
	}
}

// A good token counts from wherever it comes; bad ones are counted; those that have ended are
// no guesses.
func TestTokensAndThrottle(t *testing.T) {
	a := newAuth(t, Config{JWT: JWTConfig{KeyFile: file(t, "secret", secret)}, PasswordFile: file(t, "passwords", "bob:"+cheap(t, "secret"))})
	from := func(token string) Request { return Request{Token: token, Addr: "192.0.2.1"} }
	for range 2 * maxFailures {
		want(t, a, from(sign(t, "HS256", []byte(secret), `{"sub":"anna","exp":1}`)), CodeExpired)
	}
	for range maxFailures {
		want(t, a, from("x.y.z"), CodeAuthFailed)
	}
	want(t, a, from("x.y.z"), CodeTooMany)
	want(t, a, Request{Name: "bob", Password: "secret", Addr: "192.0.2.1"}, CodeTooMany)
	want(t, a, from(sign(t, "HS256", []byte(secret), anna())), "")
}

func TestGuestLink(t *testing.T) {
	a := siteAuth(t)
	token, err := NewGuestLink([]byte(guestSecret), GuestLink{Call: []string{"juliet@example.org", "bob"}, Until: noon.Add(time.Hour), Once: true})
	if err != nil {
		t.Fatal(err)
	}
	g := want(t, a, Request{Token: token, Name: "Visitor\n"}, "")
	again := want(t, a, Request{Token: token}, "")
	if !strings.HasPrefix(g.Name, guestPrefix) || len(g.Name) != len(guestPrefix)+12 || again.Name == g.Name {
		t.Errorf("got the names %q and %q", g.Name, again.Name)
	}
	if _, err := foldCase(g.Name); err != nil || strings.ToLower(g.Name) != g.Name {
		t.Errorf("%q cannot be a name: %v", g.Name, err)
	}
	if g.Multi || !slices.Equal(g.Call, []string{"juliet@example.org", "bob"}) || g.Title != "Visitor" || !strings.HasPrefix(g.Once, "guest:") || again.Once != g.Once {
		t.Errorf("got %+v, then %+v", g, again)
	}
	token, err = NewGuestLink([]byte(guestSecret), GuestLink{Call: []string{"bob"}, Until: noon.Add(time.Hour), Title: "Mr & Mrs <Smith>"})
	if err != nil {
		t.Fatal(err)
	}
	if g := want(t, a, Request{Token: token, Name: "admin"}, ""); g.Once != "" || g.Title != "Mr & Mrs <Smith>" {
		t.Errorf("got %+v", g)
	}
	late := newAuth(t, Config{GuestKey: []byte(guestSecret), Now: func() time.Time { return noon.Add(2 * time.Hour) }})
	want(t, late, Request{Token: token}, CodeExpired)
	other := newAuth(t, Config{GuestKey: []byte(secret)})
	want(t, other, Request{Token: token}, CodeAuthFailed)
}

// One secret for both kinds of tokens does not make one out of the other.
func TestOneSecretForAll(t *testing.T) {
	a := newAuth(t, Config{JWT: JWTConfig{KeyFile: file(t, "secret", secret)}, GuestKeyFile: file(t, "guest", secret+"\n")})
	link, err := NewGuestLink([]byte(secret), GuestLink{Call: []string{"bob"}, Until: noon.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if g := want(t, a, Request{Token: link}, ""); g.Call == nil || g.Multi {
		t.Errorf("got %+v", g)
	}
	if g := want(t, a, Request{Token: sign(t, "HS256", []byte(secret), anna())}, ""); g.Call != nil || !g.Multi {
		t.Errorf("got %+v", g)
	}
	// A guest key names nobody.
	want(t, a, Request{Token: forge(t, `{"alg":"HS256","typ":"guest+jwt"}`, anna(), "HS256", []byte(secret))}, CodeAuthFailed)
}

func TestBadGuestLinks(t *testing.T) {
	good := GuestLink{Call: []string{"bob"}, Until: noon}
	for name, test := range map[string]struct {
		key  string
		edit func(*GuestLink)
		want string
	}{
		"short key":     {"short", func(*GuestLink) {}, "32 bytes"},
		"nobody":        {secret, func(l *GuestLink) { l.Call = nil }, "somebody to call"},
		"no end":        {secret, func(l *GuestLink) { l.Until = time.Time{} }, "want an end"},
		"far end":       {secret, func(l *GuestLink) { l.Until = time.Unix(maxDate, 0) }, "want an end"},
		"empty callee":  {secret, func(l *GuestLink) { l.Call = []string{"bob", ""} }, `"" cannot`},
		"odd callee":    {secret, func(l *GuestLink) { l.Call = []string{"bob\n"} }, `"bob\n" cannot`},
		"bad UTF-8":     {secret, func(l *GuestLink) { l.Call = []string{"\xff"} }, `"\xff" cannot`},
		"many callees":  {secret, func(l *GuestLink) { l.Call = slices.Repeat([]string{"bob"}, maxCalls+1) }, "at most 32"},
		"long callees":  {secret, func(l *GuestLink) { l.Call = slices.Repeat([]string{strings.Repeat("b", maxCallee)}, 3) }, "shorter list"},
		"long title":    {secret, func(l *GuestLink) { l.Title = strings.Repeat("x", maxTitle+1) }, "title"},
		"title of NUL":  {secret, func(l *GuestLink) { l.Title = "\x00" }, "title"},
		"key as public": {"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ", func(*GuestLink) {}, "public key"},
	} {
		l := good
		test.edit(&l)
		if token, err := NewGuestLink([]byte(test.key), l); err == nil || !strings.Contains(err.Error(), test.want) || token != "" {
			t.Errorf("%s: got %q %v, want %q", name, token, err, test.want)
		}
	}
}

func TestReadGuestKey(t *testing.T) {
	name := file(t, "guest", secret+"\r\n")
	if key, err := ReadGuestKey(name); err != nil || string(key) != secret {
		t.Errorf("got %q %v", key, err)
	}
	for mode, wrong := range map[os.FileMode]string{0o604: "chmod o= ", 0o602: "chmod o= ", 0o640: ""} {
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadGuestKey(name); (err == nil) != (wrong == "") || err != nil && !strings.Contains(err.Error(), wrong) {
			t.Errorf("%o: got %v, want %q", mode, err, wrong)
		}
	}
}
