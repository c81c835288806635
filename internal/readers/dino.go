package readers

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

// dino is Dino 0.4.2 (xmpp-vala), and the same code of 2026-06. It has no libwebrtc: one ICE
// agent of libnice and one GStreamer pipeline per content.
func dino() Client {
	return Client{Name: Dino, jingle: dinoJingle, message: dinoMessage, answer: dinoAnswer, later: dinoLater}
}

// dinoCodecs are those that Debian's GStreamer gives it.
var dinoCodecs = map[string][]string{"audio": {"speex", "opus", "g722", "pcmu", "pcma"}, "video": {"vp8", "vp9", "h264"}}

// noCodecs are payload types that carry no sound or picture of their own.
var noCodecs = []string{"rtx", "red", "ulpfec", "flexfec-03", "telephone-event", "cn"}

func dinoJingle(v *verdict, j element.Element) {
	v.want(j.Attr("sid") != "", "it refuses a request without sid")
	switch {
	case action(j, "session-initiate", "session-accept"):
		v.want(len(names(j)) > 0, "it refuses %s without contents", j.Attr("action"))
	case strings.HasPrefix(j.Attr("action"), "content-"), strings.HasPrefix(j.Attr("action"), "transport-"), action(j, "description-info"):
		v.want(len(names(j)) == 1, "it refuses %s with %d contents", j.Attr("action"), len(names(j)))
	case action(j, "session-info"):
		for child := range j.Children() {
			v.want(child.Space() == nsInfo, "it refuses session-info of %q", child.Space())
		}
	}
	for content := range all(j, "content") {
		name := content.Attr("name")
		v.want(name != "", "it refuses a content without name")
		v.want(slices.Contains([]string{"", "both", "initiator", "responder"}, content.Attr("senders")), "invalid role %s", content.Attr("senders"))
		v.want(!action(j, "content-modify") || content.Attr("creator") == "initiator", "it takes %q for a content of the initiator", name)
		if whole(j) {
			dinoDescription(v, content.Child(nsRTP, "description"), action(j, "session-initiate", "content-add"))
			dinoTransport(v, name, content.Child(nsICE, "transport"))
		}
		dinoCandidates(v, content.Child(nsICE, "transport"))
	}
}

func dinoDescription(v *verdict, e element.Element, offer bool) {
	v.want(e.Exists(), "it wants an rtp:1 description")
	kind := e.Attr("media")
	v.want(dinoCodecs[kind] != nil, "it declines media %q", kind)
	v.want(e.Child(nsRTP, "encryption").Attr("required") != "1" && e.Child(nsRTP, "encryption").Attr("required") != "true", "it refuses SDES that is required")
	known := func(payload element.Element) bool {
		return slices.Contains(dinoCodecs[kind], strings.ToLower(payload.Attr("name"))) || payload.Attr("name") == "" && has(payload, "id")
	}
	payloads := slices.Collect(all(e, "payload-type"))
	if offer {
		v.want(slices.ContainsFunc(payloads, known), "it has no codec of %q", kind)
		return
	}
	// It takes the first one, whatever it is; of codecs that it did not offer none comes.
	v.want(len(payloads) > 0 && !slices.Contains(noCodecs, strings.ToLower(payloads[0].Attr("name"))), "it agrees on the first payload type of %q, which is no codec", kind)
}

func dinoTransport(v *verdict, name string, e element.Element) {
	v.want(e.Exists(), "it wants an ice-udp:1 transport")
	v.want(e.Attr("ufrag") != "" && e.Attr("pwd") != "", "without ufrag and pwd %q stays dead", name)
	fingerprint := e.Child(nsDTLS, "fingerprint")
	v.want(fingerprint.TrimmedText() != "", "without a fingerprint %q stays dead", name)
}

func dinoCandidates(v *verdict, transport element.Element) {
	for c := range all(transport, "candidate") {
		v.want(!has(c, "type") || slices.Contains(candidateTypes, c.Attr("type")), "it crashes at a candidate of type %q", c.Attr("type"))
		_, err := netip.ParseAddr(c.Attr("ip"))
		v.want(err == nil, "it has no use for a candidate at %q", c.Attr("ip"))
		v.want(!strings.EqualFold(c.Attr("protocol"), "tcp"), "it takes a candidate of %q for one of udp", c.Attr("protocol"))
	}
}

func dinoAnswer(v *verdict, offer, answer element.Element) {
	for _, name := range names(answer) {
		v.want(slices.Contains(names(offer), name), "it refuses content %q, which it did not offer", name)
	}
}

func dinoMessage(v *verdict, m, said element.Element) {
	if said.Name() == "proceed" || said.Name() == "accept" {
		v.want(full(m.Attr("to")), "it ignores <%s/> to its bare JID", said.Name())
	}
}

func dinoLater(v *verdict, t *talk, j element.Element) {
	if action(j, "transport-info", "content-modify", "description-info", "content-accept") {
		for _, name := range names(j) {
			v.want(t.names == nil || slices.Contains(t.names, name) || slices.Contains(names(t.asked), name), "it refuses content %q, which it does not know", name)
		}
	}
	if action(j, "transport-info") {
		for content := range all(j, "content") {
			creds, known := t.creds[content.Attr("name")]
			v.want(!known || creds == credsOf(content), "it never replaces the ICE credentials of %q", content.Attr("name"))
		}
	}
}
