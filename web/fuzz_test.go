package web

import (
	"bytes"
	"encoding/json"
	"io"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// decode reads JSON as encoding/json does, numbers as they are written.
func decode(data []byte) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err = d.Decode(&v); err == nil {
		if _, extra := d.Token(); extra != io.EOF {
			err = extra
		}
	}
	return v, err
}

// FuzzParse: what we accept, encoding/json accepts, and reads the same from it; and what we
// write of it, we read again the same.
func FuzzParse(f *testing.F) {
	for _, row := range smuggling {
		f.Add([]byte(row.in))
	}
	f.Add([]byte(`{"type":"offer","offer":{"sdp":"v=0\r\n","type":"offer"},"name":"Bar"}`))
	f.Add([]byte(`{"type":"candidate","candidates":[{"candidate":"x","sdpMLineIndex":0.0},null],"id":1e2}`))
	f.Add([]byte(`{"type":"info","hold":true,"mute":{"0":false},"streams":{"s":{"label":"screen"}}}`))
	f.Add([]byte(`{"type":"login","v":1,"caps":["invite"],"resume":{"session":"q","seq":3}}`))
	f.Add([]byte(`{"type":"join","room":"foo","title":"A","max":2.0,"offers":true,"id":1}`))
	f.Add([]byte(`{"type":"message","room":"foo","data":{"type":"candidate","label":0,"id":"0","candidate":"c"}}`))
	f.Add([]byte(`{"type":"message","data":null,"room":"juliet@example.org","max":9}`))
	f.Add([]byte(`{"type":"leave","room":"foo","reason":"gone"}`))
	f.Add([]byte(`{"type":"message","name":"bob","body":"a\u00e9\n","id":7}`))
	f.Add([]byte(`{"type":"roster","set":{"name":"bob","title":"Bob","groups":["A", "B\/"]},"id":2}`))
	f.Add([]byte(`{"type":"roster","remove":"juliet@example.org"}`))
	f.Add([]byte(`{"type":"subscribe","name":"juliet@example.org","message":"It's me"}`))
	f.Add([]byte(`{"type":"login","v":1,"page":"frontdoor","name":""}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, old := range []bool{true, false} {
			m, err := Parse(data, old)
			if err != nil {
				if m.Type != "" || err.(*ParseError).Text == "" {
					t.Fatalf("%q: got %+v with %v", data, m, err)
				}
				continue
			}
			checkAgainst(t, data, m)
			if !old {
				checkAgain(t, m)
			}
		}
	})
}

func checkAgainst(t *testing.T, data []byte, m Message) {
	t.Helper()
	v, err := decode(data)
	if err != nil {
		t.Fatalf("%q: accepted, but encoding/json says %v", data, err)
	}
	keys := v.(map[string]any)
	if keys["type"] != m.Type {
		t.Fatalf("%q: got type %q, want %q", data, m.Type, keys["type"])
	}
	if name, ok := keys["name"].(string); ok && name != m.Name {
		t.Fatalf("%q: got name %q, want %q", data, m.Name, name)
	}
	for key, text := range map[string]string{"room": m.Room, "title": m.Title, "body": m.Body, "page": m.Page, "remove": m.Remove} {
		if said, ok := keys[key].(string); text != "" && (!ok || said != text) {
			t.Fatalf("%q: got %s %q, want %q", data, key, text, said)
		}
	}
	if offers, _ := keys["offers"].(bool); m.Offers && !offers {
		t.Fatalf("%q: it does not say that it offers", data)
	}
	if m.Set != nil {
		checkSet(t, data, keys["set"], m.Set)
	}
	for key, payload := range map[string]json.RawMessage{"offer": m.Offer, "answer": m.Answer, "candidate": m.Candidate, "data": m.Data} {
		if payload == nil {
			continue
		}
		got, err := decode(payload)
		if err != nil || !reflect.DeepEqual(floats(got), floats(keys[key])) {
			t.Fatalf("%q: %s: got %s (%v), want %v", data, key, payload, err, keys[key])
		}
		var buf bytes.Buffer
		if json.Compact(&buf, payload); buf.String() != string(payload) || strings.Contains(string(payload), `\/`) {
			t.Fatalf("%q: %s: %s is not compact", data, key, payload)
		}
	}
	if !utf8.ValidString(m.Name + m.Title + m.Text + string(m.Offer)) {
		t.Fatalf("%q: not UTF-8: %+v", data, m)
	}
}

func checkSet(t *testing.T, data []byte, said any, set *Item) {
	t.Helper()
	v, _ := said.(map[string]any)
	title, _ := v["title"].(string)
	groups, _ := v["groups"].([]any)
	ok := v["name"] == set.Name && title == set.Title && len(groups) == len(set.Groups)
	for i, group := range set.Groups {
		ok = ok && groups[i] == group
	}
	if !ok {
		t.Fatalf("%q: got set %+v, want %v", data, *set, said)
	}
}

// floats makes the numbers in a value what JavaScript has of them.
func floats(v any) any {
	switch v := v.(type) {
	case json.Number:
		f, err := v.Float64()
		if err != nil {
			return nil
		}
		return f
	case map[string]any:
		for key := range v {
			v[key] = floats(v[key])
		}
	case []any:
		for i := range v {
			v[i] = floats(v[i])
		}
	}
	return v
}

func checkAgain(t *testing.T, m Message) {
	t.Helper()
	switch m.Type {
	case "login", "presence", "roster", "ice", "ping": // the server says other things with these
		return
	}
	frame := m.Append(nil)
	again, err := Parse(frame, false)
	if err != nil {
		t.Fatalf("%+v is written as %s: %v", m, frame, err)
	}
	if twice := again.Append(nil); string(twice) != string(frame) {
		t.Fatalf("written %s, read and written %s", frame, twice)
	}
}

// FuzzDescription: a description survives, and so does a candidate.
func FuzzDescription(f *testing.F) {
	f.Add("offer", "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\n")
	f.Add("", "\u2028<>&\"\\\x00\x7f")
	f.Fuzz(func(t *testing.T, kind, sdp string) {
		raw := Description(kind, sdp)
		var std struct{ SDP, Type string }
		if err := json.Unmarshal(raw, &std); err != nil {
			t.Fatalf("%q: %v", raw, err)
		}
		gotKind, gotSDP, ok := SDP(raw)
		if ok && (gotKind != std.Type || gotSDP != std.SDP) {
			t.Fatalf("%q: got %q %q, want %q %q", raw, gotKind, gotSDP, std.Type, std.SDP)
		}
		c := ICECandidate{Candidate: sdp, SDPMid: kind, SDPMLineIndex: len(sdp) & 0xffff}
		if again, err := ParseICECandidate(c.JSON()); err == nil && utf8.ValidString(sdp) && utf8.ValidString(kind) && again != c {
			t.Fatalf("%+v came back as %+v", c, again)
		}
	})
}

// FuzzSDP: anything may be handed to what reads payloads.
func FuzzSDP(f *testing.F) {
	f.Add([]byte(`{"type":"offer","sdp":"v=0"}`))
	f.Add([]byte(` { "sdp" : "a\/b" , "x":[1,{"y":null}]} `))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var std map[string]any
		kind, sdp, ok := SDP(raw)
		_, err := ParseICECandidate(raw)
		if bad := json.Unmarshal(raw, &std); bad != nil && (ok || err == nil && string(bytes.TrimSpace(raw)) != "null") {
			t.Fatalf("%q: read, but %v", raw, bad)
		}
		if ok && (std["sdp"] != sdp && sdp != "" || std["type"] != kind && kind != "") {
			t.Fatalf("%q: got %q %q, want %v", raw, kind, sdp, std)
		}
	})
}
