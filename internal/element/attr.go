package element

import (
	"errors"
	"fmt"
	"strings"
)

// What a byte means in a name; those from 0x80 on are left to the servers, which
// check names strictly.
const (
	nameByte = iota
	nameEnd
	nameColon
	nameOdd // may begin a character that XML does not allow
)

var nameClass = func() (class [256]uint8) {
	for c := range 0x21 {
		class[c] = nameEnd
	}
	for _, c := range ">/=<\"'&!?;,()[]{}|@#$%^*+~`\\\x7f" {
		class[c] = nameEnd
	}
	class[':'], class[0xEF] = nameColon, nameOdd
	return class
}()

func (p *parser) name() (name string, colon bool, err error) {
	begin, odd := p.pos, false
	i := begin
loop:
	for ; i < len(p.src); i++ {
		switch nameClass[p.src[i]] {
		case nameEnd:
			break loop
		case nameColon:
			colon = true
		case nameOdd:
			odd = true
		}
	}
	p.pos = i
	name = p.src[begin:i]
	if name == "" || name[0] == '-' || name[0] == '.' || (name[0] >= '0' && name[0] <= '9') {
		return "", false, errors.New("want a name")
	}
	if odd && !legal(name) {
		return "", false, errIllegal
	}
	return name, colon, nil
}

// attributes reads up to the end of the tag; xmlns declarations become bindings.
func (p *parser) attributes(e *Element) (empty bool, err error) {
	begin, prefixed := len(p.attrs), false
	for {
		before := p.pos
		p.skipSpace()
		if p.pos >= len(p.src) {
			return false, errors.New("input ends inside a tag")
		}
		c := p.src[p.pos]
		if c == '>' || c == '/' && strings.HasPrefix(p.src[p.pos:], "/>") {
			p.pos++
			if c == '/' {
				p.pos++
			}
			e.Attrs = p.attrs[begin:len(p.attrs):len(p.attrs)]
			return c == '/', p.checkAttrs(e, prefixed)
		}
		if before == p.pos {
			return false, errors.New("want a space before an attribute")
		}
		name, colon, value, err := p.attribute()
		if err != nil {
			return false, err
		}
		if colon || name == "xmlns" {
			if declares, err := p.declare(name, value); err != nil {
				return false, err
			} else if declares {
				continue
			}
			prefixed = true
		}
		if len(p.attrs) == cap(p.attrs) {
			begin = p.attrRoom(begin)
		}
		p.attrs = append(p.attrs, Attr{Name: name, Value: value})
	}
}

// attrRoom makes room for more attributes, and takes those of the current tag along,
// which begin at begin. Room is made by the = signs there are, never by a stranger's word.
func (p *parser) attrRoom(begin int) int {
	current := p.attrs[begin:]
	room := min(max(p.equals, 1), attrSlab)
	p.equals -= room
	p.attrs = make([]Attr, len(current), len(current)+room)
	copy(p.attrs, current)
	return 0
}

// declare takes an attribute that declares a namespace; false for others.
func (p *parser) declare(name, value string) (bool, error) {
	if name == "xmlns" {
		p.space = value
		return true, nil
	}
	prefix, found := strings.CutPrefix(name, "xmlns:")
	if !found {
		return false, nil
	}
	if value == "" {
		return false, errors.New("a prefix bound to no namespace")
	}
	if len(p.bindings) == maxBindings {
		return false, ErrTooMany // each look-up goes through them
	}
	p.bindings = append(p.bindings, binding{prefix, value})
	return true, nil
}

// attribute reads name = value.
func (p *parser) attribute() (name string, colon bool, value string, err error) {
	if err = p.spend(); err != nil {
		return
	}
	if name, colon, err = p.name(); err != nil {
		return
	}
	if p.pos < len(p.src) && p.src[p.pos] != '=' {
		p.skipSpace()
	}
	if p.pos >= len(p.src) || p.src[p.pos] != '=' {
		return "", false, "", errors.New("want = after an attribute's name")
	}
	p.pos++
	p.skipSpace()
	if p.pos >= len(p.src) || (p.src[p.pos] != '"' && p.src[p.pos] != '\'') {
		return "", false, "", errors.New("want a quoted attribute value")
	}
	p.pos++
	value, err = p.value(p.src[p.pos-1])
	return
}

// valueStop are the bytes of a value that end it or need a closer look.
var valueStop = func() (stop [256]bool) {
	for c := range 0x20 {
		stop[c] = true
	}
	for _, c := range []byte{'"', '\'', '<', '&', 0xEF} {
		stop[c] = true
	}
	return stop
}()

// value reads up to the closing quote and beyond. Most values need one look per byte.
func (p *parser) value(quote byte) (string, error) {
	src := p.src[p.pos:]
	for i := 0; i < len(src); i++ {
		c := src[i]
		if !valueStop[c] {
			continue
		}
		if c == quote {
			p.pos += i + 1
			return src[:i], nil
		}
		if c == '"' || c == '\'' {
			continue
		}
		length := strings.IndexByte(src, quote)
		if length < 0 {
			break
		}
		if strings.IndexByte(src[:length], '<') >= 0 {
			return "", errors.New("< in an attribute")
		}
		value, err := unescape(src[:length], true)
		if err == nil {
			p.pos += length + 1
		}
		return value, err
	}
	return "", errors.New("input ends inside an attribute")
}

// resolve finds the namespace of a name with a prefix.
func (p *parser) resolve(raw string) (space, name string, err error) {
	prefix, name, _ := strings.Cut(raw, ":")
	if prefix == "" || name == "" || strings.IndexByte(name, ':') >= 0 {
		return "", "", fmt.Errorf("bad name %q", raw)
	}
	for i := len(p.bindings) - 1; i >= 0; i-- {
		if p.bindings[i].prefix == prefix {
			return p.bindings[i].space, name, nil
		}
	}
	if prefix == "xml" {
		return xmlSpace, name, nil
	}
	return "", "", fmt.Errorf("prefix %q is not declared", prefix)
}

// checkAttrs resolves the prefixes of an element's attributes, and refuses an
// attribute that is there twice.
func (p *parser) checkAttrs(e *Element, prefixed bool) (err error) {
	own := e.Attrs
	if len(own) == 0 {
		e.Attrs = nil
	}
	for i := range own {
		if prefixed && strings.IndexByte(own[i].Name, ':') >= 0 {
			if own[i].Space, own[i].Name, err = p.resolve(own[i].Name); err != nil {
				return err
			}
		}
	}
	if len(own) > 16 {
		return checkManyAttrs(own)
	}
	for i := range own {
		for j := range own[:i] {
			if own[i].Name == own[j].Name && own[i].Space == own[j].Space {
				return fmt.Errorf("attribute %q twice", own[i].Name)
			}
		}
	}
	return nil
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
