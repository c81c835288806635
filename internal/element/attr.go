package element

import (
	"errors"
	"fmt"
	"strings"
)

const fewAttrs = 16 // so few are compared with each other

// attributes reads up to the end of the tag and fills e; xmlns declarations become
// bindings.
func (p *parser) attributes(e *Element, i int) (end int, empty bool, err error) {
	begin, prefixed, spaced, seen := len(p.room.attrs), false, false, uint64(0)
	for {
		before := i
		i = p.skipSpace(i)
		if p.at(i, '>') || p.at(i, '/') && p.at(i+1, '>') {
			break
		}
		if i == before && i < len(p.src) {
			return i, false, errors.New("want a space before an attribute")
		}
		if err = p.spend(1); err != nil {
			return i, false, err
		}
		p.room.equals--
		name, value, end := plainAttr(p.src, i)
		if end == 0 {
			if name, value, end, err = p.oddAttr(i); err != nil {
				return end, false, err
			}
			if strings.IndexByte(name, ':') >= 0 {
				declares, err := p.declare(name, value)
				if err != nil {
					return i, false, err
				}
				if declares {
					i = end
					continue
				}
				prefixed = true
			}
		}
		if name == "xmlns" {
			if spaced {
				return i, false, errTwice(name)
			}
			i, e.Space, spaced = end, value, true
			continue
		}
		bit := nameBit(name)
		if seen&bit != 0 && len(p.room.attrs)-begin <= fewAttrs && has(p.room.attrs[begin:], name) {
			return i, false, errTwice(name)
		}
		i, seen = end, seen|bit
		begin = p.room.add(begin, Attr{name, value})
	}
	e.Attrs = p.room.since(begin)
	if p.src[i] == '/' {
		return i + 2, true, p.check(e, prefixed)
	}
	return i + 1, false, p.check(e, prefixed)
}

// plainAttr reads what most attributes are: a name, =, and a value in quotes that stands
// for itself. For others end is 0.
func plainAttr(src string, i int) (name, value string, end int) {
	begin := i
	for i < len(src) && plainName[src[i]] {
		i++
	}
	if i == begin || src[begin] <= '9' || i+2 >= len(src) || src[i] != '=' {
		return "", "", 0
	}
	name = src[begin:i]
	quote := src[i+1]
	if quote != '\'' && quote != '"' {
		return "", "", 0
	}
	begin = i + 2
	if i = special(src, begin); i == len(src) || src[i] != quote {
		return "", "", 0
	}
	return name, src[begin:i], i + 1
}

// oddAttr reads any attribute.
func (p *parser) oddAttr(i int) (name, value string, end int, err error) {
	if i == len(p.src) {
		return "", "", i, errors.New("input ends inside a tag")
	}
	end, _, err = p.name(i)
	if err != nil {
		return "", "", end, err
	}
	name = p.src[i:end]
	if i = p.skipSpace(end); !p.at(i, '=') {
		return "", "", i, errors.New("want = after an attribute's name")
	}
	if i = p.skipSpace(i + 1); !p.at(i, '"') && !p.at(i, '\'') {
		return "", "", i, errors.New("want a quoted attribute value")
	}
	value, _, found := strings.Cut(p.src[i+1:], p.src[i:i+1])
	if !found {
		return "", "", i, errors.New("input ends inside an attribute")
	}
	if strings.IndexByte(value, '<') >= 0 {
		return "", "", i, errors.New("< in an attribute")
	}
	end = i + len(value) + 2
	value, err = unescape(value, true)
	return name, value, end, err
}

// check refuses an attribute that is there twice, where that was not done yet, and
// resolves prefixes.
func (p *parser) check(e *Element, prefixed bool) error {
	if prefixed {
		return p.resolveAttrs(e)
	}
	if len(e.Attrs) <= fewAttrs {
		return nil
	}
	seen := make(map[string]bool, len(e.Attrs))
	for i := range e.Attrs {
		name := e.Attrs[i].Name
		if seen[name] {
			return errTwice(name)
		}
		seen[name] = true
	}
	return nil
}

func errTwice(name string) error { return fmt.Errorf("attribute %.80q twice", name) }

// nameBit is one of 64 bits. Two names with the same may be the same name.
func nameBit(name string) uint64 {
	n := len(name)
	return 1 << ((name[0]*5 ^ name[n-1] + byte(n)*8) % 64)
}

func has(attrs []Attr, name string) bool {
	for i := range attrs {
		if attrs[i].Name == name {
			return true
		}
	}
	return false
}
