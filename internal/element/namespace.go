package element

import (
	"errors"
	"fmt"
	"strings"
)

const (
	xmlSpace    = "http://www.w3.org/XML/1998/namespace"
	maxBindings = 200 // prefixes in force at once
)

type binding struct {
	prefix, space string
	at            span // where space stands
}

// declare takes an attribute that binds a prefix to a namespace; false for others.
func (p *parser) declare(name, value string, at span) (bool, error) {
	prefix, found := strings.CutPrefix(name, "xmlns:")
	if !found {
		return false, nil
	}
	switch {
	case prefix == "" || prefix == "xmlns" || strings.IndexByte(prefix, ':') >= 0 || prefix == "xml" && value != xmlSpace:
		return false, fmt.Errorf("the prefix %.80q is not to be declared", prefix)
	case value == "":
		return false, errors.New("a prefix bound to no namespace")
	}
	if len(p.bindings) == maxBindings {
		return false, ErrTooMany // each look-up goes through them
	}
	p.bindings = append(p.bindings, binding{prefix, value, at})
	return true, nil
}

// resolve finds what the prefix of a name is bound to.
func (p *parser) resolve(raw string) (to binding, name string, err error) {
	prefix, name, _ := strings.Cut(raw, ":")
	if prefix == "" || name == "" || strings.IndexByte(name, ':') >= 0 {
		return to, "", fmt.Errorf("bad name %.80q", raw)
	}
	for i := len(p.bindings) - 1; i >= 0; i-- {
		if p.bindings[i].prefix == prefix {
			return p.bindings[i], name, nil
		}
	}
	if prefix == "xml" {
		if p.xml == (span{}) {
			p.xml = p.keep(xmlSpace)
		}
		return binding{prefix, xmlSpace, p.xml}, name, nil
	}
	return to, "", fmt.Errorf("prefix %.80q is not declared", prefix)
}

// resolveAttrs checks the attributes from begin on, of which some have prefixes, and
// leaves out those that are neither unprefixed nor XML's own.
func (p *parser) resolveAttrs(begin int) error {
	type full struct{ space, name string }
	attrs := p.attrs[begin:]
	seen := make(map[full]bool, len(attrs))
	kept := attrs[:0]
	for _, a := range attrs {
		raw := a.name.of(p.src)
		is := full{name: raw}
		if strings.IndexByte(raw, ':') >= 0 {
			to, name, err := p.resolve(raw)
			if err != nil {
				return err
			}
			is = full{to.space, name}
		}
		if seen[is] {
			return errTwice(raw)
		}
		seen[is] = true
		if is.space == xmlSpace && raw != "xml:"+is.name {
			a.name = p.keep("xml:" + is.name)
		}
		if is.space == "" || is.space == xmlSpace {
			kept = append(kept, a)
		}
	}
	p.attrs = p.attrs[:begin+len(kept)]
	return nil
}
