package socketio

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode/utf8"
)

// FuzzPayload3 and FuzzPayload4: what is read can be written, and read again the same.
func FuzzPayload3(f *testing.F) {
	for _, body := range []string{"2:40", `26:42["create or join","foo"]`, "1:21:3", "0:1:6", "2:😀", "3:40", "00000002:40", "9:ä"} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) { fuzzPayload(t, 3, body) })
}

func FuzzPayload4(f *testing.F) {
	for _, body := range []string{"40", "2\x1e3", `42["a",{"b":1}]` + "\x1e41\x1e1", "\x1e", "40\x1e", "bAQID"} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) { fuzzPayload(t, 4, body) })
}

func fuzzPayload(t *testing.T, version int, body []byte) {
	if !utf8.Valid(body) {
		return // refused before
	}
	packets, err := cutAll(version, string(body))
	if err != nil {
		return
	}
	var raw [][]byte
	for _, p := range packets {
		if !utf8.ValidString(p) {
			t.Fatalf("%q: cut through a character: %q", body, p)
		}
		raw = append(raw, []byte(p))
	}
	again := appendPayload(nil, version, raw)
	if version == 4 && !bytes.Equal(again, body) {
		t.Errorf("got %q, want %q", again, body)
	}
	twice, err := cutAll(version, string(again))
	if err != nil || len(twice) != len(packets) {
		t.Fatalf("%q: written %q, read %q, %v", body, again, twice, err)
	}
	for i := range twice {
		if twice[i] != packets[i] {
			t.Errorf("%q: packet %d: got %q, want %q", body, i, twice[i], packets[i])
		}
	}
}

// FuzzPacket holds the reader of events against encoding/json: what we take is what it
// takes, the arguments are where it finds them, and a packet written of them is read the same.
func FuzzPacket(f *testing.F) {
	for _, in := range []string{
		`2["create or join","foo"]`, `212["a",{"b":[1,-0.5e+3,true,null]},"\u00e4\ud83d"]`, `2/,1["\u0061",[]]`,
		`0{"token":"x"}`, "0/admin?a=b,", "1", "51-[{}]", `2 [ "a" , [ [ ] ] ] `, `2["12345678",{"a\\":"\"12345678"}]`, "2[\"a\",\"\x7f\xc3\xa4\"]",
	} {
		f.Add([]byte(in))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		p, err := parsePacket(in)
		if err != nil || p.kind != event || !utf8.Valid(in) {
			return
		}
		name, args, err := parseEvent(p.data, nil)
		var reference []json.RawMessage
		var first string
		valid := json.Unmarshal(p.data, &reference) == nil && len(reference) > 0 &&
			reference[0][0] == '"' && json.Unmarshal(reference[0], &first) == nil
		if err != nil {
			if valid && len(reference) <= maxArgs && len(p.data) < maxDepth {
				t.Fatalf("%q: refused: %v", p.data, err)
			}
			return
		}
		if !valid || name != first || len(args) != len(reference)-1 {
			t.Fatalf("%q: got %q %q, want %q", p.data, name, args, reference)
		}
		for i, arg := range args {
			if !bytes.Equal(arg, reference[i+1]) {
				t.Errorf("%q: argument %d: got %s, want %s", p.data, i, arg, reference[i+1])
			}
		}
		again, twice, err := parseEvent(eventPacket(name, args)[2:], nil)
		if err != nil && len(name) <= maxName/6 || err == nil && (again != name || len(twice) != len(args)) {
			t.Errorf("%q does not survive: %q %q, %v", p.data, again, twice, err)
		}
	})
}
