package readers

import (
	"strconv"
	"strings"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

// sdp is what a client makes of whole contents and hands to its WebRTC: their words, put
// into places, with nothing checked. Clients change it by what they do differently.
type sdp struct {
	sections  []section
	bundle    []string // names in the BUNDLE group
	grouped   bool     // there is one
	answer    bool     // it is for setRemoteDescription of an answer
	part      bool     // there are more sections, known from before
	maxBundle bool     // the client's bundlePolicy is max-bundle
}

// section is an m-line with its attributes.
type section struct {
	mid, media string
	data       bool   // data channels: none of the rules of RTP hold
	direction  string // "?" for an empty a= line
	payloads   []payload
	extensions []extension
	sources    []source
	stream     string // a=msid
	mux        bool
	ufrag, pwd string
	hash       string
	print      string // fingerprint
	setup      string
	candidates []element.Element // lines within the section; clients that add them later leave none
}

type payload struct {
	id, name, clockrate, channels string
	parameters                    map[string]string
}

type extension struct{ id, uri string }

type source struct{ ssrc, msid string }

func sdpOf(j element.Element) *sdp {
	s := &sdp{answer: action(j, "session-accept", "content-accept"), part: action(j, "content-add", "content-accept")}
	for group := range all(j, "group") {
		if group.Attr("semantics") == "BUNDLE" {
			s.grouped, s.bundle = true, names(group)
		}
	}
	for content := range all(j, "content") {
		next := sectionOf(content, s.answer)
		if next.mid == "" {
			next.mid = strconv.Itoa(len(s.sections)) // WebRTC gives numbers to nameless sections
		}
		s.sections = append(s.sections, next)
	}
	return s
}

func sectionOf(content element.Element, answer bool) section {
	description, transport := named(content, "description"), named(content, "transport")
	fingerprint := named(transport, "fingerprint")
	s := section{
		mid: content.Attr("name"), media: description.Attr("media"),
		direction: direction(content.Attr("senders"), answer),
		mux:       named(description, "rtcp-mux").Exists(),
		ufrag:     line(transport.Attr("ufrag")), pwd: line(transport.Attr("pwd")),
		hash: fingerprint.Attr("hash"), setup: fingerprint.Attr("setup"),
	}
	if fingerprint.Exists() {
		s.print = fingerprint.Text()
	}
	for child := range description.Children() {
		switch child.Name() {
		case "payload-type":
			s.payloads = append(s.payloads, payloadOf(child))
		case "rtp-hdrext":
			s.extensions = append(s.extensions, extension{child.Attr("id"), child.Attr("uri")})
		case "source":
			s.sources = append(s.sources, sourceOf(child))
		}
	}
	for candidate := range all(transport, "candidate") {
		s.candidates = append(s.candidates, candidate)
	}
	return s
}

func payloadOf(e element.Element) payload {
	p := payload{id: e.Attr("id"), name: e.Attr("name"), clockrate: e.Attr("clockrate"), channels: e.Attr("channels"), parameters: map[string]string{}}
	for parameter := range all(e, "parameter") {
		p.parameters[parameter.Attr("name")] = line(parameter.Attr("value"))
	}
	return p
}

func sourceOf(e element.Element) source {
	s := source{ssrc: e.Attr("ssrc")}
	for parameter := range all(e, "parameter") {
		if parameter.Attr("name") == "msid" && s.msid == "" {
			s.msid = line(parameter.Attr("value"))
		}
	}
	return s
}

// direction is what senders means for who gets the stanza, by the role of who wrote it.
func direction(senders string, answer bool) string {
	switch senders {
	case "", "both":
		return "sendrecv"
	case "none":
		return "inactive"
	case "initiator", "responder":
		if (senders == "responder") == answer {
			return "sendonly"
		}
		return "recvonly"
	}
	return "?"
}

// line is what is left of a value in its own line: clients that do not look write what
// follows a line break as a line of its own, which WebRTC does not know and skips.
func line(value string) string {
	if i := strings.IndexAny(value, "\r\n"); i >= 0 {
		return value[:i]
	}
	return value
}
