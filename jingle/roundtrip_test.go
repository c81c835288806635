package jingle

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// row is a line of a table in docs/interop.md: patterns of SDP lines in its first column.
type row struct {
	text     string
	patterns []*regexp.Regexp
	met      []bool
	rare     []bool          // only testdata/odd.sdp has it
	apps     map[string]bool // that it is about, and whether it was met in theirs; nil: no app
}

// table reads the patterns of the table under a heading. In a pattern "…" stands for
// anything, "<opus>" for a payload type of that codec; after one that is only in testdata/odd.sdp stands a †.
func table(t *testing.T, heading string) []*row {
	t.Helper()
	doc, err := os.ReadFile("../docs/interop.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, ok := strings.Cut(string(doc), "\n"+heading+"\n")
	if !ok {
		t.Fatalf("docs/interop.md has no %q", heading)
	}
	after, _, _ = strings.Cut(after, "\n#")
	var rows []*row
	for line := range strings.Lines(after) {
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		r := &row{text: strings.TrimSpace(line)}
		columns := strings.Split(r.text, "|")
		if len(columns) == 5 {
			r.apps = map[string]bool{}
			for app := range strings.SplitSeq(columns[2], ",") {
				r.apps[strings.TrimSpace(app)] = false
			}
		}
		for _, code := range regexp.MustCompile("`([^`]+)`(†?)").FindAllStringSubmatch(columns[1], -1) {
			pattern := strings.NewReplacer("…", ".*", "<", `\d+<`).Replace(regexp.QuoteMeta(code[1]))
			r.patterns = append(r.patterns, regexp.MustCompile("^"+pattern+"$"))
			r.rare = append(r.rare, code[2] != "")
		}
		r.met = make([]bool, len(r.patterns))
		rows = append(rows, r)
	}
	if len(rows) == 0 {
		t.Fatalf("%q has no table", heading)
	}
	return rows
}

// documented says whether a table has a line of an app, "" for none, and remembers which of
// its patterns are met.
func documented(rows []*row, app, line string) bool {
	found := false
	for _, r := range rows {
		if _, about := r.apps[app]; !about && app != "" {
			continue
		}
		for i, pattern := range r.patterns {
			if pattern.MatchString(line) {
				found, r.met[i] = true, true
				if app != "" {
					r.apps[app] = true
				}
			}
		}
	}
	return found
}

// stale complains of patterns that say what does not happen; rare are those of the odd ones.
func stale(t *testing.T, rows []*row, rare bool) {
	t.Helper()
	for _, r := range rows {
		for i, met := range r.met {
			if (rare || !r.rare[i]) && !met {
				t.Errorf("docs/interop.md: %s is not met: %s", r.patterns[i], r.text)
			}
			if !rare && r.rare[i] && met {
				t.Errorf("docs/interop.md: %s is not rare: %s", r.patterns[i], r.text)
			}
		}
		for app, met := range r.apps {
			if !met {
				t.Errorf("docs/interop.md: nothing like it is %s's: %s", app, r.text)
			}
		}
	}
}

// roundTrip is a browser's description as the browser on the other side would hear it, if that
// were behind another bridge.
func roundTrip(t *testing.T, file string, local Role, through Dialect) (string, error) {
	t.Helper()
	j, err := said(t, file, local)
	if err != nil {
		return "", err
	}
	o := SDPFor{Local: local.Other()}
	if !offers(file) {
		o.Offer = fromSDP(t, read(t, offerOf(t, file)), local.Other())
		for i := range o.Offer.Contents {
			if local == Initiator {
				o.Offer.Contents[i].Creator = "responder"
			}
		}
	}
	return toSDP(t, parse(t, write(t, j, through)).Description, o), nil
}

// losses are the tables of one direction.
type losses struct {
	lost, added []*row
	known       map[string]bool // what was found in them before
}

// check wants what is only before, and what is only after, to be in the tables.
func (l losses) check(t *testing.T, what, app string, before, after facts) {
	t.Helper()
	l.find(t, what+": lost ", app, l.lost, before.without(after))
	l.find(t, what+": added ", app, l.added, after.without(before))
}

func (l losses) find(t *testing.T, what, app string, rows []*row, parts []string) {
	t.Helper()
	for _, part := range parts {
		key := what[strings.LastIndex(what, ":"):] + app + part
		if l.known[key] {
			continue
		}
		if l.known[key] = documented(rows, app, part); !l.known[key] {
			t.Errorf("%s%s", what, part)
		}
	}
}

// TestRoundTrip: what a browser says, through Jingle and back, has lost and gained only
// what docs/interop.md tells of.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	tables := losses{table(t, "### Lines of a browser's SDP"), table(t, "### Lines that we add"), map[string]bool{}}
	for _, file := range append(files(t, "sdp/*.sdp"), files(t, "refused/*.sdp")...) {
		before := factsOf(read(t, file))
		for _, local := range []Role{Initiator, Responder} {
			for _, through := range []Dialect{Common, Monal} {
				out, err := roundTrip(t, file, local, through)
				if errors.Is(err, ErrIncompatible) {
					continue // an .err beside it says so
				}
				if err != nil {
					t.Fatalf("%s: %v", file, err)
				}
				tables.check(t, fmt.Sprintf("%s as %s, dialect %d", file, local, through), "", before, factsOf(out))
				if through == Common { // what Monal writes has no order
					keepsOrder(t, file, read(t, file), out)
				}
			}
		}
	}
	again := func(sdp string) {
		out := toSDP(t, parse(t, initiate(t, fromSDP(t, sdp, Initiator))).Description, SDPFor{Local: Responder})
		tables.check(t, sdp, "", factsOf(sdp), factsOf(out))
	}
	for _, file := range files(t, "candidates/*.candidates") {
		for line := range strings.Lines(read(t, file)) {
			_, ufrag, _ := strings.Cut(line, " ufrag ")
			offer := strings.Replace(smallOffer, "OfSg", cmp.Or(strings.Split(strings.TrimSpace(ufrag), " ")[0], "OfSg"), 1)
			again(offer + "a=rtcp-mux\r\na=" + line)
		}
	}
	stale(t, tables.lost, false)
	stale(t, tables.added, false)
	clear(tables.known)
	again(read(t, "odd.sdp"))
	stale(t, tables.lost, true)
	stale(t, tables.added, true)
}

// keepsOrder: the browser's most wanted codec stays that, but for one that all have.
func keepsOrder(t *testing.T, file, before, after string) {
	t.Helper()
	want, got := orders(before), orders(after)
	for mid := range got {
		order := slices.DeleteFunc(want[mid], func(codec string) bool { return !slices.Contains(got[mid], codec) })
		for i, codec := range order {
			if strings.HasSuffix(codec, "<opus>") || strings.HasSuffix(codec, "<VP8>") {
				order = slices.Insert(slices.Delete(order, i, i+1), 0, codec)
				break
			}
		}
		if !slices.Equal(got[mid], order) {
			t.Errorf("%s: m-line %s: got the order %v, want %v", file, mid, got[mid], order)
		}
	}
}

func orders(sdp string) map[string][]string {
	all := map[string][]string{}
	sdp = strings.ReplaceAll(strings.TrimSpace(sdp), "\r\n", "\n")
	for _, part := range strings.Split(sdp, "\nm=")[1:] {
		m := mline{lines: strings.Split("m="+part, "\n")}
		if m.read(); strings.Fields(m.lines[0])[1] != "0" {
			all[m.mid] = m.order
		}
	}
	return all
}

// appNames are the clients of the fixtures as docs/interop.md calls them.
var appNames = map[string]string{
	"conversations": "Conversations", "dino": "Dino", "monal": "Monal", "movim": "Movim", "siskin": "Siskin", "stanzajs": "stanza.js",
}

// TestRoundTripStanza: what an app says, through SDP and back, has lost and gained only
// what docs/interop.md tells of.
func TestRoundTripStanza(t *testing.T) {
	t.Parallel()
	tables := losses{table(t, "### Parts of an app's stanza"), table(t, "### Parts that we add"), map[string]bool{}}
	for _, file := range files(t, "jingle/*-*.xml") {
		xml := read(t, file)
		j := parse(t, xml)
		again := &Jingle{Action: j.Action, SID: j.SID, Initiator: j.Initiator, Responder: j.Responder}
		switch j.Action {
		case SessionInitiate:
			again.Description = fromSDP(t, toSDP(t, j.Description, SDPFor{Local: Responder}), Initiator)
		case SessionAccept:
			offer := read(t, offerOf(t, file))
			sdp := toSDP(t, j.Description, SDPFor{Local: Initiator, Offer: fromSDP(t, offer, Initiator)})
			again.Description = fromSDP(t, sdp, Responder)
			asHeard := parse(t, initiate(t, fromSDP(t, offer, Initiator))).Description
			if err := again.Description.Answers(asHeard); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
		default:
			continue
		}
		before, after := stanzaFacts(parseXML(t, xml)), stanzaFacts(parseXML(t, write(t, again, Common)))
		client, _, _ := strings.Cut(strings.TrimPrefix(file, "jingle/"), "-")
		tables.check(t, file, appNames[client], before, after)
	}
	stale(t, tables.lost, false)
	stale(t, tables.added, false)
}
