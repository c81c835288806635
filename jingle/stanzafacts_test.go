package jingle

import (
	"slices"
	"strings"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

// identities are the attributes that tell one child from the next of its name.
var identities = map[string][]string{
	"payload-type": {"id", "name"}, "parameter": {"name", "value"}, "rtcp-fb": {"type", "subtype"}, "rtp-hdrext": {"id", "uri"}, "source": {"ssrc"},
	"candidate": {"component", "protocol", "ip", "port"}, "ssrc-group": {"semantics"}, "content": {"name"}, "fingerprint": {"hash"},
}

// stanzaFacts is a <jingle/> taken apart, as facts is for SDP: the path of each element in
// each content, with what tells it from its like, and each of its other attributes. The order
// of elements does not count.
func stanzaFacts(jingle element.Element) facts {
	f := facts{of: map[string]map[string]struct{}{"": {}}}
	for child := range jingle.Children() {
		name := ""
		if child.Is(NS, "content") {
			name = child.Attr("name")
			f.mids = append(f.mids, name)
		}
		f.element(name, "", child, jingle)
	}
	return f
}

func (f *facts) element(content, path string, e, parent element.Element) {
	switch e.Name() {
	case "description", "transport": // each once in a content
		path = e.Name()
	case "content":
		path = strings.TrimSpace(path + " content")
	default:
		path = strings.TrimPrefix(strings.TrimSpace(path+" "+e.Name()), "content ")
	}
	for _, name := range identities[e.Name()] {
		if value := e.Attr(name); value != "" {
			path += " " + value
		}
	}
	if e.Name() == "payload-type" && e.Attr("name") == "rtx" {
		path += " of " + repeated(parent, e)
	}
	f.add(content, path)
	for name, value := range e.Attrs() {
		byDefault := name == "channels" && value == "1" || name == "senders" && value == "both"
		if name != "xmlns" && !byDefault && !slices.Contains(identities[e.Name()], name) {
			f.add(content, path+" "+name+"="+value)
		}
	}
	if text := strings.TrimSpace(e.Text()); text != "" {
		f.add(content, path+" "+text)
	}
	for child := range e.Children() {
		f.element(content, path, child, e)
	}
}

// repeated is the codec that an rtx repeats.
func repeated(description, rtx element.Element) string {
	for p := range rtx.Children() {
		for other := range description.Children() {
			if p.Attr("name") == "apt" && other.Name() == "payload-type" && other.Attr("id") == p.Attr("value") {
				return other.Attr("name")
			}
		}
	}
	return "nothing"
}
