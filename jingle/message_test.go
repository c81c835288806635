package jingle

import (
	"reflect"
	"testing"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

func TestMessage(t *testing.T) {
	for _, test := range []struct {
		m    Message
		want string
	}{
		{
			Message{Kind: "propose", ID: "s1", Media: []string{"audio", "video"}},
			`<propose xmlns='urn:xmpp:jingle-message:0' id='s1'><description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'/>` +
				`<description xmlns='urn:xmpp:jingle:apps:rtp:1' media='video'/></propose>`,
		},
		{Message{Kind: "ringing", ID: "s1"}, `<ringing xmlns='urn:xmpp:jingle-message:0' id='s1'/>`},
		{
			Message{Kind: "reject", ID: "s1", Reason: Reason{Condition: "busy", Text: "in a call"}},
			`<reject xmlns='urn:xmpp:jingle-message:0' id='s1'><reason xmlns='urn:xmpp:jingle:1'><busy/><text>in a call</text></reason></reject>`,
		},
		{
			Message{Kind: "retract", ID: "s1", Reason: Reason{Condition: "expired", TieBreak: true}},
			`<retract xmlns='urn:xmpp:jingle-message:0' id='s1'><reason xmlns='urn:xmpp:jingle:1'><expired/></reason><tie-break xmlns='urn:xmpp:jingle:errors:1'/></retract>`,
		},
		{
			Message{Kind: "finish", ID: "s1", Reason: Reason{Condition: "expired", Migrated: "s2"}},
			`<finish xmlns='urn:xmpp:jingle-message:0' id='s1'><reason xmlns='urn:xmpp:jingle:1'><expired/></reason><migrated to='s2'/></finish>`,
		},
	} {
		var w element.Writer
		test.m.Append(&w)
		if got := string(w.Bytes()); got != test.want {
			t.Errorf("%+v:\n got %s\nwant %s", test.m, got, test.want)
		}
		got, ok := ParseMessage(parseXML(t, "<message>"+test.want+"</message>"))
		if !ok || !reflect.DeepEqual(got, test.m) {
			t.Errorf("got %+v (%v), want %+v", got, ok, test.m)
		}
	}
}

func TestParseMessageIsNotFooled(t *testing.T) {
	propose := `<propose xmlns='urn:xmpp:jingle-message:0' id='s1'><description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'/></propose>`
	for _, in := range []string{
		`<message/>`,
		`<message><body>` + propose + `</body></message>`,
		`<message><sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client'>` + propose + `</message></forwarded></sent></message>`,
		`<message><result xmlns='urn:xmpp:mam:2'>` + propose + `</result></message>`,
		`<message><propose xmlns='urn:xmpp:jingle-message:0'/></message>`,
		`<message><propose xmlns='urn:xmpp:jingle-message:0' id=''/></message>`,
		"<message><propose xmlns='urn:xmpp:jingle-message:0' id='a&#10;b'/></message>",
		`<message><propose xmlns='urn:xmpp:jingle-message:1' id='s1'/></message>`,
		`<message><dance xmlns='urn:xmpp:jingle-message:0' id='s1'/></message>`,
	} {
		if m, ok := ParseMessage(parseXML(t, in)); ok {
			t.Errorf("%s: got %+v, want nothing", in, m)
		}
	}
	if m, ok := ParseMessage(element.Element{}); ok {
		t.Errorf("got %+v of nothing", m)
	}
}

func TestParseMessageTolerates(t *testing.T) {
	for _, test := range []struct {
		in   string
		want Message
	}{
		{
			`<message><reject xmlns='urn:xmpp:jingle-message:0' id='s1'><tie-break/><reason xmlns='urn:xmpp:jingle:1'><expired/></reason></reject></message>`,
			Message{Kind: "reject", ID: "s1", Reason: Reason{Condition: "expired", TieBreak: true}},
		},
		{
			`<message><retract xmlns='urn:xmpp:jingle-message:0' id='s1'><reason xmlns='urn:xmpp:jingle:1'/></retract></message>`,
			Message{Kind: "retract", ID: "s1"},
		},
		{
			`<message><propose xmlns='urn:xmpp:jingle-message:0' id='s1'><description xmlns='urn:xmpp:jingle:apps:file-transfer:5'/></propose></message>`,
			Message{Kind: "propose", ID: "s1"},
		},
	} {
		if got, ok := ParseMessage(parseXML(t, test.in)); !ok || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s:\n got %+v (%v)\nwant %+v", test.in, got, ok, test.want)
		}
	}
}
