package jingle

import (
	"cmp"
	"slices"
	"strings"
)

// What both sides may be told. The same rules for both, on the way in: a browser that
// negotiated what its peer never heard of would use it.

// static are the payload types that need no name (RFC 3551 §6).
var static = map[int]Payload{
	0: {Name: "PCMU", Clock: 8000}, 3: {Name: "GSM", Clock: 8000}, 8: {Name: "PCMA", Clock: 8000},
	9: {Name: "G722", Clock: 8000}, 13: {Name: "CN", Clock: 8000}, 18: {Name: "G729", Clock: 8000},
}

// isBoolean says which parameters must be 0 or 1.
// COMPAT Monal 2024.10: panics at any other value.
func isBoolean(name string) bool {
	switch name {
	case "usedtx", "stereo", "sprop-stereo", "useinbandfec", "cbr", "level-asymmetry-allowed":
		return true
	}
	return false
}

// unwanted says why a codec is never passed on, "" when it may be.
func unwanted(name string) string {
	switch {
	case strings.EqualFold(name, "red"), strings.EqualFold(name, "ulpfec"), len(name) >= 7 && strings.EqualFold(name[:7], "flexfec"):
		// COMPAT Monal 2024.10: nameless parameters, and video red at all, end the call.
		return "redundancy ends the call at Monal; retransmission is kept"
	case strings.EqualFold(name, "cn"):
		// COMPAT Siskin: crashes at it where a client before us wrote it without a name.
		return "comfort noise: codecs of today have their own"
	}
	return ""
}

// auxiliary says which codecs carry nothing by themselves.
func auxiliary(name string) bool {
	return strings.EqualFold(name, "rtx") || strings.EqualFold(name, "telephone-event")
}

// fit leaves in a content what every client and browser reads. It works in place.
func (c *Content) fit(n *Notes) {
	c.fitPayloads(n)
	c.fitExtensions(n)
	c.fitSources(n)
	if !isToken(c.Stream) || !isToken(c.Track) {
		c.Stream, c.Track = "", ""
	}
}

func (c *Content) fitPayloads(n *Notes) {
	var media, seen [128]bool
	kept := c.Payloads[:0]
	for i := range c.Payloads {
		p := &c.Payloads[i]
		why := p.complete(c, n)
		if why == "" && seen[p.ID] {
			why = whyNotTwice
		}
		if why != "" {
			n.payload(Dropped, c, p, why)
			continue
		}
		seen[p.ID] = true
		p.fitParams(c, n)
		if !auxiliary(p.Name) {
			media[p.ID] = true
			p.Feedback |= c.Feedback
		}
		kept = keep(kept, c.Payloads, i)
	}
	clear(c.Payloads[len(kept):])
	c.Payloads = slices.DeleteFunc(kept, func(p Payload) bool {
		if !strings.EqualFold(p.Name, "rtx") {
			return false
		}
		apt, ok := number(p.param("apt"), 127)
		if ok && media[apt] {
			return false
		}
		n.payload(Dropped, c, &p, "it retransmits a payload type that is not there")
		return true
	})
	c.mediaFirst(n)
}

// dropFormer takes out candidates of a generation before: each belongs to the credentials
// that it was gathered for (RFC 8839 §5.4).
func (c *Content) dropFormer(n *Notes) {
	c.Candidates = slices.DeleteFunc(c.Candidates, func(k Candidate) bool {
		former := k.Ufrag != "" && c.Ufrag != "" && k.Ufrag != c.Ufrag
		if former && n != nil {
			n.content(Dropped, c, k.String(), "it belongs to other credentials, of before an ICE restart")
		}
		return former
	})
}

// keep adds all[i] to the front of all, where kept are; what stays where it is is not copied.
func keep[T any](kept, all []T, i int) []T {
	if len(kept) == i {
		return all[:i+1]
	}
	return append(kept, all[i])
}

// complete fills in what a payload type need not say; it returns why it cannot be used,
// "" when it can.
func (p *Payload) complete(c *Content, n *Notes) (why string) {
	// RFC 5761 §4: with RTCP on the same port, 64 to 95 would be mistaken for it.
	if p.ID < 0 || p.ID > 127 || p.ID >= 64 && p.ID <= 95 {
		return "want a number of 0 to 63 or 96 to 127 (RFC 5761 §4)"
	}
	if p.Name == "" || p.Clock == 0 {
		p.fillStatic(c, n)
	}
	if !isToken(p.Name) {
		return "want a codec's name"
	}
	if why := unwanted(p.Name); why != "" {
		return why
	}
	if p.Clock == 0 && c.Media == "video" {
		p.Clock = 90000
		n.payload(Synthesised, c, p, "the clock rate of all video")
	}
	if strings.EqualFold(p.Name, "opus") && (p.Clock != 48000 || p.Channels != 2) {
		p.Clock, p.Channels = 48000, 2
		n.payload(Repaired, c, p, "opus is 48000/2 always (RFC 7587 §7)")
	}
	if p.Channels == 0 {
		p.Channels = 1
	}
	if p.Clock == 0 {
		return "want a clock rate"
	}
	return ""
}

// fillStatic gives a static payload type the name and clock rate that it need not say.
func (p *Payload) fillStatic(c *Content, n *Notes) {
	known, ok := static[p.ID]
	if !ok || p.Name != "" && !strings.EqualFold(p.Name, known.Name) {
		return
	}
	p.Name, p.Clock = cmp.Or(p.Name, known.Name), known.Clock
	n.payload(Synthesised, c, p, "the name or clock rate of a static payload type (RFC 3551 §6)")
}

// fitParams drops parameters that have no name or no value, that come again, or that
// readers choke on.
func (p *Payload) fitParams(c *Content, n *Notes) {
	kept := p.Params[:0]
	for i := range p.Params {
		param := &p.Params[i]
		if len(param.Name) == 3 && strings.EqualFold(param.Name, "apt") {
			param.repairAPT()
		}
		why := ""
		switch {
		case !only(param.Name, keyChar, 1, 64) || !only(param.Value, valueChar, 1, maxValue):
			why = "want a name and a value of visible characters; clients end the call at others"
		case isBoolean(param.Name) && param.Value != "0" && param.Value != "1":
			why = "want 0 or 1: Monal crashes at any other value"
		case slices.ContainsFunc(kept, func(k Param) bool { return k.Name == param.Name }):
			why = whyNotTwice
		default:
			kept = keep(kept, p.Params, i)
			continue
		}
		n.param(Dropped, c, p, *param, why)
	}
	if len(kept) < len(p.Params) {
		p.Params = kept
	}
}

// repairAPT spells the number that rtx repeats as the payload type itself is spelled:
// readers compare words, and libwebrtc refuses the whole description for another case.
func (p *Param) repairAPT() {
	p.Name = "apt"
	for len(p.Value) > 1 && p.Value[0] == '0' {
		p.Value = p.Value[1:]
	}
}

// mediaFirst puts a codec in front that carries media. The order is otherwise what the
// writer prefers; see ordersCodecs for who is told another.
func (c *Content) mediaFirst(n *Notes) {
	first := slices.IndexFunc(c.Payloads, func(p Payload) bool { return !auxiliary(p.Name) })
	if first > 0 {
		p := c.Payloads[first]
		copy(c.Payloads[1:first+1], c.Payloads[:first])
		c.Payloads[0] = p
		n.payload(Repaired, c, &p, "moved to the front: what stood there carries no media by itself")
	}
}

// preferred is the payload type to name first to somebody who takes the first, whatever it
// is: opus or VP8, which everybody has.
func (c *Content) preferred() int {
	return max(0, slices.IndexFunc(c.Payloads, func(p Payload) bool { return common(p.Name) }))
}

func common(name string) bool {
	return strings.EqualFold(name, "opus") || strings.EqualFold(name, "VP8")
}

// usable says whether there is a codec at all.
func (c *Content) usable() bool {
	return slices.ContainsFunc(c.Payloads, func(p Payload) bool { return !auxiliary(p.Name) })
}

// extMID puts the a=mid into each packet (RFC 9143 §15.1). Where the two sides have
// different names for a content it must not be agreed to.
// COMPAT Chromium 156: drops every packet with a mid that it does not know.
const extMID = "urn:ietf:params:rtp-hdrext:sdes:mid"

// fitExtensions keeps what one-byte headers can number, each number and URI once.
func (c *Content) fitExtensions(n *Notes) {
	kept := c.Extensions[:0]
	for i, x := range c.Extensions {
		why := ""
		switch {
		case x.ID < 1 || x.ID > 14:
			why = "want a number of 1 to 14, as one-byte headers have"
		case !isURI(x.URI):
			why = "want a URI of visible characters"
		case x.URI == "urn:ietf:params:rtp-hdrext:encrypt":
			why = "browsers refuse encrypted header extensions"
		case x.URI == extMID && c.Mid != "":
			why = whyOwnName
		case slices.ContainsFunc(kept, func(k Extension) bool { return k.ID == x.ID || k.URI == x.URI }):
			why = whyNotTwice
		default:
			kept = keep(kept, c.Extensions, i)
			continue
		}
		n.extension(Dropped, c, x, why)
	}
	c.Extensions = kept
}

// fitSources drops odd values, groups whose sources are not listed, and all simulcast
// layers but the first.
func (c *Content) fitSources(n *Notes) {
	kept := c.Sources[:0]
	for _, s := range c.Sources {
		if s.CNAME != "" && !isCNAME(s.CNAME) {
			n.source(Dropped, c, s.SSRC, " cname", "want visible characters")
			s.CNAME = ""
		}
		if s.MSID != "" && !isMSID(s.MSID) {
			n.source(Dropped, c, s.SSRC, " msid", "want one or two tokens")
			s.MSID = ""
		}
		if s.SSRC == 0 || slices.ContainsFunc(kept, func(k Source) bool { return k.SSRC == s.SSRC }) {
			n.source(Dropped, c, s.SSRC, "", "want each source once, and a number other than 0")
			continue
		}
		kept = append(kept, s)
	}
	c.Sources = kept
	for _, g := range c.Groups {
		if g.Semantics == "SIM" && len(g.Sources) > 1 {
			c.dropLayers(g.Sources[1:], n)
			break
		}
	}
	c.Groups = slices.DeleteFunc(c.Groups, func(g SourceGroup) bool {
		unlisted := func(ssrc uint32) bool { return c.source(ssrc) == nil }
		odd := g.Semantics != "FID" || len(g.Sources) != 2 || slices.ContainsFunc(g.Sources, unlisted)
		if odd {
			n.content(Dropped, c, "the group of sources "+g.Semantics, "want FID of two sources that are listed")
		}
		return odd
	})
}

// ownSources leaves in the i-th content the sources that none before it has: one source is
// one stream of one content, and browsers refuse a description that says otherwise.
func (d *Description) ownSources(i int) {
	c := &d.Contents[i]
	elsewhere := func(ssrc uint32) bool {
		return slices.ContainsFunc(d.Contents[:i], func(o Content) bool { return !o.Absent && o.source(ssrc) != nil })
	}
	c.Sources = slices.DeleteFunc(c.Sources, func(s Source) bool {
		if i == 0 || !elsewhere(s.SSRC) {
			return false
		}
		d.notes.source(Dropped, c, s.SSRC, "", "another content has it")
		return true
	})
}

// dropLayers takes out the sources and what retransmits them.
func (c *Content) dropLayers(layers []uint32, n *Notes) {
	gone := slices.Clone(layers)
	for _, g := range c.Groups {
		if g.Semantics == "FID" && len(g.Sources) == 2 && slices.Contains(layers, g.Sources[0]) {
			gone = append(gone, g.Sources[1])
		}
	}
	for _, ssrc := range gone {
		n.source(Dropped, c, ssrc, "", whySimulcast)
	}
	c.Sources = slices.DeleteFunc(c.Sources, func(s Source) bool { return slices.Contains(gone, s.SSRC) })
}

func (c *Content) source(ssrc uint32) *Source {
	for i := range c.Sources {
		if c.Sources[i].SSRC == ssrc {
			return &c.Sources[i]
		}
	}
	return nil
}

// shareTransport gives the contents of a bundle that say nothing of their transport what
// the first one says: RFC 9143 §7.1.3 lets a description say it once.
func (d *Description) shareTransport() {
	var first *Content
	for i := range d.Contents {
		c := &d.Contents[i]
		if !slices.Contains(d.Bundle, c.Name) {
			continue
		}
		if first == nil && c.Ufrag != "" && c.Pwd != "" {
			first = c
		}
		if first == nil || first == c {
			continue
		}
		if c.Ufrag == "" && c.Pwd == "" {
			c.Ufrag, c.Pwd = first.Ufrag, first.Pwd
			d.notes.content(Repaired, c, "ICE ufrag and pwd", "said by another content of the bundle, and by each from now on")
		}
		if c.Fingerprint == "" {
			c.Hash, c.Fingerprint = first.Hash, first.Fingerprint
			d.notes.content(Repaired, c, "the fingerprint", "said by another content of the bundle, and by each from now on")
		}
		if c.Setup == "" {
			c.Setup = first.Setup
		}
	}
}

// vocabulary is how a language calls what no call can be without.
type vocabulary struct{ ufrag, pwd, fingerprint string }

var (
	inSDP    = vocabulary{"a=ice-ufrag", "a=ice-pwd", "a=fingerprint"}
	inJingle = vocabulary{"transport ufrag", "transport pwd", "fingerprint in the transport"}
)

// essentials is what a content must have before it can be called with; "" when all is there.
func (c *Content) essentials(in vocabulary) string {
	switch {
	case !isUfrag(c.Ufrag):
		return "want an ICE ufrag (" + in.ufrag + ") of 4 to 256 ice-chars, got " + quote(c.Ufrag)
	case !isPwd(c.Pwd):
		return "want an ICE pwd (" + in.pwd + ") of 22 to 256 ice-chars" // never shown
	case c.Fingerprint == "":
		return "want a DTLS fingerprint (" + in.fingerprint + ") of hex pairs as long as its hash"
	}
	return ""
}

// fitBundle checks a group against the contents: no unknown or absent name, none twice.
func (d *Description) fitBundle() {
	kept := d.Bundle[:0]
	for _, name := range d.Bundle {
		if c := d.Content(name); c != nil && !c.Absent && !slices.Contains(kept, name) {
			kept = append(kept, name)
			continue
		}
		d.notes.add(Dropped, "", "the bundle's "+name, "no content of that name, or twice: browsers and clients end the call at it")
	}
	if d.Bundle = kept; len(kept) == 0 {
		d.Bundle = nil
	}
}
