package readers

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

// A probe is one change of a good stanza, and what the clients' own translators, with the
// WebRTC of Chromium 156 behind them, made of it when they were run on such a change:
// . accepted, R rejected, w handed on and refused by WebRTC, d accepted and dead,
// c a candidate lost, ! a crash; of each reader in columns. Siskin was not run.
type probe struct {
	name    string
	verdict string // of the columns, in their order
	edit    edit
}

var columns = []string{Conversations, Monal, Movim, StanzaJS, Dino}

const fine = "....."

// exceptions are cells that our readers do not follow, and why.
var exceptions = map[string]map[string]string{
	"11-accept-rtx-first":       {Dino: "only its session was run: it agrees on rtx, and the call is dead"},
	"23-red-video-with-rtcp-fb": {Monal: "Firefox' video red, which is the same, was refused 9 times of 9"},
	"17-cand-mdns":              {Dino: "candidates were parsed only; libnice wants numbers"},
	"17-cand-hostname":          {Dino: "candidates were parsed only; libnice wants numbers"},
	"17-cand-no-ip":             {Dino: "candidates were parsed only; libnice wants numbers"},
	"22-cand-ip-newline":        {Dino: "candidates were parsed only; libnice wants numbers"},
	"22-cand-no-attrs":          {Dino: "candidates were parsed only; libnice wants numbers"},
	"17-cand-tcp":               {Dino: "candidates were parsed only; its plug-in uses them as udp"},
	"17-cand-tcp-tcptype":       {Dino: "candidates were parsed only; its plug-in uses them as udp"},
}

// good are an initiate and the accept to it, as we write them for Chromium.
func good(t *testing.T) (initiate, accept string) {
	t.Helper()
	read := func(pattern string) string {
		found, err := filepath.Glob("../../jingle/testdata/sdp/" + pattern)
		if err != nil || len(found) != 1 {
			t.Fatalf("%s: got %q, want one file", pattern, found)
		}
		raw, err := os.ReadFile(found[0])
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	return read("chromium-156.*[0-9].audio-video.00-offer.xml"), read("chromium-156.*[0-9].audio-video.01-answer.xml")
}

func parse(t *testing.T, xml string) element.Element {
	t.Helper()
	e, err := element.Parse([]byte(xml), "", element.Limits{})
	if err != nil {
		t.Fatalf("%v in\n%s", err, xml)
	}
	return e
}

func TestProbesOfInitiate(t *testing.T) {
	initiate, _ := good(t)
	for _, p := range slices.Concat(mediaProbes, transportProbes, candidateProbes, shapeProbes) {
		if isAccept(p.name) {
			continue
		}
		changed := p.changed(t, initiate)
		parse(t, changed)
		p.check(t, func(c Client) []string { return c.ObjectionsTo(changed) })
	}
}

func TestProbesOfAccept(t *testing.T) {
	initiate, accept := good(t)
	for _, p := range slices.Concat(mediaProbes, transportProbes, candidateProbes, shapeProbes) {
		if !isAccept(p.name) {
			continue
		}
		offer := parse(t, initiate)
		if p.name == "01-audio-only-accept" {
			offer = parse(t, only(0)(initiate))
		}
		changed := p.changed(t, accept)
		p.check(t, func(c Client) []string {
			return append(c.ObjectionsTo(changed), c.Answer(offer, parse(t, changed))...)
		})
	}
}

// A session has the media of its proposal.
func TestProbesOfProposals(t *testing.T) {
	initiate, _ := good(t)
	propose := func(media ...string) element.Element {
		xml := "<message type='chat'><propose xmlns='urn:xmpp:jingle-message:0' id='s1'>"
		for _, kind := range media {
			xml += "<description xmlns='urn:xmpp:jingle:apps:rtp:1' media='" + kind + "'/>"
		}
		return parse(t, xml+"</propose></message>")
	}
	for _, test := range []struct {
		probe
		media []string
	}{
		{probe{"21-jmi-match", fine, same}, []string{"audio", "video"}},
		{probe{"21-jmi-audio-but-video", "RR...", same}, []string{"audio"}},
		{probe{"21-jmi-video-but-audio", "R....", only(0)}, []string{"audio", "video"}},
	} {
		changed := parse(t, test.edit(initiate))
		test.check(t, func(c Client) []string {
			return append(c.Objections(changed), c.Proposed(propose(test.media...), changed)...)
		})
	}
}

func isAccept(name string) bool {
	return strings.Contains(name, "accept") || strings.HasPrefix(name, "23-answer")
}

// changed wants that the change changes something.
func (p probe) changed(t *testing.T, xml string) string {
	t.Helper()
	changed := p.edit(xml)
	if changed == xml && !strings.HasPrefix(p.name, "00-") {
		t.Fatalf("%s changes nothing", p.name)
	}
	return changed
}

func (p probe) check(t *testing.T, objections func(Client) []string) {
	t.Helper()
	for i, name := range columns {
		got := objections(Only(name)[0])
		want := p.verdict[i] != '.'
		if why := exceptions[p.name][name]; why != "" {
			if (len(got) > 0) == want {
				t.Errorf("%s: %s: no exception any more: %s", p.name, name, why)
			}
			continue
		}
		if (len(got) > 0) != want {
			t.Errorf("%s: %s: got %q, want %c", p.name, name, got, p.verdict[i])
		}
	}
}
