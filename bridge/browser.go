package bridge

import (
	"errors"
	"fmt"
	"slices"
	"time"

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
	if t.visitor != nil {
		if err := t.visitor.may(m.Type); err != nil {
			return err
		}
	}
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
	case "presence":
		return b.showOurs(t, m)
	case "roster", "subscribe", "subscribed", "unsubscribe", "unsubscribed", "block", "unblock":
		return b.fromOwner(t, m)
	case "join":
		return b.join(t, m)
	case "message":
		return b.tell(t, m)
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
	reply := web.Message{Type: "error", Text: text, Code: faults[f].code, ID: m.ID, Name: m.Name, Call: m.Call, Room: m.Room}
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
			e.c.drop(e, err)
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
	if b.overflows(e) { // somebody came while it rang
		return Failed(RoomFull, fmt.Errorf("room %q is full", e.room))
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
	if m.Call == "" && m.Name == "" && m.Room != "" {
		b.leaveRoom(t, m.Room, f)
	} else if m.Call == "" && m.Name == "" {
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
