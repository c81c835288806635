package bridge

import (
	"errors"
	"fmt"
	"slices"

	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/jingle"
)

// Fault is a reason why something ended or was refused. It is named where it happens and
// translated here only, by the table below.
type Fault int

// The faults; docs/protocol.md tells browsers what each code and reason means.
const (
	None Fault = iota // nothing said: the state of the call decides
	Hangup
	Cancelled
	Declined
	Busy
	NoAnswer
	Elsewhere
	Gone
	NoPath
	Incompatible
	NoTransport
	NoMedia
	BadMessage
	NoCall
	CallExists
	OutOfOrder
	Glare
	NotFound
	Unavailable
	Forbidden
	NotLoggedIn
	NameTaken
	RoomFull
	TooMuch
	Upstream
	Shutdown
	Internal
)

// row is one fault as its four readers hear it.
type row struct {
	code   string   // "error" to a browser
	leave  string   // reason of "leave", both ways
	jingle string   // reason of session-terminate, out
	also   []string // conditions that mean the same on the way in: reasons, stanza errors
	iq     component.Error
}

func stanzaError(kind, condition string) component.Error {
	return component.Error{Type: kind, Condition: condition}
}

func jingleError(kind, condition, app string) component.Error {
	return component.Error{Type: kind, Condition: condition, Space: jingle.NSErrors, App: app}
}

var faults = map[Fault]row{
	Hangup:       {leave: "hangup", jingle: "success"},
	Cancelled:    {leave: "cancel", jingle: "cancel"},
	Declined:     {leave: "decline", jingle: "decline"},
	Busy:         {leave: "busy", jingle: "busy"},
	NoAnswer:     {code: "timeout", leave: "timeout", jingle: "timeout", also: []string{"expired"}},
	Elsewhere:    {leave: "elsewhere", jingle: "alternative-session"},
	Gone:         {leave: "gone", jingle: "gone"},
	NoPath:       {leave: "failed", jingle: "connectivity-error", also: []string{"failed-transport"}},
	Incompatible: {code: "unsupported", leave: "incompatible", jingle: "unsupported-applications", also: []string{"incompatible-parameters", "not-acceptable", "feature-not-implemented"}, iq: jingleError("cancel", "feature-not-implemented", "unsupported-info")},
	NoTransport:  {code: "unsupported", leave: "incompatible", jingle: "unsupported-transports"},
	NoMedia:      {leave: "media", jingle: "failed-application", also: []string{"media-error"}},
	BadMessage:   {code: "bad-message", leave: "error", jingle: "general-error", iq: stanzaError("modify", "bad-request")},
	NoCall:       {code: "no-call", jingle: "general-error", iq: jingleError("cancel", "item-not-found", "unknown-session")},
	CallExists:   {code: "call-exists", jingle: "general-error", iq: jingleError("wait", "unexpected-request", "out-of-order")},
	OutOfOrder:   {code: "bad-message", leave: "error", jingle: "general-error", iq: jingleError("wait", "unexpected-request", "out-of-order")},
	Glare:        {code: "glare", leave: "error", jingle: "expired", iq: jingleError("cancel", "conflict", "tie-break")},
	NotFound:     {code: "not-found", leave: "unavailable", jingle: "gone", also: []string{"item-not-found", "jid-malformed"}, iq: stanzaError("cancel", "item-not-found")},
	Unavailable:  {code: "unavailable", leave: "unavailable", jingle: "gone", also: []string{"service-unavailable", "recipient-unavailable", "remote-server-not-found", "remote-server-timeout"}, iq: stanzaError("cancel", "service-unavailable")},
	Forbidden:    {code: "forbidden", leave: "forbidden", jingle: "security-error", also: []string{"forbidden", "not-allowed", "not-authorized", "subscription-required", "policy-violation"}, iq: stanzaError("auth", "forbidden")},
	NotLoggedIn:  {code: "login-required", jingle: "general-error"},
	NameTaken:    {code: "name-taken", jingle: "general-error"},
	RoomFull:     {code: "room-full", jingle: "busy"},
	TooMuch:      {code: "rate-limited", leave: "busy", jingle: "busy", also: []string{"resource-constraint"}, iq: stanzaError("wait", "resource-constraint")},
	Upstream:     {code: "upstream", leave: "unavailable", jingle: "gone"},
	Shutdown:     {leave: "shutdown", jingle: "gone", iq: stanzaError("cancel", "service-unavailable")},
	Internal:     {code: "internal", leave: "error", jingle: "general-error", iq: stanzaError("cancel", "internal-server-error")},
}

// faultOfLeave reads a browser's reason; ok is false for none and for unknown ones.
func faultOfLeave(reason string) (Fault, bool) {
	for f := Hangup; f <= Internal; f++ {
		if reason != "" && faults[f].leave == reason {
			return f, true
		}
	}
	return None, false
}

// faultOfCondition reads a Jingle reason or the condition of a stanza error. An unknown
// one, or none, is None: then the state of the call tells what happened.
func faultOfCondition(condition string) Fault {
	for f := Hangup; f <= Internal; f++ {
		r := faults[f]
		if condition != "" && (r.jingle == condition || slices.Contains(r.also, condition)) {
			return f
		}
	}
	return None
}

// Error is a fault with its cause. The cause goes to the log, the row to the peer.
type Error struct {
	Fault Fault
	Cause error
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %v", faults[e.Fault].code, e.Cause) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Failed names the fault of an error.
func Failed(f Fault, cause error) error { return &Error{f, cause} }

// faultOf finds the fault in an error; one that names none is internal.
func faultOf(err error) Fault {
	var e *Error
	switch {
	case errors.As(err, &e):
		return e.Fault
	case errors.Is(err, component.ErrDown):
		return Upstream
	case errors.Is(err, component.ErrFull):
		return TooMuch
	case errors.Is(err, jingle.ErrTransport):
		return NoTransport
	case errors.Is(err, component.ErrTooBig), errors.Is(err, jingle.ErrIncompatible):
		return Incompatible
	case errors.Is(err, component.ErrTimeout):
		return Unavailable
	}
	return Internal
}
