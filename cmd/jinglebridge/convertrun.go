package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/jinglebridge/jinglebridge/internal/element"
	"github.com/jinglebridge/jinglebridge/jingle"
)

// translation is one run of convert.
type translation struct {
	*convertCommand
	offer *pasted // nil without --offer
	notes jingle.Notes
	told  []string // how the input was taken
}

// tell keeps for --explain how the input was taken.
func (t *translation) tell(format string, args ...any) {
	t.told = append(t.told, fmt.Sprintf(format, args...))
}

// note says of a candidate or its content what the bridge does with it outside of jingle.
func (t *translation) note(kind jingle.NoteKind, what, why string) {
	t.notes.Add(jingle.Note{Kind: kind, What: what, Why: why})
}

// explain writes what the translation noted, and how many of each when it is done.
func (t *translation) explain(w io.Writer, done bool) {
	for _, line := range t.told {
		fmt.Fprintln(w, line)
	}
	count := map[jingle.NoteKind]int{}
	for _, note := range t.notes.All {
		count[note.Kind]++
		fmt.Fprintln(w, note)
	}
	switch {
	case !done: // an error follows
	case len(t.notes.All) == 0:
		fmt.Fprintln(w, "nothing dropped, repaired or made up")
	default:
		fmt.Fprintf(w, "%d dropped, %d repaired, %d synthesised\n", count[jingle.Dropped], count[jingle.Repaired], count[jingle.Synthesised])
	}
}

func (t *translation) translate(in *pasted) (string, error) {
	switch {
	case in.jingle.Exists():
		sdp, err := t.toSDP(in.jingle)
		return sdp, in.placed(err)
	case in.candidates != nil:
		return t.fromCandidates(in.candidates)
	}
	return t.fromSDP(in)
}

// role is the browser's, as said or as guessed, and how it is known.
func (t *translation) role(guess jingle.Role, why string) (jingle.Role, string) {
	if t.Role != nil {
		return t.Role.Role, "--role says so"
	}
	return guess, why
}

// offered is the description of --offer, nil without; this side of the session wrote it.
func (t *translation) offered(author jingle.Role) (*jingle.Description, error) {
	switch {
	case t.offer == nil:
		return nil, nil
	case t.offer.candidates != nil:
		return nil, fmt.Errorf("--offer: want SDP or Jingle, got a candidate")
	case !t.offer.jingle.Exists():
		d, err := jingle.FromSDP(t.offer.sdp, author)
		if err != nil {
			return nil, fmt.Errorf("--offer: %w", err)
		}
		return d, nil
	}
	j, err := jingle.Parse(t.offer.jingle)
	if err == nil && j.Description == nil {
		err = noContents(j)
	}
	if err != nil {
		return nil, fmt.Errorf("--offer: %w", t.offer.placed(err))
	}
	return j.Description, nil
}

// tellWritten keeps what is written; an answer that was not fitted is not yet what the bridge
// would say.
func (t *translation) tellWritten(what string, action jingle.Action) {
	switch {
	case !isAnswering(action):
		t.tell("written: %s", what)
	case t.offer == nil:
		t.tell("written: %s, not fitted to what it answers: there is no --offer", what)
	default:
		t.tell("written: %s, fitted to %s", what, t.Offer)
	}
}

// write is the <jingle/> that the browser's side writes for who shall read it, an element on
// each line.
func (t *translation) write(action jingle.Action, writer jingle.Role, d *jingle.Description) string {
	to := readers[0]
	if t.For != nil {
		to = t.For.reader
	}
	t.tellWritten(fmt.Sprintf("%s for %s", action, to.name), action)
	var w element.Writer
	j := jingle.Jingle{Action: action, SID: t.SID, Writer: writer, Description: d}
	j.Append(&w, to.dialect)
	return indent(string(w.Bytes()))
}

// indent puts each element of what element.Writer wrote on a line of its own. In values and
// text there is no < or >, so that tags can be told by them.
func indent(xml string) string {
	var b strings.Builder
	depth, fresh := 0, true // fresh: nothing stands yet in the element that is open
	for xml != "" {
		tag, text, rest := cutTag(xml)
		closing := strings.HasPrefix(tag, "</")
		if closing {
			depth--
		}
		if b.Len() > 0 && !(closing && fresh) {
			b.WriteString("\n" + strings.Repeat("  ", depth))
		}
		b.WriteString(tag + text)
		if fresh = !closing && !strings.HasSuffix(tag, "/>"); fresh {
			depth++
		}
		xml = rest
	}
	return b.String() + "\n"
}

// cutTag cuts a tag and the text behind it off.
func cutTag(xml string) (tag, text, rest string) {
	end := strings.IndexByte(xml, '>') + 1
	next := end + strings.IndexByte(xml[end:], '<')
	if next < end {
		next = len(xml)
	}
	return xml[:end], xml[end:next], xml[next:]
}
