package jingle

import (
	"strconv"
	"strings"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

// Notes is told what a translation dropped, repaired or made up, for people who look for
// the reason why a call fails. A nil Notes is told nothing, and costs nothing.
type Notes struct {
	All []Note // in the order of the work
}

// Note is one thing that is not passed on as it came.
type Note struct {
	Kind  NoteKind
	Where string // "line 12", "audio 0" (a content); "" for the whole
	What  string // the line, element or value, shortened
	Why   string
}

// NoteKind says what was done.
type NoteKind string

// Kinds of notes.
const (
	Dropped     NoteKind = "dropped"
	Repaired    NoteKind = "repaired"
	Synthesised NoteKind = "synthesised"
)

// String is the note on one line.
func (n Note) String() string {
	where := n.Where
	if where != "" {
		where += ": "
	}
	return string(n.Kind) + ": " + where + n.What + ": " + n.Why
}

// maxNotes bounds what a strange input may make us say.
const maxNotes = 2000

func (n *Notes) add(kind NoteKind, where, what, why string) {
	if n == nil || len(n.All) >= maxNotes {
		return
	}
	note := Note{Kind: kind, Where: where, What: oneLine(what), Why: why}
	if last := len(n.All) - 1; last >= 0 && n.All[last] == note {
		return
	}
	n.All = append(n.All, note)
}

// oneLine shows foreign text as it is, but for what would break the line.
func oneLine(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7f }) {
		s = quote(s)
	}
	if short := clip(s, 120); short != s {
		return short + "…"
	}
	return s
}

// content notes something of one content.
func (n *Notes) content(kind NoteKind, c *Content, what, why string) {
	if n != nil {
		n.add(kind, c.where(), what, why)
	}
}

// odd notes an element that is dropped for its number.
func (n *Notes) odd(c *Content, what, number, why string) {
	if n != nil {
		n.add(Dropped, c.where(), what+" "+quote(number), why)
	}
}

// where names a content for a reader: its media and its name.
func (c *Content) where() string {
	media := c.Media
	if media == "" {
		media = "content"
	}
	return media + " " + oneLine(c.Name)
}

func (n *Notes) payload(kind NoteKind, c *Content, p *Payload, why string) {
	if n != nil {
		n.add(kind, c.where(), "payload type "+p.String(), why)
	}
}

// String is the payload type as rtpmap has it.
func (p *Payload) String() string {
	return strconv.Itoa(p.ID) + " " + p.Name + "/" + strconv.Itoa(p.Clock)
}

func (n *Notes) param(kind NoteKind, c *Content, p *Payload, param Param, why string) {
	if n != nil {
		n.add(kind, c.where(), "payload type "+p.String()+": "+param.Name+"="+param.Value, why)
	}
}

func (n *Notes) extension(kind NoteKind, c *Content, x Extension, why string) {
	if n != nil {
		n.add(kind, c.where(), "header extension "+strconv.Itoa(x.ID)+" "+x.URI, why)
	}
}

func (n *Notes) source(kind NoteKind, c *Content, ssrc uint32, what, why string) {
	if n != nil {
		n.add(kind, c.where(), "source "+strconv.FormatUint(uint64(ssrc), 10)+what, why)
	}
}

// unknown notes an element that is not asked for.
func (n *Notes) unknown(c *Content, e *element.Element) {
	if n == nil {
		return
	}
	why := "no browser would understand it"
	switch e.Name {
	case "encryption":
		why = "media is encrypted by DTLS-SRTP only"
	case "bandwidth":
		why = "congestion control finds the bandwidth"
	case "rtcp-reduced-size":
		why = "full RTCP packets are understood by all"
	case "trickle":
		return // meant always
	case "renomination":
		why = "browsers nominate once"
	}
	n.content(Dropped, c, "<"+e.Name+" xmlns='"+e.Space+"'/>", why)
}

// Reasons that are told in more than one place.
const (
	whyFeedback    = "all clients know nack, nack pli, ccm fir, goog-remb and transport-cc; any other ends the call at Monal"
	whyFingerprint = "one fingerprint is passed on, sha-256 where there is one, in upper-case hex as long as its hash"
	whyNotTwice    = "it is there twice"
	whyOwnName     = "packets would carry a mid that the other side has another name for, and Chromium drops those"
	whyNotInOffer  = "it was not offered"
)

// unfitness explains what Candidate.Unfit says.
var unfitness = map[string]string{
	"tcp":         "clients read UDP only, and Dino would take it for that",
	"component":   "RTCP goes over the same port (rtcp-mux)",
	"type":        "want host, srflx, prflx or relay: Dino 0.4 crashes at any other",
	"port":        "want a port other than 0",
	"mdns":        "nobody outside the local network can resolve a .local name",
	"hostname":    "want a numeric address",
	"loopback":    "it means the reader's own machine",
	"unspecified": "it is no address to send to",
	"multicast":   "it is no address of one machine",
	"link-local":  "it means nothing beyond its own network",
}

// unread explains SDP that has no word in Jingle, by attribute.
var unread = map[string]string{
	"rtcp-rsize":       "Jingle has no word for it; full RTCP packets are sent",
	"rtcp-xr":          "Jingle has no word for it; statistics only",
	"rid":              "simulcast is reduced to its first layer",
	"simulcast":        "simulcast is reduced to its first layer",
	"crypto":           "media is encrypted by DTLS-SRTP only",
	"identity":         "no client checks identities of WebRTC",
	"ice-lite":         "Jingle has no word for it",
	"imageattr":        "Jingle has no word for it",
	"sctp-port":        "no client calls with data channels",
	"max-message-size": "no client calls with data channels",
	"sctpmap":          "no client calls with data channels",
}

// unread notes an attribute, or a line that is none, that nobody asks for.
func (s *scanner) unread(what string) {
	why, known := unread[what]
	switch {
	case known:
	case what == "ice-options":
		if s.sdp[s.from:s.to] == "a=ice-options:trickle" {
			return // said again of every content
		}
		why = "trickle is meant always; of others no client knows"
	case strings.HasPrefix(what, "b="):
		why = "a bandwidth ends the call at Monal; congestion control finds it"
	case len(what) > 1 && what[1] == '=' && strings.IndexByte("vostc", what[0]) >= 0:
		return // made up again
	default:
		why = "no client reads it"
	}
	s.note(Dropped, why)
}
