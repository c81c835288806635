package element

import (
	"errors"
	"fmt"
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

const (
	xmlSpace   = "http://www.w3.org/XML/1998/namespace"
	slabLength = 48
	attrSlab   = 512

	maxBindings = 200 // prefixes in force at once
)

type binding struct{ prefix, space string }

type frame struct {
	element  *Element
	raw      string // name as written, to match the end tag
	space    string // default namespace outside this element
	bindings int    // length of parser.bindings outside this element
}

type parser struct {
	src      string
	pos      int
	lim      Limits
	spent    int
	space    string    // default namespace in force
	bindings []binding // prefixes in force
	stack    []frame
	slab     []Element
	attrs    []Attr
	equals   int // = signs in src that have no place in attrs yet
}

// Parse reads exactly one element. defaultSpace is the namespace in force outside
// it, as on an XMPP stream. It refuses what RFC 6120 §11.1 forbids, characters that
// XML 1.0 does not know, prefixes that are not declared, and input over the limits. What is
// wrong at one place is a *SyntaxError.
func Parse(src []byte, defaultSpace string, lim Limits) (*Element, error) {
	if !utf8.Valid(src) {
		return nil, errors.New("xml: not UTF-8")
	}
	p := parser{src: string(src), lim: lim, space: defaultSpace, stack: make([]frame, 0, 8)}
	p.slab = make([]Element, 0, min(strings.Count(p.src, "<")/2+1, slabLength))
	p.equals = strings.Count(p.src, "=")
	p.attrRoom(0)
	root, err := p.run()
	if err != nil {
		return nil, &SyntaxError{p.pos, err}
	}
	return root, nil
}

func (p *parser) run() (*Element, error) {
	p.skipSpace()
	var root *Element
	for p.pos < len(p.src) {
		if p.src[p.pos] != '<' {
			if err := p.text(); err != nil {
				return nil, err
			}
			continue
		}
		if strings.HasPrefix(p.src[p.pos:], "</") {
			if err := p.end(); err != nil {
				return nil, err
			}
		} else if err := p.start(&root); err != nil {
			return nil, err
		}
		if len(p.stack) == 0 {
			break
		}
	}
	p.skipSpace()
	if root == nil || len(p.stack) > 0 {
		return nil, errors.New("input ends inside an element")
	}
	if p.pos != len(p.src) {
		return nil, errors.New("more than one element")
	}
	return root, nil
}

func (p *parser) spend() error {
	p.spent++
	if p.lim.Elements > 0 && p.spent > p.lim.Elements {
		return ErrTooMany
	}
	return nil
}

func (p *parser) node() *Element {
	if len(p.slab) == cap(p.slab) {
		p.slab = make([]Element, 0, slabLength)
	}
	p.slab = p.slab[:len(p.slab)+1]
	return &p.slab[len(p.slab)-1]
}

func (p *parser) start(root **Element) error {
	p.pos++
	if strings.HasPrefix(p.src[p.pos:], "![CDATA[") {
		return p.cdata()
	}
	if p.lim.Depth > 0 && len(p.stack) >= p.lim.Depth {
		return ErrTooDeep
	}
	if err := p.spend(); err != nil {
		return err
	}
	raw, colon, err := p.name()
	if err != nil {
		return err
	}
	e := p.node()
	f := frame{element: e, raw: raw, space: p.space, bindings: len(p.bindings)}
	empty, err := p.attributes(e)
	if err != nil {
		return err
	}
	if colon {
		e.Space, e.Name, err = p.resolve(raw)
	} else {
		e.Space, e.Name = p.space, raw
	}
	if err != nil {
		return err
	}
	if n := len(p.stack); n > 0 {
		p.stack[n-1].element.add(e)
	} else if *root == nil {
		*root = e
	}
	if empty {
		p.space, p.bindings = f.space, p.bindings[:f.bindings]
		return nil
	}
	p.stack = append(p.stack, f)
	return nil
}

func (p *parser) end() error {
	p.pos += 2
	n := len(p.stack)
	if n == 0 {
		return errors.New("end tag outside an element")
	}
	f := p.stack[n-1]
	if !strings.HasPrefix(p.src[p.pos:], f.raw) {
		return fmt.Errorf("want </%s>", f.raw)
	}
	p.pos += len(f.raw)
	p.skipSpace()
	if p.pos >= len(p.src) || p.src[p.pos] != '>' {
		return fmt.Errorf("want </%s>", f.raw)
	}
	p.pos++
	p.stack = p.stack[:n-1]
	p.space, p.bindings = f.space, p.bindings[:f.bindings]
	return nil
}

func (p *parser) skipSpace() {
	for p.pos < len(p.src) && isSpace(p.src[p.pos]) {
		p.pos++
	}
}
