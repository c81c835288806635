package element

import "strings"

// Elements and attributes are made many at a time: as many as can still come by the signs
// in the input, but never more than these. A stranger's < and = may mean nothing.
const (
	elementsAtOnce = 256 // 24 kB
	attrsAtOnce    = 512 // 16 kB
)

// room is where a tree's elements and attributes lie.
type room struct {
	elements []Element
	attrs    []Attr
	tags     int // signs < still to come: each element has one or two
	slashes  int // signs / not yet accounted for: each element has one
	equals   int // signs = still to come: each attribute has one
}

func roomFor(src string) room {
	return room{tags: strings.Count(src, "<"), slashes: strings.Count(src, "/"), equals: strings.Count(src, "=")}
}

// likely is how many of n signs are what they seem: in long stanzas a sixth of the tags
// or more are end tags, and a fifth of the = signs declare namespaces.
func likely(n int) int {
	if n > 64 {
		n -= n / 6
	}
	return n
}

// element is a new one.
func (r *room) element() *Element {
	n := len(r.elements)
	if n == cap(r.elements) {
		n, r.elements = 0, make([]Element, 0, max(1, min(likely(min(r.tags, r.slashes)), elementsAtOnce)))
	}
	r.tags--
	r.slashes--
	r.elements = r.elements[:n+1]
	return &r.elements[n]
}

// add puts an attribute behind those of the same tag, of which the first is at begin. It
// may move them all, and returns where they begin now.
func (r *room) add(begin int, a Attr) int {
	if len(r.attrs) == cap(r.attrs) {
		begin = r.grow(begin)
	}
	r.attrs = append(r.attrs, a)
	return begin
}

// grow makes place for more attributes, and takes along those of the tag that is read.
func (r *room) grow(begin int) int {
	tag := r.attrs[begin:]
	more := min(likely(r.equals+1), max(len(tag), attrsAtOnce))
	r.attrs = make([]Attr, len(tag), len(tag)+more)
	copy(r.attrs, tag)
	return 0
}

// since are the attributes from begin on, nil if there are none.
func (r *room) since(begin int) []Attr {
	if begin == len(r.attrs) {
		return nil
	}
	return r.attrs[begin:len(r.attrs):len(r.attrs)]
}
