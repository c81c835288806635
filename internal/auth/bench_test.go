package auth

import (
	"os"
	"testing"
	"time"
)

// keyed has a key file that is not new, so that it is not read again each time.
func keyed(b *testing.B, text string) *Auth {
	b.Helper()
	name, before := file(b, "key", text), time.Now().Add(-time.Hour)
	if err := os.Chtimes(name, before, before); err != nil {
		b.Fatal(err)
	}
	return newAuth(b, Config{JWT: JWTConfig{KeyFile: name}})
}

func BenchmarkToken(b *testing.B) {
	for _, k := range []struct {
		alg         string
		public, key any
	}{
		{"HS256", nil, []byte(secret)}, {"RS256", rsaTestKey().Public(), rsaTestKey()},
		{"ES256", ecTestKey("P-256").Public(), ecTestKey("P-256")}, {"EdDSA", edTestKey().Public(), edTestKey()},
	} {
		text := secret
		if k.public != nil {
			text = pemOf(b, k.public)
		}
		a := keyed(b, text)
		token := sign(b, k.alg, k.key, anna(`"name":"Anna Smith"`))
		b.Run(k.alg, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := a.Check(b.Context(), Request{Token: token, Addr: "192.0.2.1"}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkBadToken(b *testing.B) {
	a := keyed(b, secret)
	token := sign(b, "HS256", []byte(guestSecret), anna())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.Check(b.Context(), Request{Token: token, Addr: "192.0.2.1"}); err == nil {
			b.Fatal("a bad token is taken")
		}
	}
}

func BenchmarkWrongPassword(b *testing.B) {
	hash, err := Hash("right")
	if err != nil {
		b.Fatal(err)
	}
	a := newAuth(b, Config{PasswordFile: file(b, "passwords", "anna:"+hash)})
	b.ReportAllocs()
	for b.Loop() {
		a.throttle = newThrottle(atNoon) // or the eleventh would cost nothing
		if _, err := a.Check(b.Context(), Request{Name: "anna", Password: "wrong", Addr: "192.0.2.1"}); codeOf(err) != CodeAuthFailed {
			b.Fatal(err)
		}
	}
}

// BenchmarkThrottled is what the eleventh guess costs.
func BenchmarkThrottled(b *testing.B) {
	a := newAuth(b, Config{PasswordFile: file(b, "passwords", "")})
	for range maxFailures {
		if err := a.throttle.fail("192.0.2.1"); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if _, err := a.Check(b.Context(), Request{Name: "anna", Password: "wrong", Addr: "192.0.2.1"}); codeOf(err) != CodeTooMany {
			b.Fatal(err)
		}
	}
}
