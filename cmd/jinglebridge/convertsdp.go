package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jinglebridge/jinglebridge/jingle"
)

// fromSDP makes Jingle of a browser's description.
func (t *translation) fromSDP(in *pasted) (string, error) {
	answer, why := t.isAnswer(in)
	guess := jingle.Initiator
	if answer {
		guess = jingle.Responder
	}
	role, why := t.role(guess, why)
	t.tell("read: sdp; the browser is the %s, since %s", role, why)
	action := usual(role, answer)
	if t.Action != nil {
		action = t.Action.Action
	}
	if slices.Contains(telling, action) {
		return "", fmt.Errorf("--action: no contents go into a %s", action)
	}
	d, err := t.notes.FromSDP(in.sdp, role)
	if err != nil {
		return "", err
	}
	offer, err := t.offered(role.Other())
	if err != nil {
		return "", err
	}
	if offer != nil {
		if err := d.Answers(offer); err != nil {
			return "", err
		}
	} else if !answer {
		for i := range d.Contents {
			d.Contents[i].Creator = role.String() // of an offer its author
		}
	}
	return t.write(action, role, d), nil
}

// usual is the action that says a whole description. Only the initiator begins a session; what
// the responder offers of itself is more contents.
func usual(role jingle.Role, answer bool) jingle.Action {
	switch {
	case answer && role == jingle.Responder:
		return jingle.SessionAccept
	case answer:
		return jingle.ContentAccept
	case role == jingle.Responder:
		return jingle.ContentAdd
	}
	return jingle.SessionInitiate
}

// isAnswer tells an answer from an offer, and by what.
func (t *translation) isAnswer(in *pasted) (answer bool, why string) {
	switch {
	case t.offer != nil:
		return true, "it answers --offer"
	case t.Action != nil && slices.Contains(describing, t.Action.Action):
		return isAnswering(t.Action.Action), "it is for a " + string(t.Action.Action)
	case in.kind == "offer":
		return false, "it is an offer (its type)"
	case in.kind == "answer" || in.kind == "pranswer":
		return true, "it is an answer (its type)"
	}
	for _, setup := range []string{"active", "passive"} {
		if strings.Contains(in.sdp, "\na=setup:"+setup) {
			return true, "it is an answer (a=setup:" + setup + ")"
		}
	}
	return false, "it is an offer (no a=setup:active or passive)"
}
