package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const fixtures = "../../jingle/testdata"

// convert runs the command as from a shell.
func convert(args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	code = run(context.Background(), append([]string{"convert"}, args...), &out, &err)
	return code, out.String(), err.String()
}

// converted is what the command writes when all is well.
func converted(t *testing.T, args ...string) string {
	t.Helper()
	code, out, errs := convert(args...)
	if code != exitOK || errs != "" || out == "" {
		t.Fatalf("convert %q: got code %d and %q, want output", args, code, errs)
	}
	return out
}

// file puts a text where the command can read it.
func file(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "pasted")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func fixture(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(fixtures, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// found are the fixtures of a pattern; there must be at least so many.
func found(t *testing.T, least int, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(fixtures, pattern))
	if err != nil || len(files) < least {
		t.Fatalf("%s: got %d files (%v), want %d", pattern, len(files), err, least)
	}
	return files
}

// expect compares with the golden file beside a fixture, or with the error there.
func expect(t *testing.T, name, ending string, plain func(string) string, args ...string) {
	t.Helper()
	base := strings.TrimSuffix(name, filepath.Ext(name))
	code, out, errs := convert(args...)
	if refused, err := os.ReadFile(base + ".err"); err == nil {
		if want := "jinglebridge: " + string(refused); code != exitRuntime || errs != want {
			t.Errorf("convert %q: got code %d and %q, want %q", args, code, errs, want)
		}
		return
	}
	want, err := os.ReadFile(base + ending)
	if err != nil {
		t.Fatal(err)
	}
	if plain(out) != plain(string(want)) {
		t.Errorf("convert %q: %s\n got %s\nwant %s", args, errs, plain(out), plain(string(want)))
	}
}

var (
	indentation = regexp.MustCompile(`(?m)^ +`)
	addresses   = regexp.MustCompile(` (initiator|responder)='[^']*'`)
	ofTheCall   = regexp.MustCompile(`(?m)^(o=|a=msid:).*$`)
)

// plainXML leaves out who talks, which SDP does not say, and how far it is indented.
func plainXML(xml string) string {
	return addresses.ReplaceAllString(indentation.ReplaceAllString(xml, ""), "")
}

// plainSDP leaves out what the bridge picks for a call.
func plainSDP(sdp string) string { return ofTheCall.ReplaceAllString(sdp, "$1") }

// The pairs of jingle/testdata are what the bridge makes of real descriptions: convert makes
// the same of them.
func TestConvertPairs(t *testing.T) {
	for _, name := range found(t, 10, "sdp/*-offer*.sdp") {
		expect(t, name, ".xml", plainXML, name, "--sid", "s1")
	}
	for _, name := range found(t, 10, "sdp/*.01-answer.sdp") {
		offer := strings.Replace(name, ".01-answer", ".00-offer", 1)
		expect(t, name, ".xml", plainXML, name, "--sid", "s1", "--offer", offer)
	}
	for _, name := range found(t, 5, "jingle/*.00-offer.xml") {
		expect(t, name, ".sdp", plainSDP, name)
	}
	for _, name := range found(t, 2, "jingle/conversations-*.01-answer.xml") {
		scene := strings.Split(name, ".")
		offer := found(t, 1, "sdp/chromium-*."+scene[len(scene)-3]+".00-offer.sdp")[0]
		expect(t, name, ".sdp", plainSDP, name, "--offer", offer)
	}
}

// Nothing that browsers and clients wrote makes it stumble: it is translated or refused
// with one line, the same each time, and what it wrote it can read.
func TestConvertFixtures(t *testing.T) {
	for _, name := range append(found(t, 40, "sdp/*.sdp"), found(t, 20, "jingle/*.xml")...) {
		code, out, errs := convert(name, "--explain")
		if again, out2, errs2 := convert(name, "--explain"); again != code || out2 != out || errs2 != errs {
			t.Errorf("%s: the second time it says\n%s%s\nthe first time\n%s%s", name, out2, errs2, out, errs)
		}
		if code == exitRuntime {
			if lines := strings.Count(errs, "\njinglebridge: ") + strings.Count(errs, "jinglebridge: "); lines == 0 || out != "" {
				t.Errorf("%s: got %q and %q, want an error alone", name, out, errs)
			}
			continue
		}
		if code != exitOK || out == "" || !strings.HasPrefix(errs, "read: ") {
			t.Errorf("%s: got code %d, %q and %q", name, code, out, errs)
			continue
		}
		if code, _, errs := convert(file(t, out)); code != exitOK && !strings.Contains(errs, "end of them") {
			t.Errorf("%s: what was written cannot be read: %s", name, errs)
		}
	}
}

// What went to Jingle and back does not change any more, and is what the bridge would say.
func TestConvertTwice(t *testing.T) {
	for _, name := range found(t, 10, "sdp/chromium-*0[01]-*.sdp") {
		heard := converted(t, file(t, converted(t, name)))
		again := converted(t, file(t, converted(t, file(t, heard))))
		if heard != again {
			t.Errorf("%s: got\n%s\nthen\n%s", name, heard, again)
		}
	}
}

func TestConvertStdin(t *testing.T) {
	in, err := os.Open(filepath.Join(fixtures, "jingle/stanzajs-12.22.1.transport-info.xml"))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	defer func(stdin *os.File) { os.Stdin = stdin }(os.Stdin)
	os.Stdin = in
	want := "a=mid:audio\r\na=ice-ufrag:H2+L\r\na=candidate:221752444 1 udp 2122194687 192.0.2.2 46116 typ host generation 0\r\n"
	if got := converted(t); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if _, err := in.Seek(0, 0); err != nil {
		t.Fatal(err)
	}
	if got := converted(t, "-"); got != want {
		t.Errorf("-: got %q, want %q", got, want)
	}
}

// Flags and what they change, by a line that is there or is not.
func TestConvertFlags(t *testing.T) {
	dir := filepath.Join(fixtures, "sdp/chromium-156.0.8078.79.")
	offer, answer := dir+"recvonly.00-offer.sdp", dir+"recvonly.01-answer.sdp"
	accept := file(t, converted(t, answer, "--offer", offer))
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{offer}, "action='session-initiate' sid='sid'"},
		{[]string{offer}, "name='0' senders='responder'"},
		{[]string{offer, "--role", "responder"}, "action='content-add'"},
		{[]string{offer, "--role", "responder"}, "creator='responder' name='0' senders='initiator'"},
		{[]string{offer, "--sid", "a'b"}, "sid='a&apos;b'"},
		{[]string{offer, "--action", "content-add"}, "action='content-add'"},
		{[]string{offer, "--action", "content-modify"}, "<content creator='initiator' name='0' senders='responder'/>"},
		{[]string{offer, "--action", "content-modify", "--for", "movim"}, "media='audio'"},
		{[]string{answer}, "action='session-accept'"},
		{[]string{answer, "--role", "initiator"}, "action='content-accept'"},
		{[]string{answer, "--offer", offer}, "name='0' senders='responder'"},
		{[]string{answer, "--offer", offer, "--for", "movim"}, "name='0' senders='initiator'"},
		{[]string{accept}, "a=sendonly"},
		{[]string{accept, "--role", "responder"}, "a=recvonly"},
		{[]string{accept, "--offer", offer}, "a=sendonly"},
		{[]string{accept, "--action", "session-initiate"}, "a=setup:active"},
	} {
		if got := converted(t, test.args...); !strings.Contains(got, test.want) {
			t.Errorf("convert %q: got\n%s\nwant %s in it", test.args, got, test.want)
		}
	}
}

func TestConvertExplains(t *testing.T) {
	dir := filepath.Join(fixtures, "sdp/chromium-156.0.8078.79.")
	offer, answer := dir+"audio.00-offer.sdp", dir+"audio.01-answer.sdp"
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{offer}, "read: sdp; the browser is the initiator, since it is an offer (no a=setup:active or passive)\nwritten: session-initiate for common\ndropped: line "},
		{[]string{offer, "--role", "responder"}, "the responder, since --role says so\n"},
		{[]string{offer, "--for", "monal"}, "written: session-initiate for monal\n"},
		{[]string{answer}, "written: session-accept for common, not fitted to what it answers: there is no --offer\n"},
		{[]string{answer, "--offer", offer}, "written: session-accept for common, fitted to " + offer + "\n"},
		{[]string{file(t, "a=mid:0\na=candidate:1 1 udp 1 192.0.2.1 9 typ host")}, "nothing dropped, repaired or made up\n"},
		{[]string{file(t, "candidate:1 1 udp 1 192.0.2.1 9 typ host\ncandidate:1 1 tcp 1 192.0.2.1 9 typ host")},
			"synthesised: content 0: no sdpMid or a=mid says where the candidate belongs\n"},
	} {
		code, out, errs := convert(append(test.args, "--explain")...)
		if code != exitOK || out == "" || !strings.Contains(errs, test.want) {
			t.Errorf("convert %q: got code %d and\n%s\nwant %q in it", test.args, code, errs, test.want)
		}
	}
}

func TestConvertCounts(t *testing.T) {
	_, _, errs := convert("--explain", filepath.Join(fixtures, "sdp/chromium-156.0.8078.79.audio.00-offer.sdp"))
	lines := strings.Split(strings.TrimSpace(errs), "\n")
	dropped := strings.Count(errs, "dropped: ")
	if want := regexp.MustCompile(`^[1-9]\d* dropped, \d+ repaired, \d+ synthesised$`); dropped == 0 || !want.MatchString(lines[len(lines)-1]) {
		t.Errorf("got %q, want %s in the end", errs, want)
	}
}

// To Movim the initiator is who writes, whatever its role.
func TestConvertTurnsForMovim(t *testing.T) {
	sdp := strings.ReplaceAll(fixture(t, "sdp/chromium-156.0.8078.79.audio.00-offer.sdp"), "a=sendrecv", "a=sendonly")
	for _, role := range []string{"initiator", "responder"} {
		_, out, errs := convert("--for", "movim", "--role", role, file(t, sdp))
		if want := "senders='initiator'"; !strings.Contains(out, want) {
			t.Errorf("as %s: got %s%s, want %s", role, out, errs, want)
		}
	}
}
