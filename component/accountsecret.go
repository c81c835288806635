package component

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// secret is what an account proves itself with: the password as it was given, and the keys
// that SCRAM made of it. Once a server has shown that its salt stays, the keys are enough to
// log in again, and the password is forgotten; a server that keeps passwords makes a new salt
// each time. It is in memory only, and prints as nothing.
type secret struct {
	mu       sync.Mutex // held by who logs in
	password []byte     // nil when it is forgotten
	keys     keys       // of the last login by SCRAM
}

// keys are what SCRAM needs of a password (RFC 5802 §3).
type keys struct {
	mechanism      string // "SCRAM-SHA-256"; "" for none
	salt           string
	iterations     int
	client, server []byte
}

func newSecret(password string) *secret { return &secret{password: []byte(prepared(password))} }

// prepared writes a password as servers compare it (RFC 4013 §2): normalized, with ordinary
// spaces, and without what is not seen.
func prepared(password string) string {
	mapped := strings.Map(func(r rune) rune {
		switch {
		case r == 0xAD || r == 0x34F || r == 0x1806 || r >= 0x180B && r <= 0x180D || r == 0x200B || r == 0x200C || r == 0x200D ||
			r == 0x2060 || r >= 0xFE00 && r <= 0xFE0F || r == 0xFEFF:
			return -1 // RFC 3454 B.1
		case r != ' ' && unicode.Is(unicode.Zs, r):
			return ' ' // RFC 3454 C.1.2
		}
		return r
	}, password)
	return norm.NFKC.String(mapped)
}

// settle keeps what a login by SCRAM was good with.
func (s *secret) settle(k keys) {
	if s.keys.mechanism == k.mechanism && s.keys.salt == k.salt && s.keys.iterations == k.iterations {
		s.forgetPassword()
	}
	s.keys = k
}

func (s *secret) forgetPassword() {
	clear(s.password)
	s.password = nil
}

// forget leaves nothing, once who logs in has ended.
func (s *secret) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forgetPassword()
	clear(s.keys.client)
	clear(s.keys.server)
	s.keys = keys{}
}

const hidden = "[secret]"

// Format prints nothing of it, whatever the verb.
func (*secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, hidden) }

// LogValue implements slog.LogValuer.
func (*secret) LogValue() slog.Value { return slog.StringValue(hidden) }
