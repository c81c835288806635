package component

import "github.com/jinglebridge/jinglebridge/internal/element"

const nsStanzas = "urn:ietf:params:xml:ns:xmpp-stanzas"

// Error is a stanza error (RFC 6120 §8.3) with, where Space is set, an
// application-specific condition.
type Error struct {
	Type, Condition string // "cancel", "item-not-found"
	Space, App      string // "urn:xmpp:jingle:errors:1", "unknown-session"
	Text            string
}

// AppendResult writes the empty result to an IQ (RFC 6120 §8.2.3).
func AppendResult(w *element.Writer, iq *Stanza) {
	startResult(w, iq)
	w.End()
}

// startResult opens a result that a payload goes into.
func startResult(w *element.Writer, iq *Stanza) {
	startReply(w, iq, "result")
}

func startReply(w *element.Writer, s *Stanza, kind string) {
	w.Start(NS, s.Name())
	w.Attr("type", kind)
	w.AttrIf("id", s.ID)
	w.Attr("from", s.To)
	w.Attr("to", s.From)
}

// AppendError writes the error that answers a stanza, with its id, from and to
// turned round, and without its payload: some clients take an echoed payload for a
// request (docs/interop.md). An error must never be answered (RFC 6120 §8.3.1).
func AppendError(w *element.Writer, s *Stanza, e Error) {
	startReply(w, s, "error")
	w.Start(NS, "error")
	w.Attr("type", e.Type)
	w.Empty(nsStanzas, e.Condition)
	if e.Text != "" {
		w.Leaf(nsStanzas, "text", e.Text)
	}
	if e.Space != "" {
		w.Empty(e.Space, e.App)
	}
	w.End()
	w.End()
}

// ErrorOf reads the error inside a stanza of type "error"; zero when it has none.
func ErrorOf(s *Stanza) Error {
	if s == nil || !s.Element.Exists() {
		return Error{}
	}
	child := s.Child(s.Space(), "error")
	if !child.Exists() {
		return Error{}
	}
	e := Error{Type: child.Attr("type")}
	for c := range child.Children() {
		switch {
		case c.Space() == nsStanzas && c.Name() == "text":
			e.Text = c.Text()
		case c.Space() == nsStanzas:
			if e.Condition == "" {
				e.Condition = c.Name()
			}
		case e.Space == "" && c.Space() != s.Space():
			e.Space, e.App = c.Space(), c.Name()
		}
	}
	return e
}
