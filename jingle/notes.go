package jingle

import (
	"strconv"
	"strings"
	"unicode/utf8"
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

// Add takes a note of something that was done outside of this room.
func (n *Notes) Add(note Note) { n.add(note.Kind, note.Where, note.What, note.Why) }

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
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !strconv.IsPrint(r) }) {
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
