package main

import (
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	const end = "<iq type='set' id='1' from='bob@call.example.org/tab' to='alice@example.org/phone'><jingle xmlns='urn:xmpp:jingle:1' action='session-terminate' sid='s1'>"
	for _, test := range []struct {
		lines string
		heard int
		want  string
		err   string
	}{
		{"in " + end + "<reason><success/></reason></jingle></iq>\nout <presence from='alice@example.org/phone'/>\n", 1, "", ""},
		{"in " + end + "</jingle></iq>\n", 1, "conversations objects: it crashes", ""},
		{"out " + end + "</jingle></iq>\n", 0, "", ""},
		{"in <iq>\n", 0, "", "line 1: "},
		{"off <iq/>\n", 0, "", `line 1: "off", want in or out`},
	} {
		objections, heard, err := check(strings.NewReader(test.lines))
		got := strings.Join(objections, "\n")
		if heard != test.heard || (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
			t.Errorf("%q: got %d %q, want %d %q", test.lines, heard, got, test.heard, test.want)
		}
		if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%q: got %v, want %q", test.lines, err, test.err)
		}
	}
}
