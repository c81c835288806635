package bridge

import (
	"time"

	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/internal/element"
	"github.com/jinglebridge/jinglebridge/jingle"
	"github.com/jinglebridge/jinglebridge/web"
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
		// Clients that do not count on copies say to the account what they have told the caller.
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
		b.writtenElsewhere(u, component.Inner(s, message, u.key), component.Bare(to))
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
	switch {
	case !ok:
		if body := bodyOf(s.Element); body != "" && s.Type != "groupchat" && s.Type != "headline" {
			b.handToAccount(u, s, body)
		}
		return
	case !goodSID(m.ID):
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

// writtenToAccount shows what somebody writes to an account. Nobody is refused anything, for
// its other devices have it, too; and what only those can read is shown as the sender's
// client says it to us.
func (b *Bridge) writtenToAccount(u *user, s *component.Stanza, body string) {
	// A receipt says that somebody is here (XEP-0184 §8).
	if b.handToAccount(u, s, body) && u.lets(component.Bare(s.From)) {
		b.confirm(s, u.tabs[0])
	}
}

// handToAccount gives a message to the page, if it shows messages and this is not too much.
func (b *Bridge) handToAccount(u *user, s *component.Stanza, body string) bool {
	readers := u.readers()
	if len(readers) == 0 || !b.perReader.allow("to "+u.key, time.Now()) {
		return false
	}
	b.hand(u, s, clip(body, maxBody), readers)
	return true
}

// writtenElsewhere shows what the account's person has written on another device.
func (b *Bridge) writtenElsewhere(u *user, s *component.Stanza, to string) {
	body := bodyOf(s.Element)
	if body == "" || to == u.bare || s.Type == "groupchat" || !b.perReader.allow("to "+u.key, time.Now()) {
		return
	}
	for _, t := range u.readers() {
		t.sock.Send(web.Message{Type: "message", Name: b.nameOf(to), Body: clip(body, maxBody), Mid: b.midOf(s), At: sentAt(s), Sent: true})
	}
}

// bodyOf is the text of a message, of one that is forwarded too: it has a client's namespace.
func bodyOf(message element.Element) string {
	for e := range message.Children() {
		if e.Name() == "body" && (e.Space() == component.NS || e.Space() == "jabber:client") {
			return e.Text()
		}
	}
	return ""
}
