package jingle

import (
	"fmt"
	"slices"
	"strings"
)

// sdp writes a model as some browser might: attributes in any order, with CRLF or LF.
func (g *generator) sdp(m model) string {
	lines := []string{"v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0"}
	var all []string
	if len(m.bundle) > 0 {
		all = append(all, "a=group:BUNDLE "+strings.Join(m.bundle, " "))
	}
	if m.shared {
		all = append(all, g.transportLines(m, m.lines[0])...)
	}
	g.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	lines = append(lines, all...)
	for _, l := range m.lines {
		lines = append(lines, g.mline(m, l)...)
	}
	end := "\r\n"
	if g.maybe() {
		end = "\n"
	}
	return strings.Join(lines, end) + end
}

func (g *generator) transportLines(m model, l mlineModel) []string {
	all := []string{"a=ice-ufrag:" + l.ufrag, "a=ice-pwd:" + l.pwd, "a=fingerprint:sha-256 " + l.fingerprint, "a=setup:" + m.setup, "a=ice-options:trickle"}
	if m.mixed {
		all = append(all, "a=extmap-allow-mixed")
	}
	return all
}

func (g *generator) mline(m model, l mlineModel) []string {
	attributes := []string{"a=mid:" + l.mid}
	if !m.shared {
		attributes = append(attributes, g.transportLines(m, l)...)
	}
	for i := range l.candidates {
		attributes = append(attributes, fmt.Sprintf("a=candidate:%d 1 udp %d 192.0.2.%d %d typ host generation 0 network-id 1", i, 1+g.Uint32(), i+1, 1+g.IntN(65535)))
	}
	attributes = append(attributes, fmt.Sprintf("a=candidate:9 1 tcp %d 192.0.2.1 9 typ host tcptype active", g.Uint32()))
	first := "m=application 9 UDP/DTLS/SCTP webrtc-datachannel"
	if l.media != "application" {
		first = fmt.Sprintf("m=%s %d UDP/TLS/RTP/SAVPF", l.media, 1+g.IntN(65535))
		for _, p := range l.payloads {
			first += fmt.Sprint(" ", p.id)
			attributes = append(attributes, p.lines()...)
		}
		if l.direction != "sendrecv" || g.maybe() {
			attributes = append(attributes, "a="+l.direction)
		}
		attributes = append(attributes, "a=rtcp-mux", "a=msid:stream track-"+l.mid)
		attributes = append(attributes, l.rtpLines()...)
	}
	g.Shuffle(len(attributes), func(i, j int) { attributes[i], attributes[j] = attributes[j], attributes[i] })
	return slices.Concat([]string{first, "c=IN IP4 0.0.0.0"}, attributes)
}

func (p payloadModel) lines() []string {
	rtpmap := fmt.Sprintf("a=rtpmap:%d %s/%d", p.id, p.name, p.clock)
	if p.channels > 0 {
		rtpmap += fmt.Sprint("/", p.channels)
	}
	all := []string{rtpmap}
	if p.params != "" {
		all = append(all, fmt.Sprintf("a=fmtp:%d %s", p.id, p.params))
	}
	for _, feedback := range p.feedback {
		all = append(all, fmt.Sprintf("a=rtcp-fb:%d %s", p.id, feedback))
	}
	return all
}

func (l mlineModel) rtpLines() (all []string) {
	for _, uri := range l.extensions {
		all = append(all, fmt.Sprintf("a=extmap:%d %s", slices.Index(someExtensions, uri)+1, uri))
	}
	for _, ssrc := range l.sources {
		all = append(all, fmt.Sprintf("a=ssrc:%d cname:someone", ssrc))
	}
	if len(l.sources) == 2 {
		all = append(all, fmt.Sprintf("a=ssrc-group:FID %d %d", l.sources[0], l.sources[1]))
	}
	return all
}
