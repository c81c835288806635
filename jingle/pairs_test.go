package jingle

import (
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the pairs in testdata anew")

// golden compares with what lies in testdata, or puts it there.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(filepath.Join("testdata", file), []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want := read(t, file); got != want {
		t.Errorf("%s:\n got %s\nwant %s", file, got, want)
	}
}

// pretty puts each element on a line of its own.
func pretty(xml string) string { return strings.ReplaceAll(xml, "><", ">\n<") + "\n" }

// paired are the scenes whose Jingle is kept beside their SDP; all others are checked as
// strictly, but not kept.
var paired = regexp.MustCompile(`chromium.*[0-9]\.(audio|audio-video|recvonly|audio-video.answerer-without-media|video-data)\.0[01]-|` +
	`firefox.*[0-9]\.(audio-video|recvonly)\.0[01]-|pion.*[0-9]\.audio-video\..*gathered`)

// offers says whether a fixture offers, by its number; Pion's come twice each.
func offers(file string) bool {
	return strings.Contains(file, "offer.sdp") || strings.Contains(file, "offer-gathered.sdp")
}

func TestPairsFromSDP(t *testing.T) {
	for _, file := range files(t, "sdp/*.sdp") {
		t.Run(file, func(t *testing.T) {
			local := Responder
			if offers(file) {
				local = Initiator
			}
			d := fromSDP(t, read(t, file), local)
			var xml string
			if local == Initiator {
				xml = initiate(t, d)
			} else {
				for i := range d.Contents { // as Answers does
					if d.Contents[i].Senders == "none" {
						d.Contents[i].Senders = "initiator"
					}
				}
				xml = accept(t, d)
			}
			if paired.MatchString(file) {
				golden(t, strings.TrimSuffix(file, ".sdp")+".xml", pretty(xml))
			}
			survives(t, d, xml)
		})
	}
}

// survives checks that what we wrote is read again the same.
func survives(t *testing.T, d *Description, xml string) {
	t.Helper()
	again := parse(t, xml).Description
	var want []Content
	for _, c := range d.Contents {
		if c.Absent {
			continue
		}
		c.Mid, c.line, c.EndOfCandidates = "", "", false
		if c.Senders == "none" {
			c.Senders = "both"
		}
		c.Feedback = 0
		for i := range c.Candidates {
			c.Candidates[i].ID, c.Candidates[i].Ufrag = again.Content(c.Name).Candidates[i].ID, ""
		}
		want = append(want, c)
	}
	if !reflect.DeepEqual(plain(again.Contents), plain(want)) {
		t.Errorf("got %+v\nwant %+v", again.Contents, want)
	}
	if !reflect.DeepEqual(again.Bundle, d.Bundle) {
		t.Errorf("got the bundle %q, want %q", again.Bundle, d.Bundle)
	}
}

// plain makes empty and nil the same.
func plain(contents []Content) []Content {
	out := make([]Content, 0, len(contents))
	for _, c := range contents {
		c.Payloads = append([]Payload(nil), c.Payloads...)
		for i := range c.Payloads {
			c.Payloads[i].Params = append([]Param(nil), c.Payloads[i].Params...)
		}
		c.Extensions = append([]Extension(nil), c.Extensions...)
		c.Sources = append([]Source(nil), c.Sources...)
		c.Candidates = append([]Candidate(nil), c.Candidates...)
		c.Groups = append([]SourceGroup(nil), c.Groups...)
		out = append(out, c)
	}
	return out
}

// TestPairsToSDP: what each client writes, as the browser hears it: offers as they are,
// answers to the browser's offer of the same scene.
func TestPairsToSDP(t *testing.T) {
	for _, file := range files(t, "jingle/*.xml") {
		j := parse(t, read(t, file))
		for _, c := range j.Description.Contents {
			for _, candidate := range c.Candidates {
				if reason := candidate.Unfit(); reason != "" {
					t.Errorf("%s: kept an unfit candidate (%s): %v", file, reason, candidate)
				}
			}
		}
		out := strings.TrimSuffix(file, ".xml") + ".sdp"
		switch j.Action {
		case SessionInitiate:
			golden(t, out, toSDP(t, j.Description, SDPFor{Local: Responder}))
		case SessionAccept:
			golden(t, out, toSDP(t, j.Description, SDPFor{Local: Initiator, Offer: offerFor(t, file)}))
		}
	}
}

func offerFor(t *testing.T, answer string) *Description {
	t.Helper()
	scene := strings.Split(strings.TrimSuffix(answer, ".01-answer.xml"), ".")
	name := scene[len(scene)-1]
	if name == "video" {
		name = "audio-video"
	}
	return fromSDP(t, read(t, "sdp/chromium-156.0.8078.79."+name+".00-offer.sdp"), Initiator)
}

// TestRoundTrip: a browser's SDP through Jingle to SDP loses nothing more when it goes
// through again.
func TestRoundTrip(t *testing.T) {
	for _, file := range files(t, "sdp/*.sdp") {
		d := fromSDP(t, read(t, file), Initiator)
		first := toSDP(t, parse(t, initiate(t, d)).Description, SDPFor{Local: Responder})
		second := toSDP(t, parse(t, initiate(t, fromSDP(t, first, Initiator))).Description, SDPFor{Local: Responder})
		if first != second {
			t.Errorf("%s: got\n%s\nwant\n%s", file, second, first)
		}
	}
}
