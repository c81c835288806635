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

type binding struct{ prefix, space string }

// declare takes an attribute that binds a prefix to a namespace; false for others.
func (p *parser) declare(name, value string) (bool, error) {
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
	p.bindings = append(p.bindings, binding{prefix, value})
	return true, nil
}

// resolve finds the namespace of a name with a prefix.
func (p *parser) resolve(raw string) (space, name string, err error) {
	prefix, name, _ := strings.Cut(raw, ":")
	if prefix == "" || name == "" || strings.IndexByte(name, ':') >= 0 {
		return "", "", fmt.Errorf("bad name %.80q", raw)
	}
	for i := len(p.bindings) - 1; i >= 0; i-- {
		if p.bindings[i].prefix == prefix {
			return p.bindings[i].space, name, nil
		}
	}
	if prefix == "xml" {
		return xmlSpace, name, nil
	}
	return "", "", fmt.Errorf("prefix %.80q is not declared", prefix)
}

// resolveAttrs checks attributes of which some have prefixes, and leaves out those that
// are neither unprefixed nor XML's own.
func (p *parser) resolveAttrs(e *Element) (err error) {
	type full struct{ space, name string }
	seen := make(map[full]bool, len(e.Attrs))
	kept := e.Attrs[:0]
	for _, a := range e.Attrs {
		var is full
		if is.name = a.Name; strings.IndexByte(a.Name, ':') >= 0 {
			if is.space, is.name, err = p.resolve(a.Name); err != nil {
				return err
			}
		}
		if seen[is] {
			return errTwice(a.Name)
		}
		seen[is] = true
		switch is.space {
		case "":
			kept = append(kept, a)
		case xmlSpace:
			kept = append(kept, Attr{"xml:" + is.name, a.Value})
		}
	}
	e.Attrs = kept
	return nil
}
