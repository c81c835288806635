package socketio

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestPayload(t *testing.T) {
	long := `0{"sid":"KQ2dPvd0zVbXzq9sAAAA","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000}`
	for _, test := range []struct {
		version int
		packets []string
		body    string
	}{
		{3, []string{long, "40"}, "97:" + long + "2:40"},
		{3, []string{`42["create or join","foo"]`}, `26:42["create or join","foo"]`},
		{3, []string{`42["log",["ä€😀"]]`, "6"}, `18:42["log",["ä€😀"]]1:6`},
		{3, []string{"3"}, "1:3"},
		{4, []string{long, "40"}, long + "\x1e40"},
		{4, []string{`42["log",["ä€😀"]]`, "2", "6"}, `42["log",["ä€😀"]]` + "\x1e2\x1e6"},
		{4, []string{"6"}, "6"},
	} {
		var packets [][]byte
		for _, p := range test.packets {
			packets = append(packets, []byte(p))
		}
		if got := string(payload(test.version, packets)); got != test.body {
			t.Errorf("version %d, %q:\n got %q\nwant %q", test.version, test.packets, got, test.body)
		}
		if got, err := cutAll(test.version, test.body); err != nil || !slices.Equal(got, test.packets) {
			t.Errorf("version %d, %q: got %q, %v", test.version, test.body, got, err)
		}
	}
}

func cutAll(version int, body string) (packets []string, err error) {
	for rest := []byte(body); len(rest) > 0; {
		var p []byte
		if p, rest, err = cutPayload(version, rest); err != nil {
			return packets, err
		}
		packets = append(packets, string(p))
	}
	return packets, nil
}

func TestBadPayload(t *testing.T) {
	for _, test := range []struct {
		version int
		body    string
	}{
		{3, "40"}, {3, ":40"}, {3, "3:40"}, {3, "-1:40"}, {3, "+2:40"}, {3, "2.0:40"}, {3, "1e0:4"},
		{3, "2:402"}, {3, "2:40x:1"}, {3, " 2:40"}, {3, "99999999:40"}, {3, "999999999999999:40"},
		{3, "1:😀"}, {3, strings.Repeat("1", 70_000)},
		{4, "\x1e"}, {4, "40\x1e"}, {4, "\x1e40"}, {4, "40\x1e\x1e2"},
	} {
		if got, err := cutAll(test.version, test.body); err == nil {
			t.Errorf("version %d, %.40q: got %q, want an error", test.version, test.body, got)
		}
	}
}

func TestParsePacket(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"0", `0 / `},
		{`0{"token":"x"}`, `0 / {"token":"x"}`},
		{"0/admin", "0 /admin "},
		{"0/admin,", "0 /admin "},
		{`0/admin?token=x,{"a":1}`, `0 /admin {"a":1}`},
		{"1", "1 / "},
		{"1/admin,", "1 /admin "},
		{`2["a"]`, `2 / ["a"]`},
		{`212["a"]`, `2 / ["a"]`},
		{`2/,12["a"]`, `2 / ["a"]`},
		{`2/admin,12["a"]`, `2 /admin ["a"]`},
		{"", "a packet without type"},
		{`3[1]`, "acknowledgements are not supported"},
		{`51-["a",{"_placeholder":true,"num":0}]`, "binary data is not supported"},
		{`61-["a"]`, "binary data is not supported"},
		{"4", "a packet of type '4'"},
		{"7", "a packet of type '7'"},
		{"0/" + strings.Repeat("x", 256), "a namespace of 257 bytes, over 256"},
	} {
		kind, namespace, data, err := parsePacket([]byte(test.in))
		got := fmt.Sprintf("%c %s %s", kind, namespace, data)
		if err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%.60q:\n got %q\nwant %q", test.in, got, test.want)
		}
	}
}

func TestParseEvent(t *testing.T) {
	deep := strings.Repeat("[", maxDepth-1) + strings.Repeat("]", maxDepth-1)
	for _, test := range []struct {
		in   string
		name string
		args []string
	}{
		{`["ipaddr"]`, "ipaddr", nil},
		{`["create or join","foo"]`, "create or join", []string{`"foo"`}},
		{`["room_users",[]]`, "room_users", []string{"[]"}},
		{` [ "a" , { "b" : [ 1 , 2 ] } , null ] `, "a", []string{`{ "b" : [ 1 , 2 ] }`, "null"}},
		{`["message",{"sdp":"v=0\r\n","n":-0.50e+7},"<&>  é","\ud83d"]`, "message", []string{`{"sdp":"v=0\r\n","n":-0.50e+7}`, `"<&>  é"`, `"\ud83d"`}},
		{`["\u0061\"\n",true,false]`, "a\"\n", []string{"true", "false"}},
		{`["deep",` + deep + `]`, "deep", []string{deep}},
	} {
		name, args, err := parseEvent([]byte(test.in), nil)
		var got []string
		for _, arg := range args {
			got = append(got, string(arg))
		}
		if err != nil || name != test.name || !slices.Equal(got, test.args) {
			t.Errorf("%s:\n got %q %q %v\nwant %q %q", test.in, name, got, err, test.name, test.args)
		}
	}
}

// TestBadEvent: what is no event at all is refused; what is no JSON in one is, or it is still
// none where it is put as a value, and whoever reads that strictly refuses it.
func TestBadEvent(t *testing.T) {
	for _, in := range []string{
		``, `x`, `{}`, `[`, `[]`, `[1]`, `[null]`, `[[]]`, `["a"`, `["a",`, `["a",]`, `["a",,1]`, `["a"]]`, `["a"] x`, `[,"a"]`, `"a"`, `"["a"]`, `["a" 1]`, `["a""b"]`,
		`["a",{]`, `["a",1}]`, `["a",[]`, `["a",[[]]`, `["\x"]`, "[\"\n\"]",
		`["a","\u12`, `["a","`, `["a`, `["a","\`, `["a","\u1234]`, `["a","\\\"]`, `["a",nul`,
		`["` + strings.Repeat("n", maxName+1) + `"]`,
		`["a"` + strings.Repeat(",1", maxArgs+1) + `]`,
		`["a",` + strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth) + `]`,
		`["a",` + strings.Repeat(`{"a":`, 10_000),
	} {
		if name, args, err := parseEvent([]byte(in), nil); err == nil {
			t.Errorf("%.60s: got %q %q, want an error", in, name, args)
		}
	}
	for _, in := range []string{
		`["a",1 2]`, `["a",{"b"}]`, `["a",{"b":}]`, `["a",{"b":1,}]`, `["a",{b:1}]`, `["a",[1,]]`, `["a",[}]`, `["a",{"b":[1}]}]`,
		`["a",01]`, `["a",1.]`, `["a",.5]`, `["a",-]`, `["a",1e]`, `["a",+1]`, `["a",NaN]`, `["a",tru]`,
		`["a","\x"]`, `["a","\u12g4"]`, "[\"a\",\"\n\"]", "[\"a\",\"\x1e\"]", `["a","b"c"d"]`, `["a","b":"c"]`,
	} {
		_, args, err := parseEvent([]byte(in), nil)
		if err == nil && (len(args) != 1 || json.Valid([]byte(`{"v":`+string(args[0])+`}`))) {
			t.Errorf("%.60s: got %q, which can be put into an object", in, args)
		}
	}
}

func TestWrite(t *testing.T) {
	args := func(args ...string) (raw []json.RawMessage) {
		for _, arg := range args {
			raw = append(raw, json.RawMessage(arg))
		}
		return raw
	}
	for _, test := range []struct{ got, want string }{
		{string(eventPacket("ready", nil)), `42["ready"]`},
		{string(eventPacket("created", args(`"foo"`, `"KQ2"`))), `42["created","foo","KQ2"]`},
		{string(eventPacket("room_users", args("[]"))), `42["room_users",[]]`},
		{string(eventPacket("a", args("", "{ }"))), `42["a",null,{ }]`},
		{string(eventPacket("a\"\x1eé", nil)), `42["a\"\u001eé"]`},
		{string(errorPacket(4, []byte("/admin"), "Invalid namespace")), `44/admin,{"message":"Invalid namespace"}`},
		{string(errorPacket(3, []byte("/admin"), "Invalid namespace")), `44/admin,"Invalid namespace"`},
		{string(errorPacket(4, []byte("/"), `not JSON: want '"'`)), `44{"message":"not JSON: want '\"'"}`},
	} {
		if test.got != test.want {
			t.Errorf(" got %s\nwant %s", test.got, test.want)
		}
	}
}
