package component

import (
	"errors"
	"strings"
	"testing"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

const addressed = " from='a@call.example.org/r' to='b@example.org'"

// inDomain is what a component of the tests may send.
func inDomain(from, to string) error { return (&Component{domain: domain}).mayLeave(from, to) }

func TestCheckTakes(t *testing.T) {
	for _, test := range []struct{ stanza, kind string }{
		{"<presence" + addressed + "/>", "presence"},
		{"<message" + addressed + "><body>it's &lt;b&gt; \"x\" &amp; &#xA; \t\n</body><x xmlns='u:v'/></message>", "message"},
		{`<iq xmlns="jabber:component:accept" from="call.example.org" to="example.org" type="get"><a xml:lang="en"></a></iq>`, "iq"},
		{"<message from='a@call.example.org/♥@/x y' to='É@example.org/a &amp; b'/>", "message"},
		{"<message" + addressed + ">\ufb01\ufdd0\ufffd\U0001f4a9</message>", "message"},
	} {
		if head, err := checkStanza([]byte(test.stanza), inDomain); head.kind != test.kind || err != nil {
			t.Errorf("%s: got %q, %v; want %q", test.stanza, head.kind, err, test.kind)
		}
	}
}

// Each of these makes Prosody or ejabberd end the link, or would if it ever went out.
func TestCheckRefuses(t *testing.T) {
	message := func(inside string) string { return "<message" + addressed + ">" + inside + "</message>" }
	for _, stanza := range []string{
		"", " ", "x", "<", "<message", "<message" + addressed, "<message" + addressed + ">", "<message" + addressed + "></iq>",
		message("") + message(""), message("") + " ", " " + message(""), message("</message>"),
		"<message to='b@example.org'/>", "<message from='call.example.org'/>", "<message from='' to='b@example.org'/>", "<message from='call.example.org' to=''/>",
		"<message from='a@example.org' to='b@example.org'/>", "<message from='a@xcall.example.org' to='b@example.org'/>",
		"<message from='call.example.org@evil.example' to='b@example.org'/>", "<message from='evil.example/call.example.org' to='b@example.org'/>",
		"<message from='a@b@call.example.org' to='b@example.org'/>", "<message from='@call.example.org' to='b@example.org'/>",
		"<message from='a@call.example.org/' to='b@example.org'/>", "<message from='a b@call.example.org' to='b@example.org'/>",
		"<message from='a&apos;@call.example.org' to='b@example.org'/>", "<message from='a&amp;@call.example.org' to='b@example.org'/>",
		"<message from='a@CALL.example.org' to='b@example.org'/>",
		"<message from='a@call.example.org' to='b@c@example.org'/>", "<message from='a@call.example.org' to='@'/>", "<message from='a@call.example.org' to='/x'/>",
		"<message from='" + strings.Repeat("a", 1024) + "@call.example.org' to='b@example.org'/>",
		"<message from='a@call.example.org' from='a@call.example.org' to='b@example.org'/>",
		"<stream:error" + addressed + "/>", "<foo" + addressed + "/>", "<message xmlns='jabber:client'" + addressed + "/>", "<message xmlns='http://etherx.jabber.org/streams'" + addressed + "/>",
		message("<!-- c -->"), message("<?pi?>"), message("<![CDATA[x]]>"), message("<!DOCTYPE a>"), message("]]>"), message("<x:y/>"), message("<y x:z='1'/>"), message("<y xmlns:x='n'/>"),
		message("&nbsp;"), message("&"), message("&amp"), message("&#0;"), message("&#xFFFF;"), message("<a b=c/>"), message("<a b='<'/>"), message("<a b='&'/>"), message("<a b='1'b='2'/>"), message("<a b='1' b='2'/>"), message("<a xml:lang='1' xml:lang='2'/>"), message("<1/>"), message("<a b/>"), message("<a b='/>"),
		message("\x00"), message("\x01"), message("\x1f"), message("\r"), message("\uffff"), message("\ufffe"), message("\xff"), message("\xed\xa0\x80"), message("<a b='\x08'/>"), message("<a b='\uffff'/>"),
		message(strings.Repeat("<a>", maxDepthOut) + strings.Repeat("</a>", maxDepthOut)),
	} {
		if head, err := checkStanza([]byte(stanza), inDomain); err == nil {
			t.Errorf("%.100q: got %s, want an error", stanza, head.kind)
		}
	}
}

// FuzzCheck: what passes, the parser takes too, and understands the same by it.
func FuzzCheck(f *testing.F) {
	f.Add("<message" + addressed + "><body>it's &lt;b&gt; &#xA;</body><x xmlns='u:v' xml:lang='en'/></message>")
	f.Add("<iq from=\"call.example.org\" to='a&amp;b@c/d'/>")
	f.Fuzz(func(t *testing.T, stanza string) {
		head, err := checkStanza([]byte(stanza), inDomain)
		if err != nil {
			return
		}
		e, err := element.Parse([]byte(stanza), NS, element.Limits{Depth: maxDepthOut})
		if err != nil {
			t.Fatalf("%q passed, but %v", stanza, err)
		}
		_, d, _ := Split(e.Attr("from"))
		if e.Name() != head.kind || e.Space() != NS || d != domain || e.Attr("to") == "" {
			t.Errorf("%q passed as %s, but is %s", stanza, head.kind, e)
		}
	})
}

// FuzzWritten: what element.Writer writes passes, whatever strangers put into it.
func FuzzWritten(f *testing.F) {
	f.Add("type", "text\x00\uffff]]>", "b@example.org/x")
	f.Fuzz(func(t *testing.T, value, text, to string) {
		if !soundJID(to) {
			return
		}
		var w element.Writer
		w.Start(NS, "iq")
		w.Attr("from", domain)
		w.Attr("to", to)
		w.Start("urn:x", "x")
		w.Attr("value", value)
		w.Text(text)
		w.End()
		w.End()
		if _, err := checkStanza(w.Bytes(), inDomain); err != nil {
			t.Errorf("%s: %v", w.Bytes(), err)
		}
	})
}

func TestSendRefuses(t *testing.T) {
	c := newComponent(t, testConfig("tcp://127.0.0.1:1"))
	c.out.begin()
	if err := c.Send([]byte("<message from='call.example.org' to='x'>" + strings.Repeat("x", 128<<10) + "</message>")); !errors.Is(err, ErrTooBig) {
		t.Errorf("too big: got %v, want %v", err, ErrTooBig)
	}
	if err := c.Send([]byte("<message from='evil.example' to='x'/>")); err == nil || rejected(c, "malformed-out") != 1 {
		t.Errorf("foreign from: got %v, counted %d; want an error, 1", err, rejected(c, "malformed-out"))
	}
	if n := c.out.length(); n != 0 {
		t.Errorf("got %d stanzas queued, want none", n)
	}
}

func BenchmarkCheck(b *testing.B) {
	stanza := initiate()
	// As the answer would go out: from us to them.
	stanza = []byte(strings.Replace(strings.Replace(string(stanza), "from=", "xx=", 1), "to=", "from=", 1))
	stanza = []byte(strings.Replace(string(stanza), "xx=", "to=", 1))
	b.SetBytes(int64(len(stanza)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := checkStanza(stanza, inDomain); err != nil {
			b.Fatal(err)
		}
	}
}
