// Package webtest holds what a hostile or broken browser may send, for tests of this and
// other rooms: nothing of it may end the process, the link to the XMPP server, or anybody
// else's session.
package webtest

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// Opcodes of RFC 6455 §5.2.
const (
	Continuation = 0x0
	Text         = 0x1
	Binary       = 0x2
	Close        = 0x8
	Ping         = 0x9
	Pong         = 0xA
)

// Frame is one thing to send after login.
type Frame struct {
	Name   string // says what is wrong with it
	Opcode byte
	Data   []byte
	Raw    bool // Data goes over the wire as it is, header and all
	Closes bool // the server closes the socket for it
}

// Wire returns the bytes to send: one final, masked frame, or what is raw.
func (f Frame) Wire() []byte {
	if f.Raw {
		return f.Data
	}
	return frame(0x80|f.Opcode, f.Data)
}

// frame masks with zeros, which leaves the payload readable.
func frame(first byte, payload []byte) []byte {
	b := []byte{first}
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	b = append(b, 0, 0, 0, 0)
	return append(b, payload...)
}

// Hostile returns them all; domain is one that the bridge lets browsers call.
func Hostile(domain string) []Frame {
	var frames []Frame
	frames = append(frames, syntax()...)
	frames = append(frames, characters(domain)...)
	frames = append(frames, shapes(domain)...)
	frames = append(frames, names(domain)...)
	frames = append(frames, rooms(domain)...)
	frames = append(frames, payloads(domain)...)
	return append(frames, wire()...)
}

func text(name, data string) Frame { return Frame{Name: name, Opcode: Text, Data: []byte(data)} }

func syntax() []Frame {
	var frames []Frame
	for _, data := range []string{
		``, ` `, `{`, `}`, `[`, `"`, `nul`, `{"type"`, `{"type":`, `{"type":"offer"`, `{"type":"offer",}`,
		`{,}`, `{'type':'offer'}`, `{type:"offer"}`, `{"type":"leave"}{"type":"leave"}`, `{"type":"leave"} x`,
		`{"type":"leave"/**/}`, "\ufeff" + `{"type":"leave"}`, `{"type":"leave","x":01}`, `{"type":"leave","x":NaN}`,
		`{"type":"leave","x":"\x41"}`, `{"type":"leave","x":"\u12"}`, `{"type":"offer","type":"leave"}`,
		`null`, `true`, `0`, `-0`, `1e999`, `[]`, `[[]]`, `{}`, `[{"type":"leave"}]`, `"leave"`,
		`<message to='x'/>`, `</stream:stream>`, `GET / HTTP/1.1`,
	} {
		frames = append(frames, text("syntax "+data, data))
	}
	return append(frames,
		text("spaces", strings.Repeat(" ", 65_536)),
		text("deep arrays", strings.Repeat("[", 65_536)),
		text("deep objects", strings.Repeat(`{"a":`, 13_000)),
		text("a long number", `{"type":"leave","x":`+strings.Repeat("9", 60_000)+`}`),
		text("a long key", `{"`+strings.Repeat("k", 60_000)+`":1}`),
		text("many keys", `{"type":"leave"`+strings.Repeat(`,"a":1`, 10_000)+`}`),
		text("many candidates", `{"type":"candidate","candidates":[`+strings.Repeat("null,", 10_000)+`null]}`),
		Frame{Name: "binary", Opcode: Binary, Data: []byte{0, 1, 2, 3, 0xff}},
		Frame{Name: "gzip", Opcode: Binary, Data: []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff")},
	)
}

// characters puts what XML cannot hold, or UTF-8 is not, where strings are.
func characters(domain string) []Frame {
	var bad []string
	for c := range 0x20 {
		bad = append(bad, fmt.Sprintf(`\u%04x`, c))
	}
	bad = append(bad, `\b`, `\f`, `\u007f`, `\u0080`, `\u009f`, `\ufdd0`, `\ufffe`, `\uffff`, `\ud800`, `\udfff`,
		`\ud800\ud800`, `\udc00\ud800`, `\ud83f\udffe`, "\x00", "\x1b", "\x7f", "\u0085", "\u2028", "\ufffe", "\uffff",
		"\xff", "\xc0\x80", "\xc3", "\xe2\x82", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", `\u202e`, `\u200d`)
	var frames []Frame
	for i, c := range bad {
		data := [...]string{
			`{"type":"offer","offer":{"type":"offer","sdp":"v=0\r\n"},"name":"a` + c + `@` + domain + `","call":"h"}`,
			`{"type":"invite","name":"juliet@` + domain + `","call":"h","media":["audio"],"title":"` + c + `"}`,
			`{"type":"leave","name":"juliet@` + domain + `","reason":"` + c + `","message":"` + c + `"}`,
			`{"type":"offer","offer":{"type":"offer","sdp":"v=0\r\ns=` + c + `\r\n"},"name":"juliet@` + domain + `","call":"h` + c + `"}`,
			`{"type":"presence","show":"` + c + `","status":"` + c + `"}`,
			`{"type":"` + c + `"}`,
			`{"` + c + `":1,"type":"leave"}`,
		}[i%7]
		frames = append(frames, text(fmt.Sprintf("character %q %d", c, i%7), data))
	}
	return frames
}

// shapes gives every verb every wrong kind of value.
func shapes(domain string) []Frame {
	verbs := []string{"login", "offer", "answer", "candidate", "leave", "invite", "ringing", "accept", "info",
		"presence", "roster", "subscribe", "subscribed", "unsubscribe", "unsubscribed", "join", "message", "ice", "ping",
		"ok", "error", "joined", "left", "pong", "shutdown", "constructor", "__proto__", "LOGIN"}
	values := []string{`null`, `true`, `5`, `-1e308`, `""`, `[]`, `{}`, `[[]]`, `{"a":{}}`, `"` + strings.Repeat("x", 2_000) + `"`}
	var frames []Frame
	for i, verb := range verbs {
		frames = append(frames, text("bare "+verb, `{"type":"`+verb+`"}`))
		value := values[i%len(values)]
		all := ""
		for _, key := range []string{"name", "call", "offer", "answer", "candidate", "candidates", "media", "reason", "title",
			"timeout", "room", "max", "offers", "data", "hold", "mute", "streams", "caps", "v", "resume", "show", "status", "priority", "id", "message"} {
			all += `,"` + key + `":` + value
		}
		frames = append(frames, text(fmt.Sprintf("%s, all %.9s", verb, value), `{"type":"`+verb+`"`+all+`}`))
		if verb != "login" {
			frames = append(frames, text("no call "+verb, `{"type":"`+verb+`","name":"juliet@`+domain+`","call":"none"}`))
		}
	}
	for _, value := range values {
		frames = append(frames, text("type "+value[:min(9, len(value))], `{"type":`+value+`}`))
	}
	return frames
}

// names are addressees that one XMPP server takes and another refuses.
func names(domain string) []Frame {
	var frames []Frame
	for _, name := range []string{
		``, `@`, `/`, `@` + domain, domain, domain + `/x`, `a@`, `a@b@` + domain, `a@` + domain + `/r`, `a@` + domain + `/`,
		`a@` + domain + `.`, `a@` + strings.ToUpper(domain), `A@` + domain, ` a@` + domain, `a b@` + domain, `a&b@` + domain, `a'b@` + domain,
		`a\"b@` + domain, `a<b@` + domain, `a:b@` + domain, `♥@` + domain, `ᄀ@` + domain, `а@` + domain, `a\u202e@` + domain, `a\u200d@` + domain,
		`ß@` + domain, `ſ@` + domain, `İ@` + domain, `\u00ad@` + domain, `e\u0301@` + domain, `ﬁ@` + domain, `٣@` + domain, `\ud83d\ude00@` + domain,
		`a@[::1]`, `a@127.0.0.1`, `a@localhost:5347`, `a@xn--\u00e9`, `a@` + strings.Repeat("b", 300), `a@-.-`, `a@..`, `a@b..c`, `a@\u3002`,
		strings.Repeat("a", 1_024), strings.Repeat("é", 512), strings.Repeat("a", 1_023) + `@` + domain, `\\20a@` + domain, `a\\40b@` + domain,
		`null`, `undefined`, `constructor`, `__proto__`, `toString`, `' or 1=1 --`, `../../etc/passwd`, `<script>`, `%s%n`, `a\nb@` + domain, `a\r\nb`, `a\tb`,
	} {
		frames = append(frames,
			text(fmt.Sprintf("call %.40q", name), `{"type":"offer","offer":{"type":"offer","sdp":"v=0\r\n"},"name":"`+name+`"}`),
			text(fmt.Sprintf("join %.40q", name), `{"type":"join","room":"`+name+`","title":"`+name+`"}`))
	}
	return frames
}

// rooms is what should not be said of rooms, or in them.
func rooms(domain string) []Frame {
	var frames []Frame
	for _, data := range []string{
		``, `null`, `{`, `"`, `[` + strings.Repeat("[", 1_000), strings.Repeat(`{"a":`, 10_000) + `1` + strings.Repeat("}", 10_000),
		`"` + strings.Repeat("x", 65_000) + `"`, `"\ud800"`, `"\uffff"`, `1e999`, `[1,2`, `{"a":1,"a":2}`,
	} {
		frames = append(frames,
			text(fmt.Sprintf("message %.20q to a room", data), `{"type":"message","room":"hostile","data":`+data+`}`),
			text(fmt.Sprintf("message %.20q to nobody", data), `{"type":"message","data":`+data+`}`))
	}
	for _, keys := range []string{`"max":-1`, `"max":1e9`, `"max":1.5`, `"max":"2"`, `"offers":"yes"`, `"offers":[]`, `"members":[{}]`, `"awaited":true`, `"self":"x"`, `"call":"c"`, `"name":"x"`} {
		frames = append(frames, text("join with "+keys, `{"type":"join","room":"hostile",`+keys+`}`))
	}
	return append(frames,
		text("join a person", `{"type":"join","room":"juliet@`+domain+`"}`),
		text("message to a person", `{"type":"message","room":"juliet@`+domain+`","data":1}`),
		text("leave a person", `{"type":"leave","room":"juliet@`+domain+`"}`),
		text("offer to a room", `{"type":"offer","offer":{},"name":"hostile","room":"hostile"}`),
		text("offer to oneself", `{"type":"offer","offer":{},"name":"hostile","room":"hostile@call.`+domain+`"}`),
		text("leave a room twice", `{"type":"leave","room":"hostile"}`), text("leave a room again", `{"type":"leave","room":"hostile"}`))
}

// payloads are descriptions and candidates that are none, or say more than one line.
func payloads(domain string) []Frame {
	to := `"name":"juliet@` + domain + `"`
	sdp := func(s string) string {
		return `{"type":"offer","offer":{"type":"offer","sdp":"` + s + `"},` + to + `,"call":"p"}`
	}
	const audio = `v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\n`
	const ice = `a=mid:0\r\na=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\na=setup:actpass\r\na=rtpmap:111 opus/48000/2\r\n`
	frames := []Frame{
		text("no sdp", sdp(``)), text("sdp of spaces", sdp(strings.Repeat(" ", 60_000))), text("sdp without media", sdp(`v=0\r\n`)),
		text("half an sdp", sdp(audio)), text("no fingerprint", sdp(audio+ice)),
		text("bad fingerprint", sdp(audio+ice+`a=fingerprint:sha-256 ZZ\r\n`)),
		text("fingerprint with markup", sdp(audio+ice+`a=fingerprint:sha-256 '><evil/>\r\n`)),
		text("codec with markup", sdp(audio+ice+`a=rtpmap:112 </jingle></iq><x/>/90000\r\n`)),
		text("many media", sdp(`v=0\r\n`+strings.Repeat(`m=audio 9 RTP/AVP 0\r\n`, 2_000))),
		text("many formats", sdp(`v=0\r\nm=audio 9 RTP/AVP`+strings.Repeat(" 0", 20_000)+`\r\n`)),
		text("many lines", sdp(audio+ice+strings.Repeat(`a=x\r\n`, 8_000))),
		text("one long line", sdp(audio+`a=`+strings.Repeat("x", 60_000))),
		text("carriage returns", sdp(strings.ReplaceAll(audio+ice, `\r\n`, `\r`))),
		text("huge numbers", sdp(audio+ice+`a=rtpmap:99999999999999999999 opus/99999999999999999999/9\r\n`)),
		text("offer says answer", `{"type":"offer","offer":{"type":"answer","sdp":"v=0"},`+to+`}`),
		text("rollback", `{"type":"offer","offer":{"type":"rollback"},`+to+`}`),
		text("sdp twice", `{"type":"offer","offer":{"sdp":"a","sdp":"b","type":"offer"},`+to+`}`),
		text("answer to nobody", `{"type":"answer","answer":{"type":"answer","sdp":"v=0"},"name":"nobody"}`),
		text("mute many", `{"type":"info",`+to+`,"call":"p","mute":{`+strings.Repeat(`"0":true,`, 5_000)+`"1":false}}`),
		text("call id with markup", `{"type":"invite",`+to+`,"call":"'/><x","media":["audio"]}`),
		text("call id of 1,000", `{"type":"invite",`+to+`,"call":"`+strings.Repeat("c", 1_000)+`","media":["audio"]}`),
		text("media with markup", `{"type":"invite",`+to+`,"call":"m","media":["<x/>","audio"]}`),
		text("id with markup", `{"type":"ice","id":"</stream:stream>"}`),
	}
	for _, c := range []string{`null`, `""`, `5`, `[]`, `{}`, `{"candidate":""}`, `{"candidate":"candidate:"}`, `{"candidate":"x","sdpMLineIndex":-1}`,
		`{"candidate":"candidate:1 1 udp 1 192.0.2.1 99999 typ host","sdpMid":"0"}`,
		`{"candidate":"candidate:1 1 udp 1 192.0.2.1 9 typ host\r\na=fingerprint:sha-256 00","sdpMid":"0"}`,
		`{"candidate":"candidate:'><x/> 1 udp 1 \"&amp; 9 typ host","sdpMid":"<"}`,
		`{"candidate":"candidate:1 1 udp 1 ` + strings.Repeat("1", 900) + ` 9 typ host","sdpMid":"0"}`,
	} {
		frames = append(frames, text("candidate "+c[:min(60, len(c))], `{"type":"candidate","candidate":`+c+`,`+to+`}`))
	}
	return frames
}

// wire are frames that RFC 6455 forbids, or that are more than one should send.
func wire() []Frame {
	raw := func(name string, closes bool, parts ...[]byte) Frame {
		var data []byte
		for _, part := range parts {
			data = append(data, part...)
		}
		return Frame{Name: name, Data: data, Raw: true, Closes: closes}
	}
	ping := []byte(`{"type":"ping"}`)
	return []Frame{
		raw("not masked", true, []byte{0x81, 2, '{', '}'}),
		raw("compressed", true, frame(0xC1, ping)),
		raw("RSV2", true, frame(0xA1, ping)),
		raw("RSV3", true, frame(0x91, ping)),
		raw("opcode 3", true, frame(0x83, ping)),
		raw("opcode 15", true, frame(0x8F, nil)),
		raw("continuation of nothing", true, frame(0x80, ping)),
		raw("text inside text", true, frame(0x01, ping), frame(0x81, ping)),
		raw("ping in pieces", true, frame(0x09, nil)),
		raw("ping of 126", true, frame(0x89, make([]byte, 126))),
		raw("close of one byte", true, frame(0x88, []byte{3})),
		raw("close 1005", true, frame(0x88, []byte{0x03, 0xED})),
		raw("close 0", true, frame(0x88, []byte{0, 0})),
		raw("close 65535", true, frame(0x88, []byte{0xFF, 0xFF})),
		raw("close, not UTF-8", true, frame(0x88, []byte{0x03, 0xE8, 0xFF})),
		raw("length of 2^63", true, []byte{0x81, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}),
		raw("length of 2^62", true, []byte{0x81, 0xFF, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}),
		raw("too long", true, frame(0x81, make([]byte, 65_537))),
		raw("too long in pieces", true, frame(0x01, make([]byte, 65_536)), frame(0x80, make([]byte, 1))),
		raw("length in a longer form", false, []byte{0x81, 0xFE, 0, 2, 0, 0, 0, 0, '{', '}'}),
		raw("pieces of nothing", false, frame(0x01, nil), frame(0x00, nil), frame(0x80, nil)),
		raw("ping between pieces", false, frame(0x01, ping[:5]), frame(0x89, []byte("x")), frame(0x80, ping[5:])),
		raw("a character in two pieces", false, frame(0x01, []byte("{\"type\":\"\xc3")), frame(0x80, []byte("\xa9\"}"))),
		raw("pong unasked", false, frame(0x8A, []byte("hello"))),
		raw("ping of 125", false, frame(0x89, make([]byte, 125))),
		raw("the bytes of TLS", true, []byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")),
		raw("HTTP again", true, []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")),
	}
}
