package element

import "strings"

// document is one parsed stanza. Its two long tables hold places in the text and no
// pointers: they are half as long, and the garbage collector neither searches them nor is
// told when they are written.
type document struct {
	text    string // what was parsed, and behind it what stands there otherwise
	outside string // the namespace in force around it
	nodes   []node // in document order: an element, then all that is in it
	attrs   []attr // in document order
}

// node is one element.
type node struct {
	space, name, text span
	attrs             span  // which of all attributes
	end               int32 // the number of the first node that is not inside
}

// attr is one attribute.
type attr struct{ name, value span }

// span is a part of the text: from begin up to end.
type span struct{ begin, end int32 }

// outside, as a namespace, is the document's.
var outside = span{-1, -1}

func spanOf(begin, end int) span { return span{int32(begin), int32(end)} }

// of cuts the part out of a text.
func (s span) of(text string) string { return text[s.begin:s.end] }

// small is a document with room of its own, in which most stanzas find place: presence,
// a message, a candidate.
type small struct {
	document
	firstNodes [8]node
	firstAttrs [28]attr
}

// Other room for nodes and attributes is made for as many as the signs to come can mean,
// but at first for no more than these, and later for no more than three times as many as
// there are. A stranger's / and = may mean nothing.
const (
	nodesAtOnce = 512  // 18 kB
	attrsAtOnce = 1024 // 16 kB
)

// room is a document yet to be filled, with room for what is likely to be in it.
func (p *parser) room() *document {
	slashes, equals := strings.Count(p.src, "/"), strings.Count(p.src, "=")
	if slashes <= len(small{}.firstNodes) && equals <= len(small{}.firstAttrs) {
		s := new(small)
		p.nodes, p.attrs = s.firstNodes[:0], s.firstAttrs[:0]
		return &s.document
	}
	// In long stanzas a sixth is something else: the = of an xmlns, the / in a URI.
	p.nodes = make([]node, 0, min(slashes-slashes/6, nodesAtOnce))
	p.attrs = make([]attr, 0, min(equals-equals/6, attrsAtOnce))
	return new(document)
}

// addNode adds an element whose < is at i. Each has one / behind that.
func (p *parser) addNode(n node, i int) {
	if len(p.nodes) == cap(p.nodes) {
		p.nodes = grow(p.nodes, strings.Count(p.src[i:], "/"))
	}
	p.nodes = append(p.nodes, n)
}

// addAttr adds an attribute that begins at i. Each has one = behind that.
func (p *parser) addAttr(a attr, i int) {
	if len(p.attrs) == cap(p.attrs) {
		p.attrs = grow(p.attrs, strings.Count(p.src[i:], "="))
	}
	p.attrs = append(p.attrs, a)
}

// grow makes room for one more at least, and for as many as so many signs can mean.
func grow[T any](table []T, signs int) []T {
	more := max(1, min(signs, 3*len(table)))
	return append(make([]T, 0, len(table)+more), table...)
}

// keep puts behind the text what does not stand in it as it is meant.
func (p *parser) keep(s string) span {
	begin := len(p.src) + len(p.behind)
	p.behind = append(p.behind, s...)
	return spanOf(begin, begin+len(s))
}
