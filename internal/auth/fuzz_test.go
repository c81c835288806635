package auth

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

// What is taken for a line of a password file means the same when it is written again; what
// is refused is refused without showing a hash.
func FuzzPasswordLine(f *testing.F) {
	crypt := "$2b$04$c29tZXNhbHRzb21lc2Fsd.KXzlo9ay4PBuPWwbnQ7mjFnjBOqTPmi"
	argon := "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	for _, line := range []string{
		"", ":", "anna", "anna:", "anna:" + crypt, "Anna Smith:" + argon + "  ", "guest-1:" + crypt, " :" + argon, "anna:$2b$31$", "anna:$argon2id$v=19$m=4294967296,t=-1,p=0$$",
		"anna:" + crypt[:59], "\xff:" + crypt, "#anna:" + crypt, "anna:" + argon + "\r", "İ:" + argon, "anna:$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO0",
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		name, hash, err := parsePasswordLine(line, foldCase)
		if err != nil {
			if len(err.Error()) > 1000 || !utf8.ValidString(err.Error()) {
				t.Errorf("%q: the error is long or no text: %q", line, err)
			}
			return
		}
		_, text, _ := strings.Cut(line, ":")
		again, same, err := parsePasswordLine(name+":"+text, foldCase)
		// Lower case may be longer than 64 characters, or need folding once more.
		if _, foldErr := foldCase(name); foldErr == nil && (err != nil || again != strings.ToLower(name) || same.bcrypt != hash.bcrypt || same.memory != hash.memory) {
			t.Errorf("%q: got %q %+v, again %q %+v %v", line, name, hash, again, same, err)
		}
		if hash.bcrypt == "" && (hash.memory > maxHashMemory || hash.passes > maxHashPasses || hash.passes == 0 || hash.lanes == 0 || len(hash.sum) < 16 || len(hash.salt) < 8) {
			t.Errorf("%q: got %+v", line, hash)
		}
	})
}

// Whatever is in a token, signed or not: what Check says is an Error with a code of ours, or a
// Grant with a name that can be one; nothing unsigned gets a Grant.
func FuzzToken(f *testing.F) {
	a := newAuth(f, Config{JWT: JWTConfig{KeyFile: file(f, "secret", secret)}, GuestKey: []byte(guestSecret)})
	for _, seed := range []struct{ header, claims string }{
		{`{"alg":"HS256","typ":"JWT"}`, anna()}, {`{"alg":"none"}`, anna()}, {`{"alg":"HS256","kid":"a","crit":["b64"],"b64":false}`, anna()},
		{`{"alg":"HS256","typ":"guest+jwt"}`, anna(`"jb":{"call":["a@b","c"],"max":1}`, `"jti":"7"`)}, {`{"alg":"HS512","alg":"none"}`, anna(`"sub":"bob"`)},
		{`{"\u0061lg":"HS256"}`, anna(`"nbf":1e3`, `"iat":0.5`, `"aud":["x"]`, `"iss":"y"`, `"name":"Ann\u0000a"`)}, {`[]`, `null`}, {``, `{"exp":1e999,"sub":{}}`},
	} {
		f.Add(seed.header, seed.claims, "")
		f.Add(seed.header, seed.claims, forge(f, seed.header, seed.claims, "HS256", []byte(secret)))
	}
	f.Fuzz(func(t *testing.T, header, claims, raw string) {
		for _, key := range []string{secret, guestSecret} {
			token := forge(t, header, claims, "HS256", []byte(key))
			checkFuzzed(t, a, token)
			if g, err := a.Check(t.Context(), Request{Token: token[:len(token)-1] + "A", Addr: "192.0.2.1"}); err == nil && token[len(token)-1] != 'A' {
				t.Errorf("%s: got %+v with another signature", token, g)
			}
		}
		if raw != "" {
			checkFuzzed(t, a, raw)
		}
	})
}

func checkFuzzed(t *testing.T, a *Auth, token string) {
	t.Helper()
	a.throttle = newThrottle(atNoon)
	g, err := a.Check(t.Context(), Request{Token: token, Addr: "192.0.2.1"})
	var e *Error
	switch {
	case err == nil:
		if _, err := foldCase(g.Name); err != nil || g.Until.IsZero() || !plain(g.Title, maxTitle) || g.Multi != (g.Call == nil) {
			t.Errorf("%q: got %+v", token, g)
		}
	case !errors.As(err, &e):
		t.Errorf("%q: got %v, no Error", token, err)
	case e.Code != CodeAuthFailed && e.Code != CodeExpired && e.Code != CodeNotYet && e.Code != CodeBadName, e.Retry < 0, e.Text == "":
		t.Errorf("%q: got %+v", token, e)
	}
}
