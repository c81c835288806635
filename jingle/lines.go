package jingle

import (
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"
)

// lines writes SDP and counts its lines. In the end the text must have as many: that is
// the last word on injection, should a check before it ever be forgotten.
type lines struct {
	text  []byte
	count int
	mixed bool // a=extmap-allow-mixed was said for all m-lines
}

// line writes one whole line.
func (l *lines) line(parts ...string) {
	for _, part := range parts {
		l.part(part)
	}
	l.end()
}

func (l *lines) end() {
	l.part("\r\n")
	l.count++
}

// part writes less than a line. Where the text is only made longer no pointer is stored,
// so the garbage collector, when it runs, need not be told.
func (l *lines) part(s string) {
	n := len(l.text)
	if cap(l.text)-n < len(s) {
		l.grow(len(s))
	}
	l.text = l.text[:n+len(s)]
	copy(l.text[n:], s)
}

// grow makes room for n more bytes at least.
func (l *lines) grow(n int) {
	text := make([]byte, len(l.text), 2*len(l.text)+n)
	copy(text, l.text)
	l.text = text
}

func (l *lines) number(n uint64) {
	const most = 20 // digits
	if cap(l.text)-len(l.text) < most {
		l.grow(most)
	}
	l.text = l.text[:len(strconv.AppendUint(l.text, n, 10))]
}

func (l *lines) start(s string, n int) {
	l.part(s)
	l.number(uint64(n))
}

func (l *lines) whole() (string, error) {
	text := string(l.text)
	if len(text) > maxSDP {
		return "", fmt.Errorf("sdp: want at most %d bytes, got %d", maxSDP, len(text))
	}
	if strings.Count(text, "\n") != l.count || strings.Count(text, "\r") != l.count || visible(text) != len(text)-2*l.count {
		return "", errors.New("sdp: a value is not of its grammar")
	}
	return text, nil
}

// guess is how long the text will be, about.
func (d *Description) guess() int {
	size := 256
	for i := range d.Contents {
		c := &d.Contents[i]
		size += 520 + 72*len(c.Extensions) + 64*len(c.Sources) + 140*len(c.Candidates)
		for p := range c.Payloads {
			size += 36 + 26*len(c.Payloads[p].Params) + 24*bits.OnesCount8(uint8(c.Payloads[p].Feedback))
		}
	}
	return min(size, maxSDP)
}

// session writes what stands before the first m-line (RFC 8829 §5.2.1).
func (l *lines) session(d *Description, o SDPFor) {
	const most = 1<<63 - 1 // browsers read a signed number
	l.line("v=0")
	l.part("o=- ")
	l.number(o.Session & most)
	l.part(" ")
	l.number(o.Version & most)
	l.line(" IN IP4 0.0.0.0")
	l.line("s=-")
	l.line("t=0 0")
	if len(d.Bundle) > 0 {
		l.part("a=group:BUNDLE")
		for _, name := range d.Bundle {
			if c := d.Content(name); c != nil && !c.Absent {
				l.part(" ")
				l.part(c.MID())
			}
		}
		l.end()
	}
	if !slices.ContainsFunc(d.Contents, func(c Content) bool { return !c.Absent && !c.AllowMixed }) {
		l.mixed = true
		l.line("a=extmap-allow-mixed")
	}
	l.line("a=msid-semantic: WMS *")
}

// content writes one m-line with its attributes, in the order of browsers.
func (l *lines) content(c *Content, o SDPFor) {
	if c.Absent {
		l.absent(c)
		return
	}
	l.part("m=")
	l.part(c.Media)
	l.part(" 9 UDP/TLS/RTP/SAVPF")
	for i := range c.Payloads {
		l.start(" ", c.Payloads[i].ID)
	}
	l.end()
	l.line("c=IN IP4 0.0.0.0")
	l.line("a=rtcp:9 IN IP4 0.0.0.0")
	l.transport(c)
	l.line("a=mid:", c.MID())
	if c.AllowMixed && !l.mixed {
		l.line("a=extmap-allow-mixed")
	}
	for _, x := range c.Extensions {
		l.start("a=extmap:", x.ID)
		l.line(" ", x.URI)
	}
	l.line("a=", sendersOf(c.Senders).sdp(o.Local.Other()))
	// One stream for all m-lines, so that event.streams[0] holds audio and video in
	// every browser; msid of ssrc lines is left out, it would say another.
	l.line("a=msid:", o.Stream, " ", o.Stream, "-", c.MID())
	l.line("a=rtcp-mux")
	if c.Ptime > 0 {
		l.start("a=ptime:", c.Ptime)
		l.end()
	}
	if c.MaxPtime > 0 {
		l.start("a=maxptime:", c.MaxPtime)
		l.end()
	}
	for i := range c.Payloads {
		l.payload(&c.Payloads[i])
	}
	l.sources(c, o.Stream)
}

// absent writes an m-line that is refused (RFC 8829 §5.3.1).
func (l *lines) absent(c *Content) {
	l.part("m=")
	l.part(c.Media)
	l.part(" 0 ")
	switch {
	case c.line != "":
		l.part(c.line)
	case c.Media == "audio" || c.Media == "video":
		l.part("UDP/TLS/RTP/SAVPF")
		for i := range c.Payloads {
			l.start(" ", c.Payloads[i].ID)
		}
		if len(c.Payloads) == 0 {
			l.part(" 0")
		}
	default:
		l.part("UDP/DTLS/SCTP webrtc-datachannel")
	}
	l.end()
	l.line("c=IN IP4 0.0.0.0")
	l.line("a=mid:", c.MID())
	l.line("a=inactive")
}

func (l *lines) transport(c *Content) {
	for i := range c.Candidates {
		if c.Candidates[i].Unfit() == "" {
			var line [160]byte
			l.part("a=")
			l.part(string(c.Candidates[i].append(line[:0])))
			l.end()
		}
	}
	if c.EndOfCandidates && len(c.Candidates) > 0 {
		l.line("a=end-of-candidates")
	}
	l.line("a=ice-ufrag:", c.Ufrag)
	l.line("a=ice-pwd:", c.Pwd)
	l.line("a=ice-options:trickle")
	l.line("a=fingerprint:", c.Hash, " ", c.Fingerprint)
	l.line("a=setup:", c.Setup)
}

func (l *lines) payload(p *Payload) {
	var digits [3]byte
	id := string(strconv.AppendUint(digits[:0], uint64(p.ID), 10))
	l.part("a=rtpmap:")
	l.part(id)
	l.part(" ")
	l.part(p.Name)
	l.start("/", p.Clock)
	if p.Channels > 1 {
		l.start("/", p.Channels)
	}
	l.end()
	for i := range feedbackNames {
		if p.Feedback&(1<<i) != 0 {
			l.line("a=rtcp-fb:", id, " ", feedbackNames[i].line)
		}
	}
	for i, param := range p.Params {
		if i == 0 {
			l.part("a=fmtp:")
			l.part(id)
			l.part(" ")
		} else {
			l.part(";")
		}
		l.part(param.Name)
		l.part("=")
		l.part(param.Value)
	}
	if len(p.Params) > 0 {
		l.end()
	}
}

func (l *lines) sources(c *Content, stream string) {
	for _, g := range c.Groups {
		l.part("a=ssrc-group:")
		l.part(g.Semantics)
		for _, ssrc := range g.Sources {
			l.part(" ")
			l.number(uint64(ssrc))
		}
		l.end()
	}
	for _, s := range c.Sources {
		l.part("a=ssrc:")
		l.number(uint64(s.SSRC))
		cname := s.CNAME
		if cname == "" {
			cname = stream // RFC 5576 §6.1: a source must have one
		}
		l.line(" cname:", cname)
	}
}
