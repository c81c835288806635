package main

import (
	"fmt"
	"io"
	"os"
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

// tell says on --explain what was decided that nobody asked for.
func (t *translation) tell(format string, args ...any) {
	t.told = append(t.told, fmt.Sprintf(format, args...))
}

// explain writes what the translation noted.
func (t *translation) explain(w io.Writer) {
	for _, line := range t.told {
		fmt.Fprintln(w, line)
	}
	count := map[jingle.NoteKind]int{}
	for _, note := range t.notes.All {
		count[note.Kind]++
		fmt.Fprintln(w, note)
	}
	if len(t.notes.All) == 0 {
		fmt.Fprintln(w, "nothing dropped, repaired or made up")
		return
	}
	fmt.Fprintf(w, "%d dropped, %d repaired, %d synthesised\n", count[jingle.Dropped], count[jingle.Repaired], count[jingle.Synthesised])
}

func (t *translation) readOffer() error {
	data, err := t.openOffer()
	if err != nil {
		return err
	}
	t.offer, err = readPasted(data)
	if err == nil && t.offer.candidates != nil {
		err = fmt.Errorf("want SDP or Jingle, got a candidate")
	}
	return err
}

func (t *translation) openOffer() ([]byte, error) {
	f, err := os.Open(t.Offer)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readBounded(f)
}

func (t *translation) translate(in *pasted) (string, error) {
	switch {
	case in.jingle != nil:
		return t.toSDP(in.jingle)
	case in.candidates != nil:
		return t.fromCandidates(in)
	}
	return t.fromSDP(in)
}

// role is the browser's: as said, or as guessed.
func (t *translation) role(guess jingle.Role, why string) jingle.Role {
	if t.Role != nil {
		return t.Role.Role
	}
	t.tell("the browser is taken for the %s: %s", guess, why)
	return guess
}

// described is the description of --offer, which was written by the side that has this role.
func (t *translation) described(author jingle.Role) (*jingle.Description, error) {
	if t.offer == nil {
		return nil, nil
	}
	if t.offer.jingle == nil {
		d, err := jingle.FromSDP(t.offer.sdp, author)
		if err != nil {
			return nil, fmt.Errorf("--offer: %w", err)
		}
		return d, nil
	}
	j, err := jingle.Parse(t.offer.jingle)
	switch {
	case err != nil:
		return nil, fmt.Errorf("--offer: %w", err)
	case j.Description == nil:
		return nil, fmt.Errorf("--offer: %w", noContents(j))
	}
	return j.Description, nil
}

// write is the <jingle/> for who shall read it, an element on each line.
func (t *translation) write(action jingle.Action, d *jingle.Description) string {
	to := jingle.Common
	if t.For != nil {
		to = t.For.dialect
	}
	var w element.Writer
	j := jingle.Jingle{Action: action, SID: t.SID, Description: d}
	j.Append(&w, to)
	return indent(string(w.Bytes()))
}

// indent puts each element of what element.Writer wrote on a line of its own. In values and
// text there is no < or >, so that tags can be told by them.
func indent(xml string) string {
	var b strings.Builder
	depth, alone := 0, true // alone: the last tag opened, and nothing is inside yet
	for xml != "" {
		tag, text, rest := cutTag(xml)
		closing := strings.HasPrefix(tag, "</")
		if closing {
			depth--
		}
		if b.Len() > 0 && !(closing && alone) {
			b.WriteString("\n" + strings.Repeat("  ", depth))
		}
		b.WriteString(tag + text)
		if alone = !closing && !strings.HasSuffix(tag, "/>"); alone {
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
