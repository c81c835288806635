package bridge

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/time/rate"

	"github.com/jinglebridge/jinglebridge/jingle"
	"github.com/jinglebridge/jinglebridge/web"
)

// browserEnd is the side of a call that a browser is on.
type browserEnd struct {
	b    *Bridge
	c    *call
	tab  *tab
	id   string // the call, as this browser knows it
	role jingle.Role

	// How the other side is called here.
	peer, peerTitle string
	room            string // where the two met; "" for nowhere
	wanted          bool   // it called the peer at the same moment
	told            bool   // it has heard of this call

	// Only toward XMPP: what the browser said last, and the m-lines as they were first
	// agreed, whose order names candidates.
	local, lines *jingle.Description
	heard        *jingle.Description // the XMPP peer's, as it came
	version      uint64
	allowance    *rate.Limiter // nil until it is needed
}

func (b *Bridge) newBrowserEnd(c *call, t *tab, id string, role jingle.Role) *browserEnd {
	if id == "" || t.ends[id] != nil {
		id = b.newID()
	}
	e := &browserEnd{b: b, c: c, tab: t, id: id, role: role}
	if t.ends == nil {
		t.ends = map[string]*browserEnd{}
	}
	t.ends[id] = e
	return e
}

func (e *browserEnd) who() string { return e.tab.own.user.name }

// roomOf is the room in which an end is called; "" for none.
func roomOf(e end) string {
	if e, ok := e.(*browserEnd); ok {
		return e.room
	}
	return ""
}

// metIn says whether the two met in the room of this name.
func (e *browserEnd) metIn(room string) bool {
	if room == e.room {
		return true
	}
	a, err := e.b.addressOf(room)
	if err != nil {
		return false
	}
	mine, err := e.b.addressOf(e.room)
	return err == nil && a == mine
}

// calls says whether the other side of this call is known by this name.
func (e *browserEnd) calls(name string) bool {
	if name == e.peer {
		return true
	}
	a, err := e.b.addressOf(name)
	if err != nil {
		return false
	}
	mine, err := e.b.addressOf(e.peer)
	return err == nil && a == mine
}

func (e *browserEnd) send(m web.Message) {
	m.Name, m.Call, m.Room = e.peer, e.id, e.room
	e.told = true
	e.tab.sock.Send(m)
}

func (e *browserEnd) invite() error {
	t := e.tab
	oneCall := !t.invites && (t.seat == nil || t.sock.Old())
	if t.elsewhere() > e.b.cfg.Limits.CallsPerSession || oneCall && len(t.ends) > 1 {
		// An old page would run a second offer on the connection of the first call. In a room
		// a client of version 1 says by its max how many it can have.
		return Failed(Busy, errors.New("in a call"))
	}
	if t.seat != nil {
		if err := e.b.mayMeet(e); err != nil {
			return err
		}
	}
	if _, xmpp := e.c.caller.(*xmppEnd); t.seat != nil && !xmpp {
		e.c.want(e) // who joins a room is there for whoever comes
		return nil
	}
	if !t.invites {
		if !e.b.mayAnswerUnasked(e) {
			return Failed(Unavailable, errors.New("policy.old_pages keeps this page from answering unasked"))
		}
		e.c.want(e)
		return nil
	}
	limit := e.b.cfg.RingIn
	if e.c.hunt != nil {
		limit = e.c.hunt.each
	}
	e.send(web.Message{Type: "invite", Media: e.c.media, Title: e.peerTitle, Timeout: int(limit.Seconds())})
	return nil
}

// mayAnswerUnasked: a page without ringing answers at once and by itself, camera on. Other
// browsers may have that, as in the tutorials, but for visitors; for XMPP users policy decides.
func (b *Bridge) mayAnswerUnasked(e *browserEnd) bool {
	if e.c.hunt != nil {
		return b.cfg.OldPages == "anyone"
	}
	caller, xmpp := e.c.caller.(*xmppEnd)
	if !xmpp || e.wanted || b.cfg.OldPages == "anyone" {
		return true
	}
	contact := e.tab.user.contacts[caller.bare]
	return b.cfg.OldPages != "nobody" && contact != nil && contact.from
}

func (e *browserEnd) ringing(end) { e.send(web.Message{Type: "ringing"}) }

func (e *browserEnd) taken(_ end, early bool) { e.send(web.Message{Type: "accept", Early: early}) }

func (e *browserEnd) offer(d *description) error {
	raw, err := e.say("offer", d, nil)
	if err != nil {
		return err
	}
	e.send(web.Message{Type: "offer", Offer: raw, Media: e.c.media, Title: e.peerTitle})
	return nil
}

func (e *browserEnd) answer(d *description) error {
	raw, err := e.say("answer", d, e.local)
	if err != nil {
		return err
	}
	e.send(web.Message{Type: "answer", Answer: raw})
	return nil
}

// say puts a description into the browser's language.
func (e *browserEnd) say(kind string, d *description, answers *jingle.Description) (json.RawMessage, error) {
	if d.raw != nil {
		return d.raw, e.affords(len(d.raw))
	}
	e.version++
	sdp, err := d.jingle.ToSDP(jingle.SDPFor{
		Local: e.role, Offer: answers, Session: e.b.sessionNumber(e.id), Version: e.version, Stream: e.id,
	})
	if err != nil {
		f := Incompatible
		if errors.Is(err, jingle.ErrTransport) {
			f = NoTransport
		}
		return nil, Failed(f, fmt.Errorf("the peer's %s: %w", kind, err))
	}
	if e.heard = d.jingle; answers == nil {
		e.lines = d.jingle
	}
	return web.Description(kind, sdp), e.affords(len(sdp))
}

// What the other side of a call may make a browser receive: in one go, and then by the
// second. All of a browser's calls share its queue, and a full one would end them all.
const (
	relayBurst  = 64 << 10
	relaySecond = 16 << 10
)

var errCrowd = errors.New("too much at once for the other side")

// affords takes bytes from the allowance of this call.
func (e *browserEnd) affords(bytes int) error {
	if e.allowance == nil {
		e.allowance = rate.NewLimiter(relaySecond, relayBurst)
	}
	if e.allowance.AllowN(time.Now(), bytes) {
		return nil
	}
	e.b.metrics.limited.WithLabelValues("relayed_bytes").Inc()
	return Failed(TooMuch, errCrowd)
}

// hear reads what the browser said; toward XMPP it is parsed at once, so that its
// author learns what is wrong with it.
func (e *browserEnd) hear(kind string, raw json.RawMessage) (*description, error) {
	if !e.c.meetsXMPP() {
		return &description{raw: raw}, nil
	}
	said, sdp, ok := web.SDP(raw)
	if !ok || said != kind {
		return nil, Failed(BadMessage, fmt.Errorf("want a description of type %q with its sdp", kind))
	}
	parsed, err := jingle.FromSDP(sdp, e.role)
	if err != nil {
		return nil, Failed(badOrIncompatible(err), err)
	}
	if e.c.state != active {
		e.local = parsed
		if kind == "offer" {
			e.lines = parsed
		}
	}
	return &description{raw: raw, jingle: parsed}, nil
}

func badOrIncompatible(err error) Fault {
	if errors.Is(err, jingle.ErrIncompatible) {
		return Incompatible
	}
	return BadMessage
}

func (c *call) meetsXMPP() bool {
	for _, e := range append([]end{c.caller, c.callee}, c.rung...) {
		if _, xmpp := e.(*xmppEnd); xmpp {
			return true
		}
	}
	return c.hunt != nil && c.hunt.xmpp && c.callee == nil
}

func (e *browserEnd) candidates(cs []candidate) {
	var batch []json.RawMessage
	for _, c := range cs {
		raw := c.raw
		if raw == nil {
			raw = e.candidate(c)
		}
		if raw != nil && e.affords(len(raw)) == nil {
			batch = append(batch, raw)
		}
	}
	if len(batch) == 1 || e.tab.sock.Old() {
		for i, raw := range batch {
			// The tutorials' pages have no end of candidates, and throw at one.
			if !e.tab.sock.Old() || !lastCandidate(raw) {
				e.send(web.Message{Type: "candidate", Candidate: batch[i]})
			}
		}
		return
	}
	if len(batch) > 0 {
		e.send(web.Message{Type: "candidate", Candidates: batch})
	}
}

func lastCandidate(raw json.RawMessage) bool {
	c, err := web.ParseICECandidate(raw)
	return err == nil && c.Candidate == ""
}

// candidate makes a browser's candidate of one from XMPP; nil when its content is unknown.
func (e *browserEnd) candidate(c candidate) json.RawMessage {
	if e.lines == nil {
		return nil
	}
	i := slices.IndexFunc(e.lines.Contents, func(line jingle.Content) bool { return line.Name == c.content })
	if i < 0 && e.heard != nil {
		i = e.heard.Answered(e.lines, c.content)
	}
	if i < 0 {
		return nil
	}
	out := web.ICECandidate{SDPMid: e.lines.Contents[i].MID(), SDPMLineIndex: i, UsernameFragment: c.ice.Ufrag}
	if !c.last {
		out.Candidate = c.ice.String()
	}
	return out.JSON()
}

func (e *browserEnd) info(raw json.RawMessage) {
	if e.affords(len(raw)) == nil {
		e.send(web.Message{Type: "info", Info: raw})
	}
}

// over is silent toward one who has yet to hear of the call: a page of the tutorials would
// take the leave for that of another call.
func (e *browserEnd) over(f Fault, text string) {
	e.release()
	if !e.told && e.c.caller != end(e) {
		return
	}
	reason := faults[f].leave
	if reason == "" {
		reason = "error"
	}
	e.send(web.Message{Type: "leave", Reason: reason, Text: text})
	if e.room != "" && e.tab.seat == nil { // the room was this person's alone
		e.tab.sock.Send(web.Message{Type: "left", Room: e.room, Name: e.peer, Reason: reason})
	}
}

// pastCalls are remembered, so that an offer that crossed a leave begins no new call.
const pastCalls = 32

func (e *browserEnd) release() {
	if e.tab.ends[e.id] != e {
		return
	}
	delete(e.tab.ends, e.id)
	if len(e.tab.past) == pastCalls {
		e.tab.past = append(e.tab.past[:0], e.tab.past[1:]...)
	}
	e.tab.past = append(e.tab.past, e.id)
}
