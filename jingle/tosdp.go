package jingle

import (
	"fmt"
	"slices"
	"strconv"
)

// SDPFor is what ToSDP must know beside the description.
type SDPFor struct {
	Local   Role
	Offer   *Description // nil: write an offer; else the browser's offer that this answers
	Session uint64       // o= session id, the same for all descriptions of a call
	Version uint64       // o= version, one more with each
	Stream  string       // the msid that all m-lines share
}

// ToSDP writes d, which came from the peer, for a browser. Nothing gets in that did not pass
// its grammar. An answer has the m-lines of the offer, in its order; a media that the
// peer left out gets port 0.
func (d *Description) ToSDP(o SDPFor) (string, error) {
	var out *Description
	var err error
	d.notes.add(Synthesised, "", "v=, o=, s=, t=, c=, a=rtcp, a=rtcp-mux, a=msid, a=ice-options:trickle", "SDP wants them and Jingle has no word for them; one stream holds all media")
	if o.Offer == nil {
		out, err = d.offer(o.Local)
	} else {
		out, err = d.fitTo(o.Offer, o.Local)
	}
	if err != nil {
		return "", err
	}
	if err := out.ready(); err != nil {
		return "", err
	}
	if !isToken(o.Stream) {
		o.Stream = "s" + strconv.FormatUint(fnv(fnvStart, o.Stream), 16)
	}
	var room [6 << 10]byte // enough for most; what is returned is as long as it must be
	l := lines{text: room[:0]}
	if guess := out.guess(); guess > len(room) {
		l.grow(guess)
	}
	l.session(out, o)
	for i := range out.Contents {
		l.content(&out.Contents[i], o)
	}
	return l.whole()
}

// offer is d as the browser shall hear it when it is to answer.
func (d *Description) offer(local Role) (*Description, error) {
	out := &Description{Bundle: d.Bundle, Contents: make([]Content, 0, len(d.Contents)), notes: d.notes}
	for i := range d.Contents {
		c := d.Contents[i]
		if c.Absent {
			continue
		}
		if c.Setup == "" {
			c.Setup = "actpass" // RFC 8842 §5.2
			d.notes.content(Synthesised, &c, "a=setup:actpass", "no setup was said")
		}
		c.Senders = d.senders(&c, local).String()
		out.Contents = append(out.Contents, c)
	}
	if len(out.Contents) == 0 {
		return nil, d.nothing("audio or video")
	}
	if out.Bundle == nil {
		out.bundleOne(out.Contents[0].Name)
	}
	return out, nil
}

// bundleOne makes a group of one content where the peer has none: each content keeps its
// own transport, and a page whose bundlePolicy is max-bundle takes it.
func (d *Description) bundleOne(name string) {
	d.Bundle = []string{name}
	d.notes.add(Synthesised, "", "a=group:BUNDLE of one", "the peer does not bundle, and pages with max-bundle refuse a description without")
}

// nothing says why nothing is left to call with.
func (d *Description) nothing(want string) error {
	if slices.ContainsFunc(d.Contents, func(c Content) bool { return c.Media != "" && c.space != "" }) {
		return ErrTransport
	}
	return fmt.Errorf("%w: want %s", ErrIncompatible, want)
}

// senders is the direction that the peer meant. See isTurned.
func (d *Description) senders(c *Content, local Role) direction {
	said := sendersOf(c.Senders)
	if d.writer == Movim && local == Initiator && said.turned() != said {
		d.notes.content(Repaired, c, "senders "+c.Senders, whyTurned)
		return said.turned()
	}
	return said
}

// ready checks that what is to be written has all that a browser asks for.
func (d *Description) ready() error {
	for i := range d.Contents {
		c := &d.Contents[i]
		if !only(c.MID(), tokenChar, 1, maxName) {
			return fmt.Errorf("content %s: want a token for a mid", quote(c.MID()))
		}
		if c.Absent {
			continue
		}
		if want := c.essentials(inJingle); want != "" {
			return fmt.Errorf("content %s: %s", quote(c.Name), want)
		}
		if !c.usable() {
			return fmt.Errorf("content %s: %w: want a codec", quote(c.Name), ErrIncompatible)
		}
	}
	return nil
}
