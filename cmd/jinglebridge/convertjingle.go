package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jinglebridge/jinglebridge/internal/element"
	"github.com/jinglebridge/jinglebridge/jingle"
)

// toSDP makes SDP of a <jingle/>, as a browser would have heard it.
func (t *translation) toSDP(e *element.Element) (string, error) {
	if t.Action != nil {
		setAttr(e, "action", string(t.Action.Action))
	}
	j, err := t.notes.Parse(e)
	if err != nil {
		return "", err
	}
	if j.Description == nil {
		return "", noContents(j)
	}
	role, why := jingle.Responder, "somebody else wrote the "+string(j.Action)
	if isAnswering(j.Action) {
		role, why = jingle.Initiator, "the "+string(j.Action)+" answers it"
	}
	switch {
	case slices.Contains(describing, j.Action):
		return t.describe(j, t.role(role, why))
	case slices.Contains(transporting, j.Action):
		return t.transport(j, role)
	}
	return "", noContents(j)
}

// describe is the whole SDP.
func (t *translation) describe(j *jingle.Jingle, local jingle.Role) (string, error) {
	offer, err := t.described(local)
	if err != nil {
		return "", err
	}
	if offer == nil && isAnswering(j.Action) {
		t.tell("the answer is not fitted to an offer: none was given with --offer")
	}
	// The numbers that the bridge picks for a call are fixed here: the same in, the same out.
	return j.Description.ToSDP(jingle.SDPFor{Local: local, Offer: offer, Session: 1, Version: 1, Stream: j.SID})
}

// transport is the lines of SDP that candidates are, by m-line (RFC 8840 §4).
func (t *translation) transport(j *jingle.Jingle, local jingle.Role) (string, error) {
	about, err := t.described(local)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for i := range j.Description.Contents {
		c := &j.Description.Contents[i]
		mid := c.MID()
		if known := about.Content(c.Name); known != nil {
			mid = known.MID()
		}
		fmt.Fprintf(&b, "a=mid:%s\r\n", mid)
		for _, candidate := range c.Candidates {
			fmt.Fprintf(&b, "a=%s\r\n", candidate)
		}
		if c.EndOfCandidates {
			b.WriteString("a=end-of-candidates\r\n")
		}
	}
	return b.String(), nil
}

// setAttr gives an element that we parsed ourselves another attribute.
func setAttr(e *element.Element, name, value string) {
	for i := range e.Attrs {
		if e.Attrs[i].Name == name && e.Attrs[i].Space == "" {
			e.Attrs[i].Value = value
			return
		}
	}
	e.Attrs = append(e.Attrs, element.Attr{Name: name, Value: value})
}
