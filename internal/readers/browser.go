package readers

import (
	"regexp"
	"slices"
	"strings"
)

// What WebRTC itself refuses or leaves without media, whichever client translated: found
// with Chromium 156. That newer libraries are stricter than those in the apps is possible,
// the reverse was not seen.

var (
	reMID = regexp.MustCompile("^[!#$%&'*+\\-.0-9A-Z^_`a-z{|}~]{1,16}$")
	// reICE are the ice-chars of RFC 8839 §5.4.
	reICE = regexp.MustCompile(`^[A-Za-z0-9+/]+$`)
	reHex = regexp.MustCompile(`^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2})*$`)
	reExt = regexp.MustCompile(`^([1-9][0-9]{0,2})(/(sendrecv|sendonly|recvonly|inactive))?$`)

	hashLengths = map[string]int{"sha-1": 20, "sha-224": 28, "sha-256": 32, "sha-384": 48, "sha-512": 64}

	// codecs of libwebrtc that carry sound or pictures by themselves.
	codecs = map[string][]string{"audio": {"opus", "g722", "pcmu", "pcma"}, "video": {"vp8", "vp9", "h264", "av1"}}
)

const encryptedExtension = "urn:ietf:params:rtp-hdrext:encrypt"

// refused lists what setRemoteDescription does not take.
func (s *sdp) refused(v *verdict) {
	var mids []string
	ssrcs, streams := map[string]string{}, map[string]string{}
	for i := range s.sections {
		section := &s.sections[i]
		v.want(reMID.MatchString(section.mid), "WebRTC refuses mid %q", section.mid)
		v.want(!slices.Contains(mids, section.mid), "WebRTC refuses mid %q twice", section.mid)
		mids = append(mids, section.mid)
		section.refused(v)
		section.transportRefused(v, s.tagged(i), s.answer)
		for _, source := range section.sources {
			other, known := ssrcs[source.ssrc]
			v.want(!known || other == section.mid, "WebRTC refuses ssrc %s in two sections", source.ssrc)
			ssrcs[source.ssrc] = section.mid
		}
		if section.stream != "" {
			v.want(streams[section.stream] == "", "WebRTC refuses: duplicate a=msid lines, %q", section.stream)
			streams[section.stream] = section.mid
		}
	}
	v.want(!s.grouped || len(s.bundle) > 0, "WebRTC refuses a BUNDLE group of nobody")
	for _, name := range s.bundle {
		v.want(s.part || slices.Contains(mids, name), "WebRTC refuses: a BUNDLE group contains mid %q, matching no m-line", name)
	}
	v.want(s.grouped || !s.maxBundle || s.answer, "WebRTC refuses: max-bundle, and no BUNDLE group")
}

// tagged says whether a section has a transport of its own: those bundled use that of the
// first in the group.
func (s *sdp) tagged(i int) bool {
	at := slices.Index(s.bundle, s.sections[i].mid)
	return at <= 0
}

func (s *section) refused(v *verdict) {
	if s.data {
		return
	}
	v.want(s.media != "application", "WebRTC refuses application with RTP in %q", s.mid)
	v.want(s.media == "audio" || s.media == "video" || s.media == "application", "WebRTC has no media %q", s.media)
	v.want(s.direction != "?", "WebRTC refuses an empty a= line in %q", s.mid)
	v.want(s.mux, "WebRTC refuses %q without rtcp-mux", s.mid)
	v.want(len(s.payloads) > 0, "WebRTC refuses %q without payload types", s.mid)
	usable := slices.ContainsFunc(s.payloads, func(p payload) bool {
		return slices.Contains(codecs[s.media], strings.ToLower(line(p.name)))
	})
	v.want(usable || codecs[s.media] == nil, "WebRTC knows no codec of %q: no media", s.mid)
	s.payloadsRefused(v)
	s.extensionsRefused(v)
	for _, source := range s.sources {
		v.want(number(source.ssrc, 1<<32-1), "WebRTC refuses ssrc %q", source.ssrc)
		v.want(len(strings.Split(source.msid, " ")) <= 2, "WebRTC refuses msid %q of ssrc %s", source.msid, source.ssrc)
	}
	for _, c := range s.candidates {
		v.want(number(c.Attr("component"), 1<<16) && number(c.Attr("priority"), 1<<32-1) && number(c.Attr("port"), 65535) &&
			c.Attr("protocol") != "" && !blank(c.Attr("ip")) && slices.Contains(candidateTypes, c.Attr("type")),
			"WebRTC refuses the line of %s", c)
	}
}

func (s *section) payloadsRefused(v *verdict) {
	var ids []string
	for _, p := range s.payloads {
		v.want(number(p.id, 127) && (len(p.id) < 2 || p.id < "64" || p.id > "95" || len(p.id) > 2), "WebRTC refuses payload type %q", p.id)
		v.want(!slices.Contains(ids, p.id), "WebRTC refuses payload type %s twice", p.id)
		ids = append(ids, p.id)
		v.want(p.name != "" && !blank(p.name) && number(p.clockrate, 1<<31-1) && (p.channels == "" || number(p.channels, 255)),
			"WebRTC refuses rtpmap %q %q/%q/%q", p.id, p.name, p.clockrate, p.channels)
	}
	for _, p := range s.payloads {
		v.want(!strings.EqualFold(p.name, "rtx") || slices.Contains(ids, p.parameters["apt"]), "WebRTC refuses rtx %s of unknown payload type %q", p.id, p.parameters["apt"])
	}
}

func (s *section) extensionsRefused(v *verdict) {
	seen := map[string]bool{}
	for _, e := range s.extensions {
		id := reExt.FindStringSubmatch(e.id)
		v.want(id != nil && number(id[1], 255), "WebRTC refuses header extension id %q", e.id)
		v.want(!seen[e.id], "WebRTC refuses header extension id %q twice", e.id)
		seen[e.id] = true
		v.want(e.uri != encryptedExtension, "WebRTC refuses an encrypted header extension")
	}
}

// transportRefused looks at ICE and DTLS; what is not there is missed only in a transport
// that is used.
func (s *section) transportRefused(v *verdict, used, answer bool) {
	missing := s.ufrag == "" || s.pwd == "" || s.print == "" && s.hash == ""
	v.want(!used || !missing, "WebRTC refuses %q without ufrag, pwd and fingerprint", s.mid)
	v.want(s.ufrag == "" || len(s.ufrag) >= 4 && len(s.ufrag) <= 256 && reICE.MatchString(s.ufrag), "WebRTC refuses ufrag %q", s.ufrag)
	v.want(s.pwd == "" || len(s.pwd) >= 22 && len(s.pwd) <= 256 && reICE.MatchString(s.pwd), "WebRTC refuses pwd %q", s.pwd)
	if s.hash != "" || s.print != "" {
		length := hashLengths[strings.ToLower(s.hash)]
		v.want(length > 0 && reHex.MatchString(s.print) && len(s.print) == 3*length-1, "WebRTC refuses fingerprint %s %q", s.hash, s.print)
	}
	setups := []string{"", "actpass", "active", "passive"}
	if answer {
		setups = []string{"", "active", "passive"}
	}
	v.want(slices.Contains(setups, s.setup), "WebRTC refuses setup %q", s.setup)
}

// answers lists what setRemoteDescription does not take as an answer to an offer of the
// client's own.
func (s *sdp) answers(v *verdict, offer *sdp) {
	v.want(len(s.sections) == len(offer.sections), "WebRTC refuses an answer with %d m-lines to an offer with %d", len(s.sections), len(offer.sections))
	if offer.grouped && s.maxBundle {
		v.want(s.grouped, "WebRTC refuses: the answer takes all out of the BUNDLE group")
	}
	for _, name := range s.bundle {
		v.want(slices.Contains(offer.bundle, name), "WebRTC refuses: %q is in the BUNDLE group of the answer only", name)
	}
	for i := range min(len(s.sections), len(offer.sections)) {
		s.sections[i].answers(v, &offer.sections[i], s.maxBundle)
	}
}

func (s *section) answers(v *verdict, offer *section, maxBundle bool) {
	v.want(s.mid == offer.mid && s.media == offer.media, "WebRTC refuses: the order of m-lines in the answer, %s %q for %s %q", s.media, s.mid, offer.media, offer.mid)
	if s.mid != offer.mid {
		return
	}
	for _, p := range s.payloads {
		offered := slices.ContainsFunc(offer.payloads, func(o payload) bool { return o.id == p.id })
		v.want(offered, "WebRTC refuses payload type %s, which was not offered", p.id)
	}
	for _, e := range s.extensions {
		moved := slices.ContainsFunc(offer.extensions, func(o extension) bool { return o.uri == e.uri && o.id != e.id })
		v.want(!moved || !maxBundle, "WebRTC refuses another id for header extension %s", e.uri)
	}
	v.want(slices.Contains(map[string][]string{
		"sendrecv": {"sendrecv", "sendonly", "recvonly", "inactive"},
		"sendonly": {"recvonly", "inactive"},
		"recvonly": {"sendonly", "inactive"},
		"inactive": {"inactive"},
	}[offer.direction], s.direction), "WebRTC refuses: incompatible direction %s for %s", s.direction, offer.direction)
}
