package bridge

import (
	"errors"
	"time"

	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/jingle"
)

// vanished: a peer's device went offline in a call. Its media may well go on (a phone that
// changes networks), so it gets a moment, and is then asked. What one server says is for the calls
// on its link.
func (b *Bridge) vanished(on *link, peer string) {
	for key, x := range b.jingles {
		if key.peer != peer || x.user.link != on || x.stage < initiated || x.asking {
			continue
		}
		x.asking = true
		time.AfterFunc(b.vanish, func() { b.do(func() { x.stillThere() }) })
	}
}

// stillThere pings the session (XEP-0166 §6.8: a session-info without payload).
func (x *xmppEnd) stillThere() {
	x.asking = false
	if x.c.state == ended || !x.user.link.up || x.back() {
		return
	}
	_ = x.ping(func(answer *component.Stanza, err error) {
		if x.c.state == ended || errors.Is(err, component.ErrDown) || err == nil && answer.Type == "result" {
			return
		}
		if f, _ := errorOr(answer, err); f == Unavailable || f == NotFound || f == NoCall {
			x.gone()
		}
	})
}

// gone ends the call because the peer's device is not there, telling it all the same.
func (x *xmppEnd) gone() {
	if x.c.has(x) {
		x.over(Gone, "")
		x.c.leave(x, Gone, "")
	}
}

// watch asks once a minute, as long as the call runs, whether the peer's device is there:
// where no presence tells us, its server still does. Only that clear answer counts, and
// only twice in a row, since a client may be on its way back. COMPAT Monal 2024-10: never
// answers.
func (x *xmppEnd) watch() {
	time.AfterFunc(x.b.alive, func() {
		x.b.do(func() {
			if x.c.state == ended {
				return
			}
			if x.user.link.up {
				_ = x.ping(x.watched)
			}
			x.watch()
		})
	})
}

func (x *xmppEnd) watched(answer *component.Stanza, err error) {
	f := None
	if err == nil && answer.Type == "error" {
		f, _ = errorOr(answer, nil)
	}
	if f != Unavailable && f != NotFound && f != NoCall {
		x.missed = 0
		return
	}
	if x.missed++; x.missed == 2 && x.c.state != ended {
		x.gone()
	}
}

// back says whether the peer's device is online again.
func (x *xmppEnd) back() bool {
	c := x.user.contacts[x.bare]
	return c != nil && c.resources.of(x.peer) != nil
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
