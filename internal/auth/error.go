package auth

import (
	"time"
	"unicode"
	"unicode/utf8"
)

// The codes of an Error, as docs/protocol.md has them.
const (
	CodeAuthRequired = "auth-required"     // what was shown does not count here; see Methods
	CodeAuthFailed   = "auth-failed"       // wrong password, or no token of ours
	CodeExpired      = "token-expired"     // a good token that has ended
	CodeNotYet       = "token-not-yet"     // a good token that has not begun
	CodeTooMany      = "too-many-attempts" // after Retry
	CodeForbidden    = "forbidden"         // proved, but somebody else
	CodeBadName      = "bad-name"          // nobody can have this name
	CodeUpstream     = "upstream"          // the keys for tokens cannot be had just now
)

// Error is a refused login.
type Error struct {
	Code  string
	Text  string        // for people, without anything secret
	Retry time.Duration // trying again earlier is useless; 0: it is useless anyway, or unknown
	Cause error         // for the log, may be nil
}

// Error is for logs; browsers are shown Text.
func (e *Error) Error() string {
	if e.Cause != nil && e.Cause.Error() != e.Text {
		return e.Code + ": " + e.Text + ": " + e.Cause.Error()
	}
	return e.Code + ": " + e.Text
}

func (e *Error) Unwrap() error { return e.Cause }

// plain says whether s is text of at most so many characters, without control characters and
// without what stands for broken ones.
func plain(s string, most int) bool {
	if !utf8.ValidString(s) || utf8.RuneCountInString(s) > most {
		return false
	}
	for _, r := range s {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return false
		}
	}
	return true
}
