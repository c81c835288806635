package jingle

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

// peerOffer is a browser's offer of a scene as the other side's session-initiate.
func peerOffer(t *testing.T, scene string) *Description {
	t.Helper()
	return parse(t, initiate(t, fromSDP(t, read(t, "sdp/"+scene+".00-offer.sdp"), Initiator))).Description
}

// TestAnswers: every answer in the fixtures, to the offer that it answers, becomes a
// session-accept with the offer's contents.
func TestAnswers(t *testing.T) {
	for _, file := range files(t, "sdp/*.01-answer.sdp") {
		scene := strings.TrimSuffix(strings.TrimPrefix(file, "sdp/"), ".01-answer.sdp")
		offer := peerOffer(t, scene)
		d := fromSDP(t, read(t, file), Responder)
		if err := d.Answers(offer); err != nil {
			t.Errorf("%s: %v", scene, err)
			continue
		}
		if !reflect.DeepEqual(d.Media(), offer.Media()) || !reflect.DeepEqual(d.Bundle, offer.Bundle) {
			t.Errorf("%s: got %v %v, want %v %v", scene, d.Media(), d.Bundle, offer.Media(), offer.Bundle)
		}
		subset(t, d, offer)
		accept(t, d)

		// And back, to the browser that offered.
		heard := parse(t, accept(t, d)).Description
		browser := fromSDP(t, read(t, "sdp/"+scene+".00-offer.sdp"), Initiator)
		sdp := toSDP(t, heard, SDPFor{Local: Initiator, Offer: browser})
		if got, want := strings.Count(sdp, "\r\nm="), len(browser.Contents); got != want {
			t.Errorf("%s: got %d m-lines, want %d", scene, got, want)
		}
		subset(t, fromSDP(t, sdp, Responder), browser)
	}
}

func subset(t *testing.T, answer, offer *Description) {
	t.Helper()
	for _, c := range answer.Contents {
		o := offer.Content(c.Name)
		if o == nil {
			t.Errorf("content %q was not offered", c.Name)
			continue
		}
		if c.Absent {
			continue
		}
		for _, p := range c.Payloads {
			if q := o.payload(p.ID); q == nil || !q.sameCodec(&p) || p.Feedback&^q.Feedback != 0 {
				t.Errorf("payload type %+v was not offered", p)
			}
		}
		for _, x := range c.Extensions {
			found := false
			for _, y := range o.Extensions {
				found = found || x == y
			}
			if !found {
				t.Errorf("extension %v was not offered", x)
			}
		}
		if sendersOf(c.Senders)&^sendersOf(o.Senders) != 0 {
			t.Errorf("senders %s of %s", c.Senders, o.Senders)
		}
	}
}

func TestAnswersSenders(t *testing.T) {
	// Who sends in the offer of an initiator, in the answer as the browser has it, and what we say.
	for _, test := range []struct{ offer, answer, want string }{
		{"both", "both", "both"}, {"both", "initiator", "initiator"}, {"both", "responder", "responder"}, {"both", "none", "initiator"},
		{"initiator", "initiator", "initiator"}, {"initiator", "none", "initiator"}, {"initiator", "both", "initiator"}, {"initiator", "responder", "initiator"},
		{"responder", "responder", "responder"}, {"responder", "none", "responder"}, {"responder", "both", "responder"},
		{"none", "none", "none"}, {"none", "both", "none"},
	} {
		if got := answeredSenders(sendersOf(test.answer), sendersOf(test.offer), Initiator).String(); got != test.want {
			t.Errorf("%s to %s: got %s, want %s", test.answer, test.offer, got, test.want)
		}
	}
	if got := answeredSenders(fromNobody, fromBoth, Responder); got != fromResponder {
		t.Errorf("nothing to a responder's offer: got %s, want responder", got)
	}
}

func TestDirections(t *testing.T) {
	for _, test := range []struct {
		attribute string
		me        Role
		want      string
	}{
		{"sendrecv", Initiator, "both"}, {"sendonly", Initiator, "initiator"}, {"recvonly", Initiator, "responder"}, {"inactive", Initiator, "none"},
		{"sendrecv", Responder, "both"}, {"sendonly", Responder, "responder"}, {"recvonly", Responder, "initiator"}, {"inactive", Responder, "none"},
	} {
		d, ok := fromAttribute(test.attribute, test.me)
		if !ok || d.String() != test.want || sendersOf(test.want) != d || d.sdp(test.me) != test.attribute {
			t.Errorf("%s by the %s: got %s and back %s, want %s", test.attribute, test.me, d, d.sdp(test.me), test.want)
		}
	}
	for d, want := range map[direction]direction{fromBoth: fromBoth, fromNobody: fromNobody, fromInitiator: fromResponder, fromResponder: fromInitiator} {
		if d.turned() != want {
			t.Errorf("%s turned: got %s, want %s", d, d.turned(), want)
		}
	}
}

func TestAnswersRefuses(t *testing.T) {
	const scene = "chromium-156.0.8078.79.audio-video"
	answer := read(t, "sdp/"+scene+".01-answer.sdp")
	video := strings.Index(answer, "m=video")
	for name, sdp := range map[string]string{
		"video refused":  answer[:video] + strings.Replace(answer[video:], "m=video 9", "m=video 0", 1),
		"video left out": strings.Replace(answer[:video], "BUNDLE 0 1", "BUNDLE 0", 1),
		"other codecs":   strings.ReplaceAll(answer, "opus/48000/2", "opal/48000/2")[:video],
		"other media":    strings.Replace(answer, "m=video", "m=audio", 1),
	} {
		if name == "other codecs" {
			sdp = strings.NewReplacer("G722", "X722", "PCMU", "XCMU", "PCMA", "XCMA").Replace(sdp)
		}
		d := fromSDP(t, sdp, Responder)
		if err := d.Answers(peerOffer(t, scene)); !errors.Is(err, ErrIncompatible) {
			t.Errorf("%s: got %v, want %v", name, err, ErrIncompatible)
		}
	}
	d := fromSDP(t, answer, Responder)
	if err := d.Answers(nil); !errors.Is(err, ErrIncompatible) {
		t.Errorf("nothing: got %v, want %v", err, ErrIncompatible)
	}
	if err := d.Answers(&Description{}); !errors.Is(err, ErrIncompatible) {
		t.Errorf("an offer of nothing: got %v, want %v", err, ErrIncompatible)
	}
}

// TestAnswersKeepsThePeersWords: names, creators and order are the offer's; no group
// where there was none (Dino); one DTLS role for all.
func TestAnswersKeepsThePeersWords(t *testing.T) {
	offer := parse(t, stanza("session-initiate", strings.Replace(contentXML, "'0'", "'voice'", 1)+
		`<content creator='responder' name='webcam'>`+videoXML+transportXML+`</content>`)).Description
	heard := toSDP(t, offer, SDPFor{Local: Responder})
	wantLines(t, heard, "a=group:BUNDLE voice") // of one: each content keeps its transport
	sdp := strings.Replace(strings.Replace(heard, "a=setup:actpass", "a=setup:passive", 1), "a=setup:actpass", "a=setup:active", 1)
	d := fromSDP(t, sdp, Responder)
	if err := d.Answers(offer); err != nil {
		t.Fatal(err)
	}
	got := accept(t, d)
	for _, want := range []string{`<content creator='initiator' name='voice'`, `<content creator='responder' name='webcam'`, `setup='passive'`} {
		if !strings.Contains(got, want) {
			t.Errorf("want %s in %s", want, got)
		}
	}
	if strings.Contains(got, "group") || strings.Contains(got, "'active'") {
		t.Errorf("got %s", got)
	}
}

// The answer of a peer to a browser's offer of audio, video and data.
func answerTo(t *testing.T, change func(string) string) (string, error) {
	t.Helper()
	const scene = "chromium-156.0.8078.79.video-data"
	offer := fromSDP(t, read(t, "sdp/"+scene+".00-offer.sdp"), Initiator)
	d := fromSDP(t, read(t, "sdp/"+scene+".01-answer.sdp"), Responder)
	if err := d.Answers(parse(t, initiate(t, offer)).Description); err != nil {
		t.Fatal(err)
	}
	xml := accept(t, d)
	changed := change(xml)
	return parse(t, changed).Description.ToSDP(SDPFor{Local: Initiator, Offer: offer, Session: 1, Version: 1, Stream: "s1"})
}

func TestToSDPAnswer(t *testing.T) {
	group := `<group xmlns='urn:xmpp:jingle:apps:grouping:0' semantics='BUNDLE'><content name='0'/><content name='1'/></group>`
	cut := func(xml, from, to string) string {
		a, b := strings.Index(xml, from), strings.LastIndex(xml, to)
		return xml[:a] + xml[b+len(to):]
	}
	video := `<content creator='initiator' name='1'`
	for _, test := range []struct {
		name   string
		change func(string) string
		mid    string
		want   []string
	}{
		{"data is refused", func(s string) string { return s }, "2", []string{"m=application 0 UDP/DTLS/SCTP webrtc-datachannel", "a=inactive"}},
		{"no group", func(s string) string { return strings.Replace(s, group, "", 1) }, "1", []string{"a=setup:active"}},
		{"fewer contents", func(s string) string { return cut(s, video, "</content>") }, "1", []string{"a=inactive"}},
		{"other order", func(s string) string {
			i, j := strings.Index(s, "<content creator"), strings.Index(s, video)
			return s[:i] + s[j:len(s)-len("</jingle>")] + s[i:j] + "</jingle>"
		}, "0", []string{"a=rtpmap:111 opus/48000/2"}},
		{"other names", func(s string) string { return strings.ReplaceAll(s, "name='1'", "name='webcam'") }, "1", []string{"a=rtpmap:96 VP8/90000"}},
		{"actpass", func(s string) string { return strings.ReplaceAll(s, "'active'", "'actpass'") }, "1", []string{"a=setup:active"}},
		{"passive", func(s string) string { return strings.Replace(s, "'active'", "'passive'", 1) }, "1", []string{"a=setup:passive"}},
		{"other numbers", func(s string) string {
			return strings.NewReplacer("id='96'", "id='120'", "'apt' value='96'", "'apt' value='120'", "id='97'", "id='121'").Replace(s)
		}, "1", []string{"a=rtpmap:96 VP8/90000", "a=rtpmap:121 rtx/90000", "a=fmtp:121 apt=96"}}, // 120 is the offer's ulpfec
		{"other free numbers", func(s string) string {
			return strings.NewReplacer("id='96'", "id='50'", "'apt' value='96'", "'apt' value='50'", "id='97'", "id='51'").Replace(s)
		}, "1", []string{"a=rtpmap:50 VP8/90000", "a=rtpmap:51 rtx/90000", "a=fmtp:51 apt=50"}},
		{"other numbers, some free", func(s string) string {
			return strings.NewReplacer("id='96'", "id='50'", "'apt' value='96'", "'apt' value='50'", "id='97'", "id='111'").Replace(s)
		}, "1", []string{"a=rtpmap:50 VP8/90000", "a=rtpmap:97 rtx/90000", "a=fmtp:97 apt=50"}},
		{"other extension ids", func(s string) string {
			return strings.ReplaceAll(s, "id='13' uri='urn:3gpp:video-orientation'", "id='12' uri='urn:3gpp:video-orientation'")
		}, "1", []string{"a=extmap:13 urn:3gpp:video-orientation"}},
		{"not offered", func(s string) string {
			return strings.Replace(s, "<payload-type id='96'", "<payload-type id='122' name='H999' clockrate='90000'/><payload-type id='96'", 1)
		}, "1", []string{"a=rtpmap:96 VP8/90000"}},
		{"one way", func(s string) string { return strings.ReplaceAll(s, "senders='both'", "senders='responder'") }, "1", []string{"a=sendonly"}},
		{"held", func(s string) string { return strings.ReplaceAll(s, "senders='both'", "senders='none'") }, "1", []string{"a=inactive"}},
	} {
		sdp, err := answerTo(t, test.change)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		wantLines(t, section(t, sdp, test.mid), test.want...)
		for _, never := range []string{"H999", "a=setup:actpass"} {
			if strings.Contains(sdp, never) {
				t.Errorf("%s: got %s in\n%s", test.name, never, sdp)
			}
		}
		if i, j, k := strings.Index(sdp, "m=audio"), strings.Index(sdp, "m=video"), strings.Index(sdp, "m=application"); i > j || j > k || i < 0 {
			t.Errorf("%s: got another order than the offer's:\n%s", test.name, sdp)
		}
	}
	whole, _ := answerTo(t, func(s string) string { return s })
	wantLines(t, whole, "a=group:BUNDLE 0 1")
	alone, _ := answerTo(t, func(s string) string { return strings.Replace(s, group, "", 1) })
	wantLines(t, alone, "a=group:BUNDLE 0") // of one: each content keeps its transport
	fewer, _ := answerTo(t, func(s string) string { return cut(s, video, "</content>") })
	wantLines(t, fewer, "a=group:BUNDLE 0")
	if !strings.Contains(fewer, "m=video 0 UDP/TLS/RTP/SAVPF") {
		t.Errorf("want a refused video in\n%s", fewer)
	}
}

func TestToSDPAnswerIncompatible(t *testing.T) {
	for name, change := range map[string]func(string) string{
		"other media": func(s string) string {
			return strings.NewReplacer("'audio'", "'application'", "'video'", "'application'").Replace(s)
		},
		"other codecs": func(s string) string {
			return strings.NewReplacer("name='opus'", "name='x'", "name='PCM", "name='XCM", "name='G7", "name='X7", "name='VP", "name='XP", "name='H26", "name='X26", "name='AV1'", "name='x'").Replace(s)
		},
	} {
		if sdp, err := answerTo(t, change); !errors.Is(err, ErrIncompatible) {
			t.Errorf("%s: got %v, %s, want %v", name, err, sdp, ErrIncompatible)
		}
	}
	if _, err := (&Description{}).ToSDP(SDPFor{}); !errors.Is(err, ErrIncompatible) {
		t.Errorf("nothing: got %v, want %v", err, ErrIncompatible)
	}
}

// TestMovimIgnoresRoles: its one-way accept means the other way round.
func TestMovimIgnoresRoles(t *testing.T) {
	d := parse(t, read(t, "jingle/movim-0.34.audio-video.01-answer.xml")).Description
	offer := fromSDP(t, read(t, "sdp/chromium-156.0.8078.79.audio-video.00-offer.sdp"), Initiator)
	sdp := toSDP(t, d, SDPFor{Local: Initiator, Offer: offer})
	wantLines(t, section(t, sdp, "1"), "a=recvonly")
	wantLines(t, section(t, sdp, "0"), "a=sendrecv")
}

// TestOwnNumbersDoNotCollide: a number that is free is taken by one content only, and what
// the offer says in Jingle is not free.
func TestOwnNumbersDoNotCollide(t *testing.T) {
	offer := fromSDP(t, read(t, "sdp/chromium-156.0.8078.79.audio-video.00-offer.sdp"), Initiator)
	in := func(media, id, codec string) string {
		return "<content creator='initiator' name='" + map[string]string{"audio": "0", "video": "1"}[media] + "'><description xmlns='urn:xmpp:jingle:apps:rtp:1' media='" + media +
			"'><payload-type id='" + id + "' " + codec + "/></description>" + transportXML + "</content>"
	}
	const opus, vp8 = "name='opus' clockrate='48000' channels='2'", "name='VP8' clockrate='90000'"
	both := stanza("session-accept", in("audio", "50", opus)+in("video", "50", vp8))
	sdp := toSDP(t, parse(t, both).Description, SDPFor{Local: Initiator, Offer: offer})
	wantLines(t, section(t, sdp, "0"), "a=rtpmap:50 opus/48000/2")
	wantLines(t, section(t, sdp, "1"), "a=rtpmap:96 VP8/90000")

	said := parse(t, initiate(t, offer)).Description // as --offer in Jingle
	sdp = toSDP(t, parse(t, stanza("session-accept", in("audio", "111", opus)+in("video", "98", vp8))).Description, SDPFor{Local: Initiator, Offer: said})
	wantLines(t, section(t, sdp, "1"), "a=rtpmap:96 VP8/90000") // 98 is the offer's VP9
}

// TestDataIsEchoed: stanza.js hears its data channels again, as part of the bundle; nobody
// else would want to.
func TestDataIsEchoed(t *testing.T) {
	heard := parse(t, read(t, "jingle/stanzajs-12.22.1.call-video-data.00-offer.xml"))
	if got := heard.Description.Dialect(); got != StanzaJS {
		t.Errorf("got dialect %v, want %v", got, StanzaJS)
	}
	sdp := toSDP(t, heard.Description, SDPFor{Local: Responder})
	answer := func() *Description {
		d := fromSDP(t, strings.ReplaceAll(sdp, "a=setup:actpass", "a=setup:active"), Responder)
		if err := d.Answers(heard.Description); err != nil {
			t.Fatal(err)
		}
		return d
	}
	for to, want := range map[Dialect]int{StanzaJS: 3, Common: 2, Movim: 2} {
		xml := write(t, &Jingle{Action: SessionAccept, SID: "s1", Description: answer()}, to)
		contents, grouped := strings.Count(xml, "<content creator="), strings.Count(xml, "<content name=")
		if contents != want || grouped != want || strings.Contains(xml, "sctpmap") != (want == 3) {
			t.Errorf("to %v: got %d contents, %d in the group, want %d in %s", to, contents, grouped, want, xml)
		}
	}
	unbundled := answer()
	heard.Description.Bundle = nil
	if err := unbundled.Answers(heard.Description); err != nil {
		t.Fatal(err)
	}
	if xml := write(t, &Jingle{Action: SessionAccept, SID: "s1", Description: unbundled}, StanzaJS); strings.Contains(xml, "sctpmap") {
		t.Errorf("data without a bundle would want a transport of its own: %s", xml)
	}
}
