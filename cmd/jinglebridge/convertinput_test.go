package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/jinglebridge/jinglebridge/web"
)

const oneCandidate = "candidate:1 1 udp 2122194687 192.0.2.1 46116 typ host generation 0"

// People copy from consoles, logs and our own protocol; each of these is the same offer.
func TestConvertReadsWhatIsPasted(t *testing.T) {
	sdp := fixture(t, "sdp/firefox-153.7.0.audio.00-offer.sdp")
	want := converted(t, file(t, sdp))
	escaped := strings.ReplaceAll(sdp, "\r\n", `\r\n`)
	for name, text := range map[string]string{
		"LF":               strings.ReplaceAll(sdp, "\r\n", "\n"),
		"blank lines":      "\n\n" + strings.ReplaceAll(sdp, "\r\n", "\n\n"),
		"indented":         strings.ReplaceAll("\t"+sdp, "\r\n", "\n\t"),
		"byte order mark":  "\ufeff" + sdp,
		"escaped":          escaped,
		"a JSON string":    `"` + escaped + `"`,
		"a JS literal":     "desc.sdp = '" + escaped + "';",
		"a console object": `RTCSessionDescription {type: "offer", sdp: "` + escaped + `"}`,
		"a log line":       "2026-11-21 10:00:00 offer: " + sdp,
		"JSON":             string(web.Description("offer", sdp)),
		"an answer's JSON": string(web.Description("offer", strings.ReplaceAll(sdp, "setup:actpass", "setup:active"))),
		"a message":        `{"type":"offer","name":"romeo","offer":` + string(web.Description("offer", sdp)) + `}`,
		"a list of one":    `[` + string(web.Description("offer", sdp)) + `]`,
	} {
		if got := converted(t, file(t, text)); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
}

func TestConvertReadsStanzas(t *testing.T) {
	xml := fixture(t, "jingle/siskin-2024.audio.00-offer.xml")
	want := converted(t, file(t, xml))
	for name, text := range map[string]string{
		"iq":                "<iq xmlns='jabber:client' type='set' id='1'>" + xml + "</iq>",
		"iq of a component": "<iq xmlns='jabber:component:accept' type='set' id='1'>" + xml + "</iq>",
		"iq without xmlns":  "<iq type='set' id='1' xml:lang='en'>\n" + xml + "\n</iq>",
		"a log line":        "Nov 21 10:00:00 info <- <iq type='set'>" + xml + "</iq> (2 kB)",
		"an XML console":    "<!-- in: 10:00:00 -->\n<iq type='set'>" + xml + "</iq>",
		"an XML file":       "<?xml version='1.0'?>\n" + xml,
		"carbon":            "<message><received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>" + xml + "</forwarded></received></message>",
		"no namespace":      strings.Replace(strings.Replace(xml, `xmlns="urn:xmpp:jingle:1"`, "", 1), "xmlns='urn:xmpp:jingle:1'", "", 1),
	} {
		if got := converted(t, file(t, text)); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
}

func TestConvertReadsCandidates(t *testing.T) {
	offer := "../../jingle/testdata/sdp/chromium-156.0.8078.79.audio-video.00-offer.sdp"
	init := func(mid any, index any) string {
		raw, err := json.Marshal(map[string]any{"candidate": oneCandidate, "sdpMid": mid, "sdpMLineIndex": index, "usernameFragment": "OfSg"})
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	for _, test := range []struct {
		text string
		args []string
		want string
	}{
		{oneCandidate, nil, "name='0'>\n    <transport xmlns='urn:xmpp:jingle:transports:ice-udp:1'>\n      <candidate component='1' foundation='1'"},
		{"a=" + oneCandidate + "\r\n", nil, "name='0'"},
		{"sdpMid: 1, sdpMLineIndex: 1, candidate: " + oneCandidate + " network-id 2, url: stun:192.0.2.9", nil, "name='1'"},
		{"sdpMid: 1, sdpMLineIndex: 1, candidate: " + oneCandidate + " network-id 2, url: stun:192.0.2.9", nil, "network='2'"},
		{"RTCIceCandidate {candidate: '" + oneCandidate + "', sdpMid: 'video', sdpMLineIndex: 1}", nil, "name='video'"},
		{"a=mid:video\n  a=ice-ufrag:OfSg\n  a=" + oneCandidate, nil, "name='video'>\n    <transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' ufrag='OfSg'>"},
		{"a=mid:a\na=ice-ufrag:OfSg\na=mid:b\na=" + oneCandidate, nil, "name='b'>\n    <transport xmlns='urn:xmpp:jingle:transports:ice-udp:1'>"},
		{init("1", 1), nil, "name='1'>\n    <transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' ufrag='OfSg'>"},
		{init(nil, 1), nil, "name='1'"},
		{init("1", 1), []string{"--offer", offer}, "name='1'>\n    <transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' ufrag='OfSg' pwd='"},
		{init(nil, 0), []string{"--offer", offer}, "name='0'"},
		{`{"type":"candidate","name":"romeo","candidate":` + init("1", 1) + `}`, nil, "name='1'"},
		{`{"type":"candidate","candidates":[` + init("1", 1) + `,` + init("0", 0) + `]}`, nil, "name='0'"},
		{`{"type":"candidate","candidates":[` + init("1", 1) + `,` + init("0", 0) + `]}`, nil, "name='1'"},
	} {
		got := converted(t, append(test.args, file(t, test.text))...)
		if !strings.Contains(got, test.want) || !strings.Contains(got, "action='transport-info'") {
			t.Errorf("%s %q: got\n%s\nwant %s in it", test.text, test.args, got, test.want)
		}
	}
}

// What is wrong is said on one line, with its place.
func TestConvertErrors(t *testing.T) {
	sdp := fixture(t, "sdp/firefox-153.7.0.audio.00-offer.sdp")
	jingle := "<jingle xmlns='urn:xmpp:jingle:1' sid='s' action="
	for _, test := range []struct {
		text string
		args []string
		want string
	}{
		{"", nil, "nothing there: want SDP"},
		{" \n", nil, "nothing there: want SDP"},
		{"hello", nil, `got "hello": want SDP (v=0…), a candidate (candidate:…), JSON with either, or XML with a <jingle/>`},
		{`{"type":"leave"}`, nil, "want SDP"},
		{`{"type":"offer","sdp":"m=audio"}`, nil, "sdp: want v=0 in front"},
		{`{"sdp":"v=0","sdp":"v=0"}`, nil, `json: want one "type" and one "sdp"`},
		{strings.Repeat("x", maxInput+1), nil, "want at most 262144 bytes"},
		{strings.Replace(sdp, "m=audio 9", "m=audio x", 1), nil, "line "},
		{"a=candidate:: 1 udp 1 192.0.2.1 9 typ host", nil, "want SDP"},
		{"a=candidate:1 1 udp x 192.0.2.1 9 typ host", nil, "want a 32-bit priority"},
		{"a=candidate:1 1 udp 1 abc.local 9 typ host", nil, "is not passed on: nobody outside the local network can resolve a .local name"},
		{`{"candidate":"","sdpMid":"0"}`, nil, "no contents to translate: an empty candidate is the end of them"},
		{"a=mid:0", nil, "no candidate there: want SDP"},
		{oneCandidate, []string{"--action", "session-initiate"}, "--action: candidates go into a transport-info, not a session-initiate"},
		{"a=mid:9\na=" + oneCandidate, []string{"--offer", file(t, sdp)}, "--offer has no such m-line"},
		{sdp, []string{"--action", "session-terminate"}, "--action: no contents go into a session-terminate"},
		{sdp, []string{"--offer", "/does/not/exist"}, "--offer: open /does/not/exist: no such file"},
		{sdp, []string{"--offer", file(t, oneCandidate)}, "--offer: want SDP or Jingle, got a candidate"},
		{sdp, []string{"--offer", file(t, "v=0\r\nm=audio x")}, "--offer: sdp"},
		{sdp, []string{"--offer", file(t, jingle+"'session-info'/>")}, "--offer: no contents to translate: this session-info is well-formed"},
		{"<a>\n <jingle x='1' x='2'/></a>", nil, `xml at line 2, column 16: attribute "x" twice`},
		{"log: <jingle\n é&", nil, "xml at line 2, column 3: want = after an attribute's name"},
		{strings.Repeat("<a>", 100), nil, "xml at line 1, column 193: elements nested too deeply"},
		{"<jingle \xff/>", nil, "xml: not UTF-8"},
		{"<iq/>", nil, "want a <jingle/>, there is none in this \"iq\""},
		{"<iq xmlns='jabber:client'><jingle action='x'/></iq>", nil, `want a <jingle/> in namespace "urn:xmpp:jingle:1", got "jabber:client"`},
		{"<jingle sid='s'/>", nil, "jingle: want an action"},
		{jingle + "'session-initiate'/>", nil, `xml at line 1, column 1: jingle "session-initiate": want a content`},
		{jingle + "'session-initiate'>\n  <content name='0'>\n   <transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' ufrag='x'/></content></jingle>", nil, `xml at line 3, column 4: jingle "session-initiate": content "0": transport: want a ufrag of 4 to 256 ice-chars, got "x"`},
		{"log: <iq>" + jingle + "'session-initiate'>\n <content name='0'><description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'><payload-type id='0'/></description></content></jingle></iq>", nil, `xml at line 2, column 2: jingle "session-initiate": content "0": want an ICE ufrag`},
		{jingle + "'session-terminate'><reason><busy/></reason></jingle>", nil, `no contents to translate: this session-terminate is well-formed and ends the session, reason "busy"`},
		{jingle + "'session-terminate'><reason><gone/><text>a\nb</text></reason></jingle>", nil, `reason "gone" ("a\nb")`},
		{jingle + "'session-terminate'/>", nil, "reason not said"},
		{jingle + "'session-info'/>", nil, "asks whether the session is still there"},
		{jingle + "'session-info'><ringing xmlns='urn:xmpp:jingle:apps:rtp:info:1'/></jingle>", nil, "says ringing"},
		{jingle + "'content-modify'><content name='0' senders='initiator'/></jingle>", nil, `changes who sends: content "0" (initiator)`},
		{jingle + "'content-remove'><content name='0'/></jingle>", nil, `is about content "0"`},
		{jingle + "'transport-info'/>", nil, "names no content"},
	} {
		code, out, errs := convert(append(test.args, file(t, test.text))...)
		if code != exitRuntime || out != "" || strings.Count(errs, "\n") != 1 || !strings.HasPrefix(errs, "jinglebridge: ") || !strings.Contains(errs, test.want) {
			t.Errorf("%.80q %q: got code %d, %q and %q, want one line with %q", test.text, test.args, code, out, errs, test.want)
		}
	}
}

// A command line that cannot be meant is as wrong as a configuration.
func TestConvertRefusesFlags(t *testing.T) {
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"--role", "caller"}, `want "initiator" or "responder", got "caller"`},
		{[]string{"--action", "session-accpet"}, `or "security-info", got "session-accpet"`},
		{[]string{"--for", "psi"}, `want "common", "conversations", "dino", "monal", "movim", "siskin" or "stanzajs", got "psi"`},
		{[]string{"--offer", "-"}, "--offer: want a file"},
		{[]string{"--sid", ""}, "--sid: want 1 to 255 characters"},
		{[]string{"a", "b"}, "unexpected argument b"},
	} {
		code, out, errs := convert(test.args...)
		if code != exitConfig || out != "" || strings.Count(errs, "\n") != 1 || !strings.Contains(errs, test.want) {
			t.Errorf("%q: got code %d and %q, want %q", test.args, code, errs, test.want)
		}
	}
}

// FuzzConvert: whatever is pasted is translated or refused, and what is written can be read.
func FuzzConvert(f *testing.F) {
	for _, seed := range []string{
		"v=0\\r\\nm=audio", "sdp: 'v=0\r\n'", `{"sdp":"v=0","type":"offer"}`, `[{"candidate":"` + oneCandidate + `"}]`, "a=mid:0\na=" + oneCandidate,
		"<!-- x --><iq><jingle action='session-info' sid='s'/></iq>", "x <jingle xmlns='urn:xmpp:jingle:1' action='transport-info' sid='s'><content name='a'/></jingle> y",
		"<jingle action='transport-info' sid='s'><content name='a'><transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' ufrag='abcd'/></content></jingle>",
	} {
		f.Add([]byte(seed))
	}
	for _, name := range []string{"jingle/stanzajs-12.22.1.transport-info.xml", "jingle/siskin-2024.audio.00-offer.xml", "sdp/firefox-153.7.0.audio.00-offer.sdp"} {
		f.Add([]byte(fixture(f, name)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		in, err := readPasted(data)
		if err != nil {
			if in != nil {
				t.Fatalf("got both %+v and %v", in, err)
			}
			return
		}
		c := &convertCommand{SID: "sid"}
		first := translation{convertCommand: c}
		out, err := first.translate(in)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Fatalf("the error has two lines: %q", err)
			}
			return
		}
		again, err := readPasted([]byte(out))
		if err != nil && strings.Contains(out, "candidate") {
			t.Fatalf("%q became %q: %v", data, out, err)
		}
		if err == nil && in.jingle.Exists() == again.jingle.Exists() {
			t.Fatalf("%q became %q, which is not the other language", data, out)
		}
	})
}
