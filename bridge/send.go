package bridge

import (
	"errors"
	"time"

	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/internal/element"
	"github.com/jinglebridge/jinglebridge/jingle"
)

// What goes out to XMPP, and what must arrive even if the link is lost meanwhile.

// result answers a request.
func (b *Bridge) result(s *component.Stanza) {
	b.sorry = nil
	var w element.Writer
	component.AppendResult(&w, s)
	b.send(s.To, w.Bytes())
}

func (b *Bridge) refuseIQ(s *component.Stanza, e component.Error) {
	b.sorry = nil
	var w element.Writer
	component.AppendError(&w, s, e)
	b.send(s.To, w.Bytes())
}

// send queues a stanza from one of our JIDs, whose loss nobody would notice later than by
// the loss of the link.
func (b *Bridge) send(from string, stanza []byte) {
	if err := b.via(from).stream.Send(stanza); err != nil && !errors.Is(err, component.ErrDown) {
		b.log.Warn("stanza not sent", "err", err)
	}
}

// request sends an IQ; done runs inside the loop.
func (b *Bridge) request(iq component.IQ, done func(*component.Stanza, error)) error {
	return b.via(iq.From).stream.SendIQ(iq, func(answer *component.Stanza, err error) {
		b.do(func() { done(answer, err) })
	})
}

func faultOfError(s *component.Stanza) (Fault, string) {
	e := component.ErrorOf(s)
	f := faultOfCondition(e.Condition)
	if e.App == "tie-break" {
		f = Glare
	}
	if f == None {
		f = Internal
	}
	return f, clip(e.Text, 200)
}

// terminate ends a session for the peer. When the link was lost meanwhile, the peer
// may still be on its way back to its server: then it is told again.
func (b *Bridge) terminate(x *xmppEnd, reason jingle.Reason, try int) {
	b.owe(x.user.link, func() error {
		return x.tell(&jingle.Jingle{Action: jingle.SessionTerminate, Reason: reason}, func(answer *component.Stanza, err error) {
			if errors.Is(err, component.ErrDown) {
				b.owe(x.user.link, func() error { b.terminate(x, reason, try+1); return nil })
				return
			}
			if err == nil && answer.Type == "error" && x.lostLink && try < 6 {
				if f, _ := faultOfError(answer); f == Unavailable {
					time.AfterFunc(time.Second<<try, func() { b.do(func() { b.terminate(x, reason, try+1) }) })
				}
			}
		})
	})
}
