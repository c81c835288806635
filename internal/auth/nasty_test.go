package auth

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

// pieces are what nasty names are made of.
var pieces = []string{
	"anna", "ANNA", "Anna", "guest-", "GUEST-", "admin", "root", "а", "nn", "a", "", " ", "  ", "\t", "\n", "\r\n", "\x00", "\x01", "\x1b[31m", "\x7f", "\u0085", "\u00a0", "\u2003", "\u2028",
	"\u200b", "\u200d", "\u200e", "\u202e", "\u2066", "\ufeff", "\ufffd", "\ufffe", "\xff", "\xc3", "\xed\xa0\x80", "\u0301", "\u0345", "İ", "ı", "ſ", "K", "ß", "ẞ", "ﬁ", "ᄀ", "가", "😀", "👨‍👩‍👧", "𝐚",
	":", "::", "#", "#anna", "anna:", "$2b$04$", "@", "@example.org", "/", "../", "\\", "\"", "'", "<", ">", "&amp;", "%00", "%s", "%!d", "{}", "[]", "null", "__proto__", "constructor", ".", "..", "-", "_",
	"; DROP TABLE", "${jndi:x}", "`id`", "|", "*", "?", strings.Repeat("x", 63), strings.Repeat("ä", 64), strings.Repeat("\u0301", 70), strings.Repeat("y", 5000),
}

func nastyName(r *rand.Rand) string {
	var b strings.Builder
	for range 1 + r.IntN(4) {
		b.WriteString(pieces[r.IntN(len(pieces))])
	}
	return b.String()
}

// Ten thousand names get in nowhere but where they may, hash at most once, and are the same
// name in a password login, in a token and without either.
func TestNastyNames(t *testing.T) {
	passwords := newAuth(t, Config{PasswordFile: file(t, "passwords", "Anna:"+cheap(t, "secret"))})
	open := newAuth(t, Config{Anonymous: true, JWT: JWTConfig{KeyFile: file(t, "secret", secret)}})
	hashed := 0
	passwords.hashes.matches = func(passwordHash, string) bool { hashed++; return true }
	r := rand.New(rand.NewPCG(3, 4))
	taken := 0
	for range 10_000 {
		name := nastyName(r)
		folded, foldErr := foldCase(name)
		before := hashed
		passwords.throttle = newThrottle(atNoon)
		g, err := passwords.Check(t.Context(), Request{Name: name, Password: "secret", Addr: name})
		switch code := codeOf(err); {
		case name == "" || foldErr != nil:
			if code != CodeBadName || hashed != before {
				t.Fatalf("%q: got %q, %d hashes", name, code, hashed-before)
			}
		case hashed != before+1, (code == "") != (folded == "anna"), code != "" && code != CodeAuthFailed:
			t.Fatalf("%q: got %q %+v, %d hashes", name, code, g, hashed-before)
		}
		_, err = open.Check(t.Context(), Request{Name: name})
		plainCode := codeOf(err)
		if name != "" && (plainCode == "") != (foldErr == nil && !strings.HasPrefix(folded, guestPrefix)) {
			t.Fatalf("%q: without a password: got %q", name, plainCode)
		}
		if code := tokenNamed(t, open, name); name != "" && len(name) < 1000 && utf8.ValidString(name) && code != plainCode {
			t.Fatalf("%q: got %q in a token, %q without", name, code, plainCode)
		}
		if plainCode == "" {
			taken++
		}
	}
	if taken < 500 || taken > 9_500 {
		t.Errorf("%d names were taken; the names are not nasty, or too nasty", taken)
	}
}

func tokenNamed(t *testing.T, a *Auth, name string) string {
	t.Helper()
	text, err := json.Marshal(name)
	if err != nil {
		t.Fatal(err)
	}
	_, err = a.Check(t.Context(), Request{Token: sign(t, "HS256", []byte(secret), fmt.Sprintf(`{"sub":%s,"exp":%d}`, text, noon.Unix()+9))})
	return codeOf(err)
}
