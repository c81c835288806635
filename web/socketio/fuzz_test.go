package socketio

import (
	"bytes"
	"encoding/json"
	"fmt"
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
	again := payload(version, raw)
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

// FuzzPacket holds the reader of events against encoding/json: what is JSON is taken when it
// is an event, with the arguments where they are. What is not JSON may be taken, too; then an
// argument that is none by itself is none as a value in an object either.
func FuzzPacket(f *testing.F) {
	for _, in := range []string{
		`2["create or join","foo"]`, `212["a",{"b":[1,-0.5e+3,true,null]},"\u00e4\ud83d"]`, `2/,1["\u0061",[]]`,
		`0{"token":"x"}`, "0/admin?a=b,", "1", "51-[{}]", `2 [ "a" , [ [ ] ] ] `, `2["12345678",{"a\\":"\"12345678"}]`, "2[\"a\",\"\x7f\xc3\xa4\"]",
	} {
		f.Add([]byte(in))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		kind, _, data, err := parsePacket(in)
		if err != nil || kind != event || !utf8.Valid(in) {
			return
		}
		name, args, err := parseEvent(data, nil)
		var reference []json.RawMessage
		var first string
		valid := json.Unmarshal(data, &reference) == nil && len(reference) > 0 &&
			reference[0][0] == '"' && json.Unmarshal(reference[0], &first) == nil
		switch {
		case err != nil:
			if valid && len(reference) <= maxArgs && len(data) < maxDepth {
				t.Fatalf("%q: refused: %v", data, err)
			}
			return
		case valid && (name != first || len(args) != len(reference)-1):
			t.Fatalf("%q: got %q %q, want %q", data, name, args, reference)
		}
		for i, arg := range args {
			if valid && !bytes.Equal(arg, reference[i+1]) {
				t.Errorf("%q: argument %d: got %s, want %s", data, i, arg, reference[i+1])
			}
			if len(arg) == 0 || !json.Valid(arg) && json.Valid(fmt.Appendf(nil, `{"a":%s,"b":1}`, arg)) {
				t.Errorf("%q: argument %d is %q", data, i, arg)
			}
		}
		again, twice, err := parseEvent(eventPacket(name, args)[2:], nil)
		if err != nil && len(name) <= maxName/6 || err == nil && (again != name || len(twice) != len(args)) {
			t.Errorf("%q does not survive: %q %q, %v", data, again, twice, err)
		}
	})
}
