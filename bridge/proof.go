package bridge

import (
	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/internal/element"
	"github.com/jinglebridge/jinglebridge/internal/store"
)

// Whoever was told as online stays in the store until the server has surely told that it has
// gone: what waits to be sent when we are killed, or lose the link, nobody hears. A ping to
// ourselves behind it takes the same way through the server.

// buried ends a round that told of one that has gone.
func (b *Bridge) buried(r *round) {
	p := &b.pace
	if len(r.to) == 0 || p.hurry || b.cfg.Store == nil {
		b.bygone(r) // when we stop, all that waits is sent before we end
		return
	}
	p.buried = append(p.buried, r)
	if p.proving == nil {
		b.prove()
	}
}

// prove asks for all that were buried since it last asked.
func (b *Bridge) prove() {
	p := &b.pace
	link := p.links
	var w element.Writer
	w.Empty("urn:xmpp:ping", "ping")
	err := b.request(component.IQ{From: b.cfg.Domain, To: b.cfg.Domain, Type: "get", Payload: w.Bytes()}, func(_ *component.Stanza, err error) {
		if p.links == link {
			b.proven(err)
		}
	})
	if err == nil {
		p.proving, p.buried = p.buried, nil
	} // else it is asked with the next, or all is told again when the link is back
}

func (b *Bridge) proven(err error) {
	p := &b.pace
	told := p.proving
	p.proving = nil
	if err != nil { // no answer in time
		p.buried = append(told, p.buried...)
		return
	}
	for _, r := range told {
		b.bygone(r)
	}
	if len(p.buried) > 0 {
		b.prove()
	}
}

// bygone forgets a tab that has gone, and who saw it only because it called.
func (b *Bridge) bygone(r *round) {
	b.soon(func() { // when it is no tab of its name any more
		if u := b.users[b.ours(r.jid)]; u != nil {
			for _, c := range r.to {
				b.ungreet(u, c, r.jid)
			}
		}
	})
	b.keep(store.Offline{JID: r.jid}, b.kept)
}
