package jingle

import (
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

const (
	credentials = "a=ice-ufrag:OfSg\r\na=ice-pwd:Hbv44btyAlx8EpZT2IMTTsU/\r\n"
	sha256      = "9A:97:C3:1A:DC:94:3F:6B:0A:2A:22:18:F9:6B:A0:D6:A8:76:01:B9:D7:4B:F3:A2:C8:38:7C:C9:9F:3A:B3:3E"
	dtls        = "a=fingerprint:sha-256 " + sha256 + "\r\na=setup:actpass\r\n"
	session     = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
	opusLine    = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=rtpmap:111 opus/48000/2\r\n"
	smallOffer  = session + opusLine + credentials + dtls
)

func TestFromSDPRefuses(t *testing.T) {
	many := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	for _, test := range []struct{ name, sdp, want string }{
		{"empty", "", "want v=0"},
		{"not sdp", "hello", "want v=0"},
		{"large", smallOffer + strings.Repeat("a=x\r\n", 20000), "at most 65536 bytes"},
		{"no letter", session + "garbage\r\n", `line 5 "garbage": want a letter`},
		{"bad m-line", session + "m=audio x UDP/TLS/RTP/SAVPF 111\r\n", `line 5 "m=audio x UDP/TLS/RTP/SAVPF 111": want a port`},
		{"short m-line", session + "m=audio 9\r\n", "want a media"},
		{"port", session + "m=audio 65536 UDP/TLS/RTP/SAVPF 111\r\n", "want a port"},
		{"payload id", session + "m=audio 9 UDP/TLS/RTP/SAVPF 128\r\n", "0 to 127"},
		{"payload twice", session + "m=audio 9 UDP/TLS/RTP/SAVPF 1 1\r\n", "once"},
		{"17 m-lines", session + strings.Repeat(opusLine, 17), "at most 16 m-lines"},
		{"mid twice", smallOffer + opusLine + credentials + dtls, "once"},
		{"mid", session + "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:a b\r\n", `line 6 "a=mid:a b": want a token`},
		{"no ufrag", session + opusLine + dtls, "want an ICE ufrag"},
		{"ufrag", session + opusLine + "a=ice-ufrag:a\"bc\r\na=ice-pwd:Hbv44btyAlx8EpZT2IMTTsU/\r\n" + dtls, "want an ICE ufrag"},
		{"short pwd", session + opusLine + "a=ice-ufrag:OfSg\r\na=ice-pwd:short\r\n" + dtls, "want an ICE pwd"},
		{"no fingerprint", session + opusLine + credentials, "want a DTLS fingerprint"},
		{"fingerprint", session + opusLine + credentials + "a=fingerprint:sha-256 AA:BB\r\n", "want a DTLS fingerprint"},
		{"hash", session + opusLine + credentials + "a=fingerprint:md5 AA:BB\r\n", "want a DTLS fingerprint"},
		{"no codec", session + "m=audio 9 UDP/TLS/RTP/SAVPF\r\n" + credentials + dtls, "want a payload type"},
		{"101 candidates", smallOffer + many(101, "a=candidate:%d 1 udp 1 192.0.2.1 9 typ host\r\n"), "at most 100 candidates"},
		{"257 sources", smallOffer + many(257, "a=ssrc:1%d cname:x\r\n"), "at most 256 sources"},
		{"65 extensions", smallOffer + many(65, "a=extmap:%d urn:x\r\n"), "at most 64"},
		{"65 parameters", smallOffer + "a=fmtp:111 " + many(65, "p%d=1;") + "\r\n", "at most 64"},
	} {
		_, err := FromSDP(test.sdp, Initiator)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
		if err != nil && errors.Is(err, ErrIncompatible) {
			t.Errorf("%s: %v says that it is well-formed", test.name, err)
		}
		if err != nil && len(err.Error()) > 300 {
			t.Errorf("%s: an error of %d bytes", test.name, len(err.Error()))
		}
	}
}

func TestFromSDPIncompatible(t *testing.T) {
	for name, sdp := range map[string]string{
		"only data":     session + "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:0\r\n" + credentials + dtls,
		"only refused":  session + "m=audio 0 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n",
		"no encryption": session + "m=audio 9 RTP/AVP 0\r\na=mid:0\r\n" + credentials,
		"only red":      session + "m=audio 9 UDP/TLS/RTP/SAVPF 63\r\na=rtpmap:63 red/48000/2\r\n" + credentials + dtls,
		"nothing":       session,
	} {
		if _, err := FromSDP(sdp, Initiator); !errors.Is(err, ErrIncompatible) {
			t.Errorf("%s: got %v, want %v", name, err, ErrIncompatible)
		}
	}
}

// TestSessionLevel: what is said once for all m-lines is said in each content; what an
// m-line says itself counts more.
func TestSessionLevel(t *testing.T) {
	sdp := session + credentials + "a=fingerprint:sha-1 " + sha256[:59] + "\r\na=fingerprint:sha-256 " + strings.ToLower(sha256) + "\r\n" +
		"a=fingerprint:sha-512 AA\r\na=setup:actpass\r\na=extmap:3 urn:three\r\na=extmap-allow-mixed\r\na=recvonly\r\na=group:BUNDLE 0 1\r\n" +
		opusLine + "m=video 9 UDP/TLS/RTP/SAVPF 96\na=mid:1\na=rtpmap:96 VP8/90000\na=sendonly\na=ice-ufrag:other\na=extmap:4/recvonly urn:four\n" +
		"a=fingerprint:sha-1 " + sha256[:59] + "\n"
	d := fromSDP(t, sdp, Initiator)
	audio, video := d.Contents[0], d.Contents[1]
	if audio.Ufrag != "OfSg" || video.Ufrag != "other" || video.Pwd != "Hbv44btyAlx8EpZT2IMTTsU/" {
		t.Errorf("got the credentials %q %q %q", audio.Ufrag, video.Ufrag, video.Pwd)
	}
	if audio.Hash != "sha-256" || audio.Fingerprint != sha256 || video.Hash != "sha-1" || video.Fingerprint != sha256[:59] {
		t.Errorf("got the fingerprints %s %s, %s %s", audio.Hash, audio.Fingerprint, video.Hash, video.Fingerprint)
	}
	if audio.Senders != "responder" || video.Senders != "initiator" {
		t.Errorf("got the senders %s and %s", audio.Senders, video.Senders)
	}
	if want := []Extension{{3, "urn:three"}, {4, "urn:four"}}; !reflect.DeepEqual(video.Extensions, want) || len(audio.Extensions) != 1 {
		t.Errorf("got %v, want %v", video.Extensions, want)
	}
	if !audio.AllowMixed || !video.AllowMixed || audio.Setup != "actpass" || video.Setup != "actpass" {
		t.Errorf("got allow-mixed %v %v, setup %q %q", audio.AllowMixed, video.AllowMixed, audio.Setup, video.Setup)
	}
	initiate(t, d)
}

// TestLeftOut: what somebody's reader chokes on, in one offer.
func TestLeftOut(t *testing.T) {
	sdp := session + "a=group:BUNDLE a nobody 2 a\r\n" +
		"m=audio 9 UDP/TLS/RTP/SAVPF 0 63 13 111 101 70 98\r\na=mid:a\r\na=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\na=rtpmap:111 opus/48000/2\r\n" +
		"a=fmtp:111  minptime=10; useinbandfec=yes ;stereo=1;x;=y;minptime=20;cbr=\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n" +
		"a=rtpmap:70 opus/48000/2\r\na=rtpmap:98 bad name/48000\r\na=rtcp-fb:* nack\r\na=rtcp-fb:111 transport-cc\r\na=rtcp-fb:111 rrtr\r\na=rtcp-fb:111 ack rpsi\r\n" +
		"a=extmap:0 urn:zero\r\na=extmap:15 urn:fifteen\r\na=extmap:14 urn:fourteen\r\na=extmap:14 urn:again\r\na=extmap:1 urn:ietf:params:rtp-hdrext:encrypt\r\n" +
		"a=ssrc:0 cname:x\r\na=ssrc:7 cname:\r\na=ssrc:7 label:x\r\na=ssrc:7 msid:a b c\r\na=ssrc-group:FID 7 8\r\na=msid:- t\r\na=ptime:20\r\na=bandwidth:x\r\nb=AS:50\r\n" +
		credentials + dtls +
		"a=candidate:1 1 tcp 1 192.0.2.1 9 typ host tcptype active\r\na=candidate:1 1 udp 1 x.local 9 typ host\r\na=candidate:1 2 udp 1 192.0.2.1 9 typ host\r\na=candidate:x\r\n" +
		"a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n" +
		"m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:2\r\na=sctp-port:5000\r\n" + credentials + dtls
	d := fromSDP(t, sdp, Initiator)
	if len(d.Contents) != 2 || !d.Contents[1].Absent || !reflect.DeepEqual(d.Bundle, []string{"a"}) {
		t.Fatalf("got %+v", d)
	}
	c := d.Contents[0]
	want := []Payload{
		{ID: 0, Name: "PCMU", Clock: 8000, Channels: 1, Feedback: NACK},
		{ID: 111, Name: "opus", Clock: 48000, Channels: 2, Params: []Param{{"minptime", "10"}, {"stereo", "1"}}, Feedback: NACK | TransportCC},
		{ID: 101, Name: "telephone-event", Clock: 8000, Channels: 1},
	}
	if got := plain(d.Contents)[0].Payloads; !reflect.DeepEqual(got, plain([]Content{{Payloads: want}})[0].Payloads) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if want := []Extension{{14, "urn:fourteen"}}; !reflect.DeepEqual(c.Extensions, want) {
		t.Errorf("got %v, want %v", c.Extensions, want)
	}
	if want := []Source{{SSRC: 7}}; !reflect.DeepEqual(c.Sources, want) || len(c.Groups) != 0 || c.Ptime != 20 {
		t.Errorf("got %v %v ptime %d, want %v", c.Sources, c.Groups, c.Ptime, want)
	}
	if len(c.Candidates) != 1 {
		t.Errorf("got %v, want one candidate", c.Candidates)
	}
	initiate(t, d)
}

func TestSimulcastKeepsItsFirstLayer(t *testing.T) {
	d := fromSDP(t, session+"m=video 9 UDP/TLS/RTP/SAVPF 98 96 97\r\na=mid:v\r\na=rtpmap:98 H264/90000\r\na=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n"+
		"a=rid:h send\r\na=rid:l send\r\na=simulcast:send h;l\r\na=ssrc-group:SIM 1 2\r\na=ssrc-group:FID 1 11\r\na=ssrc-group:FID 2 12\r\n"+
		"a=ssrc:1 cname:x\r\na=ssrc:2 cname:x\r\na=ssrc:11 cname:x\r\na=ssrc:12 cname:x\r\n"+credentials+dtls, Initiator)
	c := d.Contents[0]
	if want := []Source{{SSRC: 1, CNAME: "x"}, {SSRC: 11, CNAME: "x"}}; !reflect.DeepEqual(c.Sources, want) {
		t.Errorf("got %v, want %v", c.Sources, want)
	}
	if want := []SourceGroup{{"FID", []uint32{1, 11}}}; !reflect.DeepEqual(c.Groups, want) {
		t.Errorf("got %v, want %v", c.Groups, want)
	}
	for to, first := range map[Dialect]string{Common: "96", Dino: "96", WebRTC: "98", Monal: "98"} {
		got := write(t, &Jingle{Action: SessionInitiate, SID: "s1", Description: d}, to)
		if want := "<payload-type id='" + first + "'"; strings.Index(got, "<payload-type") != strings.Index(got, want) {
			t.Errorf("to %d: want %s first in %s", to, want, got)
		}
	}
}

// TestUnfitMid: a name that no client takes is another one toward it, and comes back.
func TestUnfitMid(t *testing.T) {
	long := strings.Repeat("video-", 5)
	sdp := strings.Replace(smallOffer, "a=mid:0", "a=mid:"+long, 1)
	sdp = strings.Replace(sdp, "t=0 0\r\n", "t=0 0\r\na=group:BUNDLE "+long+"\r\n", 1)
	offer := fromSDP(t, sdp, Initiator)
	c := &offer.Contents[0]
	if c.Name != "m0" || c.MID() != long || !reflect.DeepEqual(offer.Bundle, []string{"m0"}) {
		t.Fatalf("got name %q, mid %q, bundle %q", c.Name, c.MID(), offer.Bundle)
	}
	if offer.Line(long, -1) != c || offer.Line("", 0) != c || offer.Line("m0", 0) != nil {
		t.Errorf("Line does not go by the browser's name")
	}
	answer := parse(t, strings.Replace(initiate(t, offer), "session-initiate", "session-accept", 1)).Description
	wantLines(t, toSDP(t, answer, SDPFor{Local: Initiator, Offer: offer}), "a=mid:"+long, "a=group:BUNDLE "+long, "a=setup:active")

	// And a peer's name that no browser takes.
	theirs := parse(t, strings.ReplaceAll(initiate(t, offer), "'m0'", "'a name with blanks'")).Description
	heard := toSDP(t, theirs, SDPFor{Local: Responder})
	wantLines(t, heard, "a=mid:m0", "a=group:BUNDLE m0")
	back := fromSDP(t, strings.Replace(heard, "actpass", "active", 1), Responder)
	if err := back.Answers(theirs); err != nil {
		t.Fatal(err)
	}
	if got := back.Contents[0]; got.Name != "a name with blanks" || got.MID() != "m0" || back.Bundle[0] != "a name with blanks" {
		t.Errorf("got %q for %q, bundle %q", got.Name, got.MID(), back.Bundle)
	}
}

// TestHostileSizes: as large as may be, and each of one thing; memory stays in bounds.
func TestHostileSizes(t *testing.T) {
	for _, line := range []string{
		"a=ssrc-group:SIM 1 2 3 4 5 6 7 8 9\r\n", "a=ssrc-group:SIM " + strings.Repeat("1 ", 255) + "\r\n", "a=ssrc:1 cname:x\r\n",
		"a=x\n", "\n", "a=rtcp-fb:111 nack\r\n", "a=group:BUNDLE " + strings.Repeat("0 ", 500) + "\r\n", "a=fingerprint:sha-256 AA\r\n",
		"a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n", "m=audio 9 UDP/TLS/RTP/SAVPF 1 2 3 4 5 6 7 8\r\n", "a=fmtp:111 " + strings.Repeat("a=1;", 64) + "\r\n",
		"a=msid:a b\r\n", "a=extmap:1 urn:x\r\n", "a=mid:" + strings.Repeat("x", 200) + "\r\n",
	} {
		sdp := smallOffer + strings.Repeat(line, (maxSDP-len(smallOffer))/len(line))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := FromSDP(sdp, Initiator)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 5<<20 {
			t.Errorf("%.20q: %d bytes (%v), want at most 5 MiB", line, used, err)
		}
	}
}
