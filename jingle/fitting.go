package jingle

import (
	"slices"
	"strconv"
	"strings"
)

// How a peer's answer is put into the m-lines of the browser's offer.

// fitTo puts d, the peer's answer, into the m-lines of the browser's offer.
func (d *Description) fitTo(offer *Description, local Role) (*Description, error) {
	out := &Description{Contents: make([]Content, len(offer.Contents)), notes: d.notes}
	pairs := d.pair(offer)
	var chosen numbers
	for i := range offer.Contents {
		want := &offer.Contents[i]
		out.Contents[i] = Content{Name: want.Name, Mid: want.Mid, Media: want.Media, Absent: true, Payloads: want.Payloads, line: want.line}
		if pairs[i] < 0 {
			d.notes.content(Synthesised, want, "the m-line, with port 0", "the answer has no content for it")
			continue
		}
		c := d.Contents[pairs[i]]
		c.Senders = d.senders(&c, local).String()
		bundled := slices.Contains(offer.Bundle, want.Name) && slices.Contains(d.Bundle, c.Name)
		if !c.fitTo(want, offer, &chosen, d.notes) {
			d.notes.content(Synthesised, want, "the m-line, with port 0", "the answer has no codec that was offered")
			continue
		}
		if out.Contents[i] = c; bundled {
			out.Bundle = append(out.Bundle, want.Name)
		}
	}
	for i := range d.Contents {
		if !slices.Contains(pairs, i) {
			d.notes.content(Dropped, &d.Contents[i], "the content", "the offer has no m-line for it")
		}
	}
	live := slices.IndexFunc(out.Contents, func(c Content) bool { return !c.Absent })
	if live < 0 {
		return nil, d.nothing("an answer that takes a content of the offer")
	}
	if name := out.Contents[live].Name; out.Bundle == nil && slices.Contains(offer.Bundle, name) {
		out.bundleOne(name)
	}
	out.agreeSetup()
	return out, nil
}

// fitTo makes c the answer to one m-line; false when no codec of it is left.
func (c *Content) fitTo(want *Content, offer *Description, chosen *numbers, n *Notes) bool {
	if !c.fitPayloadsTo(want, offer, chosen, n) {
		return false
	}
	c.fitExtensionsTo(want, n)
	c.AllowMixed = c.AllowMixed && want.AllowMixed
	// Never more than was offered: a browser refuses that, whoever is right.
	said := c.Senders
	if c.Senders = (sendersOf(said) & sendersOf(want.Senders)).String(); c.Senders != said {
		n.content(Repaired, c, "senders "+said, c.Senders+" is told: a browser refuses more than it offered")
	}
	c.Name, c.Mid = want.Name, want.Mid
	return true
}

// pair says for each m-line of the offer which content of d answers it: its position, or
// -1 for none.
func (d *Description) pair(offer *Description) []int {
	used := make([]bool, len(d.Contents))
	pairs := make([]int, len(offer.Contents))
	for i := range offer.Contents {
		if pairs[i] = d.counterpart(&offer.Contents[i], offer, used); pairs[i] >= 0 {
			used[pairs[i]] = true
		}
	}
	return pairs
}

// Answered finds the m-line of the offer that a content of the answer d belongs to, by the
// name that its writer has for it: what trickles later is named like that. It returns -1
// when there is none.
func (d *Description) Answered(offer *Description, name string) int {
	if offer == nil {
		return -1
	}
	for i, at := range d.pair(offer) {
		if at >= 0 && d.Contents[at].Name == name {
			return i
		}
	}
	return -1
}

// counterpart finds the content that answers an m-line: by name or, from a peer with
// names of its own, the next one of the same media. It returns -1 when there is none.
func (d *Description) counterpart(want *Content, offer *Description, used []bool) int {
	if want.Absent {
		return -1
	}
	next := -1
	for i := range d.Contents {
		c := &d.Contents[i]
		if used[i] || c.Absent || c.Media != want.Media {
			continue
		}
		if c.Name == want.Name {
			return i
		}
		if next < 0 && offer.Content(c.Name) == nil {
			next = i
		}
	}
	return next
}

// fitPayloadsTo leaves the payload types that were offered. It says whether one that
// carries media is left.
//
// What the answer numbers otherwise than the offer keeps its number where that is free: by
// it the peer wants to be sent to (RFC 3264 §6.1). Else it gets the offer's.
func (c *Content) fitPayloadsTo(want *Content, offer *Description, chosen *numbers, n *Notes) bool {
	f := fitting{want: want, offer: offer, chosen: chosen}
	kept := make([]Payload, 0, len(c.Payloads))
	for _, retransmission := range []bool{false, true} {
		for _, p := range c.Payloads {
			if strings.EqualFold(p.Name, "rtx") != retransmission {
				continue
			}
			said := p
			if !f.fit(&p) {
				n.payload(Dropped, c, &said, whyNotInOffer)
				continue
			}
			if p.ID != said.ID {
				n.payload(Repaired, c, &said, "the offer has it as "+strconv.Itoa(p.ID)+", and its number is taken")
			}
			kept = append(kept, p)
		}
	}
	c.Payloads = kept
	return c.usable()
}

// fitting pairs the payload types of an answer with those of an offer.
type fitting struct {
	want   *Content
	offer  *Description
	chosen *numbers      // of the answer's own, in all its contents
	pairs  [128]*Payload // what was offered, by the answer's number
	number [128]int      // what is written, by the answer's number
	taken  [128]bool     // numbers of the offer that are answered
}

// fit finds what was offered and gives p its number; false when nothing was.
func (f *fitting) fit(p *Payload) bool {
	if p.ID < 0 || p.ID > 127 || f.pairs[p.ID] != nil {
		return false
	}
	offered := f.offered(p)
	if offered == nil {
		return false
	}
	id := p.ID
	f.pairs[id], f.taken[offered.ID] = offered, true
	switch {
	case id == offered.ID:
	case f.offer.free(id) && !f.chosen.has(id):
		f.chosen.add(id)
	default:
		p.ID = offered.ID
	}
	f.number[id] = p.ID
	p.Feedback &= offered.Feedback
	if strings.EqualFold(p.Name, "rtx") {
		apt := small(p.param("apt"), 127)
		p.Params = []Param{{"apt", strconv.Itoa(f.number[apt])}}
	}
	return true
}

// free says whether a number is one to choose (RFC 3551 §3, RFC 5761 §4), and nobody's yet.
func (d *Description) free(id int) bool {
	taken := func(c Content) bool { return c.payload(id) != nil }
	return (id >= 35 && id < 64 || id >= 96) && !d.numbers.has(id) && !slices.ContainsFunc(d.Contents, taken)
}

// offered finds the offered payload type that p means: that of its number or, failing
// that, of its codec; for a retransmission that of what it repeats.
func (f *fitting) offered(p *Payload) *Payload {
	if strings.EqualFold(p.Name, "rtx") {
		media := f.pairs[small(p.param("apt"), 127)]
		for i := range f.want.Payloads {
			q := &f.want.Payloads[i]
			if media != nil && q.sameCodec(p) && !f.taken[q.ID] && small(q.param("apt"), 127) == media.ID {
				return q
			}
		}
		return nil
	}
	if q := f.want.payload(p.ID); q != nil && q.sameCodec(p) && !f.taken[q.ID] {
		return q
	}
	for i := range f.want.Payloads {
		if q := &f.want.Payloads[i]; q.sameProfile(p) && !f.taken[q.ID] {
			return q
		}
	}
	return nil
}

// fitExtensionsTo leaves the header extensions that were offered, by the offer's numbers.
// COMPAT Firefox: another number is a hard error.
func (c *Content) fitExtensionsTo(want *Content, n *Notes) {
	kept := make([]Extension, 0, len(c.Extensions))
	for _, offered := range want.Extensions {
		if offered.URI == extMID && c.Name != want.Name {
			continue
		}
		if slices.ContainsFunc(c.Extensions, func(x Extension) bool { return x.URI == offered.URI }) {
			kept = append(kept, offered)
		}
	}
	if n != nil {
		for _, x := range c.Extensions {
			switch {
			case x.URI == extMID && c.Name != want.Name:
				n.extension(Dropped, c, x, whyOwnName)
			case !slices.Contains(kept, x):
				n.extension(Repaired, c, x, "dropped, or by the offer's number: browsers refuse an answer with others")
			}
		}
	}
	c.Extensions = kept
}
