package jingle

import (
	"fmt"
	"slices"
	"strings"
)

// Answers fits d, the browser's answer, to the offer it answers (parsed from the peer's
// session-initiate): same contents, names and order, no payload type or extension that was not
// offered. ErrIncompatible when the peer would refuse it.
func (d *Description) Answers(offer *Description) error {
	if offer == nil {
		return fmt.Errorf("%w: want an offer to answer", ErrIncompatible)
	}
	contents := make([]Content, 0, len(offer.Contents))
	for i := range offer.Contents {
		o := &offer.Contents[i]
		if o.Absent {
			continue
		}
		c := d.byMID(o.MID())
		if c == nil || c.Absent {
			// COMPAT Conversations, Monal: an accept with fewer contents is a security error.
			return fmt.Errorf("%w: want the answer to take content %s", ErrIncompatible, quote(o.Name))
		}
		if c.Media != o.Media {
			return fmt.Errorf("%w: want %s in content %s, got %s", ErrIncompatible, o.Media, quote(o.Name), c.Media)
		}
		answer := *c
		if err := answer.answers(o, offer.offerer(o), d.notes); err != nil {
			return err
		}
		contents = append(contents, answer)
	}
	if len(contents) == 0 {
		return fmt.Errorf("%w: want audio or video in the offer", ErrIncompatible)
	}
	d.Bundle = d.answeredBundle(offer)
	d.Contents = contents
	d.agreeSetup()
	d.echoData(offer)
	return nil
}

// byMID finds the m-line with this mid, Absent or not.
func (d *Description) byMID(mid string) *Content {
	for i := range d.Contents {
		if d.Contents[i].MID() == mid {
			return &d.Contents[i]
		}
	}
	return nil
}

// answers fits one content to the one that it answers.
func (c *Content) answers(o *Content, offerer Role, n *Notes) error {
	c.Payloads = slices.DeleteFunc(slices.Clone(c.Payloads), func(p Payload) bool {
		if offered := o.payload(p.ID); offered != nil && offered.sameCodec(&p) {
			return false
		}
		n.payload(Dropped, c, &p, whyNotInOffer)
		return true
	})
	for i := range c.Payloads {
		c.Payloads[i].Feedback &= o.payload(c.Payloads[i].ID).Feedback
	}
	if !c.usable() {
		return fmt.Errorf("%w: want a codec that content %s offers", ErrIncompatible, quote(o.Name))
	}
	c.Extensions = slices.DeleteFunc(slices.Clone(c.Extensions), func(x Extension) bool {
		if slices.Contains(o.Extensions, x) {
			return false
		}
		n.extension(Dropped, c, x, whyNotInOffer)
		return true
	})
	c.AllowMixed = c.AllowMixed && o.AllowMixed
	c.Name, c.Mid, c.Creator = o.Name, o.Mid, o.Creator
	senders := answeredSenders(sendersOf(c.Senders), sendersOf(o.Senders), offerer).String()
	if senders != c.Senders {
		n.content(Repaired, c, "senders "+c.Senders, senders+" is said: never more than was offered, and none ends the call at Monal and Dino")
	}
	c.Senders = senders
	return nil
}

// offerer is who offers a content of d: its creator, and in a session-initiate the initiator
// whatever it says.
func (d *Description) offerer(c *Content) Role {
	if c.Creator == "responder" && !d.initiates {
		return Responder
	}
	return Initiator
}

// answeredSenders never widens an offer, and says nothing by a word that is read.
//
// COMPAT Monal 2024.10, Dino 0.4.2: "none" is a parse error. An answer that is inactive
// is told as one that only receives or, where that was not offered, only sends.
func answeredSenders(answer, offer direction, offerer Role) direction {
	answer &= offer
	if answer == fromNobody && offer&sentBy(offerer) != 0 {
		return sentBy(offerer)
	}
	if answer == fromNobody {
		return offer // to receive was all it offered, or nothing
	}
	return answer
}

// answeredBundle is the answer's group in the offer's names; nil when the offer had none.
func (d *Description) answeredBundle(offer *Description) []string {
	if offer.Bundle == nil || d.Bundle == nil {
		return nil
	}
	names := make([]string, 0, len(offer.Bundle))
	for i := range offer.Contents {
		o := &offer.Contents[i]
		c := d.byMID(o.MID())
		if !o.Absent && c != nil && slices.Contains(d.Bundle, c.Name) && slices.Contains(offer.Bundle, o.Name) {
			names = append(names, o.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return names
}

// agreeSetup gives all contents of an answer one DTLS role. An answer that chose none,
// or actpass, is taken for active, as RFC 5763 §5 recommends to answer.
// COMPAT Conversations: refuses an accept whose contents differ in it.
func (d *Description) agreeSetup() {
	setup := "active"
	for i := range d.Contents {
		if c := &d.Contents[i]; !c.Absent && (c.Setup == "active" || c.Setup == "passive") {
			setup = c.Setup
			break
		}
	}
	for i := range d.Contents {
		d.Contents[i].Setup = setup
	}
}

func (c *Content) payload(id int) *Payload {
	for i := range c.Payloads {
		if c.Payloads[i].ID == id {
			return &c.Payloads[i]
		}
	}
	return nil
}

// sameCodec compares what rtpmap says.
func (p *Payload) sameCodec(q *Payload) bool {
	return strings.EqualFold(p.Name, q.Name) && p.Clock == q.Clock && max(p.Channels, 1) == max(q.Channels, 1)
}

// sameProfile compares also the parameters that make one codec two (RFC 8829 §5.3.1,
// RFC 6184 §8.2.2, RFC 9628 §7.1); apt belongs to rtx.
func (p *Payload) sameProfile(q *Payload) bool {
	return p.sameCodec(q) && p.profile() == q.profile()
}

func (p *Payload) profile() [2]string {
	switch {
	case strings.EqualFold(p.Name, "H264"):
		mode, level := p.param("packetization-mode"), strings.ToLower(p.param("profile-level-id"))
		if mode == "" {
			mode = "0"
		}
		// Only profile_idc and profile-iop: the level may differ.
		return [2]string{mode, clip(level, 4)}
	case strings.EqualFold(p.Name, "VP9"):
		return [2]string{strings.TrimLeft(p.param("profile-id"), "0")}
	case strings.EqualFold(p.Name, "AV1"):
		return [2]string{strings.TrimLeft(p.param("profile"), "0")}
	}
	return [2]string{}
}
