package element

import "slices"

// With returns the element with this value of an attribute, whether it had one or not,
// in a copy of all that it was parsed with. The value may be anything.
func (e Element) With(name, value string) Element {
	if e.doc == nil {
		return e
	}
	d, attrs := e.doc.clone(), slices.Clone(e.attrs())
	is := func(a attr) bool { return a.name.of(d.text) == name }
	i := slices.IndexFunc(attrs, is)
	if i < 0 {
		i, attrs = len(attrs), append(attrs, attr{name: d.add(name)})
	}
	attrs[i].value = d.add(value)
	d.nodes[e.at].attrs = spanOf(len(d.attrs), len(d.attrs)+len(attrs))
	d.attrs = append(d.attrs, attrs...)
	return Element{d, e.at, e.limit}
}

// WithText is With for the text.
func (e Element) WithText(text string) Element {
	if e.doc == nil {
		return e
	}
	d := e.doc.clone()
	d.nodes[e.at].text = d.add(text)
	return Element{d, e.at, e.limit}
}

// Root returns the outermost element of those that were parsed together.
func (e Element) Root() Element {
	if e.doc == nil {
		return e
	}
	return e.doc.element(0, 1)
}

// clone is a copy to be changed.
func (d *document) clone() *document {
	return &document{d.text, d.outside, slices.Clone(d.nodes), slices.Clone(d.attrs)}
}

// add puts s behind the text.
func (d *document) add(s string) span {
	begin := len(d.text)
	d.text += s
	return spanOf(begin, len(d.text))
}
