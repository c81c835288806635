package web

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

// TestParseRooms: what clients of version 1 and pages of the tutorials say of rooms.
func TestParseRooms(t *testing.T) {
	raw := func(s string) json.RawMessage { return json.RawMessage(s) }
	for _, row := range []struct {
		in       string
		v1, old  Message
		bad, odd string // the code for either, instead
	}{
		{in: `{"type":"join","room":"foo","title":"A","max":2,"offers":true,"id":1}`,
			v1:  Message{Type: "join", Room: "foo", Title: "A", Max: 2, Offers: true, ID: raw(`1`)},
			old: Message{Type: "join", Room: "foo", Title: "A", Max: 2, Offers: true}},
		{in: `{"type":"join"}`, v1: Message{Type: "join"}, old: Message{Type: "join"}},
		{in: `{"type":"join","room":null,"max":null,"offers":null,"title":null}`, v1: Message{Type: "join"}, old: Message{Type: "join"}},
		{in: `{"type":"join","room":"juliet@example.org","offers":false,"max":8.0}`,
			v1:  Message{Type: "join", Room: "juliet@example.org", Max: 8},
			old: Message{Type: "join", Room: "juliet@example.org", Max: 8}},
		{in: `{"type":"join","room":7}`, bad: codeBadMessage, old: Message{Type: "join"}},
		{in: `{"type":"join","room":["foo"]}`, bad: codeBadMessage, old: Message{Type: "join"}},
		{in: `{"type":"join","room":"foo","title":{}}`, bad: codeBadMessage, odd: codeBadMessage},
		{in: `{"type":"join","room":"foo","max":0}`, bad: codeBadMessage, odd: codeBadMessage},
		{in: `{"type":"join","room":"foo","max":1001}`, bad: codeBadMessage, odd: codeBadMessage},
		{in: `{"type":"join","room":"foo","max":1.5}`, bad: codeBadMessage, odd: codeBadMessage},
		{in: `{"type":"join","room":"foo","max":"2"}`, bad: codeBadMessage, odd: codeBadMessage},
		{in: `{"type":"join","room":"foo","offers":"true"}`, bad: codeBadMessage, odd: codeBadMessage},
		{in: `{"type":"join","room":"foo","offers":1}`, bad: codeBadMessage, odd: codeBadMessage},
		{in: `{"type":"join","room":"foo","room":"bar"}`, bad: codeBadMessage, odd: codeBadMessage},
		{in: `{"type":"join","room":"\ufffe"}`, bad: codeBadMessage, odd: codeBadMessage},
		{in: `{"type":"join","room":"` + strings.Repeat("a", 1025) + `"}`, bad: codeBadMessage, odd: codeBadMessage},
		// The server's words are no client's; what only the answer has is ignored.
		{in: `{"type":"joined","room":"foo","name":"x"}`, bad: codeUnknownType, odd: codeUnknownType},
		{in: `{"type":"left","room":"foo","name":"x"}`, bad: codeUnknownType, odd: codeUnknownType},
		{in: `{"type":"join","room":"foo","self":"me","members":[{"name":"x"}],"awaited":true}`,
			v1: Message{Type: "join", Room: "foo"}, old: Message{Type: "join", Room: "foo"}},
		{in: `{"type":"leave","room":"foo"}`, v1: Message{Type: "leave", Room: "foo"}, old: Message{Type: "leave", Room: "foo"}},
		{in: `{"type":"leave","room":5}`, bad: codeBadMessage, old: Message{Type: "leave"}},
		{in: `{"type":"offer","offer":"o","name":"x","room":"foo"}`,
			v1:  Message{Type: "offer", Offer: raw(`"o"`), Name: "x", Room: "foo"},
			old: Message{Type: "offer", Offer: raw(`"o"`), Name: "x", Room: "foo"}},
		// Messages are for those who know them; their data are anything, and go on as they came.
		{in: `{"type":"message","room":"foo","data": { "a" : [1.0, "\u00e9\/"] } }`,
			v1: Message{Type: "message", Room: "foo", Data: raw(`{"a":[1,"é/"]}`)}, odd: codeUnknownType},
		{in: `{"type":"message","room":"foo","data":null}`, v1: Message{Type: "message", Room: "foo", Data: raw(`null`)}, odd: codeUnknownType},
		{in: `{"type":"message","room":"foo"}`, v1: Message{Type: "message", Room: "foo"}, odd: codeUnknownType},
		{in: `{"type":"message","room":"foo","data":"` + strings.Repeat("x", 60_000) + `"}`,
			v1: Message{Type: "message", Room: "foo", Data: raw(`"` + strings.Repeat("x", 60_000) + `"`)}, odd: codeUnknownType},
		{in: `{"type":"message","room":"foo","data":["` + strings.Repeat("x", 1025) + `"]}`,
			v1: Message{Type: "message", Room: "foo", Data: raw(`["` + strings.Repeat("x", 1025) + `"]`)}, odd: codeUnknownType},
		{in: `{"type":"message","room":"foo","data":` + deep(16) + `}`, bad: codeBadMessage, odd: codeBadMessage},
		{in: `{"type":"message","room":"foo","data":1,"data":2}`, bad: codeBadMessage, odd: codeBadMessage},
		{in: `{"type":"message","room":"foo","data":}`, bad: codeBadJSON, odd: codeBadJSON},
		{in: `{"type":"offer","offer":"o","data":1}`, v1: Message{Type: "offer", Offer: raw(`"o"`)}, old: Message{Type: "offer", Offer: raw(`"o"`)}},
	} {
		for old, want := range map[bool]struct {
			m    Message
			code string
		}{false: {row.v1, row.bad}, true: {row.old, row.odd}} {
			m, err := Parse([]byte(row.in), old)
			var bad *ParseError
			errors.As(err, &bad)
			switch {
			case bad != nil && bad.Code != want.code, bad == nil && want.code != "":
				t.Errorf("%.90s, old %v: got %v, want code %q", row.in, old, err, want.code)
			case bad == nil && !reflect.DeepEqual(m, want.m):
				t.Errorf("%.90s, old %v:\n got %+v\nwant %+v", row.in, old, m, want.m)
			}
		}
	}
}

// TestRoomBytes: what is said of rooms, to both kinds of clients; nil is nothing.
func TestRoomBytes(t *testing.T) {
	raw := func(s string) json.RawMessage { return json.RawMessage(s) }
	for _, row := range []struct {
		m       Message
		v1, old string
	}{
		{Message{Type: "join", Room: "foo", Self: "anna", Members: []Member{}, Max: 2, ID: raw(`1`)},
			`{"type":"join","room":"foo","self":"anna","members":[],"max":2,"id":1}`, `{"type":"join","room":"foo","self":"anna","members":[],"max":2,"id":1}`},
		{Message{Type: "join", Room: "fo\"o", Self: "an\u2028na", Max: 8, Awaited: true, Members: []Member{{Name: "bob"}, {Name: "zo\\e", Title: "Z & <o>", Offers: true}}},
			"{\"type\":\"join\",\"room\":\"fo\\\"o\",\"self\":\"an\u2028na\",\"members\":[{\"name\":\"bob\"},{\"name\":\"zo\\\\e\",\"title\":\"Z & <o>\",\"offers\":true}],\"max\":8,\"awaited\":true}", "same"},
		{Message{Type: "joined", Room: "foo", Name: "bob"}, `{"type":"joined","room":"foo","name":"bob"}`, "same"},
		{Message{Type: "joined", Room: "foo", Name: "bob", Title: "B", Offers: true}, `{"type":"joined","room":"foo","name":"bob","title":"B","offers":true}`, "same"},
		{Message{Type: "left", Room: "foo", Name: "bob", Reason: "gone"}, `{"type":"left","room":"foo","name":"bob","reason":"gone"}`, "same"},
		{Message{Type: "left", Room: "foo", Name: "bob"}, `{"type":"left","room":"foo","name":"bob"}`, "same"},
		{Message{Type: "message", Room: "foo", Name: "bob", Data: raw(`{"a":[1,null]}`)}, `{"type":"message","room":"foo","name":"bob","data":{"a":[1,null]}}`, ""},
		{Message{Type: "message", Room: "foo", Name: "bob", Data: raw(`null`)}, `{"type":"message","room":"foo","name":"bob","data":null}`, ""},
		{Message{Type: "offer", Offer: raw(`"o"`), Name: "bob", Call: "c", Room: "foo"}, `{"type":"offer","offer":"o","name":"bob","call":"c","room":"foo"}`, `{"type":"offer","offer":"o","name":"bob"}`},
		{Message{Type: "answer", Answer: raw(`"a"`), Name: "bob", Call: "c", Room: "foo"}, `{"type":"answer","answer":"a","name":"bob","call":"c","room":"foo"}`, `{"type":"answer","answer":"a"}`},
		{Message{Type: "candidate", Candidate: raw(`"c"`), Name: "bob", Call: "c", Room: "foo"}, `{"type":"candidate","candidate":"c","name":"bob","call":"c","room":"foo"}`, `{"type":"candidate","candidate":"c"}`},
		{Message{Type: "leave", Name: "bob", Call: "c", Room: "foo", Reason: "hangup"}, `{"type":"leave","name":"bob","call":"c","room":"foo","reason":"hangup"}`, `{"type":"leave"}`},
		{Message{Type: "error", Text: "full", Code: "room-full", Room: "foo", ID: raw(`"x"`)}, `{"type":"error","message":"full","code":"room-full","id":"x","room":"foo"}`, `{"type":"error","message":"full"}`},
	} {
		if row.old == "same" {
			row.old = row.v1
		}
		if got := string(row.m.Append(nil)); got != row.v1 || !json.Valid([]byte(got)) {
			t.Errorf(" got %s\nwant %s", got, row.v1)
		}
		old := ""
		for _, frame := range row.m.AppendOld(nil) {
			old += string(frame)
		}
		if old != row.old {
			t.Errorf("to an old page:\n got %s\nwant %s", old, row.old)
		}
		if size := row.m.size(); size < len(row.v1)-96 {
			t.Errorf("%s: thought to be %d bytes, is %d", row.v1, size, len(row.v1))
		}
	}
}
