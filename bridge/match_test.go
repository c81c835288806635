package bridge

import (
	"fmt"
	"maps"
	"reflect"
	"strings"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

// like compares texts; "*" stands for any part of one.
func like(want, got string) bool {
	parts := strings.Split(want, "*")
	last := len(parts) - 1
	if last == 0 {
		return want == got
	}
	if len(got) < len(parts[0])+len(parts[last]) || !strings.HasPrefix(got, parts[0]) || !strings.HasSuffix(got, parts[last]) {
		return false
	}
	got = got[len(parts[0]) : len(got)-len(parts[last])]
	for _, part := range parts[1:last] {
		_, after, found := strings.Cut(got, part)
		if !found {
			return false
		}
		got = after
	}
	return true
}

func matchJSON(want, got any) bool {
	if want == "*" {
		return true
	}
	if w, ok := want.(string); ok {
		g, text := got.(string)
		return text && like(w, g)
	}
	w, ok1 := want.(map[string]any)
	g, ok2 := got.(map[string]any)
	if !ok1 || !ok2 {
		return reflect.DeepEqual(want, got)
	}
	if len(w) != len(g) {
		return false
	}
	for key := range w {
		if value, there := g[key]; !there || !matchJSON(w[key], value) {
			return false
		}
	}
	return true
}

// differ compares by meaning: attributes in any order, "*" for any value, <_/> for
// whatever else the element holds; children in order.
func differ(want, got element.Element) string {
	if want.Space() != got.Space() || want.Name() != got.Name() {
		return fmt.Sprintf("got <%s xmlns=%q>, want <%s xmlns=%q>", got.Name(), got.Space(), want.Name(), want.Space())
	}
	more := false
	var children []element.Element
	for e := range want.Children() {
		if e.Name() == "_" {
			more = true
			continue
		}
		children = append(children, e)
	}
	for name, value := range want.Attrs() {
		if has, ok := got.LookupAttr(name); !ok || !like(value, has) {
			return fmt.Sprintf("<%s %s>: got %q, want %q", want.Name(), name, has, value)
		}
	}
	if !more && len(maps.Collect(want.Attrs())) != len(maps.Collect(got.Attrs())) {
		return fmt.Sprintf("<%s>: other attributes", want.Name())
	}
	if text := want.TrimmedText(); !like(text, got.TrimmedText()) && !more {
		return fmt.Sprintf("<%s>: got text %q, want %q", want.Name(), got.TrimmedText(), text)
	}
	i := 0
	for e := range got.Children() {
		if i < len(children) {
			why := differ(children[i], e)
			if why == "" {
				i++
				continue
			}
			if !more {
				return why
			}
		} else if !more {
			return fmt.Sprintf("<%s>: holds <%s>, too", want.Name(), e.Name())
		}
	}
	if i < len(children) {
		return fmt.Sprintf("<%s>: holds no <%s> like this", want.Name(), children[i].Name())
	}
	return ""
}
