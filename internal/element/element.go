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
	Attrs []Attr // without xmlns declarations, in document order
	Text  string // character data directly inside, pieces joined

	first, last, next *Element
}

// Attr is one attribute; Space is "" but for prefixed attributes such as xml:lang.
type Attr struct {
	Space, Name, Value string
}

// Attr returns the value of an unprefixed attribute, "" when it is not there.
func (e *Element) Attr(name string) string {
	value, _ := e.LookupAttr(name)
	return value
}

// LookupAttr returns the value of an unprefixed attribute and whether it is there.
func (e *Element) LookupAttr(name string) (string, bool) {
	if e == nil {
		return "", false
	}
	for i := range e.Attrs {
		if e.Attrs[i].Name == name && e.Attrs[i].Space == "" {
			return e.Attrs[i].Value, true
		}
	}
	return "", false
}

// Children yields the child elements in document order. A nil Element has none.
func (e *Element) Children() iter.Seq[*Element] {
	return func(yield func(*Element) bool) {
		if e == nil {
			return
		}
		for child := e.first; child != nil; child = child.next {
			if !yield(child) {
				return
			}
		}
	}
}

// First returns the first child element, or nil.
func (e *Element) First() *Element {
	if e == nil {
		return nil
	}
	return e.first
}

// Child returns the first child with this namespace and name, or nil. It may be
// called on a nil Element, so look-ups can be chained.
func (e *Element) Child(space, name string) *Element {
	for child := range e.Children() {
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

// String renders the element; for tests and debug logs.
func (e *Element) String() string {
	if e == nil {
		return ""
	}
	var w Writer
	w.Element(e)
	return string(w.Bytes())
}

func (e *Element) add(child *Element) {
	if e.last == nil {
		e.first = child
	} else {
		e.last.next = child
	}
	e.last = child
}

// TrimmedText returns the character data without white space around it.
func (e *Element) TrimmedText() string {
	if e == nil {
		return ""
	}
	return strings.TrimSpace(e.Text)
}
