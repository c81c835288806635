package xmpptest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

// Any, as an attribute's value or as an element's text, stands for any value.
const Any = "*"

// Canon renders an element so that two that mean the same look the same: attributes in
// order of their names, white space around text dropped, one element a line.
func Canon(e element.Element) string {
	var b strings.Builder
	canon(&b, e, "", 0)
	return b.String()
}

func canon(b *strings.Builder, e element.Element, space string, depth int) {
	fmt.Fprintf(b, "%s<%s", strings.Repeat("  ", depth), e.Name())
	if e.Space() != space {
		fmt.Fprintf(b, " xmlns='%s'", e.Space())
	}
	for _, a := range sortedAttrs(e) {
		fmt.Fprintf(b, " %s='%s'", a.name, a.value)
	}
	b.WriteString(">" + e.TrimmedText() + "\n")
	for child := range e.Children() {
		canon(b, child, e.Space(), depth+1)
	}
}

type attr struct{ name, value string }

func sortedAttrs(e element.Element) []attr {
	var attrs []attr
	for name, value := range e.Attrs() {
		attrs = append(attrs, attr{name, value})
	}
	slices.SortFunc(attrs, func(a, b attr) int { return cmp.Compare(a.name, b.name) })
	return attrs
}

// Differ compares by meaning: the order of attributes and the white space around text
// do not count, the order of children does, and Any in want stands for any value that
// is there. It returns "" or what is different, and where.
func Differ(got, want element.Element) string {
	return differ(got, want, "")
}

func differ(got, want element.Element, path string) string {
	if !got.Exists() || !want.Exists() {
		if got == want {
			return ""
		}
		return fmt.Sprintf("%s: got %v, want %v", path, got, want)
	}
	path += "/" + want.Name()
	if got.Name() != want.Name() || got.Space() != want.Space() {
		return fmt.Sprintf("%s: got <%s xmlns='%s'>, want <%s xmlns='%s'>", path, got.Name(), got.Space(), want.Name(), want.Space())
	}
	if d := differAttrs(got, want, path); d != "" {
		return d
	}
	if g, w := got.TrimmedText(), want.TrimmedText(); w != Any && g != w {
		return fmt.Sprintf("%s: got text %q, want %q", path, g, w)
	}
	gotChildren, wantChildren := slices.Collect(got.Children()), slices.Collect(want.Children())
	for i := range min(len(gotChildren), len(wantChildren)) {
		if d := differ(gotChildren[i], wantChildren[i], path); d != "" {
			return d
		}
	}
	if len(gotChildren) > len(wantChildren) {
		return fmt.Sprintf("%s: got another %s", path, gotChildren[len(wantChildren)])
	}
	if len(gotChildren) < len(wantChildren) {
		return fmt.Sprintf("%s: want another %s", path, wantChildren[len(gotChildren)])
	}
	return ""
}

func differAttrs(got, want element.Element, path string) string {
	g, w := sortedAttrs(got), sortedAttrs(want)
	for i := range max(len(g), len(w)) {
		switch {
		case i >= len(g) || i < len(w) && g[i].name > w[i].name:
			return fmt.Sprintf("%s: want attribute %s='%s'", path, w[i].name, w[i].value)
		case i >= len(w) || g[i].name < w[i].name:
			return fmt.Sprintf("%s: got attribute %s='%s'", path, g[i].name, g[i].value)
		case w[i].value != Any && g[i].value != w[i].value:
			return fmt.Sprintf("%s: got %s='%s', want '%s'", path, w[i].name, g[i].value, w[i].value)
		}
	}
	return ""
}

// DifferText is Differ with want, and got, as text in the namespace of component streams.
func DifferText(got, want string) (string, error) {
	g, err := element.Parse([]byte(got), NSComponent, element.Limits{})
	if err != nil {
		return "", fmt.Errorf("got %q: %w", got, err)
	}
	w, err := element.Parse([]byte(want), NSComponent, element.Limits{})
	if err != nil {
		return "", fmt.Errorf("want %q: %w", want, err)
	}
	return Differ(g, w), nil
}
