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

// A parser's methods take the place where they begin to read, and return the one where
// they ended or stumbled.
type parser struct {
	src      string
	depth    int       // how much deeper elements may be
	left     int       // how many more elements and attributes may come
	bindings []binding // prefixes in force
	room     room
}

// Parse reads exactly one element. defaultSpace is the namespace in force outside
// it, as on an XMPP stream. It refuses what RFC 6120 §11.1 forbids, characters that
// XML 1.0 does not know, prefixes that are not declared, and input over the limits. What is
// wrong at one place is a *SyntaxError.
func Parse(src []byte, defaultSpace string, lim Limits) (*Element, error) {
	if !utf8.Valid(src) {
		return nil, errors.New("xml: not UTF-8")
	}
	p := parser{src: string(src), depth: lim.Depth, left: lim.Elements}
	if lim.Depth == 0 {
		p.depth = math.MaxInt
	}
	if lim.Elements == 0 {
		p.left = math.MaxInt
	}
	p.room = roomFor(p.src)
	root, at, err := p.document(defaultSpace)
	if err != nil {
		return nil, &SyntaxError{at, err}
	}
	return root, nil
}

// document reads the outermost element with all that is in it.
func (p *parser) document(space string) (root *Element, i int, err error) {
	i = p.skipSpace(0)
	if !p.at(i, '<') {
		return nil, i, errors.New("want an element")
	}
	if root, i, err = p.element(i, space); err != nil {
		return nil, i, err
	}
	if i = p.skipSpace(i); i < len(p.src) {
		return nil, i, errors.New("more than one element")
	}
	return root, i, nil
}

func (p *parser) spend(n int) error {
	if p.left -= n; p.left < 0 {
		return ErrTooMany
	}
	return nil
}

// element reads an element from its < on. space is the default namespace around it.
func (p *parser) element(i int, space string) (e *Element, end int, err error) {
	if p.depth == 0 {
		return nil, i, ErrTooDeep
	}
	if err = p.spend(1); err != nil {
		return nil, i, err
	}
	end, colon, err := p.name(i + 1)
	if err != nil {
		return nil, end, err
	}
	raw, outside := p.src[i+1:end], len(p.bindings)
	e = p.room.element()
	e.Space, e.Name, e.offset = space, raw, int32(i)
	end, empty, err := p.attributes(e, end)
	if err != nil {
		return nil, end, err
	}
	space = e.Space
	if colon {
		if e.Space, e.Name, err = p.resolve(raw); err != nil {
			return nil, i, err
		}
	}
	if !empty {
		p.depth--
		end, err = p.content(e, end, raw, space)
		p.depth++
	}
	p.bindings = p.bindings[:outside]
	return e, end, err
}

// content reads what is inside e, and its end tag with the name as it was written.
func (p *parser) content(e *Element, i int, raw, space string) (end int, err error) {
	var last, child *Element
	for i < len(p.src) {
		switch {
		case p.src[i] != '<':
			i, err = p.text(e, i)
		case p.at(i+1, '/'):
			return p.end(i+2, raw)
		case p.at(i+1, '!'):
			i, err = p.cdata(e, i+2)
		default:
			child, i, err = p.element(i, space)
			if last == nil {
				e.first = child
			} else {
				last.next = child
			}
			last = child
		}
		if err != nil {
			return i, err
		}
	}
	return i, errors.New("input ends inside an element")
}

// end reads an end tag from its name on.
func (p *parser) end(i int, raw string) (int, error) {
	p.room.tags--
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
