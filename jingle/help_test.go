package jingle

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

var anyLimits = element.Limits{Depth: 64, Elements: 20000}

func read(t testing.TB, file string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// files are the fixtures that fit a pattern, and there must be some.
func files(t testing.TB, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join("testdata", pattern))
	if err != nil || len(found) == 0 {
		t.Fatalf("%s: got %v, want files (%v)", pattern, found, err)
	}
	for i := range found {
		found[i] = strings.TrimPrefix(found[i], "testdata/")
	}
	return found
}

func fromSDP(t testing.TB, sdp string, local Role) *Description {
	t.Helper()
	d, err := FromSDP(sdp, local)
	if err != nil {
		t.Fatalf("%v in\n%s", err, sdp)
	}
	return d
}

func parseXML(t testing.TB, xml string) element.Element {
	t.Helper()
	e, err := element.Parse([]byte(xml), "", anyLimits)
	if err != nil {
		t.Fatalf("%v in\n%s", err, xml)
	}
	return e
}

func parse(t testing.TB, xml string) *Jingle {
	t.Helper()
	j, err := Parse(parseXML(t, xml))
	if err != nil {
		t.Fatalf("%v in\n%s", err, xml)
	}
	return j
}

// write renders a <jingle/>; every reader of the dialect is asked about each that a test makes.
func write(t testing.TB, j *Jingle, to Dialect) string {
	t.Helper()
	var w element.Writer
	j.Append(&w, to)
	for _, objection := range objections(w.Bytes(), j, to) {
		t.Errorf("a reader objects: %s in\n%.2000s", objection, w.Bytes())
	}
	return string(w.Bytes())
}

func initiate(t testing.TB, d *Description) string {
	t.Helper()
	return write(t, &Jingle{Action: SessionInitiate, SID: "s1", Initiator: "juliet@calls.example/tab", Description: d}, Common)
}

func accept(t testing.TB, d *Description) string {
	t.Helper()
	return write(t, &Jingle{Action: SessionAccept, SID: "s1", Responder: "juliet@calls.example/tab", Description: d}, Common)
}

func toSDP(t testing.TB, d *Description, o SDPFor) string {
	t.Helper()
	o.Session, o.Version, o.Stream = 4611686018427387905, 2, "s1"
	sdp, err := d.ToSDP(o)
	if err != nil {
		t.Fatal(err)
	}
	return sdp
}

// section is the part of an SDP that belongs to a mid.
func section(t testing.TB, sdp, mid string) string {
	t.Helper()
	for _, part := range strings.Split(sdp, "\r\nm=")[1:] {
		if strings.Contains(part+"\r\n", "\r\na=mid:"+mid+"\r\n") {
			return "m=" + part
		}
	}
	t.Fatalf("no mid %q in\n%s", mid, sdp)
	return ""
}

func wantLines(t testing.TB, text string, want ...string) {
	t.Helper()
	for _, line := range want {
		if !strings.Contains("\n"+strings.ReplaceAll(text, "\r", "")+"\n", "\n"+line+"\n") {
			t.Errorf("want the line %q in\n%s", line, text)
		}
	}
}
