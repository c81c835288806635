package main

import (
	"slices"

	"github.com/jinglebridge/jinglebridge/internal/element"
	"github.com/jinglebridge/jinglebridge/jingle"
)

// toSDP makes SDP of a <jingle/>, as a browser would have heard it.
func (t *translation) toSDP(e element.Element) (string, error) {
	if t.Action != nil {
		e = e.With("action", string(t.Action.Action))
	}
	j, err := t.notes.Parse(e)
	switch {
	case err != nil:
		return "", err
	case j.Description == nil:
		return "", noContents(j)
	case slices.Contains(describing, j.Action):
		return t.describe(j)
	case slices.Contains(transporting, j.Action):
		return t.toCandidates(j)
	}
	return "", noContents(j)
}

// describe is the whole SDP.
func (t *translation) describe(j *jingle.Jingle) (string, error) {
	guess, why := jingle.Responder, "the other side begins"
	if isAnswering(j.Action) {
		guess, why = jingle.Initiator, "the other side answers"
	}
	local, why := t.role(guess, why)
	t.tell("read: %s; the browser is the %s, since %s", j.Action, local, why)
	var offer *jingle.Description
	if isAnswering(j.Action) {
		var err error
		if offer, err = t.offered(local); err != nil {
			return "", err
		}
	}
	// The bridge picks the numbers for a call; here the same input gives the same output.
	sdp, err := j.Description.ToSDP(jingle.SDPFor{Local: local, Offer: offer, Session: 1, Version: 1, Stream: j.SID})
	if err == nil {
		t.tellWritten("sdp", j.Action)
	}
	return sdp, err
}
