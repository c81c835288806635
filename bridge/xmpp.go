package bridge

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/internal/element"
	"github.com/jinglebridge/jinglebridge/jingle"
)

// Street two: what XMPP says. Calls with proposals are in proposal.go, presence in
// presence.go.

func (b *Bridge) fromXMPP(s *component.Stanza) {
	switch s.Name {
	case "iq":
		b.fromIQ(s)
	case "message":
		b.fromMessage(s)
	case "presence":
		b.fromPresence(s)
	}
}

// actions are all there are (XEP-0166 §7.2).
var actions = []jingle.Action{
	jingle.SessionInitiate, jingle.SessionAccept, jingle.SessionInfo, jingle.SessionTerminate, jingle.TransportInfo,
	jingle.TransportReplace, jingle.TransportAccept, jingle.TransportReject, jingle.ContentAdd, jingle.ContentAccept,
	jingle.ContentReject, jingle.ContentModify, jingle.ContentRemove, jingle.DescriptionInfo, jingle.SecurityInfo,
}

// inOrder is which actions a session takes at which stage; initiated means that its
// accept is still to come. What is not here is out of order (XEP-0166 §6).
var inOrder = map[stage][]jingle.Action{
	proceeded: {jingle.SessionTerminate},
	initiated: {
		jingle.SessionAccept, jingle.TransportInfo, jingle.SessionInfo, jingle.SessionTerminate,
		jingle.DescriptionInfo, jingle.SecurityInfo, jingle.ContentModify,
	},
	accepted: {
		jingle.TransportInfo, jingle.SessionInfo, jingle.SessionTerminate, jingle.DescriptionInfo, jingle.SecurityInfo,
		jingle.ContentAdd, jingle.ContentModify, jingle.ContentRemove, jingle.TransportReplace,
	},
}

// fromIQ takes a Jingle request. It is answered here, exactly once, before anything
// that follows from it (XEP-0166 §6.3).
func (b *Bridge) fromIQ(s *component.Stanza) {
	if s.Type != "set" || !s.First().Is(jingle.NS, "jingle") {
		b.refuseIQ(s, faults[BadMessage].iq)
		return
	}
	j, err := jingle.Parse(s.First())
	if err != nil {
		b.log.Info("jingle refused", "peer", s.From, "err", err)
		reply := faults[badOrIncompatible(err)].iq
		reply.Text = err.Error()
		b.refuseIQ(s, reply)
		b.giveUp(s, err)
		return
	}
	if j.Action == jingle.SessionInitiate {
		b.initiated(s, j)
		return
	}
	x := b.jingles[sessionKey{s.To, s.From, j.SID}]
	switch {
	case !slices.Contains(actions, j.Action): // XEP-0166 §7.1
		b.refuseIQ(s, faults[BadMessage].iq)
	case x == nil:
		b.refuseIQ(s, faults[NoCall].iq)
	case !slices.Contains(inOrder[x.stage], j.Action), j.Action == jingle.SessionAccept && x.role != jingle.Initiator:
		b.refuseIQ(s, faults[OutOfOrder].iq)
	default:
		b.act(x, s, j)
	}
}

// giveUp ends a call whose peer sent a description that cannot be read: waiting for a
// better one would be waiting for nothing.
func (b *Bridge) giveUp(s *component.Stanza, err error) {
	e := s.First()
	x := b.jingles[sessionKey{s.To, s.From, e.Attr("sid")}]
	if x == nil || x.c.state == active {
		return
	}
	if action := jingle.Action(e.Attr("action")); action == jingle.SessionAccept || action == jingle.SessionInitiate {
		x.c.fail(Failed(Incompatible, err))
	}
}

func (b *Bridge) act(x *xmppEnd, s *component.Stanza, j *jingle.Jingle) {
	switch j.Action {
	case jingle.SessionAccept:
		b.result(s)
		x.sessionAccept(j)
	case jingle.TransportInfo:
		x.transportInfo(s, j)
	case jingle.SessionInfo:
		x.sessionInfo(s, j)
	case jingle.SessionTerminate:
		b.result(s)
		x.sessionTerminate(j)
	case jingle.ContentAdd:
		b.result(s)
		x.refuseContent(j)
	case jingle.ContentModify:
		b.result(s)
		x.contentModify(j)
	case jingle.TransportReplace:
		b.result(s)
		_ = x.tell(&jingle.Jingle{Action: jingle.TransportReject, Description: j.Description}, nil)
	default:
		// Advisory: description-info, security-info, a content-remove that we do not follow.
		b.result(s)
	}
}

// initiated is a session from a peer: the one it proposed, or a call without proposal.
func (b *Bridge) initiated(s *component.Stanza, j *jingle.Jingle) {
	key := sessionKey{s.To, s.From, j.SID}
	switch {
	case b.jingles[key] != nil && b.jingles[key].stage >= initiated:
		b.refuseIQ(s, faults[OutOfOrder].iq)
	case !goodSID(j.SID) || j.Description == nil:
		b.refuseIQ(s, faults[BadMessage].iq)
	default:
		if x := b.proposalOf(s.To, s.From, j.SID); x != nil {
			b.result(s)
			x.sessionInitiate(s, j)
			return
		}
		b.calledDirectly(s, j)
	}
}

// goodSID bounds what a stranger may make us keep and repeat.
func goodSID(sid string) bool { return sid != "" && len(sid) <= 256 && element.LegalText(sid) }

// proposalOf finds what a peer proposed and now begins: only the device that
// proposed may, and, once a tab has taken it, only with that tab.
func (b *Bridge) proposalOf(to, from, sid string) *xmppEnd {
	x := b.proposals[proposalKey{b.ourLocal(to) + "@" + b.cfg.Domain, component.Bare(from), sid}]
	switch {
	case x == nil || x.role != jingle.Responder || x.peer != from:
		return nil
	case x.stage == proposed && b.tabs[to] != nil, x.stage == proceeded && x.self == to:
		return x
	}
	return nil
}

func (x *xmppEnd) sessionInitiate(s *component.Stanza, j *jingle.Jingle) {
	x.self = strings.Clone(s.To)
	x.stage = initiated
	x.remote = j.Description
	x.c.media = j.Description.Media() // not always what was proposed
	x.meet(x.peer)
	if err := x.c.fromOffer(x, &description{jingle: j.Description}); err != nil && x.c.state != ended {
		x.c.fail(err)
	}
}

// calledDirectly rings at the one tab whose JID a client without proposals called.
func (b *Bridge) calledDirectly(s *component.Stanza, j *jingle.Jingle) {
	t := b.tabs[s.To]
	from := component.Bare(s.From)
	if t == nil || !b.mayRing(t.user, from) {
		b.refuseIQ(s, faults[Unavailable].iq)
		return
	}
	lost, won := b.crossed(t.user, from, j.SID, j.Description.Media())
	if won {
		b.refuseIQ(s, faults[Glare].iq)
		return
	}
	b.result(s)
	x := &xmppEnd{b: b, user: t.user, self: t.jid, bare: strings.Clone(from), sid: strings.Clone(j.SID), role: jingle.Responder, stage: initiated, remote: j.Description, sent: map[string]bool{}}
	x.meet(s.From)
	if f := b.ringAllowance(t.user, from, time.Now()); f != None {
		x.over(f, "")
		return
	}
	c := b.newCall(x, j.Description.Media())
	x.c = c
	c.offer = &description{jingle: j.Description}
	b.ringIn(x, []*tab{t}, lost)
}

// ringIn rings an XMPP user's call at tabs; lost is a call of ours that crossed it and gives way.
func (b *Bridge) ringIn(x *xmppEnd, tabs []*tab, lost *xmppEnd) {
	c := x.c
	var rung []end
	if lost != nil {
		tabs = []*tab{lost.c.caller.(*browserEnd).tab}
		b.yield(lost)
	}
	for _, t := range tabs {
		e := b.newBrowserEnd(c, t, "", jingle.Responder)
		e.peer, e.peerTitle, e.wanted = x.bare, x.nick, lost != nil
		rung = append(rung, e)
	}
	b.countPending(c)
	if err := b.ring(c, rung, b.cfg.RingIn); err != nil {
		x.over(faultOf(err), "")
		return
	}
	if lost != nil && c.state == ringing {
		b.takeCrossed(c, rung[0].(*browserEnd))
	}
}

func (x *xmppEnd) sessionAccept(j *jingle.Jingle) {
	x.stage = accepted
	x.remote = j.Description
	if x.remote == nil {
		x.c.fail(Failed(Incompatible, errors.New("session-accept without contents")))
		return
	}
	for i := range x.remote.Contents {
		content := &x.remote.Contents[i]
		if senders := x.senders[content.Name]; senders != "" && content.Senders == "both" {
			content.Senders = senders
		}
	}
	if err := x.c.fromAnswer(x, &description{jingle: x.remote}); err != nil {
		x.c.fail(err)
	}
}

// contentModify before the accept is how Dino says that it will not send video; in a
// running call it changes nothing that the page has to know.
func (x *xmppEnd) contentModify(j *jingle.Jingle) {
	if x.stage != initiated || j.Description == nil || len(x.senders) > 16 {
		return
	}
	if x.senders == nil {
		x.senders = map[string]string{}
	}
	for i := range j.Description.Contents {
		content := &j.Description.Contents[i]
		x.senders[content.Name] = content.Senders
	}
}

// transportInfo takes candidates. New credentials would be an ICE restart, which is
// refused as if ours came first: that is the one refusal no client ends the call for.
func (x *xmppEnd) transportInfo(s *component.Stanza, j *jingle.Jingle) {
	if j.Description == nil {
		x.b.result(s)
		return
	}
	if x.restarts(j.Description) {
		x.b.refuseIQ(s, faults[Glare].iq)
		return
	}
	x.b.result(s)
	var cs []candidate
	for i := range j.Description.Contents {
		content := &j.Description.Contents[i]
		for _, ice := range content.Candidates {
			if why := ice.Unfit(); why != "" {
				x.b.metrics.candidates.WithLabelValues(why).Inc()
				continue
			}
			if ice.Ufrag == "" {
				ice.Ufrag = content.Ufrag
			}
			cs = append(cs, candidate{ice: ice, content: content.Name})
		}
		if content.EndOfCandidates { // COMPAT stanza.js 12: an element of its own for it
			cs = append(cs, candidate{ice: jingle.Candidate{Ufrag: content.Ufrag}, content: content.Name, last: true})
		}
	}
	x.c.fromCandidates(x, cs)
}

func (x *xmppEnd) restarts(d *jingle.Description) bool {
	if x.remote == nil {
		return false
	}
	for i := range d.Contents {
		content := &d.Contents[i]
		known := x.remote.Content(content.Name)
		if known != nil && content.Ufrag != "" && known.Ufrag != "" && content.Ufrag != known.Ufrag {
			return true
		}
	}
	return false
}

// sessionInfo passes on what the page can show. What we do not know is refused, not
// ignored (XEP-0166 §6.8); an empty one is a ping.
func (x *xmppEnd) sessionInfo(s *component.Stanza, j *jingle.Jingle) {
	for _, i := range j.Info {
		if i.Space != jingle.NSRTPInfo || !slices.Contains(knownInfos, i.Name) {
			x.b.refuseIQ(s, faults[Incompatible].iq)
			return
		}
	}
	x.b.result(s)
	for _, i := range j.Info {
		if i.Name == "ringing" {
			x.c.ring(x)
			continue
		}
		if raw := x.infoOf(i); raw != nil {
			x.c.fromInfo(x, raw)
		}
	}
}

func (x *xmppEnd) sessionTerminate(j *jingle.Jingle) {
	if x.jmi {
		_ = x.say(x.peer, jingle.Message{Kind: "finish", Reason: jingle.Reason{Condition: orSuccess(j.Reason.Condition)}})
	}
	x.c.leave(x, x.endOf(j.Reason.Condition), j.Reason.Text)
}

// endOf is what a peer's reason means at this point of the call.
func (x *xmppEnd) endOf(condition string) Fault {
	f := faultOfCondition(condition)
	if x.c.state != active && f == Hangup {
		// COMPAT Conversations: hangs up with success also before anybody answered.
		return None
	}
	return f
}

func orSuccess(condition string) string {
	if faultOfCondition(condition) == None {
		return "success"
	}
	return condition
}

// refuseContent: a call is not changed while it runs, and goes on as it is.
func (x *xmppEnd) refuseContent(j *jingle.Jingle) {
	if j.Description != nil {
		_ = x.tell(&jingle.Jingle{Action: jingle.ContentReject, Description: j.Description, Reason: jingle.Reason{Condition: "unsupported-applications"}}, nil)
	}
}

// result answers a request.
func (b *Bridge) result(s *component.Stanza) {
	var w element.Writer
	component.AppendResult(&w, s)
	b.send(w.Bytes())
}

func (b *Bridge) refuseIQ(s *component.Stanza, e component.Error) {
	var w element.Writer
	component.AppendError(&w, s, e)
	b.send(w.Bytes())
}

// send queues a stanza whose loss nobody would notice later than by the loss of the link.
func (b *Bridge) send(stanza []byte) {
	if err := b.stream.Send(stanza); err != nil && !errors.Is(err, component.ErrDown) {
		b.log.Warn("stanza not sent", "err", err)
	}
}

// request sends an IQ; done, which may be nil, runs inside the loop.
func (b *Bridge) request(iq component.IQ, done func(*component.Stanza, error)) error {
	return b.stream.SendIQ(iq, func(answer *component.Stanza, err error) {
		if done != nil {
			b.do(func() { done(answer, err) })
		}
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
	return f, e.Text
}

// maxOwed bounds what waits for the link to come back.
const maxOwed = 1024

// owe does what the peer must hear even if the link is down at the moment: an end.
func (b *Bridge) owe(send func() error) {
	if err := send(); errors.Is(err, component.ErrDown) && len(b.owed) < maxOwed {
		b.owed = append(b.owed, send)
	}
}

// terminate ends a session for the peer. When the link was lost meanwhile, the peer
// may still be on its way back to its server: then it is told again.
func (b *Bridge) terminate(x *xmppEnd, reason jingle.Reason, try int) {
	b.owe(func() error {
		return x.tell(&jingle.Jingle{Action: jingle.SessionTerminate, Reason: reason}, func(answer *component.Stanza, err error) {
			if errors.Is(err, component.ErrDown) {
				b.owe(func() error { b.terminate(x, reason, try+1); return nil })
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
