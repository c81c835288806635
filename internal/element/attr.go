package element

import (
	"errors"
	"fmt"
	"strings"
)

const fewAttrs = 16 // so few are compared with each other

// attributes reads up to the end of the tag. space is the default namespace around the
// element, inside the one within it; declarations of prefixes become bindings.
func (p *parser) attributes(i int, space span) (end int, inside span, empty bool, err error) {
	begin, prefixed, spaced, seen := len(p.attrs), false, false, uint64(0)
	for {
		before := i
		i = p.skipSpace(i)
		if p.at(i, '>') || p.at(i, '/') && p.at(i+1, '>') {
			break
		}
		if i == before && i < len(p.src) {
			return i, space, false, errors.New("want a space before an attribute")
		}
		if err = p.spend(1); err != nil {
			return i, space, false, err
		}
		name, value, end := plainAttr(p.src, i)
		a := attr{spanOf(i, i+len(name)), spanOf(end-1-len(value), end-1)}
		if end == 0 {
			if name, value, end, err = p.oddAttr(i); err != nil {
				return end, space, false, err
			}
			a = p.place(i, end, name, value)
			if strings.IndexByte(name, ':') >= 0 {
				declares, err := p.declare(name, value, a.value)
				if err != nil {
					return i, space, false, err
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
				return i, space, false, errTwice(name)
			}
			i, space, spaced = end, a.value, true
			continue
		}
		bit := nameBit(name)
		if seen&bit != 0 && len(p.attrs)-begin <= fewAttrs && p.has(p.attrs[begin:], name) {
			return i, space, false, errTwice(name)
		}
		p.addAttr(a, i)
		i, seen = end, seen|bit
	}
	if p.src[i] == '/' {
		return i + 2, space, true, p.check(begin, prefixed)
	}
	return i + 1, space, false, p.check(begin, prefixed)
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

// place is where the name and the value of an odd attribute lie, which was read from i
// up to end.
func (p *parser) place(i, end int, name, value string) attr {
	a := attr{name: spanOf(i, i+len(name))}
	if begin := end - 1 - len(value); p.src[begin:end-1] == value {
		a.value = spanOf(begin, end-1)
	} else {
		a.value = p.keep(value)
	}
	return a
}

// check refuses an attribute that is there twice, where that was not done yet, and
// resolves prefixes. The attributes are those from begin on.
func (p *parser) check(begin int, prefixed bool) error {
	if prefixed {
		return p.resolveAttrs(begin)
	}
	attrs := p.attrs[begin:]
	if len(attrs) <= fewAttrs {
		return nil
	}
	seen := make(map[string]bool, len(attrs))
	for _, a := range attrs {
		name := a.name.of(p.src)
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

func (p *parser) has(attrs []attr, name string) bool {
	for _, a := range attrs {
		if a.name.of(p.src) == name {
			return true
		}
	}
	return false
}
