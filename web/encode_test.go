package web

import (
	"encoding/json"
	"math"
	"testing"
)

// TestOldBytes: what the tutorials' servers write (docs/protocol.md), byte for byte.
func TestOldBytes(t *testing.T) {
	raw := func(s string) json.RawMessage { return json.RawMessage(s) }
	for _, row := range []struct {
		m    Message
		want []string
	}{
		{Message{Type: "login", Name: "Foo", ID: raw(`1`), Login: &Login{Success: true, JID: "foo@x", Hold: 5}}, []string{`{"type":"login","success":true}`}},
		{Message{Type: "login", Login: &Login{Code: "name-taken", Text: "taken"}}, []string{`{"type":"login","success":false}`}},
		{Message{Type: "offer", Offer: raw(`"Hello"`), Name: "UserA", Call: "c1", Media: []string{"audio"}, Seq: 3},
			[]string{`{"type":"offer","offer":"Hello","name":"UserA"}`}},
		{Message{Type: "offer", Offer: raw(`{"sdp":"<&>","type":"offer"}`)}, []string{`{"type":"offer","offer":{"sdp":"<&>","type":"offer"}}`}},
		{Message{Type: "offer", Name: "UserA"}, []string{`{"type":"offer","name":"UserA"}`}},
		{Message{Type: "answer", Answer: raw(`{"type":"answer"}`), Name: "UserB", Call: "c1"}, []string{`{"type":"answer","answer":{"type":"answer"}}`}},
		{Message{Type: "answer"}, []string{`{"type":"answer"}`}},
		{Message{Type: "candidate", Candidate: raw(`{"candidate":"x"}`), Name: "UserB"}, []string{`{"type":"candidate","candidate":{"candidate":"x"}}`}},
		{Message{Type: "candidate", Candidate: raw(`"Hello"`)}, []string{`{"type":"candidate","candidate":"Hello"}`}},
		{Message{Type: "candidate"}, []string{`{"type":"candidate"}`}},
		{Message{Type: "candidate", Candidates: []json.RawMessage{raw(`{"candidate":"a"}`), raw(`null`), raw(`{"candidate":"b"}`), raw(`{"candidate":"","sdpMid":"0"}`)}},
			[]string{`{"type":"candidate","candidate":{"candidate":"a"}}`, `{"type":"candidate","candidate":{"candidate":"b"}}`}},
		{Message{Type: "candidate", Candidate: raw(`null`)}, nil},
		{Message{Type: "candidate", Candidate: raw(`{"candidate":""}`)}, nil},
		{Message{Type: "leave", Name: "UserA", Reason: "hangup", Call: "c"}, []string{`{"type":"leave"}`}},
		{Message{Type: "error", Text: "no such name", Code: "not-found", Name: "x"}, []string{`{"type":"error","message":"no such name"}`}},
		{Message{Type: "ok", ID: raw(`1`)}, nil}, {Message{Type: "invite", Name: "x"}, nil}, {Message{Type: "ringing"}, nil},
		{Message{Type: "accept"}, nil}, {Message{Type: "info"}, nil}, {Message{Type: "presence"}, nil}, {Message{Type: "ice"}, nil},
		{Message{Type: "shutdown"}, nil}, {Message{Type: "pong"}, nil}, {Message{Type: "message", Room: "foo", Data: raw(`1`)}, nil}, {Message{Type: "missed", Name: "x"}, nil},
		{Message{Type: "message", Name: "x", Body: "b"}, nil}, {Message{Type: "receipt", Name: "x"}, nil}, {Message{Type: "roster"}, nil}, {Message{Type: "subscribe", Name: "x"}, nil},
		{Message{Type: "join", Room: "foo", Self: "UserA", Max: 2, Members: []Member{{Name: "UserB", Title: "B", Offers: true}}}, []string{`{"type":"join","room":"foo","self":"UserA","members":[{"name":"UserB","title":"B","offers":true}],"max":2}`}},
		{Message{Type: "joined", Room: "foo", Name: "UserB"}, []string{`{"type":"joined","room":"foo","name":"UserB"}`}},
		{Message{Type: "left", Room: "foo", Name: "UserB", Reason: "gone"}, []string{`{"type":"left","room":"foo","name":"UserB","reason":"gone"}`}},
	} {
		got := row.m.AppendOld(nil)
		ok := len(got) == len(row.want)
		for i := range got {
			ok = ok && string(got[i]) == row.want[i]
		}
		if !ok {
			t.Errorf("%+v\ngot  %q\nwant %q", row.m, got, row.want)
		}
	}
}

func TestNewBytes(t *testing.T) {
	raw := func(s string) json.RawMessage { return json.RawMessage(s) }
	ice := []IceServer{{URLs: []string{"stun:s"}}, {URLs: []string{"turn:t"}, Username: "u", Credential: "c"}}
	const iceJSON = `"iceServers":[{"urls":["stun:s"]},{"urls":["turn:t"],"username":"u","credential":"c"}]`
	for _, row := range []struct {
		m    Message
		want string
	}{
		{Message{Type: "login", Name: "foo", ID: raw(`1`), Seq: 1, Login: &Login{Success: true, JID: "foo@x", Session: "q8", Hold: 60, Ping: 25, Max: 65536, Caps: []string{"invite"}, IceServers: ice, TTL: 60, Expires: 9}},
			`{"type":"login","success":true,"v":1,"name":"foo","jid":"foo@x","session":"q8","resumed":false,"hold":60,"ping":25,"max":65536,"caps":["invite"],` + iceJSON + `,"ttl":60,"expires":9,"id":1,"seq":1}`},
		{Message{Type: "login", ID: raw(`1`), Login: &Login{Code: "name-taken", Text: "taken", Methods: []string{"none"}, Retry: 0.5}},
			`{"type":"login","success":false,"code":"name-taken","message":"taken","methods":["none"],"retry":0.5,"id":1}`},
		{Message{Type: "login"}, `{"type":"login","success":false,"methods":[]}`},
		{Message{Type: "ok", ID: raw(`"a"`), Call: "c"}, `{"type":"ok","id":"a","call":"c"}`},
		{Message{Type: "pong", ID: raw(`7`)}, `{"type":"pong","id":7}`},
		{Message{Type: "error", Text: "no", Code: "no-call", ID: raw(`7`), Name: "n", Call: "c", Room: "r", Retry: 2},
			`{"type":"error","message":"no","code":"no-call","id":7,"name":"n","call":"c","room":"r","retry":2}`},
		{Message{Type: "invite", Name: "n", Call: "c"}, `{"type":"invite","name":"n","call":"c","media":[]}`},
		{Message{Type: "invite", Name: "n", Call: "c", Media: []string{"audio", "video"}, Title: "J\x01", Timeout: 60, Room: "r"},
			`{"type":"invite","name":"n","call":"c","media":["audio","video"],"title":"J\u0001","timeout":60,"room":"r"}`},
		{Message{Type: "offer", Offer: raw(`{}`), Name: "n", Call: "c", Media: []string{"audio"}}, `{"type":"offer","offer":{},"name":"n","call":"c","media":["audio"]}`},
		{Message{Type: "answer", Answer: raw(`{}`), Name: "n", Call: "c"}, `{"type":"answer","answer":{},"name":"n","call":"c"}`},
		{Message{Type: "candidate", Candidates: []json.RawMessage{raw(`{}`), raw(`null`)}, Name: "n"}, `{"type":"candidate","candidates":[{},null],"name":"n"}`},
		{Message{Type: "candidate", Candidate: raw(`null`), Name: "n"}, `{"type":"candidate","candidate":null,"name":"n"}`},
		{Message{Type: "leave", Name: "n", Call: "c", Reason: "busy", Text: "later"}, `{"type":"leave","name":"n","call":"c","reason":"busy","message":"later"}`},
		{Message{Type: "info", Name: "n", Call: "c", Info: raw(`{"hold":true,"mute":{}}`)}, `{"type":"info","name":"n","call":"c","hold":true,"mute":{}}`},
		{Message{Type: "info", Name: "n", Info: raw(`{}`)}, `{"type":"info","name":"n"}`},
		{Message{Type: "presence", Name: "n", Show: "away", Status: "tea", Media: nil}, `{"type":"presence","name":"n","show":"away","status":"tea","media":[]}`},
		{Message{Type: "login", Name: "Anna", Title: "Front door", Login: &Login{Success: true, JID: "frontdoor@x/visitor-1", Caps: []string{"roster"}}},
			`{"type":"login","success":true,"v":1,"name":"Anna","jid":"frontdoor@x/visitor-1","title":"Front door","resumed":false,"hold":0,"caps":["roster"],"iceServers":[]}`},
		{Message{Type: "roster", ID: raw(`1`)}, `{"type":"roster","items":[],"id":1}`},
		{Message{Type: "roster", Push: true, Items: []Item{
			{Name: "a@x", Title: "A", Groups: []string{"G"}, Subscription: "both", Show: "away", Status: "tea", Media: []string{"audio"}},
			{Name: "b@x", Subscription: "none", Ask: true, Show: "unavailable"}, {Name: "c@x", Subscription: "remove", Show: "away"}}},
			`{"type":"roster","items":[{"name":"a@x","title":"A","groups":["G"],"subscription":"both","show":"away","status":"tea","media":["audio"]},` +
				`{"name":"b@x","subscription":"none","ask":true,"show":"unavailable","media":[]},{"name":"c@x","subscription":"remove"}],"push":true}`},
		{Message{Type: "roster", ID: raw(`1`), More: true}, `{"type":"roster","items":[],"more":true,"id":1}`},
		{Message{Type: "roster", Push: true, Last: true}, `{"type":"roster","items":[],"push":true,"more":false}`},
		{Message{Type: "subscribe", Name: "a@x", Title: "A", Text: "hi"}, `{"type":"subscribe","name":"a@x","title":"A","message":"hi"}`},
		{Message{Type: "message", Name: "a@x", Title: "A", Body: "<b>", Mid: "m1", At: 9}, `{"type":"message","name":"a@x","title":"A","body":"<b>","mid":"m1","at":9}`},
		{Message{Type: "message", Name: "a@x", Body: "b", Mid: "m2", Sent: true}, `{"type":"message","name":"a@x","body":"b","mid":"m2","sent":true}`},
		{Message{Type: "roster", Items: []Item{{Name: "a@x", Subscription: "none", Blocked: true, Show: "unavailable"}}},
			`{"type":"roster","items":[{"name":"a@x","subscription":"none","blocked":true,"show":"unavailable","media":[]}]}`},
		{Message{Type: "receipt", Name: "a@x", ID: raw(`"7"`)}, `{"type":"receipt","name":"a@x","id":"7"}`},
		{Message{Type: "ice", IceServers: ice, TTL: 60, ID: raw(`1`)}, `{"type":"ice",` + iceJSON + `,"ttl":60,"id":1}`},
		{Message{Type: "shutdown", Text: "restart", Reconnect: 4.2, Resumable: true}, `{"type":"shutdown","message":"restart","reconnect":4.2,"resume":true}`},
		{Message{Type: "shutdown", Reconnect: math.NaN()}, `{"type":"shutdown","message":"","reconnect":0,"resume":false}`},
		{Message{Type: "leave", Name: "\xff<\u2028>"}, "{\"type\":\"leave\",\"name\":\"\ufffd<\u2028>\"}"},
	} {
		got := string(row.m.Append(nil))
		if got != row.want {
			t.Errorf("%+v\ngot  %s\nwant %s", row.m, got, row.want)
		}
		if !json.Valid([]byte(got)) {
			t.Errorf("not JSON: %s", got)
		}
	}
}
