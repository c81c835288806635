package readers

import (
	"slices"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

// movim is Movim 0.34.1: JingletoSDP, in a page whose bundlePolicy is max-bundle.
func movim() Client {
	return Client{Name: Movim, jingle: movimJingle, message: echoed, hands: movimSDP, noPrefixes: true}
}

// movimCandidate are the attributes of a candidate that it has a place for in the line.
var movimCandidate = []string{"component", "foundation", "generation", "id", "ip", "network", "port", "priority", "protocol", "rel-addr", "rel-port", "tcptype", "type"}

func movimJingle(v *verdict, j element.Element) {
	v.want(!action(j, "content-add") || j.Child(nsGrouping, "group").Exists(), "its page throws at %s without a group", j.Attr("action"))
	if !whole(j) {
		return
	}
	v.want(named(j, "content").Exists(), "it refuses %s without contents", j.Attr("action"))
	for group := range all(j, "group") {
		v.want(!slices.Contains(names(group), ""), "a group wants names: %s", group)
	}
	for content := range all(j, "content") {
		transport := named(content, "transport")
		alive := transport.Attr("ufrag") != "" && transport.Attr("pwd") != "" && named(transport, "fingerprint").Exists()
		v.want(alive, "without ufrag, pwd and fingerprint %q stays dead", content.Attr("name"))
		movimCandidates(v, transport)
	}
}

func movimCandidates(v *verdict, transport element.Element) {
	port := ""
	for c := range all(transport, "candidate") {
		for name := range c.Attrs() {
			v.want(slices.Contains(movimCandidate, name), "%s in a candidate breaks its line", name)
		}
		v.want(c.Attr("generation") == "" || number(c.Attr("generation"), 1<<32-1), "generation %q breaks the line of a candidate", c.Attr("generation"))
		if has(c, "rel-addr") && port == "" {
			port = c.Attr("port")
		}
	}
	v.want(port != "0", "the port of a candidate becomes that of the m-line, and rejects it")
}

// movimSDP: senders by who writes, not by role.
func movimSDP(j element.Element) *sdp {
	s := sdpOf(j)
	s.maxBundle = true
	i := 0
	for content := range all(j, "content") {
		s.sections[i].direction = direction(content.Attr("senders"), false)
		i++
	}
	return s
}

// echoed: it takes a <propose/> for a call whatever message it is in.
func echoed(v *verdict, m, said element.Element) {
	v.want(m.Attr("type") != "error" || said.Name() != "propose", "it rings at an error that echoes the proposal")
}
