package bridge

import (
	"encoding/json"

	"github.com/jinglebridge/jinglebridge/jingle"
)

// end is one side of a call: what the other side does is told to it.
// browserEnd and xmppEnd are the real ones.
type end interface {
	// who is whose end this is, for the log.
	who() string
	// invite rings: the callee is asked.
	invite() error
	// ringing tells the caller that the callee's device rings; by is the callee.
	ringing(by end)
	// taken tells the caller to send its offer: somebody took the call, or, early, would not
	// ring without.
	taken(by end, early bool)
	offer(d *description) error
	answer(d *description) error
	candidates(cs []candidate)
	info(raw json.RawMessage)
	// over tells that the call has ended, and releases what the end holds.
	over(f Fault, text string)
	// release forgets the end without telling it.
	release()
}

// description is an offer or answer in the languages it is known in.
type description struct {
	raw    json.RawMessage     // as a browser said it; nil from XMPP
	jingle *jingle.Description // nil between two browsers
}

// candidate is one ICE candidate as the side it came from said it.
type candidate struct {
	raw     json.RawMessage  // from a browser
	ice     jingle.Candidate // from XMPP
	content string           // from XMPP: the content's name
	last    bool             // no more will come
}
