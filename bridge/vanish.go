package bridge

import (
	"errors"
	"time"

	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/jingle"
)

// vanished: a peer's device went offline in a call. Its media may well go on (a phone that
// changes networks), so it gets a moment, and is then asked.
func (b *Bridge) vanished(peer string) {
	for key, x := range b.jingles {
		if key.peer != peer || x.stage < initiated || x.asking {
			continue
		}
		x.asking = true
		time.AfterFunc(b.vanish, func() { b.do(func() { x.stillThere() }) })
	}
}

// stillThere pings the session (XEP-0166 §6.8: a session-info without payload).
func (x *xmppEnd) stillThere() {
	x.asking = false
	if x.c.state == ended || !x.b.up || x.back() {
		return
	}
	_ = x.ping(func(answer *component.Stanza, err error) {
		if x.c.state == ended || errors.Is(err, component.ErrDown) || err == nil && answer.Type == "result" {
			return
		}
		if f, _ := errorOr(answer, err); f == Unavailable || f == NotFound || f == NoCall {
			x.over(Gone, "")
			x.c.finish(x, Gone, "")
		}
	})
}

// back says whether the peer's device is online again.
func (x *xmppEnd) back() bool {
	c := x.user.contacts[x.bare]
	return c != nil && c.resources[x.peer] != nil
}

func (x *xmppEnd) ping(done func(*component.Stanza, error)) error {
	return x.tell(&jingle.Jingle{Action: jingle.SessionInfo}, done)
}

func errorOr(answer *component.Stanza, err error) (Fault, string) {
	if err != nil {
		return faultOf(err), ""
	}
	if component.ErrorOf(answer).App == "unknown-session" {
		return NoCall, ""
	}
	return faultOfError(answer)
}
