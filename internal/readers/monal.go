package readers

import (
	"regexp"
	"slices"
	"strings"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

// monal is Monal of 2024-10 (rust/sdp-to-jingle: quick-xml with serde): any slip of the
// schema is a bad-request and ends the call. It does not look at namespaces.
func monal() Client {
	return Client{
		Name: Monal, jingle: monalJingle, message: monalMessage, hands: monalSDP, later: monalLater, losses: monalLosses,
		proposed: func(v *verdict, proposed []string, initiate element.Element) {
			v.want(slices.Contains(proposed, "video") || !slices.Contains(media(initiate), "video"), "it ends the call: video, which was not proposed")
		},
	}
}

var (
	monalFeedback       = []string{"ack", "ccm", "nack", "trr-int", "goog-remb", "transport-cc"}
	monalGroups         = []string{"LS", "FID", "SRF", "ANAT", "FEC", "DDP", "BUNDLE"}
	monalSourceGroups   = []string{"DUP", "FID", "FEC", "FEC-FR", "SIM"}
	monalHashes         = []string{"sha-1", "sha-224", "sha-256", "sha-384", "sha-512", "md5", "md2"}
	monalSetups         = []string{"active", "actpass", "holdconn", "passive"}
	monalBooleans       = []string{"usedtx", "stereo", "useinbandfec", "cbr", "level_asymmetry_allowed"}
	monalBooleanValues  = []string{"0", "1", "true", "false"}
	reMonalFingerprint  = regexp.MustCompile(`^\s*[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2})*\s*$`)
	monalCandidateWords = []string{"component", "foundation", "generation", "ip", "port", "priority", "protocol", "type"}
)

func monalJingle(v *verdict, j element.Element) {
	if !whole(j) && !action(j, "transport-info") {
		return // ignored
	}
	for group := range all(j, "group") {
		v.want(slices.Contains(monalGroups, group.Attr("semantics")), "unknown group %q", group.Attr("semantics"))
		v.want(named(group, "content").Exists() && !slices.Contains(names(group), ""), "a group wants names: %s", group)
	}
	for content := range all(j, "content") {
		v.want(has(content, "creator") && has(content, "name"), "a content wants creator and name")
		v.want(slices.Contains([]string{"", "both", "initiator", "responder"}, content.Attr("senders")), "unknown senders %q", content.Attr("senders"))
		transport := named(content, "transport")
		monalTransport(v, transport)
		if whole(j) {
			monalDescription(v, named(content, "description"))
			continue
		}
		v.want(transport.Attr("ufrag") != "" && transport.Attr("pwd") != "", "not-authorized: ufrag and pwd are not those of the session")
		v.want(len(slices.Collect(all(transport, "candidate"))) <= 1, "it reads only the first candidate")
	}
	v.want(!action(j, "transport-info") || len(names(j)) == 1, "it reads only the first candidate")
}

func monalTransport(v *verdict, transport element.Element) {
	for f := range all(transport, "fingerprint") {
		v.want(slices.Contains(monalHashes, f.Attr("hash")), "unknown hash %q", f.Attr("hash"))
		v.want(slices.Contains(monalSetups, f.Attr("setup")), "unknown setup %q", f.Attr("setup"))
		v.want(reMonalFingerprint.MatchString(f.Text()), "it panics at fingerprint %q", f.Text())
	}
	for c := range all(transport, "candidate") {
		for _, name := range monalCandidateWords {
			v.want(has(c, name), "a candidate wants %s", name)
		}
		v.want(number(c.Attr("generation"), 1<<32-1) && number(c.Attr("priority"), 1<<63) && number(c.Attr("port"), 1<<32-1), "a candidate wants numbers: %s", c)
		v.want(c.Attr("protocol") == "udp" && slices.Contains(candidateTypes, c.Attr("type")), "a candidate of unknown protocol %q or type %q", c.Attr("protocol"), c.Attr("type"))
	}
}

func monalDescription(v *verdict, e element.Element) {
	v.want(e.Exists(), "a content wants a description")
	v.want(slices.Contains([]string{"audio", "video", "application"}, e.Attr("media")), "unknown media %q", e.Attr("media"))
	for child := range e.Children() {
		switch child.Name() {
		case "payload-type":
			monalPayload(v, child, e.Attr("media"))
		case "rtcp-fb":
			monalKnows(v, child, "type", monalFeedback)
		case "bandwidth":
			v.want(false, "<bandwidth/> never parses")
		case "rtp-hdrext":
			v.want(number(child.Attr("id"), 1<<16-1) && has(child, "uri"), "a header extension wants a number and uri: %s", child)
		case "ssrc-group":
			monalKnows(v, child, "semantics", monalSourceGroups)
			v.want(named(child, "source").Exists(), "a source group wants sources")
		case "source":
			v.want(number(child.Attr("ssrc"), 1<<32-1), "ssrc %q is no number", child.Attr("ssrc"))
			for parameter := range all(child, "parameter") {
				v.want(has(parameter, "value"), "it writes a=ssrc without a value, which WebRTC refuses: %s", parameter)
			}
		}
	}
}

func monalKnows(v *verdict, e element.Element, attr string, known []string) {
	v.want(slices.Contains(known, e.Attr(attr)), "unknown %s %q in %s", attr, e.Attr(attr), e.Name())
}

func monalPayload(v *verdict, e element.Element, media string) {
	v.want(number(e.Attr("id"), 255), "payload type id %q", e.Attr("id"))
	for _, name := range []string{"clockrate", "channels"} {
		v.want(!has(e, name) || number(e.Attr(name), 1<<32-1), "%s %q is no number", name, e.Attr(name))
	}
	for p := range all(e, "parameter") {
		v.want(has(p, "name") && has(p, "value"), "missing field @name or @value: %s", p)
		boolean := slices.Contains(monalBooleans, p.Attr("name"))
		v.want(!boolean || slices.Contains(monalBooleanValues, p.Attr("value")), "it panics at %s", p)
	}
	for feedback := range all(e, "rtcp-fb") {
		monalKnows(v, feedback, "type", monalFeedback)
	}
	// It writes an empty a=fmtp for a payload type that has children and no parameter.
	empty := !named(e, "parameter").Exists() && e.First().Exists()
	v.want(!empty || media != "video" || !strings.EqualFold(e.Attr("name"), "red"), "its empty fmtp of red makes WebRTC reject the video")
}

// monalSDP: it adds candidates one by one, later.
func monalSDP(j element.Element) *sdp {
	s := sdpOf(j)
	for i := range s.sections {
		section := &s.sections[i]
		section.candidates = nil
		section.print = strings.TrimSpace(section.print)
		for k := range section.payloads {
			if p := &section.payloads[k]; p.clockrate == "" && p.name != "" {
				p.clockrate = "0"
			}
		}
	}
	return s
}

func monalMessage(v *verdict, m, said element.Element) {
	v.want(said.Name() != "propose" || slices.Contains(mediaOfProposal(said), "audio"), "it ignores a proposal without audio")
	v.want(said.Name() != "proceed" || !named(said, "device").Exists(), "it encrypts fingerprints for <device/>")
}

func monalLater(v *verdict, t *talk, j element.Element) {
	if !action(j, "transport-info") {
		return
	}
	for content := range all(j, "content") {
		creds, known := t.creds[content.Attr("name")]
		v.want(!known || creds == credsOf(content), "not-authorized: ufrag and pwd are not those of the session")
	}
}

// monalLosses: it knows the parameters of codecs by the names of its Rust fields. Others it
// joins with commas, which makes H264 useless and the limits of VP8 unknown.
func monalLosses(v *verdict, j element.Element) {
	for content := range all(j, "content") {
		for payload := range all(named(content, "description"), "payload-type") {
			for p := range all(payload, "parameter") {
				name := p.Attr("name")
				hyphens := strings.Contains(name, "-") && slices.Contains([]string{"h264", "vp8"}, strings.ToLower(payload.Attr("name")))
				v.want(!hyphens, "%s %s: it knows no %s", payload.Attr("name"), payload.Attr("id"), name)
				v.want(name != "profile_level_id" || number(p.Attr("value"), 1<<24-1), "profile_level_id %q is no decimal", p.Attr("value"))
			}
		}
	}
}
