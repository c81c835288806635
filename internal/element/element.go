// Package element is a small, bounded XML element tree: parse, query, write.
// It knows XML 1.0 with namespaces as RFC 6120 §11 restricts it (no comments,
// processing instructions, document types or entities of one's own) and nothing
// of XMPP.
package element

import (
	"iter"
	"strings"
)

// Element is one XML element with its resolved namespace: a small value that points
// into what was parsed. Elements are read-only and share the memory of the stanza they
// came from: clone a string that is to be kept.
//
// The zero Element is one that is not there. All its methods may be called, so look-ups
// can be chained.
type Element struct {
	doc   *document
	at    int32 // its number
	limit int32 // the number of the first node that is not inside its parent
}

// Exists says whether the element is there.
func (e Element) Exists() bool { return e.doc != nil }

// Space returns the namespace URI, "" for none.
func (e Element) Space() string {
	if e.doc == nil {
		return ""
	}
	space := e.doc.nodes[e.at].space
	if space == outside {
		return e.doc.outside
	}
	return space.of(e.doc.text)
}

// Name returns the local name.
func (e Element) Name() string {
	if e.doc == nil {
		return ""
	}
	return e.doc.nodes[e.at].name.of(e.doc.text)
}

// Text returns the character data directly inside, its pieces joined.
func (e Element) Text() string {
	if e.doc == nil {
		return ""
	}
	return e.doc.nodes[e.at].text.of(e.doc.text)
}

// TrimmedText returns the character data without white space around it.
func (e Element) TrimmedText() string { return strings.TrimSpace(e.Text()) }

// Is says whether the element has this namespace and name.
func (e Element) Is(space, name string) bool {
	return e.doc != nil && e.Name() == name && e.Space() == space
}

// Attr returns the value of an attribute, "" when it is not there.
func (e Element) Attr(name string) string {
	value, _ := e.LookupAttr(name)
	return value
}

// LookupAttr returns the value of an attribute and whether it is there.
func (e Element) LookupAttr(name string) (string, bool) {
	for _, a := range e.attrs() {
		if a.name.of(e.doc.text) == name {
			return a.value.of(e.doc.text), true
		}
	}
	return "", false
}

// Attrs yields the attributes, name and value, in document order: the unprefixed ones
// and XML's own, such as xml:lang. Those of other namespaces say nothing to us; Parse
// checks them and leaves them out.
func (e Element) Attrs() iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		for _, a := range e.attrs() {
			if !yield(a.name.of(e.doc.text), a.value.of(e.doc.text)) {
				return
			}
		}
	}
}

func (e Element) attrs() []attr {
	if e.doc == nil {
		return nil
	}
	in := e.doc.nodes[e.at].attrs
	return e.doc.attrs[in.begin:in.end]
}

// Children yields the child elements in document order.
func (e Element) Children() iter.Seq[Element] {
	return func(yield func(Element) bool) {
		for child := e.First(); child.Exists(); child = child.Next() {
			if !yield(child) {
				return
			}
		}
	}
}

// First returns the first child element, if any. With Next it makes the cheapest loop:
//
//	for child := e.First(); child.Exists(); child = child.Next() {
func (e Element) First() Element {
	if e.doc == nil {
		return e
	}
	return e.doc.element(e.at+1, e.doc.nodes[e.at].end)
}

// Next returns the element after this one in the same parent, if any.
func (e Element) Next() Element {
	if e.doc == nil {
		return e
	}
	return e.doc.element(e.doc.nodes[e.at].end, e.limit)
}

// element is the one with a number, unless that has reached the limit.
func (d *document) element(at, limit int32) Element {
	if at >= limit {
		return Element{}
	}
	return Element{d, at, limit}
}

// Child returns the first child with this namespace and name, if any.
func (e Element) Child(space, name string) Element {
	for child := e.First(); child.Exists(); child = child.Next() {
		if child.Is(space, name) {
			return child
		}
	}
	return Element{}
}

// Offset is where the element begins in what was parsed: the number of bytes before
// its "<".
func (e Element) Offset() int {
	if e.doc == nil {
		return 0
	}
	return strings.LastIndexByte(e.doc.text[:e.doc.nodes[e.at].name.begin], '<')
}

// String renders the element; for tests and debug logs.
func (e Element) String() string {
	if e.doc == nil {
		return ""
	}
	var w Writer
	w.Element(e)
	return string(w.Bytes())
}
