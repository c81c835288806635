package element

import (
	"errors"
	"fmt"
	"strconv"
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

const (
	xmlSpace   = "http://www.w3.org/XML/1998/namespace"
	slabLength = 48
	attrSlab   = 512
)

type binding struct{ prefix, space string }

type frame struct {
	element  *Element
	raw      string // name as written, to match the end tag
	bindings int    // length of parser.bindings outside this element
}

type parser struct {
	src      string
	pos      int
	lim      Limits
	spent    int
	bindings []binding
	stack    []frame
	slab     []Element
	attrs    []Attr
	raws     []Attr // attributes of the current tag, names as written
}

// Parse reads exactly one element. defaultSpace is the namespace in force outside
// it, as on an XMPP stream. It refuses what RFC 6120 §11.1 forbids, characters that
// XML 1.0 does not know, prefixes that are not declared, and input over the limits.
func Parse(src []byte, defaultSpace string, lim Limits) (*Element, error) {
	if !utf8.Valid(src) {
		return nil, errors.New("xml: not UTF-8")
	}
	p := parser{src: string(src), lim: lim, bindings: make([]binding, 0, 8), stack: make([]frame, 0, 16)}
	p.bindings = append(p.bindings, binding{"", defaultSpace}, binding{"xml", xmlSpace})
	p.attrs = make([]Attr, 0, min(strings.Count(p.src, "="), attrSlab)) // grows if need be; never sized by a stranger
	root, err := p.run()
	if err != nil {
		return nil, fmt.Errorf("xml at byte %d: %w", p.pos, err)
	}
	return root, nil
}

func (p *parser) run() (*Element, error) {
	p.space()
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
	p.space()
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
	raw, err := p.name()
	if err != nil {
		return err
	}
	e := p.node()
	f := frame{element: e, raw: raw, bindings: len(p.bindings)}
	empty, err := p.attributes()
	if err != nil {
		return err
	}
	if e.Space, e.Name, err = p.resolve(raw, true); err != nil {
		return err
	}
	if e.Attrs, err = p.resolveAttrs(); err != nil {
		return err
	}
	if n := len(p.stack); n > 0 {
		p.stack[n-1].element.add(e)
	} else if *root == nil {
		*root = e
	}
	if empty {
		p.bindings = p.bindings[:f.bindings]
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
	p.space()
	if p.pos >= len(p.src) || p.src[p.pos] != '>' {
		return fmt.Errorf("want </%s>", f.raw)
	}
	p.pos++
	p.stack = p.stack[:n-1]
	p.bindings = p.bindings[:f.bindings]
	return nil
}

func (p *parser) space() {
	for p.pos < len(p.src) && isSpace(p.src[p.pos]) {
		p.pos++
	}
}

// nameEnd are the bytes that no name holds; those from 0x80 on are left to the
// servers, which check names strictly.
var nameEnd = func() (end [256]bool) {
	for c := range 0x21 {
		end[c] = true
	}
	for _, c := range ">/=<\"'&!?;,()[]{}|@#$%^*+~`\\\x7f" {
		end[c] = true
	}
	return end
}()

func (p *parser) name() (string, error) {
	begin := p.pos
	for p.pos < len(p.src) && !nameEnd[p.src[p.pos]] {
		p.pos++
	}
	name := p.src[begin:p.pos]
	if name == "" || name[0] == '-' || name[0] == '.' || (name[0] >= '0' && name[0] <= '9') {
		return "", errors.New("want a name")
	}
	if strings.IndexByte(name, 0xEF) >= 0 && !legal(name) {
		return "", errIllegal
	}
	return name, nil
}

// attributes reads up to the end of the tag; xmlns declarations become bindings.
func (p *parser) attributes() (empty bool, err error) {
	p.raws = p.raws[:0]
	for {
		before := p.pos
		p.space()
		if p.pos >= len(p.src) {
			return false, errors.New("input ends inside a tag")
		}
		switch c := p.src[p.pos]; {
		case c == '>':
			p.pos++
			return false, nil
		case c == '/' && strings.HasPrefix(p.src[p.pos:], "/>"):
			p.pos += 2
			return true, nil
		case before == p.pos:
			return false, errors.New("want a space before an attribute")
		}
		if err := p.attribute(); err != nil {
			return false, err
		}
	}
}

func (p *parser) attribute() error {
	if err := p.spend(); err != nil {
		return err
	}
	name, err := p.name()
	if err != nil {
		return err
	}
	p.space()
	if p.pos >= len(p.src) || p.src[p.pos] != '=' {
		return errors.New("want = after an attribute's name")
	}
	p.pos++
	p.space()
	if p.pos >= len(p.src) || (p.src[p.pos] != '"' && p.src[p.pos] != '\'') {
		return errors.New("want a quoted attribute value")
	}
	quote := p.src[p.pos]
	p.pos++
	length := strings.IndexByte(p.src[p.pos:], quote)
	if length < 0 {
		return errors.New("input ends inside an attribute")
	}
	raw := p.src[p.pos : p.pos+length]
	if strings.IndexByte(raw, '<') >= 0 {
		return errors.New("< in an attribute")
	}
	value, err := unescape(raw, true)
	if err != nil {
		return err
	}
	p.pos += length + 1
	switch {
	case name == "xmlns":
		p.bindings = append(p.bindings, binding{"", value})
	case strings.HasPrefix(name, "xmlns:"):
		if value == "" {
			return errors.New("a prefix bound to no namespace")
		}
		p.bindings = append(p.bindings, binding{name[len("xmlns:"):], value})
	default:
		p.raws = append(p.raws, Attr{Name: name, Value: value})
	}
	return nil
}

func (p *parser) resolve(raw string, element bool) (space, name string, err error) {
	colon := strings.IndexByte(raw, ':')
	if colon < 0 {
		if !element {
			return "", raw, nil
		}
		return p.lookup(""), raw, nil
	}
	prefix, name := raw[:colon], raw[colon+1:]
	if prefix == "" || name == "" || strings.IndexByte(name, ':') >= 0 {
		return "", "", fmt.Errorf("bad name %q", raw)
	}
	if space = p.lookup(prefix); space == "" {
		return "", "", fmt.Errorf("prefix %q is not declared", prefix)
	}
	return space, name, nil
}

func (p *parser) lookup(prefix string) string {
	for i := len(p.bindings) - 1; i >= 0; i-- {
		if p.bindings[i].prefix == prefix {
			return p.bindings[i].space
		}
	}
	return ""
}

func (p *parser) resolveAttrs() ([]Attr, error) {
	if len(p.raws) == 0 {
		return nil, nil
	}
	begin := len(p.attrs)
	for _, raw := range p.raws {
		space, name, err := p.resolve(raw.Name, false)
		if err != nil {
			return nil, err
		}
		p.attrs = append(p.attrs, Attr{space, name, raw.Value})
	}
	own := p.attrs[begin:len(p.attrs):len(p.attrs)]
	if len(own) > 16 {
		return own, checkManyAttrs(own)
	}
	for i := range own {
		for j := range own[:i] {
			if own[i].Name == own[j].Name && own[i].Space == own[j].Space {
				return nil, fmt.Errorf("attribute %q twice", own[i].Name)
			}
		}
	}
	return own, nil
}

// checkManyAttrs finds an attribute that is there twice, in linear time.
func checkManyAttrs(attrs []Attr) error {
	seen := make(map[Attr]bool, len(attrs))
	for _, a := range attrs {
		a.Value = ""
		if seen[a] {
			return fmt.Errorf("attribute %q twice", a.Name)
		}
		seen[a] = true
	}
	return nil
}

func (p *parser) text() error {
	if len(p.stack) == 0 {
		return errors.New("text outside an element")
	}
	length := strings.IndexByte(p.src[p.pos:], '<')
	if length < 0 {
		return errors.New("input ends inside an element")
	}
	text, err := unescape(p.src[p.pos:p.pos+length], false)
	if err != nil {
		return err
	}
	p.pos += length
	return p.addText(text)
}

func (p *parser) cdata() error {
	if len(p.stack) == 0 {
		return errors.New("text outside an element")
	}
	p.pos += len("![CDATA[")
	length := strings.Index(p.src[p.pos:], "]]>")
	if length < 0 {
		return errors.New("input ends inside CDATA")
	}
	text := p.src[p.pos : p.pos+length]
	if !legal(text) {
		return errIllegal
	}
	p.pos += length + len("]]>")
	return p.addText(text)
}

// addText joins pieces of text. Pieces are counted as elements: joining ten
// thousand of them would otherwise cost quadratic time.
func (p *parser) addText(text string) error {
	e := p.stack[len(p.stack)-1].element
	if e.Text == "" {
		e.Text = text
		return nil
	}
	if strings.TrimLeft(text, " \t\r\n") == "" && strings.TrimLeft(e.Text, " \t\r\n") == "" {
		return nil // indentation between children
	}
	p.spent += 15
	if err := p.spend(); err != nil {
		return err
	}
	e.Text += text
	return nil
}

var errIllegal = errors.New("a character that XML does not allow")

// unescape resolves the five predefined entities and character references. In
// attributes white space becomes blanks (XML 1.0 §3.3.3), unless it was escaped.
func unescape(s string, attribute bool) (string, error) {
	plain := true
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '&' || c == '\r':
			plain = false
		case c < 0x20:
			if c != '\t' && c != '\n' {
				return "", errIllegal
			}
			plain = plain && !attribute
		case c == 0xEF:
			if !legal(s[i:]) {
				return "", errIllegal
			}
		}
	}
	if plain {
		return s, nil
	}
	return unescapeSlow(s, attribute)
}

func unescapeSlow(s string, attribute bool) (string, error) {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '&':
			semicolon := strings.IndexByte(s[i:min(len(s), i+12)], ';')
			if semicolon < 0 {
				return "", errors.New("& without ;")
			}
			r, err := reference(s[i+1 : i+semicolon])
			if err != nil {
				return "", err
			}
			out = utf8.AppendRune(out, r)
			i += semicolon + 1
			continue
		case attribute && isSpace(c):
			if c == '\r' && i+1 < len(s) && s[i+1] == '\n' {
				i++
			}
			c = ' '
		case c == '\r':
			if i+1 < len(s) && s[i+1] == '\n' {
				i++
			}
			c = '\n'
		}
		out = append(out, c)
		i++
	}
	return string(out), nil
}

func reference(name string) (rune, error) {
	switch name {
	case "lt":
		return '<', nil
	case "gt":
		return '>', nil
	case "amp":
		return '&', nil
	case "quot":
		return '"', nil
	case "apos":
		return '\'', nil
	}
	if !strings.HasPrefix(name, "#") {
		return 0, fmt.Errorf("entity %q is not XML's own", name)
	}
	digits, base := name[1:], 10
	if strings.HasPrefix(digits, "x") {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || n > utf8.MaxRune || !Legal(rune(n)) {
		return 0, errIllegal
	}
	return rune(n), nil
}

// Legal says whether XML 1.0 §2.2 allows the character.
func Legal(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r >= 0x20 && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= 0x10FFFF
}

// LegalText says whether all of s is valid UTF-8 that XML 1.0 allows.
func LegalText(s string) bool { return utf8.ValidString(s) && legal(s) }

func legal(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c < 0x20 && c != '\t' && c != '\n' && c != '\r' {
			return false
		}
		// U+FFFE and U+FFFF are EF BF BE and EF BF BF.
		if c == 0xEF && i+2 < len(s) && s[i+1] == 0xBF && s[i+2] >= 0xBE {
			return false
		}
	}
	return true
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
