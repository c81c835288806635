package bridge

import (
	"cmp"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// docs/xeps.md is for people who ask "does it do X?". What of it can be held against the
// code is held here.

// namespace is a string of Go source that XMPP would know.
var namespace = regexp.MustCompile(`"((?:urn:(?:xmpp|ietf)|http://jabber\.org/protocol|jabber:iq|vcard-temp)[^"]*)"`)

// Every namespace that is spoken, and every feature that is announced, is told of.
func TestXEPsNameNamespaces(t *testing.T) {
	document := readXEPs(t)
	for _, file := range []string{"../jingle/jingle.go", "../component/disco.go"} {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := namespace.FindAllSubmatch(source, -1)
		if len(found) < 10 {
			t.Fatalf("%s: got %d namespaces, want more", file, len(found))
		}
		for _, m := range found {
			if name := "`" + string(m[1]) + "`"; !strings.Contains(document, name) {
				t.Errorf("docs/xeps.md does not tell of %s (%s)", name, file)
			}
		}
	}
}

// states are what a section of a XEP can be in; an action's may say more.
var states = regexp.MustCompile(`^(yes|partly|no|–)$`)

// Each of the nine XEPs has its version, and a state for each section.
func TestXEPsStates(t *testing.T) {
	document := readXEPs(t)
	version := regexp.MustCompile(`\n\nVersion \d+\.\d+\.\d+\. Namespace`)
	for _, number := range []string{"0166", "0167", "0176", "0293", "0294", "0320", "0338", "0339", "0353"} {
		_, chapter, ok := strings.Cut(document, "\n## XEP-"+number+": ")
		if !ok {
			t.Errorf("docs/xeps.md has no chapter of XEP-%s", number)
			continue
		}
		chapter, _, _ = strings.Cut(chapter, "\n## ")
		if !version.MatchString(chapter) {
			t.Errorf("XEP-%s: no version", number)
		}
		rows := tableRows(chapter, "§")
		if len(rows) < 3 {
			t.Errorf("XEP-%s: got %d sections, want more", number, len(rows))
		}
		for _, row := range rows {
			if len(row) != 4 || !states.MatchString(row[2]) {
				t.Errorf("XEP-%s: %q: want a section, a name, yes, partly, no or –, and how", number, row)
			}
		}
	}
}

// The table of actions has each action once, and "yes" in it means that a call takes it.
func TestXEPsActions(t *testing.T) {
	rows := byFirst(t, tableRows(readXEPs(t), "action"), 4)
	for _, action := range actions {
		row := rows[string(action)]
		if row == nil {
			t.Errorf("docs/xeps.md has no row for the action %s", action)
			continue
		}
		delete(rows, string(action))
		taken := action == "session-initiate"
		for _, list := range inOrder {
			taken = taken || slices.Contains(list, action)
		}
		if in := row[3]; !taken != strings.Contains(in, "no: `out-of-order`") {
			t.Errorf("%s in: the document says %q, taken is %v", action, in, taken)
		}
		// What a session does not take before its accept is said to be out of order then.
		early := taken && action != "session-initiate" && !slices.Contains(inOrder[initiated], action)
		if in := row[3]; early != strings.Contains(in, "before the accept `out-of-order`") {
			t.Errorf("%s in: the document says %q, out of order before the accept is %v", action, in, early)
		}
	}
	for action := range rows {
		t.Errorf("docs/xeps.md has a row for %s, which is no action", action)
	}
}

// The table of reasons is that of the faults, turned round.
func TestXEPsReasons(t *testing.T) {
	rows := byFirst(t, tableRows(readXEPs(t), "reason"), 4)
	if len(rows) != len(reasons) {
		t.Errorf("got %d reasons, want the %d of XEP-0166 §7.4", len(rows), len(reasons))
	}
	for reason := range reasons {
		want := []string{"`" + faults[faultOfCondition(reason)].leave + "`", sentFor(reason)}
		if row := rows[reason]; row == nil || !slices.Equal(row[1:3], want) {
			t.Errorf("reason %s:\n got %q\nwant %q", reason, row, want)
		}
	}
}

// sentFor lists what goes out by a reason: a browser's word for it or, where that is only
// "error", its code.
func sentFor(reason string) string {
	var words []string
	for f := Hangup; f <= Internal; f++ {
		r := faults[f]
		if r.jingle != reason || r.leave == "" {
			continue
		}
		word := r.leave
		if word == "error" {
			word = r.code
		}
		words = append(words, "`"+word+"`")
	}
	slices.Sort(words)
	return cmp.Or(strings.Join(slices.Compact(words), ", "), "–")
}

// The table of errors has those that are sent, with the condition that they are sent with;
// of the others it says that they are not.
func TestXEPsErrors(t *testing.T) {
	rows := byFirst(t, tableRows(readXEPs(t), "error"), 4)
	sent := map[string]string{}
	for f := Hangup; f <= Internal; f++ {
		if iq := faults[f].iq; iq.App != "" {
			sent[iq.App] = "`" + iq.Condition + "`"
		}
	}
	for _, app := range []string{"out-of-order", "tie-break", "unknown-content", "unknown-session", "unsupported-info", "security-required"} {
		if row := rows[app]; row == nil || row[1] != cmp.Or(sent[app], "–") {
			t.Errorf("error %s: got %q, want it with %q", app, row, cmp.Or(sent[app], "–"))
		}
		delete(sent, app)
	}
	for app := range sent {
		t.Errorf("docs/xeps.md does not know the error %s", app)
	}
}

func readXEPs(t *testing.T) string {
	t.Helper()
	document, err := os.ReadFile("../docs/xeps.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(document)
}

// tableRows gives the cells of all tables whose first column has this head.
func tableRows(document, head string) (rows [][]string) {
	inside := false
	for line := range strings.Lines(document) {
		line = strings.TrimSpace(line)
		switch {
		case !strings.HasPrefix(line, "|"):
			inside = false
		case strings.HasPrefix(line, "| "+head+" |"):
			inside = true
		case inside && !strings.HasPrefix(line, "|---"):
			cells := strings.Split(strings.Trim(line, "|"), "|")
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			rows = append(rows, cells)
		}
	}
	return rows
}

// byFirst finds rows by the word in their first cell, each once.
func byFirst(t *testing.T, rows [][]string, columns int) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for _, row := range rows {
		word := strings.Trim(row[0], "`")
		if len(row) != columns || found[word] != nil || row[0] != fmt.Sprintf("`%s`", word) {
			t.Errorf("%q: want %d columns, and each word once", row, columns)
		}
		found[word] = row
	}
	return found
}
