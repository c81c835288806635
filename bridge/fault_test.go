package bridge

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/internal/element"
	"github.com/jinglebridge/jinglebridge/jingle"
)

// reasons are all of XEP-0166 §7.4, and what browsers hear of each.
var reasons = map[string]string{
	"alternative-session": "elsewhere", "busy": "busy", "cancel": "cancel", "connectivity-error": "failed", "decline": "decline",
	"expired": "timeout", "failed-application": "media", "failed-transport": "failed", "general-error": "error", "gone": "gone",
	"incompatible-parameters": "incompatible", "media-error": "media", "security-error": "forbidden", "success": "hangup",
	"timeout": "timeout", "unsupported-applications": "incompatible", "unsupported-transports": "incompatible",
}

func TestReasonsIn(t *testing.T) {
	for condition, want := range reasons {
		if got := faults[faultOfCondition(condition)].leave; got != want {
			t.Errorf("reason %s: got leave %q, want %q", condition, got, want)
		}
	}
	for _, odd := range []string{"", "boredom", "SUCCESS", "-", "unknown-session"} {
		if got := faultOfCondition(odd); got != None {
			t.Errorf("reason %q: got %q, want none", odd, faults[got].leave)
		}
	}
}

// Every fault that ends a call leaves by a reason that clients know, and comes back by it as
// what it was, or as what a client would take it for.
func TestReasonsOut(t *testing.T) {
	comesBackAs := map[Fault]Fault{
		NotFound: Gone, Unavailable: Gone, Upstream: Gone, Shutdown: Gone, TooMuch: Busy, Glare: NoAnswer,
		NoCall: BadMessage, CallExists: BadMessage, OutOfOrder: BadMessage, NotLoggedIn: BadMessage, NameTaken: BadMessage, RoomFull: Busy, Internal: BadMessage,
	}
	for f := Hangup; f <= Internal; f++ {
		r, ok := faults[f]
		if !ok {
			t.Errorf("fault %d has no row", f)
			continue
		}
		if reasons[r.jingle] == "" {
			t.Errorf("fault %d: %q is no reason of XEP-0166", f, r.jingle)
		}
		want, other := comesBackAs[f]
		if !other {
			want = f
		}
		if got := faultOfCondition(r.jingle); got != want {
			t.Errorf("fault %d goes out as %s and comes back as %d, want %d", f, r.jingle, got, want)
		}
		if r.leave == "" {
			continue
		}
		if back, known := faultOfLeave(r.leave); !known || faults[back].leave != r.leave {
			t.Errorf("fault %d: leave %q comes back as %q", f, r.leave, faults[back].leave)
		}
	}
}

// stanzaErrors are all of RFC 6120 §8.3.3, and what a browser hears of a call that meets one.
var stanzaErrors = map[string]string{
	"bad-request": "error", "conflict": "error", "feature-not-implemented": "incompatible", "forbidden": "forbidden", "gone": "gone",
	"internal-server-error": "error", "item-not-found": "unavailable", "jid-malformed": "unavailable", "not-acceptable": "incompatible",
	"not-allowed": "forbidden", "not-authorized": "forbidden", "policy-violation": "forbidden", "recipient-unavailable": "unavailable",
	"redirect": "error", "registration-required": "error", "remote-server-not-found": "unavailable", "remote-server-timeout": "unavailable",
	"resource-constraint": "busy", "service-unavailable": "unavailable", "subscription-required": "forbidden", "undefined-condition": "error",
	"unexpected-request": "error",
}

func TestStanzaErrors(t *testing.T) {
	for condition, want := range stanzaErrors {
		xml := fmt.Sprintf("<iq type='error'><error type='cancel'><%s xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>", condition)
		e, err := element.Parse([]byte(xml), component.NS, element.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		f, _ := faultOfError(&component.Stanza{Element: e, Type: "error"})
		if got := faults[f].leave; got != want {
			t.Errorf("error %s: got leave %q, want %q", condition, got, want)
		}
	}
}

func TestAnswersToRequests(t *testing.T) {
	types := []string{"cancel", "modify", "wait", "auth"}
	for f := Hangup; f <= Internal; f++ {
		iq := faults[f].iq
		if iq.Condition == "" {
			continue
		}
		if stanzaErrors[iq.Condition] == "" || !slices.Contains(types, iq.Type) || (iq.App == "") != (iq.Space == "") {
			t.Errorf("fault %d: %+v is no stanza error", f, iq)
		}
	}
}

func TestFaultOf(t *testing.T) {
	for _, test := range []struct {
		err  error
		want Fault
	}{
		{Failed(Glare, errors.New("x")), Glare},
		{fmt.Errorf("call: %w", Failed(Busy, errors.New("x"))), Busy},
		{component.ErrDown, Upstream},
		{fmt.Errorf("send: %w", component.ErrFull), TooMuch},
		{component.ErrTooBig, Incompatible},
		{component.ErrTimeout, Unavailable},
		{fmt.Errorf("sdp: %w", jingle.ErrIncompatible), Incompatible},
		{errors.New("nil map"), Internal},
	} {
		if got := faultOf(test.err); got != test.want {
			t.Errorf("%v: got %d, want %d", test.err, got, test.want)
		}
	}
}

// What browsers may hear is written down for those who make them.
func TestProtocolDocument(t *testing.T) {
	raw, err := os.ReadFile("../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	codes, leaves := documented(string(raw))
	for f := Hangup; f <= Internal; f++ {
		r := faults[f]
		if r.code != "" && !codes[r.code] {
			t.Errorf("docs/protocol.md does not tell of the code %q", r.code)
		}
		if r.leave != "" && !leaves[r.leave] {
			t.Errorf("docs/protocol.md does not tell of the reason %q", r.leave)
		}
	}
	for reason := range leaves {
		if _, known := faultOfLeave(reason); !known {
			t.Errorf("docs/protocol.md tells of the reason %q, which is not taken", reason)
		}
	}
}

// documented finds the first column of the document's tables of codes and reasons.
func documented(document string) (codes, leaves map[string]bool) {
	codes, leaves = map[string]bool{}, map[string]bool{}
	var table map[string]bool
	word := regexp.MustCompile("`([a-z-]+)`")
	for line := range strings.Lines(document) {
		switch {
		case strings.HasPrefix(line, "| code"):
			table = codes
		case strings.HasPrefix(line, "| reason"):
			table = leaves
		case !strings.HasPrefix(line, "|"):
			table = nil
		case table != nil:
			first, _, _ := strings.Cut(line[1:], "|")
			for _, m := range word.FindAllStringSubmatch(first, -1) {
				table[m[1]] = true
			}
		}
	}
	return codes, leaves
}
