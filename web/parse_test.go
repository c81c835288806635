package web

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

func deep(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }

// smuggling is what two readers of JSON could understand differently, or one of them not at
// all; want is a code, or the message as it is written again.
var smuggling = []struct{ in, want string }{
	// Not JSON.
	{``, codeBadJSON},
	{` `, codeBadJSON},
	{`{`, codeBadJSON},
	{`{"type"`, codeBadJSON},
	{`{"type":"leave"`, codeBadJSON},
	{`{"type":"leave",}`, codeBadJSON},
	{`{,"type":"leave"}`, codeBadJSON},
	{`{"type":"leave"}}`, codeBadJSON},
	{`{"type":"leave"}{"type":"leave"}`, codeBadJSON},
	{`{"type":"leave"} x`, codeBadJSON},
	{`{'type':'leave'}`, codeBadJSON},
	{`{type:"leave"}`, codeBadJSON},
	{`{"type" "leave"}`, codeBadJSON},
	{`{"type":leave}`, codeBadJSON},
	{`{"type":"leave"/**/}`, codeBadJSON},
	{"\ufeff" + `{"type":"leave"}`, codeBadJSON},
	{`{"type":"leave","x":01}`, codeBadJSON},
	{`{"type":"leave","x":+1}`, codeBadJSON},
	{`{"type":"leave","x":.5}`, codeBadJSON},
	{`{"type":"leave","x":1.}`, codeBadJSON},
	{`{"type":"leave","x":1e}`, codeBadJSON},
	{`{"type":"leave","x":0x1}`, codeBadJSON},
	{`{"type":"leave","x":NaN}`, codeBadJSON},
	{`{"type":"leave","x":Infinity}`, codeBadJSON},
	{`{"type":"leave","x":-}`, codeBadJSON},
	{`{"type":"leave","x":tru}`, codeBadJSON},
	{`{"type":"leave","x":TRUE}`, codeBadJSON},
	{`{"type":"leave","x":"\x41"}`, codeBadJSON},
	{`{"type":"leave","x":"\u12"}`, codeBadJSON},
	{`{"type":"leave","x":"\u12G4"}`, codeBadJSON},
	{`{"type":"leave","x":"\U0041"}`, codeBadJSON},
	{"{\"type\":\"leave\",\"x\":\"\n\"}", codeBadJSON},
	{"{\"type\":\"leave\",\"x\":\"\x00\"}", codeBadJSON},
	{"{\"type\":\"leave\",\"x\":\"\x1f\"}", codeBadJSON},
	{"{\"type\":\"leave\",\"x\":\"\xff\"}", codeBadJSON},
	{"{\"type\":\"leave\",\"x\":\"\xc0\x80\"}", codeBadJSON},
	{"{\"type\":\"leave\",\"x\":\"\xed\xa0\x80\"}", codeBadJSON},
	{"{\"type\":\"leave\",\"x\":\"\xf4\x90\x80\x80\"}", codeBadJSON},
	{"{\"type\":\"leave\",\"\xe2\x82\":1}", codeBadJSON},
	{"\xff\xfe{\x00", codeBadJSON},
	// JSON, but not for us.
	{`null`, codeBadMessage},
	{`[]`, codeBadMessage},
	{`"leave"`, codeBadMessage},
	{`5`, codeBadMessage},
	{`{}`, codeBadMessage},
	{`{"TYPE":"leave"}`, codeBadMessage},
	{`{"Type":"leave"}`, codeBadMessage},
	{`{"type ":"leave"}`, codeBadMessage},
	{`{"type":null}`, codeBadMessage},
	{`{"type":5}`, codeBadMessage},
	{`{"type":["leave"]}`, codeBadMessage},
	{`{"type":"leave","type":"leave"}`, codeBadMessage},
	{`{"type":"leave","name":"a","name":"b"}`, codeBadMessage},
	{`{"type":"leave","name":"a","n\u0061me":"b"}`, codeBadMessage},
	{`{"type":"leave","name":null,"name":"b"}`, codeBadMessage},
	{`{"type":"leave","name":5}`, codeBadMessage},
	{`{"type":"leave","name":{"name":"a"}}`, codeBadMessage},
	{`{"type":"leave","name":["a"]}`, codeBadMessage},
	{`{"type":"leave","name":true}`, codeBadMessage},
	{`{"type":"leave","name":"\u0000"}`, codeBadMessage},
	{`{"type":"leave","name":"\u0001"}`, codeBadMessage},
	{`{"type":"leave","name":"\b"}`, codeBadMessage},
	{`{"type":"leave","name":"\f"}`, codeBadMessage},
	{`{"type":"leave","name":"\u001F"}`, codeBadMessage},
	{`{"type":"leave","name":"\ufffe"}`, codeBadMessage},
	{`{"type":"leave","name":"\uFFFF"}`, codeBadMessage},
	{"{\"type\":\"leave\",\"name\":\"\uffff\"}", codeBadMessage},
	{`{"type":"leave","name":"\ud800"}`, codeBadMessage},
	{`{"type":"leave","name":"\udc00\ud800"}`, codeBadMessage},
	{`{"type":"leave","name":"\ud800\u0041"}`, codeBadMessage},
	{`{"type":"leave","name":"\ud800x"}`, codeBadMessage},
	{`{"type":"leave","ignored":"\ufffe"}`, codeBadMessage},
	{`{"type":"leave","\ufffe":1}`, codeBadMessage},
	{`{"type":"leave","call":"a b"}`, codeBadMessage},
	{`{"type":"leave","call":"` + strings.Repeat("a", 65) + `"}`, codeBadMessage},
	{`{"type":"leave","id":{}}`, codeBadMessage},
	{`{"type":"leave","id":true}`, codeBadMessage},
	{`{"type":"leave","media":"audio"}`, codeBadMessage},
	{`{"type":"leave","media":["audio",5]}`, codeBadMessage},
	{`{"type":"leave","timeout":"60"}`, codeBadMessage},
	{`{"type":"leave","timeout":-1}`, codeBadMessage},
	{`{"type":"leave","timeout":1.5}`, codeBadMessage},
	{`{"type":"leave","timeout":1e99}`, codeBadMessage},
	{`{"type":"candidate","candidates":{}}`, codeBadMessage},
	{`{"type":"candidate","candidates":[` + strings.Repeat("1,", 256) + `1]}`, codeBadMessage},
	{`{"type":"info","hold":1}`, codeBadMessage},
	{`{"type":"info","mute":{"0":1}}`, codeBadMessage},
	{`{"type":"info","mute":[]}`, codeBadMessage},
	{`{"type":"info","streams":{"s":true}}`, codeBadMessage},
	{`{"type":"leave","x":` + deep(16) + `}`, codeBadMessage},
	{`{"type":"leave","x":` + strings.Repeat(`{"a":`, 30_000), codeBadMessage},
	{`{"type":"leave","name":"` + strings.Repeat("a", 1_025) + `"}`, codeBadMessage},
	{`{"type":"leave","x":["` + strings.Repeat("a", 1_025) + `"]}`, codeBadMessage},
	{`{"type":"leave","` + strings.Repeat("a", 1_025) + `":1}`, codeBadMessage},
	{`{"type":"candidate","candidate":{"candidate":"` + strings.Repeat("a", 1_025) + `"}}`, codeBadMessage},
	{`{"type":"login","v":"1"}`, codeBadMessage},
	{`{"type":"login","v":0}`, codeBadMessage},
	{`{"type":"login","v":1.5}`, codeBadMessage},
	{`{"type":"login","v":1,"resume":"x"}`, codeBadMessage},
	{`{"type":"login","v":1,"resume":{"session":5}}`, codeBadMessage},
	{`{"type":"login","v":1,"resume":{"seq":-1}}`, codeBadMessage},
	{`{"type":"login","v":1,"token":"` + strings.Repeat("a", 8_193) + `"}`, codeBadMessage},
	{`{"type":"message","name":"bob","body":""}`, codeBadMessage},
	{`{"type":"message","name":"bob","body":5}`, codeBadMessage},
	{`{"type":"message","name":"bob","body":["a"]}`, codeBadMessage},
	{`{"type":"message","name":"bob","body":"a","b\u006fdy":"b"}`, codeBadMessage},
	{`{"type":"message","name":"bob","body":"\u0007"}`, codeBadMessage},
	{`{"type":"message","name":"bob","body":"` + strings.Repeat("a", 4_001) + `"}`, codeBadMessage},
	{`{"type":"message","name":"bob","body":"` + strings.Repeat("\\ud83d\\ude00", 4_001) + `"}`, codeBadMessage},
	{`{"type":"message","name":"bob","body":"` + strings.Repeat("a", 16_001) + `"}`, codeBadMessage},
	{`{"type":"roster","set":"bob"}`, codeBadMessage},
	{`{"type":"roster","set":{}}`, codeBadMessage},
	{`{"type":"roster","set":{"name":""}}`, codeBadMessage},
	{`{"type":"roster","set":{"name":5}}`, codeBadMessage},
	{`{"type":"roster","set":{"name":"bob","n\u0061me":"anna"}}`, codeBadMessage},
	{`{"type":"roster","set":{"name":null,"name":"anna"}}`, codeBadMessage},
	{`{"type":"roster","set":{"name":"bob","title":[]}}`, codeBadMessage},
	{`{"type":"roster","set":{"name":"bob","groups":"A"}}`, codeBadMessage},
	{`{"type":"roster","set":{"name":"bob","groups":["A",5]}}`, codeBadMessage},
	{`{"type":"roster","set":{"name":"bob","groups":[` + strings.Repeat(`"A",`, 16) + `"A"]}}`, codeBadMessage},
	{`{"type":"roster","set":{"name":"` + strings.Repeat("a", 1_025) + `"}}`, codeBadMessage},
	{`{"type":"roster","set":{"name":"bob"},"remove":"bob"}`, codeBadMessage},
	{`{"type":"roster","remove":""}`, codeBadMessage},
	{`{"type":"roster","remove":{"name":"bob"}}`, codeBadMessage},
	{`{"type":"login","v":1,"page":5}`, codeBadMessage},
	// Types we do not know, or only say ourselves.
	{`{"type":"receipt"}`, codeUnknownType},
	{`{"type":"foo"}`, codeUnknownType},
	{`{"type":""}`, codeBadMessage},
	{`{"type":"LEAVE"}`, codeUnknownType},
	{`{"type":"leave "}`, codeUnknownType},
	{`{"type":"ok"}`, codeUnknownType},
	{`{"type":"error"}`, codeUnknownType},
	{`{"type":"shutdown"}`, codeUnknownType},
	{`{"type":"constructor"}`, codeUnknownType},
	{`{"type":"__proto__"}`, codeUnknownType},
	// Fine.
	{" {\t\"type\"\r\n:\"leave\" } ", `{"type":"leave"}`},
	{`{"\u0074ype":"\u006Ceave"}`, `{"type":"leave"}`},
	{`{"type":"leave","name":null,"call":null,"id":null,"media":null}`, `{"type":"leave"}`},
	{`{"type":"leave","NAME":5,"Name":{},"x":[[[1]]],"x":2}`, `{"type":"leave"}`},
	{`{"type":"leave","name":"constructor"}`, `{"type":"leave","name":"constructor"}`},
	{`{"type":"leave","name":"\ud83d\ude00\/\u00e9"}`, `{"type":"leave","name":"😀/é"}`},
	{"{\"type\":\"leave\",\"name\":\"\x7f\u0080\ufdd0\U0001fffe\"}", "{\"type\":\"leave\",\"name\":\"\x7f\u0080\ufdd0\U0001fffe\"}"},
	{`{"type":"leave","name":"a\tb\r\n\"\\"}`, `{"type":"leave","name":"a\tb\r\n\"\\"}`},
	{`{"id":7,"type":"leave"}`, `{"type":"leave","id":7}`},
	{`{"id":"\u0061","type":"leave"}`, `{"type":"leave","id":"a"}`},
	{`{"type":"leave","x":` + deep(15) + `}`, `{"type":"leave"}`},
	{`{"type":"leave","name":"` + strings.Repeat("\\n", 1_024) + `"}`, `{"type":"leave","name":"` + strings.Repeat("\\n", 1_024) + `"}`},
	{`{"type":"offer","offer":"` + strings.Repeat("a", 60_000) + `"}`, `{"type":"offer","offer":"` + strings.Repeat("a", 60_000) + `"}`},
	{`{"type":"offer","offer":null}`, `{"type":"offer","offer":null}`},
	{`{"type":"offer"}`, `{"type":"offer"}`},
	{`{"type":"leave","timeout":6e1}`, `{"type":"leave","timeout":60}`},
	{`{"type":"invite","media":[ "audio" , "video" ]}`, `{"type":"invite","media":["audio","video"]}`},
	{`{"type":"candidate","candidates":[ {"a" : [1, 2]} , null , "x,]" ]}`, `{"type":"candidate","candidates":[{"a":[1,2]},null,"x,]"]}`},
	{`{"type":"info","mute":{ "0" : true },"hold":false,"streams":{"s":{"label":"screen"}},"evil":1}`,
		`{"type":"info","hold":false,"mute":{"0":true},"streams":{"s":{"label":"screen"}}}`},
	{`{"type":"message","name":"bob","body":"a\n\u00e9","id":7}`, `{"type":"message","name":"bob","body":"a\né","id":7}`},
	{`{"type":"message","name":"bob","body":"` + strings.Repeat("😀", 4_000) + `"}`, `{"type":"message","name":"bob","body":"` + strings.Repeat("😀", 4_000) + `"}`},
	{`{"type":"message","room":"foo","body":"x","data":1}`, `{"type":"message","room":"foo","data":1}`},
	{`{"type":"subscribe","name":"bob","message":"It's me"}`, `{"type":"subscribe","name":"bob","message":"It's me"}`},
}

func TestParse(t *testing.T) {
	if len(smuggling) < 60 {
		t.Errorf("only %d rows", len(smuggling))
	}
	for _, row := range smuggling {
		m, err := Parse([]byte(row.in), false)
		got := string(m.Append(nil))
		if bad := (*ParseError)(nil); errors.As(err, &bad) {
			got = bad.Code
		}
		if got != row.want {
			t.Errorf("%.120q: got %.120s (%v), want %.120s", row.in, got, err, row.want)
		}
	}
}

// TestPayload: as JSON.parse and JSON.stringify give it on (run in Node 20).
func TestPayload(t *testing.T) {
	for _, row := range []struct{ in, want string }{
		{`"Hello"`, `"Hello"`},
		{` { "sdp" : "v=0\r\n" , "type" : "offer" } `, `{"sdp":"v=0\r\n","type":"offer"}`},
		{`"<>&\u2028\u2029\u003c\/\u00e9\ud83d\ude00"`, "\"<>&\u2028\u2029</é😀\""},
		{"\"\u2028\x7f\"", "\"\u2028\x7f\""},
		{`"\u000a\u0009\u000d\u0022\u005c"`, `"\n\t\r\"\\"`},
		{`[ ]`, `[]`}, {`{ }`, `{}`}, {`[1 , [ 2,{"a":[ ]}]]`, `[1,[2,{"a":[]}]]`},
		{`true`, `true`}, {`false`, `false`}, {`null`, `null`},
		{`0`, `0`}, {`-0`, `0`}, {`-1`, `-1`}, {`1.0`, `1`}, {`1.50`, `1.5`}, {`1e2`, `100`}, {`-0.0`, `0`},
		{`1e21`, `1e+21`}, {`1e20`, `100000000000000000000`}, {`1E-7`, `1e-7`}, {`0.000001`, `0.000001`},
		{`1.5e-10`, `1.5e-10`}, {`123456789012345678901`, `123456789012345680000`}, {`9007199254740993`, `9007199254740992`},
		{`1e999`, `null`}, {`-1e999`, `null`}, {`5e-324`, `5e-324`}, {`1e-400`, `0`}, {`1.7976931348623157e308`, `1.7976931348623157e+308`},
		{`{"a\/b":1}`, `{"a/b":1}`},
	} {
		m, err := Parse([]byte(`{"type":"offer","offer":`+row.in+`}`), true)
		if err != nil || string(m.Offer) != row.want {
			t.Errorf("%s: got %s (%v), want %s", row.in, m.Offer, err, row.want)
		}
	}
}

func TestParseKeepsNothing(t *testing.T) {
	data := []byte(`{"type":"offer","offer":{"sdp":"v"},"name":"Bar","id":5,"candidates":[1],"media":["audio"]}`)
	m, err := Parse(data, false)
	if err != nil {
		t.Fatal(err)
	}
	want := string(m.Append(nil))
	for i := range data {
		data[i] = 'x'
	}
	if got := string(m.Append(nil)); got != want {
		t.Errorf("after the buffer was used again: got %s, want %s", got, want)
	}
}

func TestParseLogin(t *testing.T) {
	m, err := Parse([]byte(`{"type":"login","name":"foo","v":1.0,"caps":["invite","roster"],"password":"p","token":"t","title":"Foo","resume":{"session":"q8","seq":10,"x":1},"id":"a"}`), true)
	if err != nil {
		t.Fatal(err)
	}
	if m.Name != "foo" || m.V != 1 || len(m.Caps) != 2 || m.Password != "p" || m.Token != "t" || m.Title != "Foo" || string(m.ID) != `"a"` {
		t.Errorf("got %+v", m)
	}
	if m.Resume == nil || *m.Resume != (Resume{"q8", 10}) {
		t.Errorf("got resume %+v", m.Resume)
	}
}

func TestParseRoster(t *testing.T) {
	for _, row := range []struct {
		in     string
		set    *Item
		remove string
	}{
		{`{"type":"roster"}`, nil, ""},
		{`{"type":"roster","set":null,"remove":null}`, nil, ""},
		{`{"type":"roster","remove":"bob"}`, nil, "bob"},
		{`{"type":"roster","set":{"name":"bob"}}`, &Item{Name: "bob"}, ""},
		{`{"type":"roster","set":{ "groups" : [ "A\/" , "B" ] , "title":"Bob","name":"b\u006fb","subscription":"both","x":{"name":5}}}`,
			&Item{Name: "bob", Title: "Bob", Groups: []string{"A/", "B"}}, ""},
		{`{"type":"roster","set":{"name":"bob","title":null,"groups":null}}`, &Item{Name: "bob"}, ""},
		{`{"type":"roster","set":{"name":"bob","groups":[]}}`, &Item{Name: "bob", Groups: []string{}}, ""},
	} {
		m, err := Parse([]byte(row.in), false)
		if err != nil || !reflect.DeepEqual(m.Set, row.set) || m.Remove != row.remove {
			t.Errorf("%s: got %+v, %q (%v), want %+v, %q", row.in, m.Set, m.Remove, err, row.set, row.remove)
		}
	}
	if m, err := Parse([]byte(`{"type":"login","v":1,"page":"frontdoor","name":"Anna"}`), true); err != nil || m.Page != "frontdoor" {
		t.Errorf("got page %q (%v)", m.Page, err)
	}
}

// TestParseOld: keys that the tutorials do not have mean nothing to them.
func TestParseOld(t *testing.T) {
	m, err := Parse([]byte(`{"type":"leave","name":5,"call":{"x":1},"media":7,"id":[],"v":1,"timeout":"long"}`), true)
	if err != nil || m.Name != "" || m.Call != "" || m.ID != nil || m.V != 0 {
		t.Errorf("got %+v, %v", m, err)
	}
	for in, command := range map[string]string{
		`{`: "undefined", `[]`: "undefined", `"x"`: "undefined", `{}`: "undefined", `{"type":"foo"}`: "foo",
		`{"type":5.0}`: "5", `{"type":null}`: "null", `{"type":true}`: "true", `{"type":{"a":1}}`: "[object Object]",
		`{"type":"ping"}`: "ping", `{"type":"invite","v":1}`: "invite", `{"type":""}`: "",
	} {
		_, err := Parse([]byte(in), true)
		var bad *ParseError
		if !errors.As(err, &bad) || bad.Command != command {
			t.Errorf("%s: got %v with %+v, want %q", in, err, bad, command)
		}
	}
}

func TestErrorHasID(t *testing.T) {
	for _, in := range []string{`{"type":"foo","id":7}`, `{"id":7,"type":"leave","name":5}`, `{"id":7}`} {
		_, err := Parse([]byte(in), false)
		if bad := err.(*ParseError); string(bad.ID) != "7" {
			t.Errorf("%s: got id %s, want 7", in, bad.ID)
		}
	}
}

func TestSDP(t *testing.T) {
	for _, row := range []struct {
		in, kind, sdp string
		ok            bool
	}{
		{`{"sdp":"v=0\r\n","type":"offer"}`, "offer", "v=0\r\n", true},
		{`{"type":"answer","sdp":"a\u0062","x":{"sdp":"no"}}`, "answer", "ab", true},
		{`{"type":"rollback"}`, "rollback", "", true},
		{`{"sdp":"v"}`, "", "v", true},
		{`{}`, "", "", false}, {`"Hello"`, "", "", false}, {`null`, "", "", false}, {``, "", "", false},
		{`{"sdp":"a","sdp":"b"}`, "", "", false}, {`{"type":"offer","sdp":5}`, "", "", false},
		{`{"type":null,"sdp":"v"}`, "", "", false}, {`{"sdp":"v"} x`, "", "", false}, {`[{"sdp":"v"}]`, "", "", false},
	} {
		kind, sdp, ok := SDP(json.RawMessage(row.in))
		if kind != row.kind || sdp != row.sdp || ok != row.ok {
			t.Errorf("%s: got %q %q %v, want %q %q %v", row.in, kind, sdp, ok, row.kind, row.sdp, row.ok)
		}
	}
	if got, want := string(Description("offer", "v=0\r\n<&>\u2028")), "{\"sdp\":\"v=0\\r\\n<&>\u2028\",\"type\":\"offer\"}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestICECandidate(t *testing.T) {
	for _, row := range []struct {
		in   string
		want ICECandidate
		ok   bool
	}{
		{`{"candidate":"candidate:1","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":"u"}`, ICECandidate{"candidate:1", "0", 0, "u"}, true},
		{`{"candidate":"","sdpMid":null,"sdpMLineIndex":null,"usernameFragment":null}`, ICECandidate{"", "", -1, ""}, true},
		{`null`, ICECandidate{SDPMLineIndex: -1}, true},
		{`{}`, ICECandidate{SDPMLineIndex: -1}, true},
		{`{"candidate":"c","sdpMLineIndex":65535}`, ICECandidate{"c", "", 65535, ""}, true},
		{`{"candidate":"c","sdpMLineIndex":65536}`, ICECandidate{SDPMLineIndex: -1}, false},
		{`{"candidate":"c","sdpMLineIndex":-1}`, ICECandidate{SDPMLineIndex: -1}, false},
		{`{"candidate":"c","candidate":"d"}`, ICECandidate{SDPMLineIndex: -1}, false},
		{`{"candidate":5}`, ICECandidate{SDPMLineIndex: -1}, false},
		{`"Hello"`, ICECandidate{SDPMLineIndex: -1}, false},
	} {
		got, err := ParseICECandidate(json.RawMessage(row.in))
		if got != row.want || (err == nil) != row.ok {
			t.Errorf("%s: got %+v, %v, want %+v", row.in, got, err, row.want)
		}
	}
	c := ICECandidate{"candidate:1 1 udp 1 192.0.2.1 9 typ host", "0", 0, "u"}
	want := `{"candidate":"candidate:1 1 udp 1 192.0.2.1 9 typ host","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":"u"}`
	if got := string(c.JSON()); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := string(ICECandidate{SDPMLineIndex: -1}.JSON()); got != `{"candidate":""}` {
		t.Errorf("got %s", got)
	}
}
