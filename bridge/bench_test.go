package bridge

import (
	"os"
	"testing"

	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/internal/element"
	"github.com/jinglebridge/jinglebridge/web"
)

// nopStream is an XMPP server that takes everything and answers nothing.
type nopStream struct{}

func (nopStream) Send([]byte) error                                         { return nil }
func (nopStream) SendIQ(component.IQ, func(*component.Stanza, error)) error { return nil }
func (nopStream) AppendCaps(w *element.Writer)                              { w.Empty(nsCaps, "c", "ver", "ours") }

// nopBrowser is a page that hears everything and shows nothing.
type nopBrowser struct{ number int }

func (*nopBrowser) Send(web.Message)  {}
func (*nopBrowser) Close(int, string) {}
func (*nopBrowser) Old() bool         { return false }
func (*nopBrowser) Addr() string      { return "192.0.2.1" }

// BenchmarkCall is one complete call of a page to an XMPP user with audio and video: proposal, ringing,
// session, answer, eight candidates each way, mute, hang-up; what the loop does, without reading and
// writing of sockets.
func BenchmarkCall(b *testing.B) {
	bridge := New(Config{Domain: "call.example.org", Anonymous: true, Limits: Limits{
		NewCallsPerTarget: 1 << 30, NewCallsPerSession: 1 << 30, NewCallsPerAddr: 1 << 30, Candidates: 100,
	}}, nopStream{})
	bridge.link.up = true
	bridge.newSID = func() string { return "sid1" }
	page := &nopBrowser{}
	bridge.fromBrowser(page, says(b, `{"type":"login","name":"Bob","v":1,"caps":["invite"]}`))
	self := bridge.sessions[page].tab.jid
	steps := callSteps(b, self)
	b.ReportAllocs()
	for b.Loop() {
		for _, step := range steps {
			step(bridge, page)
		}
		if len(bridge.calls) != 0 {
			b.Fatal("the call has not ended")
		}
	}
}

// BenchmarkCallFromText is the same from the bytes of both sides.
func BenchmarkCallFromText(b *testing.B) {
	bridge := New(Config{Domain: "call.example.org", Anonymous: true, Limits: Limits{
		NewCallsPerTarget: 1 << 30, NewCallsPerSession: 1 << 30, NewCallsPerAddr: 1 << 30, Candidates: 100,
	}}, nopStream{})
	bridge.link.up = true
	bridge.newSID = func() string { return "sid1" }
	page := &nopBrowser{}
	bridge.fromBrowser(page, says(b, `{"type":"login","name":"Bob","v":1,"caps":["invite"]}`))
	lines := callLines(b, bridge.sessions[page].tab.jid)
	b.ReportAllocs()
	for b.Loop() {
		for _, line := range lines {
			if line[0] == '{' {
				bridge.fromBrowser(page, says(b, line))
			} else {
				bridge.fromXMPP(hears(b, line))
			}
		}
	}
}

func callSteps(b *testing.B, self string) []func(*Bridge, web.Sender) {
	var steps []func(*Bridge, web.Sender)
	for _, line := range callLines(b, self) {
		if line[0] == '{' {
			m := says(b, line)
			steps = append(steps, func(bridge *Bridge, page web.Sender) { bridge.fromBrowser(page, m) })
		} else {
			s := hears(b, line)
			steps = append(steps, func(bridge *Bridge, _ web.Sender) { bridge.fromXMPP(s) })
		}
	}
	return steps
}

func callLines(b *testing.B, self string) []string {
	const (
		name    = `"name":"juliet@example.org"`
		message = `<message type='chat' from='juliet@example.org/phone' to='bob@call.example.org'>`
		trickle = `<content creator='initiator' name='0'><transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' ufrag='f0t/' pwd='EvcjTeFXL2sATjvB1Zv+xJPu'><candidate component='1' foundation='1' generation='0' id='c1' ip='198.51.100.1' network='0' port='4444' priority='5' protocol='udp' type='host'/></transport></content>`
	)
	iq := func(action, inside string) string {
		return `<iq type='set' id='q1' from='juliet@example.org/phone' to='` + self + `'><jingle xmlns='urn:xmpp:jingle:1' action='` + action + `' sid='sid1'>` + inside + `</jingle></iq>`
	}
	lines := []string{
		`{"type":"invite",` + name + `,"media":["audio","video"]}`,
		message + `<ringing xmlns='urn:xmpp:jingle-message:0' id='sid1'/></message>`,
		message + `<proceed xmlns='urn:xmpp:jingle-message:0' id='sid1'/></message>`,
		`{"type":"offer","offer":` + string(web.Description("offer", file(b, "av-offer.sdp"))) + `,` + name + `}`,
	}
	for i := range 8 {
		lines = append(lines, `{"type":"candidate","candidate":{"candidate":"candidate:1 1 udp 2122260223 192.0.2.7 5000`+string(rune('0'+i))+` typ host generation 0 ufrag OfSg","sdpMid":"0","sdpMLineIndex":0},`+name+`}`)
	}
	lines = append(lines, iq("session-accept", file(b, "conversations-av-accept.xml")))
	for range 8 {
		lines = append(lines, iq("transport-info", trickle))
	}
	return append(lines, iq("session-info", `<mute xmlns='urn:xmpp:jingle:apps:rtp:info:1' name='0'/>`), `{"type":"leave",`+name+`}`)
}

func file(b *testing.B, name string) string {
	content, err := os.ReadFile("testdata/" + name)
	if err != nil {
		b.Fatal(err)
	}
	return string(content)
}

func says(b *testing.B, text string) web.Message {
	m, err := web.Parse([]byte(text), false)
	if err != nil {
		b.Fatal(err)
	}
	return m
}

func hears(b *testing.B, text string) *component.Stanza {
	e, err := element.Parse([]byte(text), component.NS, element.Limits{})
	if err != nil {
		b.Fatal(err)
	}
	return &component.Stanza{Element: e, Type: e.Attr("type"), ID: e.Attr("id"), From: e.Attr("from"), To: e.Attr("to")}
}
