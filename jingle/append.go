package jingle

import (
	"slices"
	"strings"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

// Dialect is how the peer's reader differs from the strictest common subset.
type Dialect int

// Dialects.
const (
	Common   Dialect = iota // what everybody reads
	Movim                   // ignores roles: one-way accepts go with senders turned round
	WebRTC                  // apps on libwebrtc: the order of codecs is what we prefer
	Dino                    // takes the first codec; declines a call for content that it alone would send
	Monal                   // reads parameters of video codecs in its own spelling only
	StanzaJS                // wants the data channels back that it offers
)

// DialectOf tells the dialect by what a client calls itself: the node of its XEP-0115 caps, or
// its resource; Common when unknown.
func DialectOf(software string) Dialect {
	switch node := strings.ToLower(software); {
	case strings.Contains(node, "movim"):
		return Movim
	case strings.Contains(node, "monal"):
		return Monal
	case strings.Contains(node, "stanzajs"):
		return StanzaJS
	case strings.Contains(node, "dino"):
		return Dino
	case slices.ContainsFunc(onWebRTC, func(name string) bool { return strings.Contains(node, name) }):
		return WebRTC
	}
	return Common
}

// onWebRTC are the clients of the dialect WebRTC: Conversations and its forks, Siskin and its kin.
var onWebRTC = []string{"conversations", "cheogram", "quicksy", "monocles", "blabber", "snikket", "siskin", "beagle"}

// ordersCodecs says whether the order of codecs may be ours. Of an unknown reader we think that it
// takes the first.
// COMPAT Dino 0.4.2: answers with the first codec that it has, of ours, and takes the
// first of an answer whatever it is.
func (d Dialect) ordersCodecs() bool { return d != Common && d != Dino }

// Dialect is how the peer's own writing shows that it has to be written to; Common when
// it shows nothing.
func (d *Description) Dialect() Dialect { return d.writer }

// Append writes the <jingle/> with what its action carries: whole contents for
// session-initiate, -accept, content-add, -accept; name, creator, senders and transport
// only for transport-info; and so on. Absent contents are left out.
func (j *Jingle) Append(w *element.Writer, to Dialect) {
	w.Start(NS, "jingle")
	w.Attr("action", string(j.Action))
	w.AttrIf("initiator", j.Initiator)
	w.AttrIf("responder", j.Responder)
	w.Attr("sid", j.SID)
	switch {
	case j.Action == SessionTerminate, j.Action == ContentReject && j.Reason.Condition != "":
		j.Reason.append(w)
	case j.Action == SessionInfo:
		for _, info := range j.Info {
			info.append(w)
		}
	}
	if j.Description != nil {
		j.appendContents(w, to)
	}
	w.End()
}

// form is what an action says of each content.
type form struct {
	group       bool
	senders     bool
	description string // "", "stub", "whole"
	transport   string // "", "stub", "candidates", "whole"
}

var (
	wholeForm = form{group: true, senders: true, description: "whole", transport: "whole"}

	forms = map[Action]form{
		SessionInitiate: wholeForm,
		SessionAccept:   wholeForm,
		// COMPAT Conversations, Siskin, Movim: a content-add or -accept without the group
		// of all contents breaks the bundle.
		ContentAdd:       wholeForm,
		ContentAccept:    wholeForm,
		ContentModify:    {senders: true},
		ContentReject:    {senders: true, description: "stub", transport: "stub"}, // COMPAT Conversations: compared with what was added
		ContentRemove:    {senders: true, description: "stub", transport: "stub"},
		DescriptionInfo:  {description: "whole"},
		TransportInfo:    {transport: "candidates"},
		TransportReplace: {transport: "whole"},
		TransportAccept:  {transport: "whole"},
		TransportReject:  {transport: "stub"},
	}
)

func (j *Jingle) appendContents(w *element.Writer, to Dialect) {
	f := forms[j.Action]
	if to == Movim && j.Action == ContentModify {
		f = wholeForm // COMPAT Movim 0.34: takes the stanza for the new remote offer
	}
	if f.description == "whole" {
		w.Grow(j.Description.guess() * 5 / 2) // XML is that much longer than SDP
	}
	if f.group {
		j.appendGroup(w, to)
	}
	for i := range j.Description.Contents {
		// What we cannot take we can refuse.
		if c := &j.Description.Contents[i]; c.told(to) || f.transport == "stub" {
			j.appendContent(w, c, f, to)
		}
	}
}

// appendGroup writes the BUNDLE group (XEP-0338), only with names that have a content;
// those of a content-add or -accept may be known from before.
func (j *Jingle) appendGroup(w *element.Writer, to Dialect) {
	part := j.Action == ContentAdd || j.Action == ContentAccept || j.Action == ContentModify
	present := func(name string) bool {
		c := j.Description.Content(name)
		return c == nil && part || c != nil && c.told(to)
	}
	// COMPAT Monal 2024.10: a group of nobody is a parse error.
	if !slices.ContainsFunc(j.Description.Bundle, present) {
		return
	}
	w.Start(nsGrouping, "group")
	w.Attr("semantics", "BUNDLE")
	for _, name := range j.Description.Bundle {
		if present(name) {
			w.Start(nsGrouping, "content")
			w.Attr("name", name)
			w.End()
		}
	}
	w.End()
}

func (j *Jingle) appendContent(w *element.Writer, c *Content, f form, to Dialect) {
	w.Start(NS, "content")
	creator := "initiator"
	if c.Creator == "responder" {
		creator = "responder"
	}
	w.Attr("creator", creator)
	w.Attr("name", c.Name)
	if f.senders {
		w.Attr("senders", j.senders(c, to).String())
	}
	switch f.description {
	case "whole":
		if !c.Absent {
			c.appendDescription(w, to)
		}
	case "stub":
		if c.Media != "" {
			w.Empty(NSRTP, "description", "media", c.Media)
		}
	}
	switch f.transport {
	case "whole":
		c.appendTransport(w, j.setup(c))
	case "candidates":
		c.appendTransport(w, "")
	case "stub":
		space := nsICE
		if c.space != "" {
			space = c.space
		}
		w.Empty(space, "transport")
	}
	w.End()
}

// senders is what to say of the direction.
func (j *Jingle) senders(c *Content, to Dialect) direction {
	d := sendersOf(c.Senders)
	switch j.Action {
	case SessionInitiate, ContentAdd:
		if d == fromNobody {
			// COMPAT Monal 2024.10, Dino 0.4.2: "none" is a parse error. They send, nobody looks.
			d = fromBoth
			j.Description.notes.content(Repaired, c, "senders none", "Monal and Dino end the call at it; both is said, and nobody sends")
		}
		if d == fromResponder && to == Dino && j.Action == SessionInitiate {
			// COMPAT Dino 0.4.2: declines the whole call when its user, asked for video, turns the
			// camera off before the session comes.
			d = fromBoth
			j.Description.notes.content(Repaired, c, "senders responder", "Dino declines the whole call where its user wants no video; both is said, and we send nothing")
		}
	}
	// COMPAT Movim 0.34: "initiator" means the writer.
	if turned := d.turned(); to == Movim && turned != d && (j.Writer == Responder || j.Action == SessionAccept) {
		d = turned
		j.Description.notes.content(Repaired, c, "senders "+d.String(), whyTurned)
	}
	return d
}

// setup is the DTLS role to say: XEP-0320 §1 has actpass in what offers and a choice in
// what answers.
func (j *Jingle) setup(c *Content) string {
	if j.Action == SessionAccept || j.Action == ContentAccept || j.Action == TransportAccept {
		if c.Setup == "passive" {
			return "passive"
		}
		return "active"
	}
	return "actpass"
}
