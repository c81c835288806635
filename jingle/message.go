package jingle

import (
	"slices"
	"unicode"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

// Message is one XEP-0353 element.
type Message struct {
	Kind   string // "propose", "ringing", "proceed", "accept", "reject", "retract", "finish"
	ID     string // of the session to be: the sid
	Media  []string
	Reason Reason // zero when not said
}

var messageKinds = map[string]bool{
	"propose": true, "ringing": true, "proceed": true, "accept": true, "reject": true, "retract": true, "finish": true,
}

// ParseMessage finds the XEP-0353 element inside a <message/>; ok is false when there is
// none or it has no id. Only a direct child counts: what is carried, forwarded or quoted
// deeper inside was not said by the sender.
func ParseMessage(stanza element.Element) (m Message, ok bool) {
	for child := range stanza.Children() {
		if child.Space() != NSMessage || !messageKinds[child.Name()] {
			continue
		}
		m.Kind, m.ID = child.Name(), child.Attr("id")
		m.read(child)
		return m, isName(m.ID)
	}
	return m, false
}

func (m *Message) read(e element.Element) {
	for child := range e.Children() {
		switch {
		case child.Is(NSRTP, "description"):
			media := mediaWord(child.Attr("media"))
			if media != "" && !slices.Contains(m.Media, media) {
				m.Media = append(m.Media, media)
			}
		case child.Is(NS, "reason"):
			reason := parseReason(child)
			m.Reason.Condition, m.Reason.Text = reason.Condition, reason.Text
			m.Reason.TieBreak = m.Reason.TieBreak || reason.TieBreak
		case child.Name() == "tie-break": // in its own namespace or that of Jingle's errors
			m.Reason.TieBreak = true
		case child.Is(NSMessage, "migrated"):
			if to := child.Attr("to"); isName(to) {
				m.Reason.Migrated = to
			}
		}
	}
}

// Append writes the XEP-0353 element.
func (m Message) Append(w *element.Writer) {
	w.Start(NSMessage, m.Kind)
	w.Attr("id", m.ID)
	for _, media := range m.Media {
		w.Empty(NSRTP, "description", "media", media)
	}
	if m.Reason.Condition != "" {
		m.Reason.append(w)
	}
	if m.Reason.TieBreak {
		w.Empty(NSErrors, "tie-break")
	}
	if m.Reason.Migrated != "" {
		w.Empty(NSMessage, "migrated", "to", m.Reason.Migrated)
	}
	w.End()
}

// isName bounds what names a session or a content to the peer: not empty, not long,
// nothing that cannot be seen.
func isName(s string) bool {
	if s == "" || len(s) > maxName {
		return false
	}
	for _, c := range s {
		if !unicode.IsGraphic(c) {
			return false
		}
	}
	return true
}
