package jingle

import (
	"reflect"
	"strings"
	"testing"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

// FuzzCandidate: what we read we can write, and read again the same, either way.
func FuzzCandidate(f *testing.F) {
	f.Add("candidate:191243257 1 udp 2122194687 192.0.2.2 55551 typ host generation 0 ufrag OfSg network-id 1")
	f.Add("a=candidate:1 1 udp 1677729535 203.0.113.7 50000 typ srflx raddr 0.0.0.0 rport 0 generation 2 ufrag a+/b network-cost 999")
	f.Add("candidate:0 1 UDP 2122187007 fe80::1%eth0 9 typ relay raddr :: rport 7")
	f.Fuzz(func(t *testing.T, line string) {
		c, err := ParseCandidate(line)
		if err != nil {
			return
		}
		if again, err := ParseCandidate(c.String()); err != nil || again != c {
			t.Errorf("%q does not survive: %+v became %q, then %+v (%v)", line, c, c, again, err)
		}
		if c.Unfit() != "" {
			return
		}
		j := &Jingle{Action: TransportInfo, SID: "s1", Description: &Description{Contents: []Content{{Name: "0", Ufrag: "OfSg", Pwd: "Hbv44btyAlx8EpZT2IMTTsU/", Candidates: []Candidate{c}}}}}
		candidates := parse(t, write(t, j, Common)).Description.Contents[0].Candidates
		if c.Priority == 0 {
			return // said by nobody; not read from XML
		}
		if len(candidates) != 1 {
			t.Fatalf("%q does not survive XML", line)
		}
		got := candidates[0]
		got.ID, got.Ufrag = "", c.Ufrag
		if got.Foundation = c.Foundation; got != c {
			t.Errorf("%q does not survive XML: got %+v, want %+v", line, got, c)
		}
	})
}

// FuzzSDP: what a browser may say becomes a stanza that no reader objects to, and SDP
// that becomes the same stanza again.
func FuzzSDP(f *testing.F) {
	for _, file := range files(f, "sdp/*.0[01]-*.sdp") {
		if text := read(f, file); len(text) < 6000 {
			f.Add(text)
		}
	}
	f.Add(smallOffer)
	f.Fuzz(func(t *testing.T, sdp string) {
		d, err := FromSDP(sdp, Initiator)
		if err != nil {
			return
		}
		first := initiate(t, d)
		e, err := element.Parse([]byte(first), "", anyLimits)
		if err != nil {
			t.Fatalf("%v in %s", err, first)
		}
		j, err := Parse(e)
		if err != nil {
			t.Fatalf("%v in %s", err, first)
		}
		text, err := j.Description.ToSDP(SDPFor{Local: Responder, Session: 1, Version: 1, Stream: "s1"})
		if err != nil {
			if strings.Contains(err.Error(), "at most") {
				return
			}
			t.Fatalf("%v in %s", err, first)
		}
		again, err := FromSDP(text, Initiator)
		if err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		same(t, again, j.Description)
		answer := *again
		if err := answer.Answers(j.Description); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
	})
}

// same compares all but what ToSDP replaces.
func same(t *testing.T, got, want *Description) {
	t.Helper()
	bare := func(d *Description) []Content {
		out := plain(d.Contents)
		for i := range out {
			c := &out[i]
			c.line, c.Stream, c.Track, c.Mid, c.Creator, c.AllowMixed = "", "", "", "", "", false
			c.EndOfCandidates, c.Feedback = false, 0
			for s := range c.Sources {
				c.Sources[s].MSID = ""
				if c.Sources[s].CNAME == "s1" {
					c.Sources[s].CNAME = ""
				}
			}
			for k := range c.Candidates {
				c.Candidates[k].ID = ""
			}
		}
		return out
	}
	if a, b := bare(got), bare(want); !reflect.DeepEqual(a, b) {
		t.Errorf("got  %+v\nwant %+v", a, b)
	}
	bundle := want.Bundle
	if bundle == nil {
		bundle = []string{want.Contents[0].MID()} // of one, toward a browser
	}
	if !reflect.DeepEqual(got.Bundle, bundle) {
		t.Errorf("got the bundle %q, want %q", got.Bundle, bundle)
	}
}

// FuzzJingle: whatever a stranger sends, what comes of it is SDP that we read, and
// stanzas that no reader objects to.
func FuzzJingle(f *testing.F) {
	for _, file := range files(f, "jingle/*.xml") {
		if text := read(f, file); len(text) < 4000 {
			f.Add(text)
		}
	}
	f.Add(everything)
	f.Add(stanza("session-terminate", "<reason><busy/></reason>"))
	f.Fuzz(func(t *testing.T, xml string) {
		e, err := element.Parse([]byte(xml), "", element.Limits{Depth: 32, Elements: 2000})
		if err != nil {
			return
		}
		j, err := Parse(e)
		if err != nil || j.Description == nil || j.Action != SessionInitiate {
			return
		}
		text, err := j.Description.ToSDP(SDPFor{Local: Responder, Session: 1, Version: 1, Stream: "s1"})
		if err != nil {
			return
		}
		d, err := FromSDP(text, Responder)
		if err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		if err := d.Answers(j.Description); err != nil {
			t.Fatalf("%v: %s does not answer %s", err, text, xml)
		}
		for i := range d.Contents {
			if d.Contents[i].Senders == "none" {
				d.Contents[i].Senders = "both"
			}
		}
		ownNames(d)
		accept(t, d)
	})
}

// FuzzAnswer: whatever a stranger answers, a browser hears the m-lines that it offered.
func FuzzAnswer(f *testing.F) {
	for _, file := range files(f, "jingle/*01-answer.xml") {
		if text := read(f, file); len(text) < 4000 {
			f.Add(text)
		}
	}
	f.Add(strings.Replace(everything, "session-initiate", "session-accept", 1))
	offer := fromSDP(f, read(f, "sdp/chromium-156.0.8078.79.video-data.00-offer.sdp"), Initiator)
	f.Fuzz(func(t *testing.T, xml string) {
		e, err := element.Parse([]byte(xml), "", element.Limits{Depth: 32, Elements: 2000})
		if err != nil {
			return
		}
		j, err := Parse(e)
		if err != nil || j.Action != SessionAccept {
			return
		}
		text, err := j.Description.ToSDP(SDPFor{Local: Initiator, Offer: offer, Session: 1, Version: 1, Stream: "s1"})
		if err != nil {
			return
		}
		d, err := FromSDP(text, Responder)
		if err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		if len(d.Contents) != len(offer.Contents) {
			t.Fatalf("got %d m-lines, want %d in %s", len(d.Contents), len(offer.Contents), text)
		}
		for i := range d.Contents {
			if d.Contents[i].MID() != offer.Contents[i].MID() || d.Contents[i].Media != offer.Contents[i].Media {
				t.Fatalf("m-line %d is %s %s in %s", i, d.Contents[i].Media, d.Contents[i].MID(), text)
			}
		}
		subset(t, d, offer)
	})
}
