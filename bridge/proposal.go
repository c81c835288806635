package bridge

import (
	"slices"
	"strings"
	"time"

	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/internal/element"
	"github.com/jinglebridge/jinglebridge/jingle"
)

// Ringing before a session (XEP-0353 0.8.0): propose and retract go to a bare JID, what
// answers them to the full JID of a device.

const (
	nsReceipts = "urn:xmpp:receipts"
	nsHints    = "urn:xmpp:hints"
	nsDelay    = "urn:xmpp:delay"
	nsMUCUser  = "http://jabber.org/protocol/muc#user"
	nsNick     = "http://jabber.org/protocol/nick"

	// A proposal that lay in a store longer than this is a missed call, not a ring.
	staleProposal = time.Minute
)

// sendProposal sends an XEP-0353 element as its section 3 wants it: type chat, kept by
// archives.
func (b *Bridge) sendProposal(from, to string, m jingle.Message, more ...func(*element.Writer)) error {
	var w element.Writer
	b.startMessage(&w, "chat", "jm-"+m.Kind+"-"+m.ID, from, to)
	m.Append(&w)
	for _, add := range more {
		add(&w)
	}
	w.Empty(nsHints, "store")
	w.End()
	return b.via(from).stream.Send(w.Bytes())
}

func (b *Bridge) startMessage(w *element.Writer, kind, id, from, to string) {
	w.Start(component.NS, "message")
	w.Attr("type", kind)
	w.Attr("id", id)
	w.Attr("from", from)
	w.Attr("to", to)
}

func wantReceipt(w *element.Writer) { w.Empty(nsReceipts, "request") }

func (b *Bridge) sendReceipt(from, to, id string) error {
	var w element.Writer
	b.startMessage(&w, "chat", "receipt-"+b.newID(), from, to)
	w.Empty(nsReceipts, "received", "id", id)
	w.Empty(nsHints, "store")
	w.End()
	return b.via(from).stream.Send(w.Bytes())
}

func (b *Bridge) fromMessage(s *component.Stanza) {
	if s.Type == "error" {
		// Never read further: some servers echo the proposal inside the error.
		b.bounced(s)
		b.returned(s)
		return
	}
	if received := s.Child(nsReceipts, "received"); received.Exists() {
		b.received(s, received.Attr("id"))
		b.arrived(s, received.Attr("id"))
	}
	m, ok := jingle.ParseMessage(s.Element)
	switch {
	case !ok:
		b.writtenTo(s)
	case !goodSID(m.ID):
		b.metrics.rejected.WithLabelValues("bad_sid").Inc()
	case m.Kind == "propose":
		b.proposedTo(s, m)
	default:
		b.fromProposal(s, m)
	}
}

// bounced is an error to a message of ours: the peer cannot be reached.
func (b *Bridge) bounced(s *component.Stanza) {
	for _, kind := range []string{"jm-propose-", "jm-proceed-"} {
		sid, ok := strings.CutPrefix(s.ID, kind)
		if !ok {
			continue
		}
		x := b.proposals[b.proposalOn(s, sid)]
		if x == nil || (kind == "jm-propose-") != (x.role == jingle.Initiator) {
			return
		}
		if x.role == jingle.Initiator && x.stage != proposed || x.role == jingle.Responder && (x.stage != proceeded || x.peer != s.From) {
			return // it reached somebody all the same
		}
		f, text := faultOfError(s)
		x.stage = fresh // nobody rings, so there is nobody to tell
		x.c.leave(x, f, text)
	}
}

// received: COMPAT Conversations 2.19 takes a receipt for ringing, and so do we.
func (b *Bridge) received(s *component.Stanza, id string) {
	if sid, ok := strings.CutPrefix(id, "jm-propose-"); ok {
		if x := b.ourProposal(s, sid); x != nil {
			x.c.ring(x)
		}
	}
}

// proposalOn is the key of what a message speaks of.
func (b *Bridge) proposalOn(s *component.Stanza, sid string) proposalKey {
	return proposalKey{b.ours(s.To), component.Bare(s.From), sid}
}

// ourProposal finds a call of ours that this device answers.
func (b *Bridge) ourProposal(s *component.Stanza, sid string) *xmppEnd {
	x := b.proposals[b.proposalOn(s, sid)]
	if x == nil || x.role != jingle.Initiator {
		return nil
	}
	return x
}

// fromProposal takes what is said about a proposal, ours or theirs.
func (b *Bridge) fromProposal(s *component.Stanza, m jingle.Message) {
	x := b.proposals[b.proposalOn(s, m.ID)]
	if x == nil {
		b.lateProposal(s, m)
		return
	}
	if x.role == jingle.Responder {
		x.fromProposer(s, m)
		return
	}
	switch m.Kind {
	case "ringing":
		if x.stage == proposed && len(x.rings) < 64 && !slices.Contains(x.rings, s.From) {
			x.rings = append(x.rings, strings.Clone(s.From))
		}
		x.c.ring(x)
	case "proceed", "accept": // COMPAT Dino 0.4: takes both for the same
		x.proceed(s)
	case "reject":
		x.rejected(s, m)
	case "retract", "finish":
		if x.stage == proposed || x.peer == s.From {
			x.finished(s, m)
		}
	}
}

// lateProposal: a device that goes on with a call that is over is told so, or it would
// wait for a session that never comes.
func (b *Bridge) lateProposal(s *component.Stanza, m jingle.Message) {
	local := b.ours(s.To)
	if m.Kind != "proceed" || component.Bare(s.From) == s.From || local == "" {
		return
	}
	if u := b.users[local]; u != nil && u.account != nil {
		return // it may be for another device of the account
	}
	_ = b.sendProposal(s.To, s.From, jingle.Message{Kind: "retract", ID: m.ID, Reason: jingle.Reason{Condition: "expired"}})
}

// proceed: the first device that takes the call gets it; a later one is told that it is gone.
func (x *xmppEnd) proceed(s *component.Stanza) {
	if component.Bare(s.From) == s.From {
		return // no device
	}
	if x.peer != "" {
		if x.peer != s.From {
			_ = x.say(s.From, jingle.Message{Kind: "retract", Reason: jingle.Reason{Condition: "expired"}})
		}
		return
	}
	x.stage = proceeded
	x.meet(s.From)
	x.c.take(x)
}

// rejected: one device's no is the person's no. Only busy leaves the others ringing.
func (x *xmppEnd) rejected(s *component.Stanza, m jingle.Message) {
	if m.Reason.TieBreak {
		return // their own proposal won, and is here or on its way
	}
	if x.stage != proposed && x.peer != s.From {
		return
	}
	x.rings = slices.DeleteFunc(x.rings, func(device string) bool { return device == s.From })
	f := faultOfCondition(m.Reason.Condition)
	if f == Busy && x.stage == proposed && len(x.rings) > 0 {
		x.c.busy = true
		return
	}
	if f == None || f == Hangup {
		f = Declined
	}
	x.c.leave(x, f, m.Reason.Text)
}

// fromProposer takes what the device that calls us says about its proposal.
func (x *xmppEnd) fromProposer(s *component.Stanza, m jingle.Message) {
	if s.From != x.peer {
		return
	}
	switch m.Kind {
	case "retract", "reject": // COMPAT Siskin: a caller that gives up says reject
		f := faultOfCondition(m.Reason.Condition)
		if f == None || x.stage < initiated {
			f = Cancelled
		}
		x.c.leave(x, f, m.Reason.Text)
	case "finish":
		x.finished(s, m)
	}
}

// finished: the peer says that the call is over, some clients by this alone (COMPAT Monal
// 2024-10), and hears it from us, too (XEP-0353 §3.7).
func (x *xmppEnd) finished(s *component.Stanza, m jingle.Message) {
	if m.Kind == "finish" && x.stage >= initiated {
		_ = x.say(s.From, jingle.Message{Kind: "finish", Reason: jingle.Reason{Condition: orSuccess(m.Reason.Condition)}})
	}
	x.c.leave(x, faultOfCondition(m.Reason.Condition), m.Reason.Text)
}

// proposedTo is an XMPP user that calls somebody here.
func (b *Bridge) proposedTo(s *component.Stanza, m jingle.Message) {
	from := component.Bare(s.From)
	if s.Type == "groupchat" || s.Child(nsMUCUser, "x").Exists() || stale(s) || from == s.From {
		return
	}
	media := slices.DeleteFunc(slices.Clone(m.Media), func(kind string) bool { return kind != "audio" && kind != "video" })
	if len(media) == 0 {
		return // a file, a game: nothing we could ring for
	}
	local := b.ours(s.To)
	u := b.users[local]
	switch {
	case local == "":
		b.unreachable(s, m, NotFound)
	case u == nil || len(b.reached(u, s.To)) == 0 || !b.mayRing(u, from):
		b.unreachable(s, m, Unavailable)
		b.miss(u, s, media)
	default:
		b.ringProposal(s, m, u, b.reached(u, s.To), media)
	}
}

// reached are the tabs that somebody reaches by a JID of a name.
func (b *Bridge) reached(u *user, to string) []*tab {
	if u.page != nil {
		return b.visitorFor(u, to)
	}
	return u.tabs
}

func (b *Bridge) ringProposal(s *component.Stanza, m jingle.Message, u *user, tabs []*tab, media []string) {
	from := component.Bare(s.From)
	key := proposalKey{u.key, from, m.ID}
	if b.proposals[key] != nil || u.inSession(b, s.From, m.ID) {
		return // said twice
	}
	now := time.Now()
	if f := b.ringAllowance(u, from, now); f != None {
		if u.account == nil && b.perRefusal.allow(from, now) { // said once; who goes on is not worth an answer
			b.log.Info("call refused", "from", from, "to", u.name, "reason", faults[f].leave)
			b.refuseProposal(s, m, f, "")
		}
		return
	}
	lost, won := b.crossed(u, tabs, from, m.ID, media)
	if won {
		_ = b.sendProposal(s.To, s.From, jingle.Message{Kind: "reject", ID: m.ID, Reason: jingle.Reason{Condition: "expired", TieBreak: true}})
		return
	}
	x := &xmppEnd{b: b, user: u, self: tabs[0].jid, bare: strings.Clone(from), peer: strings.Clone(s.From), sid: strings.Clone(m.ID), role: jingle.Responder, jmi: true, stage: proposed, sent: map[string]bool{}}
	x.nick = nickOf(s)
	if s.Child(nsReceipts, "request").Exists() {
		x.propose = strings.Clone(s.ID)
	}
	b.proposals[proposalKey{u.key, x.bare, x.sid}] = x
	x.c = b.newCall(x, media)
	err := b.ringIn(x, slices.Clone(tabs), lost)
	switch {
	case err == nil:
		x.receipt()
	case faultOf(err) == Unavailable:
		b.unreachable(s, m, Unavailable) // as if nobody were here, which nobody is for a stranger
	default:
		x.over(faultOf(err), "")
	}
}

// inSession says whether a device has a session of this id with one of the tabs: two of the same
// id could not be told apart.
func (u *user) inSession(b *Bridge, peer, sid string) bool {
	return slices.ContainsFunc(u.tabs, func(t *tab) bool { return b.jingles[sessionKey{t.jid, peer, sid}] != nil })
}

// unreachable answers a proposal to somebody who is not here: an error without the
// proposal in it, for those who read errors, then a reject for those who do not.
// COMPAT Conversations: fails at once on the error; Dino, Monal, Siskin: wait for a reject.
func (b *Bridge) unreachable(s *component.Stanza, m jingle.Message, f Fault) {
	if u := b.users[s.To]; u != nil && u.account != nil {
		return // its other devices may be reached
	}
	b.refuseIQ(s, faults[f].iq)
	b.refuseProposal(s, m, Gone, "not online")
}

func (b *Bridge) refuseProposal(s *component.Stanza, m jingle.Message, f Fault, text string) {
	b.metrics.refusedCalls.WithLabelValues(faults[f].jingle).Inc()
	_ = b.sendProposal(s.To, s.From, jingle.Message{Kind: "reject", ID: m.ID, Reason: jingle.Reason{Condition: faults[f].jingle, Text: text}})
}

func stale(s *component.Stanza) bool {
	delay := s.Child(nsDelay, "delay")
	if !delay.Exists() {
		return false
	}
	sent, err := time.Parse(time.RFC3339, delay.Attr("stamp"))
	return err != nil || time.Since(sent) > staleProposal
}

func nickOf(s *component.Stanza) string {
	nick := []rune(s.Child(nsNick, "nick").TrimmedText())
	return string(nick[:min(len(nick), 100)])
}
