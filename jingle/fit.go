package jingle

import (
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

// booleans are parameters that must be 0 or 1.
// COMPAT Monal 2024.10: panics at any other value.
var booleans = map[string]bool{
	"usedtx": true, "stereo": true, "sprop-stereo": true, "useinbandfec": true, "cbr": true, "level-asymmetry-allowed": true,
}

// unwanted says which codecs are never passed on.
func unwanted(name string) bool {
	switch strings.ToLower(name) {
	case "red", "ulpfec", "flexfec", "flexfec-03":
		// COMPAT Monal 2024.10: nameless parameters, and video red at all, end the call.
		return true
	case "cn":
		return true // COMPAT Siskin: comfort noise without a name was a crash; nobody misses it
	}
	return false
}

// auxiliary says which codecs carry nothing by themselves.
func auxiliary(name string) bool {
	return strings.EqualFold(name, "rtx") || strings.EqualFold(name, "telephone-event")
}

// fit leaves in a content what every client and browser reads. It works in place.
func (c *Content) fit() {
	c.fitPayloads()
	c.fitExtensions()
	c.fitSources()
	if !isToken(c.Stream) || !isToken(c.Track) {
		c.Stream, c.Track = "", ""
	}
}

func (c *Content) fitPayloads() {
	var media, seen [128]bool
	kept := c.Payloads[:0]
	for _, p := range c.Payloads {
		if !p.complete(c.Media) || seen[p.ID] {
			continue
		}
		seen[p.ID] = true
		p.fitParams()
		if !auxiliary(p.Name) {
			media[p.ID] = true
			p.Feedback |= c.Feedback
		}
		kept = append(kept, p)
	}
	clear(c.Payloads[len(kept):])
	c.Payloads = slices.DeleteFunc(kept, func(p Payload) bool {
		if !strings.EqualFold(p.Name, "rtx") {
			return false
		}
		apt, ok := number(p.param("apt"), 127)
		return !ok || !media[apt]
	})
	c.preferCommon()
}

// complete fills in what a payload type need not say; false when it cannot be used.
func (p *Payload) complete(media string) bool {
	// RFC 5761 §4: with RTCP on the same port, 64 to 95 would be mistaken for it.
	if p.ID < 0 || p.ID > 127 || p.ID >= 64 && p.ID <= 95 {
		return false
	}
	if known, ok := static[p.ID]; ok && p.Name == "" {
		p.Name, p.Clock = known.Name, known.Clock
	}
	if !isToken(p.Name) || unwanted(p.Name) {
		return false
	}
	if p.Clock == 0 && media == "video" {
		p.Clock = 90000
	}
	if strings.EqualFold(p.Name, "opus") {
		p.Clock, p.Channels = 48000, 2 // RFC 7587 §7: always
	}
	if p.Channels == 0 {
		p.Channels = 1
	}
	return p.Clock > 0
}

// fitParams drops parameters that have no name or no value, that come again, or that
// readers choke on.
func (p *Payload) fitParams() {
	kept := p.Params[:0]
	for _, param := range p.Params {
		if !only(param.Name, keyChar, 1, 64) || !only(param.Value, valueChar, 1, maxValue) {
			continue
		}
		if booleans[param.Name] && param.Value != "0" && param.Value != "1" {
			continue
		}
		if !slices.ContainsFunc(kept, func(k Param) bool { return k.Name == param.Name }) {
			kept = append(kept, param)
		}
	}
	p.Params = kept
}

// preferCommon puts opus and VP8 first and leaves the order alone otherwise.
// COMPAT Dino 0.4.2: answers with the first codec that it has, of ours, and takes the
// first of an answer whatever it is.
func (c *Content) preferCommon() {
	for i := range c.Payloads {
		if !common(c.Payloads[i].Name) {
			continue
		}
		p := c.Payloads[i]
		copy(c.Payloads[1:i+1], c.Payloads[:i])
		c.Payloads[0] = p
		return
	}
	for i := range c.Payloads {
		if !auxiliary(c.Payloads[i].Name) {
			p := c.Payloads[i]
			copy(c.Payloads[1:i+1], c.Payloads[:i])
			c.Payloads[0] = p
			return
		}
	}
}

func common(name string) bool {
	return strings.EqualFold(name, "opus") || strings.EqualFold(name, "VP8")
}

// usable says whether there is a codec at all.
func (c *Content) usable() bool {
	return slices.ContainsFunc(c.Payloads, func(p Payload) bool { return !auxiliary(p.Name) })
}

// fitExtensions keeps what one-byte headers can number, each number and URI once.
func (c *Content) fitExtensions() {
	kept := c.Extensions[:0]
	for _, x := range c.Extensions {
		if x.ID < 1 || x.ID > 14 || !isURI(x.URI) || x.URI == "urn:ietf:params:rtp-hdrext:encrypt" {
			continue
		}
		if !slices.ContainsFunc(kept, func(k Extension) bool { return k.ID == x.ID || k.URI == x.URI }) {
			kept = append(kept, x)
		}
	}
	c.Extensions = kept
}

// fitSources drops odd values, groups whose sources are not listed, and all simulcast
// layers but the first.
func (c *Content) fitSources() {
	kept := c.Sources[:0]
	for _, s := range c.Sources {
		if !isCNAME(s.CNAME) {
			s.CNAME = ""
		}
		if !isMSID(s.MSID) {
			s.MSID = ""
		}
		if s.SSRC != 0 && !slices.ContainsFunc(kept, func(k Source) bool { return k.SSRC == s.SSRC }) {
			kept = append(kept, s)
		}
	}
	c.Sources = kept
	for _, g := range c.Groups {
		if g.Semantics == "SIM" && len(g.Sources) > 1 {
			c.dropLayers(g.Sources[1:])
			break
		}
	}
	c.Groups = slices.DeleteFunc(c.Groups, func(g SourceGroup) bool {
		unlisted := func(ssrc uint32) bool { return c.source(ssrc) == nil }
		return g.Semantics != "FID" || len(g.Sources) != 2 || slices.ContainsFunc(g.Sources, unlisted)
	})
}

// dropLayers takes out the sources and what retransmits them.
func (c *Content) dropLayers(layers []uint32) {
	gone := slices.Clone(layers)
	for _, g := range c.Groups {
		if g.Semantics == "FID" && len(g.Sources) == 2 && slices.Contains(layers, g.Sources[0]) {
			gone = append(gone, g.Sources[1])
		}
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
		if c.Absent || !slices.Contains(d.Bundle, c.Name) {
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
		}
		if c.Fingerprint == "" {
			c.Hash, c.Fingerprint = first.Hash, first.Fingerprint
		}
		if c.Setup == "" {
			c.Setup = first.Setup
		}
	}
}

// essentials is what a content must have before it can be called with; "" when all is there.
func (c *Content) essentials() string {
	switch {
	case !isUfrag(c.Ufrag):
		return "want an ICE ufrag of 4 to 256 ice-chars, got " + quote(c.Ufrag)
	case !isPwd(c.Pwd):
		return "want an ICE pwd of 22 to 256 ice-chars" // never shown
	case c.Fingerprint == "":
		return "want a DTLS fingerprint of hex pairs as long as its hash"
	}
	return ""
}

// fitBundle checks a group against the contents: no unknown or absent name, none twice.
func (d *Description) fitBundle() {
	kept := d.Bundle[:0]
	for _, name := range d.Bundle {
		if c := d.Content(name); c != nil && !c.Absent && !slices.Contains(kept, name) {
			kept = append(kept, name)
		}
	}
	if d.Bundle = kept; len(kept) == 0 {
		d.Bundle = nil
	}
}
