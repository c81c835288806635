package element

import (
	"strconv"
	"unicode/utf8"
)

// Writer renders elements into a byte slice. Names of elements, attributes and
// namespaces come from our own code; only values may be foreign. Values are escaped,
// and characters that XML 1.0 does not know become U+FFFD, so that what it renders is
// always one well-formed element. The zero value is ready to use.
type Writer struct {
	buf  []byte
	open []openTag
	tag  bool // a start tag waits for its ">"
}

type openTag struct{ space, name string }

// Reset empties the writer and makes it append to buf.
func (w *Writer) Reset(buf []byte) { w.buf, w.open, w.tag = buf, w.open[:0], false }

// Bytes returns what was written; valid until the next call of Reset.
func (w *Writer) Bytes() []byte { return w.buf }

// Len returns the number of bytes written so far.
func (w *Writer) Len() int { return len(w.buf) }

// Start opens an element. xmlns is written when space differs from the parent's;
// an outermost element writes it unless space is "".
func (w *Writer) Start(space, name string) {
	w.closeTag()
	parent := ""
	if n := len(w.open); n > 0 {
		parent = w.open[n-1].space
	}
	w.buf = append(w.buf, '<')
	w.buf = append(w.buf, name...)
	w.open = append(w.open, openTag{space, name})
	w.tag = true
	if space != parent {
		w.Attr("xmlns", space)
	}
}

// Attr adds an attribute to the element just started.
func (w *Writer) Attr(name, value string) {
	w.buf = append(w.buf, ' ')
	w.buf = append(w.buf, name...)
	w.buf = append(w.buf, '=', '\'')
	w.buf = appendEscaped(w.buf, value, true)
	w.buf = append(w.buf, '\'')
}

// AttrIf adds an attribute unless its value is empty.
func (w *Writer) AttrIf(name, value string) {
	if value != "" {
		w.Attr(name, value)
	}
}

// AttrUint adds an attribute with a number.
func (w *Writer) AttrUint(name string, value uint64) {
	w.buf = append(w.buf, ' ')
	w.buf = append(w.buf, name...)
	w.buf = append(w.buf, '=', '\'')
	w.buf = strconv.AppendUint(w.buf, value, 10)
	w.buf = append(w.buf, '\'')
}

// Text adds character data to the element that is open.
func (w *Writer) Text(s string) {
	w.closeTag()
	w.buf = appendEscaped(w.buf, s, false)
}

// End closes the innermost open element.
func (w *Writer) End() {
	n := len(w.open) - 1
	name := w.open[n].name
	w.open = w.open[:n]
	if w.tag {
		w.tag = false
		w.buf = append(w.buf, '/', '>')
		return
	}
	w.buf = append(w.buf, '<', '/')
	w.buf = append(w.buf, name...)
	w.buf = append(w.buf, '>')
}

// Empty writes an element without content; attrs are name, value, name, value.
func (w *Writer) Empty(space, name string, attrs ...string) {
	w.Start(space, name)
	for i := 0; i+1 < len(attrs); i += 2 {
		w.Attr(attrs[i], attrs[i+1])
	}
	w.End()
}

// Leaf writes an element that holds text only.
func (w *Writer) Leaf(space, name, text string) {
	w.Start(space, name)
	w.Text(text)
	w.End()
}

// Element writes a parsed element with all it holds.
func (w *Writer) Element(e *Element) {
	w.Start(e.Space, e.Name)
	for i := range e.Attrs {
		w.Attr(e.Attrs[i].Name, e.Attrs[i].Value)
	}
	if e.Text != "" {
		w.Text(e.Text)
	}
	for child := e.first; child != nil; child = child.next {
		w.Element(child)
	}
	w.End()
}

func (w *Writer) closeTag() {
	if w.tag {
		w.buf = append(w.buf, '>')
		w.tag = false
	}
}

// plain are the bytes that are written as they are, everywhere.
var plain = func() (ok [256]bool) {
	for c := 0x20; c < utf8.RuneSelf; c++ {
		ok[c] = c != '&' && c != '<' && c != '>' && c != '\''
	}
	return ok
}()

func appendEscaped(buf []byte, s string, attribute bool) []byte {
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if plain[c] {
			i++
			continue
		}
		size, with := 1, ""
		switch {
		case c == '&':
			with = "&amp;"
		case c == '<':
			with = "&lt;"
		case c == '>':
			with = "&gt;"
		case c == '\'' && attribute:
			with = "&apos;"
		case c == '\r':
			with = "&#xD;"
		case attribute && c == '\n':
			with = "&#xA;"
		case attribute && c == '\t':
			with = "&#x9;"
		case c < 0x20 && c != '\n' && c != '\t':
			with = "\uFFFD"
		case c >= utf8.RuneSelf:
			var r rune
			r, size = utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 || !Legal(r) {
				with = "\uFFFD"
			}
		}
		if with != "" {
			buf = append(buf, s[from:i]...)
			buf = append(buf, with...)
			from = i + size
		}
		i += size
	}
	return append(buf, s[from:]...)
}
