// Package element is a small, bounded XML element tree: parse, query, write.
// It knows XML 1.0 with namespaces as RFC 6120 §11 restricts it (no comments,
// processing instructions, document types or entities of one's own) and nothing
// of XMPP.
package element

import (
	"iter"
	"strings"
)

// Element is one XML element with its resolved namespace. Elements are read-only
// once parsed and share the memory of the stanza they came from: clone a string
// that is to be kept.
type Element struct {
	Space string // namespace URI, "" for none
	Name  string // local name
	Text  string // character data directly inside, pieces joined
	Attrs []Attr // in document order

	first, next *Element
	offset      int32
	blank       bool // Text is white space
}

// Attr is one attribute: an unprefixed one, or one of XML's own, such as xml:lang.
// Those of other namespaces say nothing to us; Parse checks them and leaves them out.
type Attr struct {
	Name, Value string
}

// Attr returns the value of an attribute, "" when it is not there.
func (e *Element) Attr(name string) string {
	value, _ := e.LookupAttr(name)
	return value
}

// LookupAttr returns the value of an attribute and whether it is there.
func (e *Element) LookupAttr(name string) (string, bool) {
	if e == nil {
		return "", false
	}
	for i := range e.Attrs {
		if a := &e.Attrs[i]; a.Name == name {
			return a.Value, true
		}
	}
	return "", false
}

// Children yields the child elements in document order. A nil Element has none.
func (e *Element) Children() iter.Seq[*Element] {
	return func(yield func(*Element) bool) {
		for child := e.First(); child != nil; child = child.next {
			if !yield(child) {
				return
			}
		}
	}
}

// First returns the first child element, or nil. With Next it makes the cheapest loop:
//
//	for child := e.First(); child != nil; child = child.Next() {
func (e *Element) First() *Element {
	if e == nil {
		return nil
	}
	return e.first
}

// Next returns the element after this one in the same parent, or nil.
func (e *Element) Next() *Element { return e.next }

// Child returns the first child with this namespace and name, or nil. It may be
// called on a nil Element, so look-ups can be chained.
func (e *Element) Child(space, name string) *Element {
	for child := e.First(); child != nil; child = child.next {
		if child.Name == name && child.Space == space {
			return child
		}
	}
	return nil
}

// Is says whether the element has this namespace and name; a nil one has not.
func (e *Element) Is(space, name string) bool {
	return e != nil && e.Name == name && e.Space == space
}

// Offset is where the element begins in what was parsed: the number of bytes before
// its "<".
func (e *Element) Offset() int { return int(e.offset) }

// String renders the element; for tests and debug logs.
func (e *Element) String() string {
	if e == nil {
		return ""
	}
	var w Writer
	w.Element(e)
	return string(w.Bytes())
}

// TrimmedText returns the character data without white space around it.
func (e *Element) TrimmedText() string {
	if e == nil {
		return ""
	}
	return strings.TrimSpace(e.Text)
}
