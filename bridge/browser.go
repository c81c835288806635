package bridge

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jinglebridge/jinglebridge/jingle"
	"github.com/jinglebridge/jinglebridge/web"
)

// Street one: what a browser says.

// fromBrowser takes one message of a browser to the function for its type.
func (b *Bridge) fromBrowser(sock web.Sender, m web.Message) {
	s := b.sessions[sock]
	if s == nil {
		s = &session{sock: sock}
		b.sessions[sock] = s
	}
	if m.Type == "login" {
		b.login(s, m)
		return
	}
	if s.tab == nil {
		b.refuse(s, m, Failed(NotLoggedIn, errors.New("log in first")))
		return
	}
	if err := b.dispatch(s.tab, m); err != nil {
		b.refuse(s, m, err)
	}
}

func (b *Bridge) dispatch(t *tab, m web.Message) error {
	switch m.Type {
	case "invite":
		return b.invite(t, m)
	case "offer":
		return b.offer(t, m)
	case "answer":
		return b.answer(t, m)
	case "candidate":
		return b.candidate(t, m)
	case "ringing":
		return b.ringingSaid(t, m)
	case "accept":
		return b.accept(t, m)
	case "leave":
		return b.leave(t, m)
	case "info":
		return b.info(t, m)
	case "ice":
		t.sock.Send(web.Message{Type: "ice", ID: m.ID, IceServers: b.cfg.ICEServers, TTL: int(b.cfg.ICETTL / time.Second)})
		return nil
	}
	return Failed(Incompatible, fmt.Errorf("%q is not something this server does", m.Type))
}

// refuse tells a browser what was wrong with its message. To old pages, what the
// tutorials were silent about is one error frame that they ignore, or nothing.
func (b *Bridge) refuse(s *session, m web.Message, err error) {
	f := faultOf(err)
	if f == Internal {
		b.log.Error("message fails", "type", m.Type, "err", err)
	} else {
		b.log.Debug("message refused", "type", m.Type, "code", faults[f].code, "err", err)
	}
	b.metrics.refused.WithLabelValues(faults[f].code).Inc()
	if s.sock.Old() && (b.cfg.StrictOld || f == NoCall || f == OutOfOrder || f == CallExists || f == Glare) {
		return
	}
	text := err.Error()
	var e *Error
	if errors.As(err, &e) && e.Cause != nil {
		text = e.Cause.Error()
	}
	if f == Internal {
		text = "something went wrong here"
	}
	reply := web.Message{Type: "error", Text: text, Code: faults[f].code, ID: m.ID, Name: m.Name, Call: m.Call}
	if f == Glare && e != nil {
		var winner *glare
		if errors.As(e.Cause, &winner) {
			reply.Call = winner.call
		}
	}
	if f == TooMuch {
		reply.Retry = 20
	}
	s.sock.Send(reply)
}

// ok answers a request that asked for an answer.
func (b *Bridge) ok(t *tab, m web.Message, call string) {
	if m.ID != nil {
		t.sock.Send(web.Message{Type: "ok", ID: m.ID, Call: call})
	}
}

func (b *Bridge) invite(t *tab, m web.Message) error {
	if m.Call != "" && (t.ends[m.Call] != nil || slices.Contains(t.past, m.Call)) {
		return Failed(CallExists, fmt.Errorf("call %q is there already", m.Call))
	}
	if len(m.Media) == 0 {
		m.Media = []string{"audio"}
	}
	return b.begin(t, m, nil)
}

func (b *Bridge) offer(t *tab, m web.Message) error {
	if len(m.Offer) == 0 && !t.sock.Old() {
		return Failed(BadMessage, errors.New("want an offer in the offer"))
	}
	if e := t.end(m); e != nil && (m.Call != "" || e.c.state != ringing || e.c.caller == end(e)) {
		if !e.c.takesOffer(e) {
			return Failed(OutOfOrder, errOutOfOrder)
		}
		d, err := e.hear("offer", m.Offer)
		if err == nil {
			err = e.c.fromOffer(e, d)
		}
		if err == nil {
			b.ok(t, m, e.id)
		}
		return err
	}
	if m.Call != "" && slices.Contains(t.past, m.Call) {
		return Failed(NoCall, errors.New("this call has ended"))
	}
	return b.begin(t, m, m.Offer)
}

// begin is a browser that calls somebody.
func (b *Bridge) begin(t *tab, m web.Message, offer json.RawMessage) error {
	now := time.Now()
	to, err := b.addressOf(m.Name)
	if err != nil {
		return Failed(NotFound, err)
	}
	if err := b.mayBegin(t, to, now); err != nil {
		return err
	}
	if to.bare != "" && m.Media != nil {
		if m.Media = callMedia(m.Media); len(m.Media) == 0 {
			return Failed(Incompatible, errors.New("XMPP users can be called with audio and video"))
		}
	}
	if to.local == t.user.local {
		return Failed(NotFound, errors.New("that is you"))
	}
	if crossing := t.crossing(to); crossing != nil {
		return b.cross(t, m, crossing)
	}
	c := b.newCall(nil, m.Media)
	me := b.newBrowserEnd(c, t, m.Call, jingle.Initiator)
	me.peer = m.Name
	c.caller = me
	var rung []end
	if to.local != "" {
		rung = b.ringTabs(c, b.users[to.local], t.user.name, t.user.name)
	} else {
		rung = []end{b.newXMPPEnd(c, t, to.bare)}
	}
	if err := b.firstOffer(c, me, rung, offer); err != nil {
		abandon(me, rung)
		return err
	}
	if len(rung) == 0 {
		me.release()
		return Failed(Unavailable, fmt.Errorf("%q is not here", m.Name))
	}
	b.ok(t, m, me.id)
	if err := b.ring(c, rung, b.ringTime(m)); err != nil {
		me.over(faultOf(err), "")
	}
	return nil
}

// firstOffer reads the offer that comes with the call, if one does; its media are the call's.
func (b *Bridge) firstOffer(c *call, me *browserEnd, rung []end, offer json.RawMessage) error {
	if offer == nil && !me.tab.sock.Old() {
		return nil
	}
	c.rung = rung
	d, err := me.hear("offer", offer)
	if err != nil {
		return err
	}
	c.offer = d
	if d.jingle != nil {
		c.media = d.jingle.Media()
	} else if len(c.media) == 0 {
		c.media = mediaOf(d.raw)
	}
	return nil
}

// callMedia is what a client can be asked for: a screen is shown as video.
func callMedia(asked []string) []string {
	var media []string
	for _, kind := range asked {
		if kind == "screen" {
			kind = "video"
		}
		if (kind == "audio" || kind == "video") && !slices.Contains(media, kind) {
			media = append(media, kind)
		}
	}
	return media
}

// mediaOf guesses the media of a call between browsers; the payload may be anything.
func mediaOf(raw json.RawMessage) []string {
	_, sdp, ok := web.SDP(raw)
	if !ok {
		return nil
	}
	if d, err := jingle.FromSDP(sdp, jingle.Initiator); err == nil {
		return d.Media()
	}
	return nil
}

func abandon(me *browserEnd, rung []end) {
	me.release()
	for _, e := range rung {
		e.release()
	}
}

func (b *Bridge) ringTime(m web.Message) time.Duration {
	if asked := time.Duration(m.Timeout) * time.Second; asked > 0 && asked < b.cfg.RingOut {
		return asked
	}
	return b.cfg.RingOut
}

// mayBegin checks limits first, so that refused attempts count, then policy.
func (b *Bridge) mayBegin(t *tab, to address, now time.Time) error {
	target := to.local + " " + to.bare
	if !t.calls.AllowN(now, 1) || !b.perAddr.allow(t.sock.Addr(), now) || !b.perTarget.allow(t.user.local+" "+target, now) {
		b.metrics.limited.WithLabelValues("new_calls").Inc()
		return Failed(TooMuch, errors.New("too many calls in a short time; wait a little"))
	}
	if len(t.ends) >= b.cfg.Limits.CallsPerSession {
		b.metrics.limited.WithLabelValues("calls_per_session").Inc()
		return Failed(TooMuch, errors.New("too many calls at once"))
	}
	switch {
	case to.bare == "":
		return nil
	case !b.mayCall(to.bare):
		return Failed(Forbidden, fmt.Errorf("%s may not be called from here (policy.call in the server's config.toml)", to.bare))
	case !b.up:
		return Failed(Upstream, errors.New("the XMPP server cannot be reached at the moment"))
	}
	return nil
}

// ringTabs makes an end for each tab of a user that a call rings at.
func (b *Bridge) ringTabs(c *call, u *user, peer, title string) []end {
	if u == nil {
		return nil
	}
	var rung []end
	for _, t := range u.tabs {
		e := b.newBrowserEnd(c, t, "", jingle.Responder)
		e.peer, e.peerTitle = peer, title
		rung = append(rung, e)
	}
	return rung
}

// glare is the error of a call that crossed another one.
type glare struct{ call string }

func (g *glare) Error() string { return "they are calling you at this moment" }

// crossing finds a call from there that rings here while we call there.
func (t *tab) crossing(to address) *browserEnd {
	for _, e := range t.ends {
		if e.c.state == ringing && e.c.caller != end(e) && e.c.answersTo(to) {
			return e
		}
	}
	return nil
}

func (c *call) answersTo(to address) bool {
	switch caller := c.caller.(type) {
	case *browserEnd:
		return to.local != "" && caller.tab.user.local == to.local
	case *xmppEnd:
		return to.bare != "" && caller.bare == to.bare
	}
	return false
}

// cross: two people call each other. The call that was first is the one they want.
func (b *Bridge) cross(t *tab, m web.Message, first *browserEnd) error {
	if t.invites {
		first.c.take(first)
	}
	return Failed(Glare, &glare{first.id})
}

func (b *Bridge) answer(t *tab, m web.Message) error {
	e := t.end(m)
	if e == nil {
		return Failed(NoCall, errors.New("there is no such call"))
	}
	if !e.c.takesAnswer(e) {
		return Failed(OutOfOrder, errOutOfOrder)
	}
	d, err := e.hear("answer", m.Answer)
	if err != nil {
		if e.c.state != active {
			e.c.fail(err)
			return nil
		}
		return err
	}
	if err := e.c.fromAnswer(e, d); err != nil {
		return err
	}
	b.ok(t, m, e.id)
	return nil
}

func (b *Bridge) candidate(t *tab, m web.Message) error {
	e := t.end(m)
	if e == nil { // candidates of a call that has just ended are no mistake
		b.ok(t, m, m.Call)
		return nil
	}
	raws := m.Candidates
	if m.Candidate != nil {
		raws = append(slices.Clip(raws), m.Candidate)
	}
	cs := make([]candidate, 0, len(raws))
	for _, raw := range raws {
		cs = append(cs, candidate{raw: raw})
	}
	e.c.fromCandidates(e, cs)
	b.ok(t, m, e.id)
	return nil
}

func (b *Bridge) ringingSaid(t *tab, m web.Message) error {
	if e := t.end(m); e != nil {
		e.c.ring(e)
	}
	b.ok(t, m, m.Call)
	return nil
}

func (b *Bridge) accept(t *tab, m web.Message) error {
	e := t.end(m)
	if e == nil {
		return Failed(NoCall, errors.New("there is no such call; it has ended, or somebody else took it"))
	}
	b.ok(t, m, e.id)
	e.c.take(e)
	return nil
}

// leave ends a call at any moment; one that is over already is fine, too.
func (b *Bridge) leave(t *tab, m web.Message) error {
	f, known := faultOfLeave(m.Reason)
	if !known && m.Reason != "" {
		return Failed(BadMessage, fmt.Errorf("no reason %q", m.Reason))
	}
	if m.Call == "" && m.Name == "" {
		for _, e := range t.inOrder() {
			e.c.leave(e, f, m.Text)
		}
	} else if e := t.end(m); e != nil {
		e.c.leave(e, f, m.Text)
	}
	b.ok(t, m, m.Call)
	return nil
}

func (b *Bridge) info(t *tab, m web.Message) error {
	if e := t.end(m); e != nil {
		e.c.fromInfo(e, m.Info)
	}
	b.ok(t, m, m.Call)
	return nil
}
