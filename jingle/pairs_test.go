package jingle

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/jinglebridge/jinglebridge/internal/element"
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

// pair is golden for what may also be refused: then an .err says why, and nothing else
// lies beside the original.
func pair(t *testing.T, file, ending, got string, err error) {
	t.Helper()
	base := strings.TrimSuffix(file, filepath.Ext(file))
	other := base + ".err"
	if err != nil {
		if !errors.Is(err, ErrIncompatible) {
			t.Errorf("%s: %v: a description of a real client is called malformed", file, err)
		}
		got, ending, other = err.Error()+"\n", ".err", base+ending
	}
	golden(t, base+ending, got)
	if *update {
		os.Remove(filepath.Join("testdata", other))
	}
	if _, err := os.Stat(filepath.Join("testdata", other)); err == nil {
		t.Errorf("%s lies beside %s%s", other, base, ending)
	}
}

// pretty puts each element on a line of its own.
func pretty(xml string) string { return strings.ReplaceAll(xml, "><", ">\n<") + "\n" }

// offers says whether a fixture offers; Pion's come twice each.
func offers(file string) bool {
	return strings.Contains(file, "-offer.") || strings.Contains(file, "-offer-gathered.")
}

// offerOf finds the browser's offer that a file of sdp/ or jingle/ answers: the last one
// before it in the same scene. Clients' answers are to Chromium, as a rule.
func offerOf(t testing.TB, answer string) string {
	t.Helper()
	parts := strings.Split(filepath.Base(answer), ".")
	number, scene := parts[len(parts)-2], parts[len(parts)-3]
	browser := strings.Join(parts[:len(parts)-2], ".")
	if filepath.Dir(answer) == "jingle" {
		if scene == "ring-accept" {
			scene = "call-audio" // its browser was not listened to; it offers the same
		}
		browser = "*." + scene
		if found, _ := filepath.Glob("testdata/sdp/chromium-*." + scene + ".00-offer.sdp"); len(found) == 1 {
			browser = "chromium-*." + scene
		}
	}
	offer := ""
	for _, file := range files(t, "sdp/"+browser+".[0-9][0-9]-offer*.sdp") {
		parts := strings.Split(file, ".")
		if at := parts[len(parts)-2]; at[:2] < number[:2] {
			offer = file
		}
	}
	if offer == "" {
		t.Fatalf("%s: what does it answer?", answer)
	}
	return offer
}

// said is a file of sdp/ as we tell it to an XMPP user, as it is or as the answer to its offer;
// local is the browser's role.
func said(t testing.TB, file string, local Role) (*Jingle, error) {
	t.Helper()
	d, err := FromSDP(read(t, file), local)
	if err != nil {
		return nil, err
	}
	j := &Jingle{Action: SessionInitiate, SID: "s1", Initiator: "juliet@calls.example/tab", Description: d}
	if local == Responder && offers(file) {
		j.Action = ContentAdd // the only way for a responder to offer
		j.Initiator = ""
		for i := range d.Contents {
			d.Contents[i].Creator = "responder"
		}
	}
	if offers(file) {
		return j, nil
	}
	offer, err := said(t, offerOf(t, file), local.Other())
	if err != nil {
		return nil, err
	}
	if err := d.Answers(parse(t, unchecked(offer, Common)).Description); err != nil {
		return nil, err
	}
	j.Action, j.Initiator, j.Responder = SessionAccept, "", "juliet@calls.example/tab"
	if local == Initiator {
		j.Action, j.Responder = ContentAccept, ""
	}
	return j, nil
}

// TestPairsFromSDP: what each browser says, as an XMPP user hears it: offers as they are,
// answers fitted to the offer of the same scene.
func TestPairsFromSDP(t *testing.T) {
	for _, file := range append(files(t, "sdp/*.sdp"), files(t, "refused/*.sdp")...) {
		local := Responder
		if offers(file) {
			local = Initiator
		}
		j, err := said(t, file, local)
		if err != nil {
			pair(t, file, ".xml", "", err)
			continue
		}
		xml := write(t, j, Common)
		pair(t, file, ".xml", pretty(xml), nil)
		if !offers(file) {
			offer, _ := said(t, offerOf(t, file), Initiator)
			for _, to := range []Dialect{Common, Movim, Monal} {
				wantAnswer(t, parseXML(t, write(t, offer, to)), parseXML(t, write(t, j, to)), to)
			}
		}
		survives(t, j.Description, xml)
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
		o := SDPFor{Local: Responder, Session: 4611686018427387905, Version: 2, Stream: "s1"}
		switch j.Action {
		case SessionAccept:
			o.Local, o.Offer = Initiator, fromSDP(t, read(t, offerOf(t, file)), Initiator)
			fallthrough
		case SessionInitiate:
			sdp, err := j.Description.ToSDP(o)
			pair(t, file, ".sdp", sdp, err)
		default:
			golden(t, strings.TrimSuffix(file, ".xml")+".heard", heard(t, parseXML(t, read(t, file))))
		}
		for _, c := range j.Description.Contents {
			for _, candidate := range c.Candidates {
				if reason := candidate.Unfit(); reason != "" {
					t.Errorf("%s: kept an unfit candidate (%s): %v", file, reason, candidate)
				}
			}
		}
	}
}

// TestPairsHeard: what else clients say in their calls, a stanza on each line, and what
// we understand.
func TestPairsHeard(t *testing.T) {
	for _, file := range files(t, "said/*.stanzas") {
		var b strings.Builder
		for line := range strings.Lines(read(t, file)) {
			b.WriteString(heard(t, parseXML(t, line)))
		}
		golden(t, strings.TrimSuffix(file, ".stanzas")+".heard", b.String())
	}
}

// TestPairsCandidates: the candidates of each browser, one on a line, and what an XMPP user
// hears of them, or why not.
func TestPairsCandidates(t *testing.T) {
	for _, file := range files(t, "candidates/*.candidates") {
		var b strings.Builder
		for line := range strings.Lines(read(t, file)) {
			c, err := ParseCandidate(line)
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			if reason := c.Unfit(); reason != "" {
				b.WriteString("unfit: " + reason + "\n")
				continue
			}
			var w element.Writer
			c.appendElement(&w)
			b.WriteString(string(w.Bytes()) + "\n")
		}
		golden(t, strings.TrimSuffix(file, ".candidates")+".told", b.String())
	}
}

// heard tells what was understood of a stanza that carries no description.
func heard(t *testing.T, e element.Element) string {
	t.Helper()
	if m, ok := ParseMessage(e); ok {
		return words(append([]string{m.Kind, m.ID, m.Reason.Condition}, m.Media...)...)
	}
	j, err := Parse(e)
	if err != nil {
		t.Fatalf("%v in %s", err, e)
	}
	said := words(string(j.Action), j.Reason.Condition, j.Reason.Text)
	for _, info := range j.Info {
		said = words(string(j.Action), info.Space, info.Name, info.Content)
	}
	if j.Description == nil {
		return said
	}
	said = ""
	for _, c := range j.Description.Contents {
		what := []string{string(j.Action), c.Name, c.Ufrag, c.Pwd}
		for _, candidate := range c.Candidates {
			what = append(what, candidate.String())
		}
		if c.EndOfCandidates {
			what = append(what, "end of candidates")
		}
		said += words(what...)
	}
	return said
}

// words is a line of those that are not empty.
func words(all ...string) string {
	return strings.Join(slices.DeleteFunc(all, func(s string) bool { return s == "" }), " ") + "\n"
}
