package readers

import (
	"slices"
	"strings"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

// stanzaJS is stanza.js 12.22.1: JXT, SessionManager, MediaSession. It knows no proposals.
func stanzaJS() Client {
	return Client{Name: StanzaJS, jingle: stanzaJSJingle, hands: stanzaJSSDP}
}

func stanzaJSJingle(v *verdict, j element.Element) {
	for content := range all(j, "content") {
		for c := range all(named(content, "transport"), "candidate") {
			v.want(has(c, "protocol"), "it throws at a candidate without protocol")
		}
	}
	if !whole(j) {
		return
	}
	v.want(named(j, "content").Exists(), "it refuses %s without contents", j.Attr("action"))
	for content := range all(j, "content") {
		transport := named(content, "transport")
		fingerprint := named(transport, "fingerprint")
		alive := transport.Attr("ufrag") != "" && transport.Attr("pwd") != "" && fingerprint.Exists() && fingerprint.Attr("setup") != ""
		v.want(alive, "without ufrag, pwd, fingerprint and setup it makes port 0 of %q, silently", content.Attr("name"))
		v.want(named(content, "description").Exists() || named(transport, "sctpmap").Exists(), "it refuses a content without description")
	}
}

// stanzaJSSDP: of a source it takes the cname, and the msid from <stream/>, or its own.
func stanzaJSSDP(j element.Element) *sdp {
	s := sdpOf(j)
	s.bundle = slices.DeleteFunc(s.bundle, func(name string) bool { return name == "" })
	i := 0
	for content := range all(j, "content") {
		section := &s.sections[i]
		i++
		section.data = !named(content, "description").Exists() && named(named(content, "transport"), "sctpmap").Exists()
		if section.data {
			section.media = "application"
			continue
		}
		if section.direction == "?" {
			section.direction = "sendrecv"
		}
		section.stream = "legacy " + section.media
		if stream := named(named(content, "description"), "stream"); stream.Exists() {
			section.stream = strings.TrimSpace(stream.Attr("id") + " " + stream.Attr("track"))
		}
		for k := range section.sources {
			section.sources[k].msid = ""
		}
		for k := range section.payloads {
			if p := &section.payloads[k]; !number(p.channels, 1<<31-1) {
				p.channels = ""
			}
		}
	}
	return s
}

// MeantFor names the one client that a stanza can be meant for, "" when all must read it.
// Data channels beside media are stanza.js' own; it hears them again in the answer.
func MeantFor(stanza element.Element) string {
	for content := range all(named(stanza, "jingle"), "content") {
		if named(named(content, "transport"), "sctpmap").Exists() {
			return StanzaJS
		}
	}
	return ""
}
