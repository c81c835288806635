package jingle

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func noted(n *Notes) string {
	var all strings.Builder
	for _, note := range n.All {
		all.WriteString(note.String() + "\n")
	}
	return all.String()
}

// TestNotesFromSDP: one line of SDP each, and what is noted of it.
func TestNotesFromSDP(t *testing.T) {
	first := strings.Count(smallOffer, "\n") + 1
	for _, test := range []struct{ line, want string }{
		{"a=rtpmap:63 red/48000/2", "dropped: line %d: a=rtpmap:63 red/48000/2: its payload type is not in the m-line"},
		{"a=fmtp:111 111/111", "dropped: line %d: a=fmtp:111 111/111: a parameter without a name"},
		{"a=fmtp:111 useinbandfec=yes", "dropped: audio 0: payload type 111 opus/48000: useinbandfec=yes: want 0 or 1"},
		{"a=rtcp-fb:111 ccm tmmbr", "dropped: line %d: a=rtcp-fb:111 ccm tmmbr: all clients know nack"},
		{"a=rtcp-rsize", "dropped: line %d: a=rtcp-rsize: Jingle has no word for it"},
		{"a=simulcast:send h;l", "dropped: line %d: a=simulcast:send h;l: simulcast is reduced to its first layer"},
		{"a=x-unheard", "dropped: line %d: a=x-unheard: no client reads it"},
		{"b=AS:64", "dropped: line %d: b=AS:64: a bandwidth ends the call at Monal"},
		{"a=extmap:2/recvonly urn:x", "repaired: line %d: a=extmap:2/recvonly urn:x: the direction"},
		{"a=extmap:15 urn:x", "dropped: audio 0: header extension 15 urn:x: want a number of 1 to 14"},
		{"a=setup:holdconn", "dropped: line %d: a=setup:holdconn: want actpass, active or passive"},
		{"a=ssrc:1 label:x", "dropped: line %d: a=ssrc:1 label:x: a source is told by its cname and msid"},
		{"a=ssrc-group:FID 1 2", "dropped: audio 0: the group of sources FID: want FID of two sources that are listed"},
		{"a=candidate:1 1 tcp 1 192.0.2.1 9 typ host tcptype active", "dropped: line %d: a=candidate:1 1 tcp 1 192.0.2.1 9 typ host tcptype active: clients read UDP only"},
		{"a=candidate:1 1 udp 1 a.local 9 typ host", "typ host: nobody outside the local network"},
		{"a=candidate:1 1 udp x", "dropped: line %d: a=candidate:1 1 udp x: want a 32-bit priority"},
		{"a=fingerprint:sha-1 00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13", "10:11:12:13: one fingerprint is passed on"},
		{"m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "dropped: line %d: m=application 9 UDP/DTLS/SCTP webrtc-datachannel: clients call with audio and video"},
		{"m=video 0 UDP/TLS/RTP/SAVPF 96", "dropped: line %d: m=video 0 UDP/TLS/RTP/SAVPF 96: port 0: it is refused"},
		{"m=video 9 RTP/AVP 96", "dropped: line %d: m=video 9 RTP/AVP 96: clients call with audio and video"},
	} {
		var n Notes
		if _, err := n.FromSDP(smallOffer+test.line+"\r\n", Initiator); err != nil {
			t.Errorf("%s: %v", test.line, err)
		}
		want := test.want
		if strings.Contains(want, "%d") {
			want = fmt.Sprintf(want, first)
		}
		if got := noted(&n); !strings.Contains(got, want) {
			t.Errorf("%s:\n got %swant %s", test.line, got, want)
		}
	}
}

// TestNotesAreSilent: what is passed on as it came is no news, nor is a nil Notes a danger.
func TestNotesAreSilent(t *testing.T) {
	var n Notes
	if _, err := n.FromSDP(smallOffer, Initiator); err != nil || len(n.All) > 0 {
		t.Errorf("got %v and the notes %s", err, noted(&n))
	}
	(*Notes)(nil).add(Dropped, "", "", "")
}

// TestSecretsAreNotShown: neither errors nor notes repeat what opens a call to others, or
// what moves the cursor of who reads them.
func TestSecretsAreNotShown(t *testing.T) {
	_, err := FromSDP(strings.Replace(smallOffer, "a=ice-pwd:Hbv44btyAlx8EpZT2IMTTsU/", "a=ice-pwd:secret word", 1), Initiator)
	if err == nil || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "a=ice-pwd:…") {
		t.Errorf("got %v", err)
	}
	var n Notes
	if _, err := n.FromSDP(smallOffer+"a=crypto:1 AES inline:secret\r\na=x:\x1b[31m\u009b\u202e\x9b\r\n", Initiator); err != nil {
		t.Fatal(err)
	}
	if got := noted(&n); strings.Contains(got, "secret") || strings.ContainsAny(got, "\x1b\u009b\u202e") || !utf8.ValidString(got) {
		t.Errorf("got %q", got)
	}
}

// TestNotesAreBounded: a stranger's input cannot make us say more than so much.
func TestNotesAreBounded(t *testing.T) {
	var n Notes
	if _, err := n.FromSDP(smallOffer+strings.Repeat("a=x\r\na=y\r\n", 3000)+"a=rtcp-fb:111 "+strings.Repeat("x", 5000), Initiator); err != nil {
		t.Fatal(err)
	}
	if len(n.All) != maxNotes {
		t.Errorf("got %d notes, want %d", len(n.All), maxNotes)
	}
	for _, note := range n.All {
		if text := note.String(); len(text) > 500 || strings.ContainsAny(text, "\r\n") {
			t.Errorf("got %q, want one line", text)
		}
	}
}

var (
	reMadeUp = regexp.MustCompile(`^(o=|s=|t=|c=|a=rtcp:|a=msid|a=group:|a=(send|recv|in)|a=ssrc:[0-9]+ msid:|m=)`)
	reSame   = regexp.MustCompile(`/1$|( generation 0)? ufrag .*$`) // said otherwise, or in another place
	rePoint  = regexp.MustCompile(`^a=(rtpmap|fmtp|rtcp-fb):([0-9]+) `)
)

// TestNotesTellEveryLoss: for every line of every fixture that does not come out at the
// other end there is a note, of the line or of its payload type or candidate.
func TestNotesTellEveryLoss(t *testing.T) {
	for _, file := range files(t, "sdp/*.sdp") {
		var n Notes
		sdp := read(t, file)
		d, err := n.FromSDP(sdp, Initiator)
		if err != nil {
			continue // data alone: see the pairs
		}
		out := toSDP(t, parse(t, initiate(t, d)).Description, SDPFor{Local: Responder})
		lost := strings.Split(strings.ReplaceAll(sdp, "\r", ""), "\n")
		for i, line := range lost {
			if line == "" || !offers(file) && strings.HasPrefix(line, "a=setup:") || reMadeUp.MatchString(line) || strings.Contains(out, line+"\r\n") {
				continue
			}
			if strings.Contains(strings.ToLower(out), strings.ToLower(reSame.ReplaceAllString(line, ""))) {
				continue
			}
			what := line
			if part := rePoint.FindStringSubmatch(line); part != nil {
				what = "payload type " + part[2] + " "
			}
			about := func(note Note) bool {
				return note.Where == fmt.Sprintf("line %d", i+1) || strings.HasPrefix(note.What, what)
			}
			if !slices.ContainsFunc(n.All, about) && !within(lost[:i+1], d) {
				t.Errorf("%s: line %d, %q, is lost without a note in\n%s", file, i+1, line, noted(&n))
			}
		}
	}
}

// within says whether the last of these lines belongs to an m-line that is not passed
// on: one note of the m-line tells of all its lines.
func within(lines []string, d *Description) bool {
	at := -1
	for _, line := range lines {
		if strings.HasPrefix(line, "m=") {
			at++
		}
	}
	return at >= 0 && d.Contents[at].Absent
}

// TestNotesParse: what clients write, and what is noted of it.
func TestNotesParse(t *testing.T) {
	for file, want := range map[string][]string{
		"jingle/monal-2024.10.audio-video.00-offer.xml": {
			"repaired: video 1: payload type 102 H264/90000: packetization_mode=1: SDP has packetization-mode=1",
			"repaired: audio 0: the order of payload types: Monal",
		},
		"jingle/movim-0.34.audio-video.01-answer.xml": {"repaired: video 1: senders"},
	} {
		var n Notes
		j, err := n.Parse(parseXML(t, read(t, file)))
		if err != nil {
			t.Fatal(err)
		}
		local := Responder
		if j.Action == SessionAccept {
			local = Initiator
		}
		toSDP(t, j.Description, SDPFor{Local: local})
		for _, w := range want {
			if !strings.Contains(noted(&n), w) {
				t.Errorf("%s: got\n%swant %s", file, noted(&n), w)
			}
		}
	}
}
