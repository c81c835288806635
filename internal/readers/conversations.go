package readers

import (
	"slices"
	"strconv"
	"strings"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

// conversations is Conversations 2.19.16 and its forks: RtpContentMap and SessionDescription,
// with the checks of JingleRtpConnection around them.
func conversations() Client {
	return Client{
		Name:    Conversations,
		jingle:  conversationsJingle,
		message: conversationsMessage,
		hands:   conversationsSDP,
		answer: func(v *verdict, offer, answer element.Element) {
			v.want(slices.Equal(media(offer), media(answer)), "it ends the call: media %v in the accept, %v in its initiate", media(answer), media(offer))
		},
		proposed: func(v *verdict, proposed []string, initiate element.Element) {
			v.want(slices.Equal(proposed, media(initiate)), "it ends the call: media %v in the initiate, %v in the proposal", media(initiate), proposed)
		},
		later: conversationsLater,
	}
}

func conversationsJingle(v *verdict, j element.Element) {
	switch {
	case whole(j):
		conversationsContents(v, j)
	case action(j, "session-terminate"):
		reason := j.Child(nsJingle, "reason")
		known := slices.ContainsFunc(reasons, func(name string) bool { return reason.Child(nsJingle, name).Exists() })
		v.want(known, "it crashes without a reason that it knows")
	case action(j, "content-reject", "content-remove"):
		for content := range all(j, "content") {
			v.want(content.Child(nsRTP, "description").Exists() && content.Child(nsICE, "transport").Exists(), "it wants stubs of description and transport")
		}
	case action(j, "transport-info"):
		for content := range all(j, "content") {
			transport := content.Child(nsICE, "transport")
			v.want(transport.Attr("ufrag") != "" && transport.Attr("pwd") != "", "it wants ufrag and pwd with candidates")
			conversationsCandidates(v, transport)
		}
	}
}

func conversationsContents(v *verdict, j element.Element) {
	v.want(named(j, "content").Exists(), "it wants contents")
	var seen, setups []string
	for content := range all(j, "content") {
		name := content.Attr("name")
		v.want(name != "" && len(name) <= 16 && !blank(name), "it refuses content name %q", name)
		v.want(!slices.Contains(seen, name), "it refuses content name %q twice", name)
		seen = append(seen, name)
		v.want(slices.Contains([]string{"", "both", "initiator", "responder", "none"}, content.Attr("senders")), "it refuses senders %q", content.Attr("senders"))
		description, transport := content.Child(nsRTP, "description"), content.Child(nsICE, "transport")
		v.want(description.Exists(), "it wants an rtp:1 description")
		v.want(transport.Exists(), "it wants an ice-udp:1 transport")
		conversationsDescription(v, description)
		if action(j, "content-add", "content-accept") && !transport.First().Exists() && !has(transport, "ufrag") {
			continue // a stub: what the session has is used again
		}
		setup := conversationsTransport(v, transport)
		setups = append(setups, setup)
		v.want(!action(j, "session-initiate") || setup == "actpass", "it refuses setup %q in an initiate", setup)
		v.want(!action(j, "session-accept") || setup == "active" || setup == "passive", "it refuses setup %q in an accept", setup)
	}
	v.want(len(set(setups)) <= 1, "it refuses contents that differ in setup: %v", setups)
	for group := range all(j, "group") {
		v.want(has(group, "semantics") && !blank(group.Attr("semantics")) && !slices.ContainsFunc(names(group), blank), "it refuses white space in a group")
	}
}

func conversationsTransport(v *verdict, transport element.Element) (setup string) {
	fingerprint := transport.Child(nsDTLS, "fingerprint")
	v.want(fingerprint.Attr("hash") != "" && fingerprint.Exists() && fingerprint.Text() != "" && !blank(fingerprint.Text()), "it wants a fingerprint in each content, without white space")
	for _, name := range []string{"ufrag", "pwd"} {
		v.want(transport.Attr(name) != "" && !blank(transport.Attr(name)), "it refuses %s=%q", name, transport.Attr(name))
	}
	conversationsCandidates(v, transport)
	return fingerprint.Attr("setup")
}

func conversationsDescription(v *verdict, description element.Element) {
	for child := range description.Children() {
		switch child.Name() {
		case "payload-type":
			conversationsPayload(v, child)
		case "rtcp-fb":
			conversationsFeedback(v, child)
		case "rtp-hdrext":
			v.want(has(child, "id") && has(child, "uri") && !blank(child.Attr("id")) && !blank(child.Attr("uri")), "a header extension wants id and uri: %s", child)
		case "ssrc-group":
			v.want(child.Attr("semantics") != "" && named(child, "source").Exists(), "a source group wants semantics and sources: %s", child)
		case "source":
			v.want(has(child, "ssrc"), "a source wants its ssrc: %s", child)
			for parameter := range all(child, "parameter") {
				v.want(parameter.Attr("name") != "" && parameter.Attr("value") != "", "a source specific media attribute is missing its value: %s", parameter)
			}
		}
	}
}

func conversationsPayload(v *verdict, e element.Element) {
	_, err := strconv.Atoi(e.Attr("id"))
	v.want(err == nil, "payload type id %q", e.Attr("id"))
	v.want(e.Attr("name") != "" && !blank(e.Attr("name")), "payload type %s wants a name without white space", e.Attr("id"))
	parameters := slices.Collect(all(e, "parameter"))
	for _, p := range parameters {
		v.want(len(parameters) == 1 || has(p, "name"), "parameter of %s must have a name", e.Attr("id"))
		v.want(has(p, "value"), "parameter for %s must have a value", e.Attr("id"))
		v.want(!blank(p.Attr("name")) && !blank(p.Attr("value")), "white space in %s", p)
	}
	for feedback := range all(e, "rtcp-fb") {
		conversationsFeedback(v, feedback)
	}
}

func conversationsFeedback(v *verdict, e element.Element) {
	v.want(has(e, "type") && !blank(e.Attr("type")) && !blank(e.Attr("subtype")), "feedback wants a type, without white space: %s", e)
}

// conversationsCandidates: those that it cannot write as a line are logged, and skipped.
func conversationsCandidates(v *verdict, transport element.Element) {
	for c := range all(transport, "candidate") {
		for _, name := range []string{"foundation", "component", "protocol", "priority", "ip", "port"} {
			v.want(has(c, name) && !blank(c.Attr(name)), "it skips a candidate with %s=%q", name, c.Attr(name))
		}
		v.want(strings.EqualFold(c.Attr("protocol"), "udp"), "it skips a candidate of %q", c.Attr("protocol"))
	}
}

// conversationsSDP: it adds candidates one by one, later.
func conversationsSDP(j element.Element) *sdp {
	s := sdpOf(j)
	s.bundle = slices.DeleteFunc(s.bundle, func(name string) bool { return name == "" })
	for i := range s.sections {
		section := &s.sections[i]
		section.mux = section.mux || s.grouped
		section.candidates = nil
		for k := range section.payloads {
			if p := &section.payloads[k]; !number(p.clockrate, 1<<31-1) {
				p.clockrate = "0"
			}
			if p := &section.payloads[k]; !number(p.channels, 1<<31-1) {
				p.channels = ""
			}
		}
		for k := range section.sources {
			section.sources[k].msid = strings.TrimSpace(section.sources[k].msid)
		}
	}
	return s
}

func conversationsMessage(v *verdict, m, said element.Element) {
	switch said.Name() {
	case "proceed", "reject", "ringing":
		v.want(full(m.Attr("to")), "it ignores <%s/> that is not addressed to it directly", said.Name())
	case "propose":
		kinds := mediaOfProposal(said)
		v.want(len(kinds) > 0, "it ignores a proposal without media")
		for description := range said.Children() {
			known := description.Attr("media") == "audio" || description.Attr("media") == "video"
			v.want(description.Is(nsRTP, "description") && known, "it ignores a proposal with %s", description)
		}
	}
	v.want(said.Name() != "proceed" || !named(said, "device").Exists(), "it encrypts fingerprints for <device/>")
}

// conversationsLater: credentials that differ from those known are an ICE restart, an offer
// when there is no candidate with them, an answer else.
func conversationsLater(v *verdict, t *talk, j element.Element) {
	switch {
	case action(j, "transport-info"):
		for content := range all(j, "content") {
			creds, known := t.creds[content.Attr("name")]
			restarts := known && creds != credsOf(content)
			v.want(!restarts || !named(named(content, "transport"), "candidate").Exists() || t.restarted, "it takes the candidate for the answer to an ICE restart that it did not begin")
		}
	case action(j, "content-add"):
		for _, name := range names(j) {
			v.want(!slices.Contains(t.names, name), "it ends the call: content-add of %q, which is there", name)
		}
		grouped(v, t, j)
	case action(j, "content-accept"):
		v.want(slices.Equal(summary(t.asked), summary(j)), "out-of-order: content-accept of %q for its content-add of %q", summary(j), summary(t.asked))
		grouped(v, t, j)
	case action(j, "content-reject"):
		v.want(slices.Equal(summary(t.asked), summary(j)), "out-of-order: content-reject of %q for its content-add of %q", summary(j), summary(t.asked))
	case action(j, "content-remove"):
		v.want(t.added.Exists() && slices.Equal(set(names(t.added)), set(names(j))), "it ends the call: content-remove of what it has")
	}
}

// summary is what it compares a change by.
func summary(j element.Element) []string {
	var found []string
	for content := range all(j, "content") {
		senders := content.Attr("senders")
		if senders == "" {
			senders = "both"
		}
		found = append(found, content.Attr("name")+" "+named(content, "description").Attr("media")+" "+senders)
	}
	return set(found)
}

// grouped wants a group of all names, old and new: the session takes that of the change.
func grouped(v *verdict, t *talk, j element.Element) {
	in := names(j.Child(nsGrouping, "group"))
	for _, name := range append(slices.Clone(t.names), names(j)...) {
		v.want(!t.grouped || slices.Contains(in, name), "%q is not in the group, and falls out of the bundle", name)
	}
}
