package element

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

// Limits bound what Parse will build. Zero fields mean no limit.
type Limits struct {
	Depth    int // elements inside each other, the outermost counts 1
	Elements int // elements and attributes together
}

// Errors of Parse that callers compare with.
var (
	ErrTooDeep = errors.New("xml: elements nested too deeply")
	ErrTooMany = errors.New("xml: too many elements and attributes")
)

// SyntaxError is what is wrong with XML, and where.
type SyntaxError struct {
	Offset int // bytes before it
	Err    error
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("xml at byte %d: %v", e.Offset, e.Err) }

// Unwrap gives what is wrong without the place.
func (e *SyntaxError) Unwrap() error { return e.Err }

// maxText keeps the places in a text, and behind it, within 31 bits.
const maxText = math.MaxInt32 / 4

// A parser's methods take the place where they begin to read, and return the one where
// they ended or stumbled.
type parser struct {
	src      string
	depth    int       // how much deeper elements may be
	left     int       // how many more elements and attributes may come
	bindings []binding // prefixes in force
	xml      span      // where the namespace of the prefix xml stands, once it was met

	// What becomes the document.
	nodes  []node
	attrs  []attr
	behind []byte // what goes behind src
}

// Parse reads exactly one element. defaultSpace is the namespace in force outside
// it, as on an XMPP stream. It refuses what RFC 6120 §11.1 forbids, characters that
// XML 1.0 does not know, prefixes that are not declared, and input over the limits. What is
// wrong at one place is a *SyntaxError.
func Parse(src []byte, defaultSpace string, lim Limits) (Element, error) {
	switch {
	case !utf8.Valid(src):
		return Element{}, errors.New("xml: not UTF-8")
	case len(src) > maxText:
		return Element{}, errors.New("xml: too long")
	}
	p := parser{src: string(src), depth: lim.Depth, left: lim.Elements}
	if lim.Depth == 0 {
		p.depth = math.MaxInt
	}
	if lim.Elements == 0 {
		p.left = math.MaxInt
	}
	doc := p.room()
	if at, err := p.document(); err != nil {
		return Element{}, &SyntaxError{at, err}
	}
	*doc = document{p.src, defaultSpace, p.nodes, p.attrs}
	if len(p.behind) > 0 {
		doc.text += string(p.behind)
	}
	return doc.element(0, 1), nil
}

// document reads the outermost element with all that is in it.
func (p *parser) document() (i int, err error) {
	i = p.skipSpace(0)
	if !p.at(i, '<') {
		return i, errors.New("want an element")
	}
	if i, err = p.element(i, outside); err != nil {
		return i, err
	}
	if i = p.skipSpace(i); i < len(p.src) {
		return i, errors.New("more than one element")
	}
	return i, nil
}

func (p *parser) spend(n int) error {
	if p.left -= n; p.left < 0 {
		return ErrTooMany
	}
	return nil
}

// element reads an element from its < on. space is the default namespace around it.
func (p *parser) element(i int, space span) (end int, err error) {
	if p.depth == 0 {
		return i, ErrTooDeep
	}
	if err = p.spend(1); err != nil {
		return i, err
	}
	end, colon, err := p.name(i + 1)
	if err != nil {
		return end, err
	}
	raw, bound, attrs := p.src[i+1:end], len(p.bindings), len(p.attrs)
	n := node{name: spanOf(i+1, end)}
	end, space, empty, err := p.attributes(end, space)
	if err != nil {
		return end, err
	}
	n.attrs, n.space = spanOf(attrs, len(p.attrs)), space
	if colon {
		to, name, err := p.resolve(raw)
		if err != nil {
			return i, err
		}
		n.name.begin, n.space = n.name.end-int32(len(name)), to.at
	}
	at := len(p.nodes)
	p.addNode(n, i)
	if !empty {
		p.depth--
		end, err = p.content(at, end, raw, space)
		p.depth++
	}
	p.nodes[at].end = int32(len(p.nodes))
	p.bindings = p.bindings[:bound]
	return end, err
}

// content reads what is inside a node, and its end tag with the name as it was written.
func (p *parser) content(at, i int, raw string, space span) (end int, err error) {
	var t text
	for i < len(p.src) {
		switch {
		case p.src[i] != '<':
			i, err = p.text(&t, i)
		case p.at(i+1, '/'):
			p.nodes[at].text = p.spanOfText(&t)
			return p.end(i+2, raw)
		case p.at(i+1, '!'):
			i, err = p.cdata(&t, i+2)
		default:
			i, err = p.element(i, space)
		}
		if err != nil {
			return i, err
		}
	}
	return i, errors.New("input ends inside an element")
}

// end reads an end tag from its name on.
func (p *parser) end(i int, raw string) (int, error) {
	if strings.HasPrefix(p.src[i:], raw) {
		if end := p.skipSpace(i + len(raw)); p.at(end, '>') {
			return end + 1, nil
		}
	}
	return i, fmt.Errorf("want the end of %.80q", raw)
}

// at says whether the byte at i is c.
func (p *parser) at(i int, c byte) bool { return i < len(p.src) && p.src[i] == c }

func (p *parser) skipSpace(i int) int {
	for i < len(p.src) && isSpace(p.src[i]) {
		i++
	}
	return i
}
