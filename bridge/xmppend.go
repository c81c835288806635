package bridge

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/internal/element"
	"github.com/jinglebridge/jinglebridge/jingle"
	"github.com/jinglebridge/jinglebridge/web"
)

// xmppEnd is the side of a call that an XMPP user is on.
type xmppEnd struct {
	b    *Bridge
	c    *call
	user *user  // ours
	self string // full JID of ours that speaks
	bare string // the peer's
	peer string // full JID of the peer's device; "" until one took the call
	sid  string
	role jingle.Role // our browser's in the session
	nick string

	stage   stage
	jmi     bool              // it began with a proposal (XEP-0353)
	propose string            // id of the peer's proposal, when it wants a receipt
	rings   []string          // devices that ring
	more    []string          // devices to try next
	held    []candidate       // what they would have to be told
	senders map[string]string // changed before the accept, by content

	local, remote *jingle.Description
	dialect       jingle.Dialect
	sent          map[string]bool // candidates the peer has
	missed        int             // times in a row that its server said it is not there
	lostLink      bool            // the link to the server was lost meanwhile
	asking        bool            // its device went offline, and will be asked
	open          int             // requests without answer
}

// stage is how far the talk with the peer has come.
type stage int

const (
	fresh     stage = iota
	proposed        // XEP-0353: by either side
	proceeded       // XEP-0353: the callee took it
	initiated       // session-initiate is out, or in
	accepted        // session-accept is out, or in
)

// sessionKey finds a Jingle session. A sid alone is not enough: some clients use one for
// several of our resources, and a stranger may know it.
type sessionKey struct{ self, peer, sid string }

// proposalKey finds a proposal, which any device of the peer may answer.
type proposalKey struct{ self, bare, sid string }

// newXMPPEnd is an XMPP user whom a browser calls.
func (b *Bridge) newXMPPEnd(c *call, t *tab, bare string) *xmppEnd {
	return &xmppEnd{b: b, c: c, user: t.user, self: t.jid, bare: bare, sid: b.newSID(), role: jingle.Initiator, sent: map[string]bool{}}
}

func (x *xmppEnd) who() string { return x.bare }

// meet binds the end to one device of the peer.
func (x *xmppEnd) meet(peer string) {
	x.peer = strings.Clone(peer)
	x.b.jingles[sessionKey{x.self, x.peer, x.sid}] = x
	x.dialect = x.b.dialectOf(x.user, x.peer)
}

func (x *xmppEnd) release() {
	delete(x.b.jingles, sessionKey{x.self, x.peer, x.sid})
	delete(x.b.proposals, proposalKey{x.user.key, x.bare, x.sid})
	x.b.soon(func() { x.b.takeLeave(x.user, x.bare) })
}

// invite calls an XMPP user: by a proposal that all devices hear, or, where the
// devices we know have no proposals, by a session with one of them.
func (x *xmppEnd) invite() error {
	x.b.greet(x.user, x.self, x.bare)
	if direct := x.b.directDevices(x.user, x.bare); len(direct) > 0 {
		x.more = direct[1:]
		x.meet(direct[0])
		x.c.want(x)
		return nil
	}
	x.jmi = true
	x.stage = proposed
	x.b.proposals[proposalKey{x.user.key, x.bare, x.sid}] = x
	return x.say(x.bare, jingle.Message{Kind: "propose", Media: x.c.media}, wantReceipt, x.nickname)
}

// callDirectly is for calls that were proposed to somebody before his presence was known, as by a
// page that logs in and calls at once: if none of his devices knows proposals, nothing rings.
func (b *Bridge) callDirectly(u *user, bare string) {
	for _, t := range u.tabs {
		for _, e := range t.ends {
			if x := e.c.toward(bare); x != nil && x.user == u && e.c.caller == end(e) && e.c.hunt == nil {
				x.direct()
			}
		}
	}
}

// direct takes a proposal back that nobody has heard, and begins a session instead.
func (x *xmppEnd) direct() {
	devices := x.b.directDevices(x.user, x.bare)
	if x.stage != proposed || x.c.state != ringing || x.peer != "" || len(x.rings) > 0 || len(devices) == 0 {
		return
	}
	x.over(Cancelled, "")
	x.jmi, x.stage, x.sid, x.more = false, fresh, x.b.newSID(), devices[1:]
	x.meet(devices[0])
	x.c.want(x)
}

// say sends an XEP-0353 message about this call.
func (x *xmppEnd) say(to string, m jingle.Message, more ...func(*element.Writer)) error {
	m.ID = x.sid
	return x.b.sendProposal(x.self, to, m, more...)
}

func (x *xmppEnd) ringing(by end) {
	if tab, ok := by.(*browserEnd); ok && x.stage == proposed {
		x.self = tab.tab.jid
	}
	if !x.jmi {
		x.tell(&jingle.Jingle{Action: jingle.SessionInfo, Info: []jingle.Info{{Space: jingle.NSRTPInfo, Name: "ringing"}}}, nil)
		return
	}
	if x.discreet() {
		return
	}
	_ = x.say(x.peer, jingle.Message{Kind: "ringing"})
}

// receipt says that the proposal arrived (XEP-0184), as soon as a page has it.
// COMPAT Conversations 2.19: without one, or a ringing, it gives up after 12 s; a page of
// somebody else's may never say that it rings.
func (x *xmppEnd) receipt() {
	if x.propose != "" && !(x.stage == proposed && x.discreet()) {
		_ = x.b.sendReceipt(x.self, x.peer, x.propose)
		x.propose = ""
	}
}

// taken: a tab took the peer's call; the peer's device is asked for its session.
func (x *xmppEnd) taken(by end, _ bool) {
	if x.stage != proposed {
		return // a session is there already, and its offer with it
	}
	x.self = by.(*browserEnd).tab.jid
	x.stage = proceeded
	x.meet(x.peer)
	x.receipt()
	if err := x.say(x.peer, jingle.Message{Kind: "proceed"}); err != nil {
		x.c.fail(err)
	}
}

// offer starts the session with the device that took the call.
func (x *xmppEnd) offer(d *description) error {
	if x.stage >= initiated {
		return Failed(Incompatible, errors.New("a call with an XMPP user cannot be changed while it runs; end it and call again"))
	}
	if d.jingle == nil {
		return Failed(BadMessage, errors.New("want a description with its sdp"))
	}
	if err := x.fit(d.jingle); err != nil {
		return err
	}
	x.local = d.jingle
	return x.initiate()
}

// fit makes the media of the session those of the proposal, as clients insist
// (COMPAT Conversations 2.19, Monal 2024-10: else they end the call), each once
// (COMPAT Dino 0.4: mutes only the last of several).
func (x *xmppEnd) fit(d *jingle.Description) error {
	var met []string
	for i := range d.Contents {
		content := &d.Contents[i]
		again := slices.Contains(met, content.Media) && x.reader() != jingle.StanzaJS
		if !content.Absent && (again || x.jmi && !slices.Contains(x.c.media, content.Media)) {
			content.Absent = true
			d.Bundle = slices.DeleteFunc(d.Bundle, func(name string) bool { return name == content.Name })
		}
		if !content.Absent {
			met = append(met, content.Media)
		}
	}
	if !x.jmi {
		return nil
	}
	if has := d.Media(); len(has) != len(x.c.media) {
		return Failed(Incompatible, fmt.Errorf("the call was announced with %s, the offer has %s", strings.Join(x.c.media, " and "), strings.Join(has, " and ")))
	}
	return nil
}

func (x *xmppEnd) initiate() error {
	x.stage = initiated
	return x.tell(&jingle.Jingle{Action: jingle.SessionInitiate, Initiator: x.self, Description: x.local}, func(answer *component.Stanza, err error) {
		if err != nil || answer.Type == "error" {
			x.initiateFailed(answer, err)
		}
	})
}

// initiateFailed: a device that is not there any more is followed by the next one.
func (x *xmppEnd) initiateFailed(answer *component.Stanza, err error) {
	if !x.c.has(x) || x.c.state == active {
		return
	}
	f, text := faultOf(err), ""
	if err == nil {
		f, text = faultOfError(answer)
	}
	if err != nil && (len(x.more) == 0 || !errors.Is(err, component.ErrTimeout)) {
		return // slow, or cut off, it may still answer; the call has a limit of its own
	}
	if f == Unavailable && len(x.more) > 0 && x.stage == initiated {
		if err != nil { // it may only be slow, and must not ring on
			_ = x.tell(&jingle.Jingle{Action: jingle.SessionTerminate, Reason: jingle.Reason{Condition: "timeout"}}, nil)
		}
		x.nextDevice()
		return
	}
	if f == Glare {
		return // their call, which won, is here or on its way
	}
	x.c.lose(x, f, text)
}

// nextDevice says all again to another device of the peer.
func (x *xmppEnd) nextDevice() {
	next := x.more[0]
	x.more = x.more[1:]
	x.release()
	x.meet(next)
	if err := x.initiate(); err != nil {
		x.c.drop(x, err)
		return
	}
	held := x.held
	x.held = nil
	clear(x.sent)
	x.candidates(held)
}

// answer accepts the peer's session.
func (x *xmppEnd) answer(d *description) error {
	if d.jingle == nil {
		return Failed(BadMessage, errors.New("want a description with its sdp"))
	}
	if err := d.jingle.Answers(x.remote); err != nil {
		return Failed(Incompatible, err)
	}
	x.local = d.jingle
	x.stage = accepted
	x.watch()
	return x.tell(&jingle.Jingle{Action: jingle.SessionAccept, Responder: x.self, Description: x.local}, x.acceptRefused)
}

// acceptRefused ends a call that the peer does not take for accepted. No answer is no
// refusal (COMPAT Monal 2024-10: answers late, or not at all).
func (x *xmppEnd) acceptRefused(answer *component.Stanza, err error) {
	if err != nil || answer.Type != "error" || x.c.state == ended {
		return
	}
	f, text := faultOfError(answer)
	if component.ErrorOf(answer).App == "unknown-session" {
		f = Gone
	}
	x.c.leave(x, f, text)
}

// candidates sends what the browser found, one to a stanza.
// COMPAT Monal 2024-10: reads only the first candidate; Dino 0.4: only one content.
func (x *xmppEnd) candidates(cs []candidate) {
	if len(x.more) > 0 {
		x.held = append(x.held, cs...)
	}
	for _, c := range cs {
		why := x.candidate(c)
		if why != "" {
			x.b.metrics.candidates.WithLabelValues(why).Inc()
		}
	}
}

func (x *xmppEnd) candidate(c candidate) (dropped string) {
	said, err := web.ParseICECandidate(c.raw)
	if err != nil {
		return "grammar"
	}
	if said.Candidate == "" {
		return ""
	}
	ice, err := jingle.ParseCandidate(said.Candidate)
	if err != nil {
		return "grammar"
	}
	if why := ice.Unfit(); why != "" {
		return why
	}
	if x.local == nil {
		return "content"
	}
	content := x.local.Line(said.SDPMid, said.SDPMLineIndex)
	if content == nil {
		return "content"
	}
	if ufrag := ice.Ufrag; ufrag != "" && ufrag != content.Ufrag {
		return "generation"
	}
	key := content.Name + " " + ice.String()
	if x.sent[key] {
		return "duplicate"
	}
	x.sent[key] = true
	only := jingle.Content{Name: content.Name, Media: content.Media, Creator: content.Creator, Senders: content.Senders, Ufrag: content.Ufrag, Pwd: content.Pwd, Candidates: []jingle.Candidate{ice}}
	_ = x.tell(&jingle.Jingle{Action: jingle.TransportInfo, Description: &jingle.Description{Contents: []jingle.Content{only}}}, x.sessionGone)
	return ""
}

// sessionGone ends the call when the peer says that it has no such session. Anything else
// that goes wrong with a request must not (COMPAT Monal 2024-10: answers few of them).
func (x *xmppEnd) sessionGone(answer *component.Stanza, err error) {
	if err == nil && answer.Type == "error" && answer.From == x.peer && component.ErrorOf(answer).App == "unknown-session" && x.c.state != ended {
		x.c.leave(x, Gone, "")
	}
}

func (x *xmppEnd) info(raw json.RawMessage) {
	for _, i := range x.infosOf(raw) {
		_ = x.tell(&jingle.Jingle{Action: jingle.SessionInfo, Info: []jingle.Info{i}}, nil)
	}
}

// reader is how the peer has to be written to: as its caps say or, of somebody whose
// presence we do not see, its own descriptions.
func (x *xmppEnd) reader() jingle.Dialect {
	if x.dialect == jingle.Common && x.remote != nil {
		return x.remote.Dialect()
	}
	return x.dialect
}

// tell sends a Jingle request of this session; done, which may be nil, runs inside the loop.
func (x *xmppEnd) tell(j *jingle.Jingle, done func(*component.Stanza, error)) error {
	j.SID, j.Writer = x.sid, x.role
	var w element.Writer
	j.Append(&w, x.reader())
	iq := component.IQ{From: x.self, To: x.peer, Type: "set", Payload: w.Bytes()}
	if x.open >= maxOpen && (done == nil || j.Action == jingle.TransportInfo) {
		return x.user.link.stream.SendIQ(iq, nil)
	}
	x.open++
	err := x.b.request(iq, func(answer *component.Stanza, err error) {
		x.open--
		if done != nil {
			done(answer, err)
		}
	})
	if err != nil {
		x.open--
	}
	return err
}

// maxOpen is for how many answers of its peer a call waits at once. The requests without
// answer are bounded for all calls together; a peer that gives none must not use them up.
const maxOpen = 16

// over ends the talk with the peer, by what its stage demands.
func (x *xmppEnd) over(f Fault, text string) {
	x.release()
	reason := jingle.Reason{Condition: faults[f].jingle, Text: text, TieBreak: f == Glare}
	if f == Elsewhere && x.role == jingle.Initiator {
		text = "somebody else took the call"
		reason = jingle.Reason{Condition: faults[Cancelled].jingle, Text: text}
	}
	if f == Gone && x.role == jingle.Initiator && x.stage < accepted {
		// A caller who vanished has called in vain; gone would look like a broken call
		// (COMPAT Conversations 2.19: "connection lost").
		reason.Condition = faults[Cancelled].jingle
	}
	switch {
	case x.stage >= initiated:
		x.b.terminate(x, reason, 0)
		if x.jmi {
			x.b.owe(x.user.link, func() error { return x.say(x.peer, jingle.Message{Kind: "finish", Reason: reason}) })
		}
	case x.stage == fresh, x.leavesToOthers(f):
	case x.role == jingle.Responder:
		if f == Hangup { // nothing succeeded yet
			reason.Condition = faults[Declined].jingle
		}
		x.b.owe(x.user.link, func() error { return x.say(x.peer, jingle.Message{Kind: "reject", Reason: reason}) })
	default:
		x.retract(f, text)
	}
}

// leavesToOthers says whether a call to an account rings on at its other devices: one device's
// reject is for callers the person's no, so only the person says it.
func (x *xmppEnd) leavesToOthers(f Fault) bool {
	return x.user.account != nil && x.role == jingle.Responder && x.stage == proposed && f != Declined && f != Hangup && f != Busy
}

// discreet says whether the caller must not learn that this device is there before somebody
// takes the call (XEP-0353 §3.2, XEP-0184 §8): names here are called by whom policy lets in, an
// account by anybody.
func (x *xmppEnd) discreet() bool {
	return x.user.account != nil && !x.user.lets(x.bare)
}

// retract takes our proposal back from every device that may ring, and from the one that
// took it.
func (x *xmppEnd) retract(f Fault, text string) {
	reason := jingle.Reason{Condition: "cancel", Text: text}
	if f == Glare {
		reason = jingle.Reason{Condition: "expired", TieBreak: true}
	}
	x.b.owe(x.user.link, func() error { return x.say(x.bare, jingle.Message{Kind: "retract", Reason: reason}) })
	if x.peer != "" {
		x.b.owe(x.user.link, func() error { return x.say(x.peer, jingle.Message{Kind: "retract", Reason: reason}) })
	}
}
