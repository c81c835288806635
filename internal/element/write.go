package element

import (
	"slices"
	"strconv"
)

// Writer renders elements into a byte slice. Names of elements, attributes and
// namespaces come from our own code; only values may be foreign. Values are escaped,
// and characters that XML 1.0 does not know become U+FFFD, so that what it renders is
// always one well-formed element. The zero value is ready to use.
type Writer struct {
	buf   []byte
	tag   bool // a start tag waits for its ">"
	depth int
	outer [8]openTag // the outermost open elements: few stanzas are deeper
	inner []openTag  // the others
}

type openTag struct{ space, name string }

// Reset empties the writer and makes it append to buf.
func (w *Writer) Reset(buf []byte) { w.buf, w.tag, w.depth, w.inner = buf, false, 0, w.inner[:0] }

// Bytes returns what was written; valid until the next call of Reset.
func (w *Writer) Bytes() []byte { return w.buf }

// Len returns the number of bytes written so far.
func (w *Writer) Len() int { return len(w.buf) }

// Grow makes room for n more bytes.
func (w *Writer) Grow(n int) { w.buf = slices.Grow(w.buf, n) }

// Start opens an element. xmlns is written when space differs from the parent's;
// an outermost element writes it unless space is "".
func (w *Writer) Start(space, name string) {
	parent := ""
	if w.depth > 0 {
		parent = w.top().space
	}
	buf := w.buf
	if w.tag {
		buf = append(buf, '>')
	}
	buf = append(buf, '<')
	w.buf, w.tag = append(buf, name...), true
	w.push(openTag{space, name})
	if space != parent {
		w.Attr("xmlns", space)
	}
}

func (w *Writer) push(t openTag) {
	if w.depth < len(w.outer) {
		w.outer[w.depth] = t
	} else {
		w.inner = append(w.inner, t)
	}
	w.depth++
}

// top is the innermost open element.
func (w *Writer) top() *openTag {
	if n := len(w.inner); n > 0 {
		return &w.inner[n-1]
	}
	return &w.outer[w.depth-1]
}

func (w *Writer) pop() {
	if n := len(w.inner); n > 0 {
		w.inner = w.inner[:n-1]
	}
	w.depth--
}

// Attr adds an attribute to the element just started.
func (w *Writer) Attr(name, value string) {
	buf := append(w.buf, ' ')
	buf = append(buf, name...)
	buf = append(buf, '=', '\'')
	if isPlain(value) {
		buf = append(buf, value...)
	} else {
		buf = appendEscaped(buf, value, true)
	}
	w.buf = append(buf, '\'')
}

// AttrIf adds an attribute unless its value is empty.
func (w *Writer) AttrIf(name, value string) {
	if value != "" {
		w.Attr(name, value)
	}
}

// AttrUint adds an attribute with a number.
func (w *Writer) AttrUint(name string, value uint64) {
	buf := append(w.buf, ' ')
	buf = append(buf, name...)
	buf = append(buf, '=', '\'')
	buf = strconv.AppendUint(buf, value, 10)
	w.buf = append(buf, '\'')
}

// Text adds character data to the element that is open.
func (w *Writer) Text(s string) {
	w.closeTag()
	if isPlain(s) {
		w.buf = append(w.buf, s...)
	} else {
		w.buf = appendEscaped(w.buf, s, false)
	}
}

// End closes the innermost open element.
func (w *Writer) End() {
	name := w.top().name
	w.pop()
	if w.tag {
		w.tag = false
		w.buf = append(w.buf, '/', '>')
		return
	}
	buf := append(w.buf, '<', '/')
	buf = append(buf, name...)
	w.buf = append(buf, '>')
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

// Element writes a parsed element with all it holds, or nothing where there is none.
func (w *Writer) Element(e Element) {
	if !e.Exists() {
		return
	}
	w.Start(e.Space(), e.Name())
	text := e.doc.text
	for _, a := range e.attrs() {
		w.Attr(a.name.of(text), a.value.of(text))
	}
	if inside := e.Text(); inside != "" {
		w.Text(inside)
	}
	for child := e.First(); child.Exists(); child = child.Next() {
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
