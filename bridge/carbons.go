package bridge

import (
	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/internal/element"
	"github.com/jinglebridge/jinglebridge/jingle"
)

// What the other devices of an account do (XEP-0280): its server sends us copies. By them a
// call stops ringing here that was taken or refused there (XEP-0353 §3).

const (
	nsCarbons = "urn:xmpp:carbons:2"
	nsForward = "urn:xmpp:forward:0"
)

// accountMessage takes a message to an account, or the copy of one.
func (b *Bridge) accountMessage(u *user, s *component.Stanza) {
	for _, kind := range []string{"received", "sent"} {
		if copied := s.Child(nsCarbons, kind); copied.Exists() {
			b.carbon(u, s, kind, copied.Child(nsForward, "forwarded"))
			return
		}
	}
	if component.Bare(s.From) == u.bare {
		b.fromOtherDevice(u, s.From, "", s.Element)
		return
	}
	b.fromMessage(s)
}

// carbon takes a copy, which only the account itself may send (XEP-0280 §11).
func (b *Bridge) carbon(u *user, s *component.Stanza, kind string, forwarded element.Element) {
	message := messageIn(forwarded)
	if s.From != u.bare || !message.Exists() {
		b.metrics.rejected.WithLabelValues("carbon").Inc()
		return
	}
	from, to := message.Attr("from"), message.Attr("to")
	switch {
	case kind == "sent" && component.Bare(from) == u.bare:
		b.fromOtherDevice(u, from, component.Bare(to), message)
	case kind == "received" && component.Bare(to) == u.bare && component.Bare(from) != u.bare:
		b.overheard(u, component.Inner(s, message, u.key))
	}
}

// messageIn finds the message in what is forwarded (XEP-0297 §3), beside when it was sent.
func messageIn(forwarded element.Element) element.Element {
	for e := range forwarded.Children() {
		if e.Name() == "message" {
			return e
		}
	}
	return element.Element{}
}

// overheard is a message to another device of the account. A call to the account may come so,
// and its end; what answers the calls of that device is none of ours.
func (b *Bridge) overheard(u *user, s *component.Stanza) {
	if s.Type == "error" {
		return
	}
	m, ok := jingle.ParseMessage(s.Element)
	if !ok || !goodSID(m.ID) {
		return
	}
	switch m.Kind {
	case "propose":
		b.proposedTo(s, m)
	case "retract":
		if x := b.proposals[b.proposalOn(s, m.ID)]; x != nil && x.role == jingle.Responder {
			x.fromProposer(s, m)
		}
	}
}

// fromOtherDevice: another device of the account has taken or refused a call that rings here,
// too. It says so to the caller, of which we see the copy, or to the account.
func (b *Bridge) fromOtherDevice(u *user, device, caller string, message element.Element) {
	m, ok := jingle.ParseMessage(message)
	if !ok || device == u.key || message.Attr("type") == "error" {
		return
	}
	f := None
	switch m.Kind {
	case "proceed", "accept":
		f = Elsewhere
	case "reject":
		f = Declined
	default:
		return
	}
	for key, x := range b.proposals {
		if key.self == u.key && key.sid == m.ID && (caller == "" || key.bare == caller) && x.role == jingle.Responder && x.stage == proposed {
			x.stage = fresh // the caller has heard it from there
			x.release()
			x.c.finish(x, f, "")
			return
		}
	}
}
