package bridge

import (
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
	switch s.Name() {
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
		jingle.ContentAdd, jingle.ContentRemove, jingle.TransportReplace,
	},
	accepted: {
		jingle.TransportInfo, jingle.SessionInfo, jingle.SessionTerminate, jingle.DescriptionInfo, jingle.SecurityInfo,
		jingle.ContentAdd, jingle.ContentModify, jingle.ContentRemove, jingle.TransportReplace,
	},
}

// maxJingle bounds a description, which is kept as long as its call: five times the biggest
// that a client sends.
const maxJingle = 64 << 10

// fromIQ takes a Jingle request. It is answered here, exactly once, before anything
// that follows from it (XEP-0166 §6.3).
func (b *Bridge) fromIQ(s *component.Stanza) {
	if s.Type != "set" || !s.First().Is(jingle.NS, "jingle") {
		b.refuseIQ(s, faults[BadMessage].iq)
		return
	}
	if s.Size > maxJingle {
		b.metrics.limited.WithLabelValues("jingle_bytes").Inc()
		b.refuseIQ(s, faults[TooMuch].iq)
		return
	}
	j, err := jingle.Parse(s.First())
	if err != nil {
		b.metrics.rejected.WithLabelValues("bad_jingle").Inc()
		b.log.Debug("jingle refused", "peer", s.From, "err", err) // it quotes what the peer said
		reply := faults[BadMessage].iq
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
	case !slices.Contains(actions, j.Action): // XEP-0166 §7.2
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
		x.c.drop(x, Failed(Incompatible, err))
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
	x := b.proposals[proposalKey{b.ours(to), component.Bare(from), sid}]
	switch {
	case x == nil || x.role != jingle.Responder || x.peer != from:
		return nil
	case x.stage == proposed && b.tabs[to] != nil && (x.user.page == nil || x.self == to), x.stage == proceeded && x.self == to:
		return x
	}
	return nil
}

// calledDirectly rings at the one tab whose JID a client without proposals called.
func (b *Bridge) calledDirectly(s *component.Stanza, j *jingle.Jingle) {
	t := b.tabs[s.To]
	from := component.Bare(s.From)
	if t == nil || !b.mayRing(t.user, from) {
		b.refuseIQ(s, faults[Unavailable].iq)
		return
	}
	media := j.Description.Media()
	lost, won := b.crossed(t.user, []*tab{t}, from, j.SID, media)
	if won {
		b.refuseIQ(s, faults[Glare].iq)
		return
	}
	b.result(s)
	x := &xmppEnd{b: b, user: t.user, self: t.jid, bare: strings.Clone(from), sid: strings.Clone(j.SID), role: jingle.Responder, stage: initiated, remote: j.Description, sent: map[string]bool{}}
	x.meet(s.From)
	if len(media) == 0 { // a file, a screen: nothing to ring for (XEP-0166 §6.3)
		_, err := j.Description.ToSDP(jingle.SDPFor{Local: jingle.Responder})
		x.over(faultOf(err), "")
		return
	}
	if f := b.ringAllowance(t.user, from, time.Now()); f != None {
		x.over(f, "")
		return
	}
	c := b.newCall(x, media)
	x.c = c
	c.offer = &description{jingle: j.Description}
	if err := b.ringIn(x, []*tab{t}, lost); err != nil {
		x.over(faultOf(err), "")
	}
}

// ringIn rings an XMPP user's call at tabs; lost is a call of ours that crossed it and gives
// way. After an error the peer has yet to be told.
func (b *Bridge) ringIn(x *xmppEnd, tabs []*tab, lost *call) error {
	c := x.c
	if lost != nil {
		tabs = []*tab{lost.caller.(*browserEnd).tab}
		b.yield(lost, x.bare)
	}
	rung := b.ringTabs(c, tabs, b.nameOf(x.bare), x.nick)
	for _, e := range rung {
		if lost != nil { // also where it was wanted
			e.(*browserEnd).wanted, e.(*browserEnd).room = true, lost.caller.(*browserEnd).room
		}
	}
	b.countPending(c)
	if err := b.ring(c, rung, b.cfg.RingIn); err != nil {
		return err
	}
	if lost != nil && c.state == ringing {
		b.takeCrossed(c, rung[0].(*browserEnd))
	}
	return nil
}
