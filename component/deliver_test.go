package component

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/jinglebridge/jinglebridge/internal/xmpptest"
)

// settle waits until the component has dealt with all that was sent: it answers in order.
func settle(t *testing.T, l *xmpptest.Link) {
	t.Helper()
	send(t, l, "<iq type='get' id='settled' from='example.org' to='"+domain+"'><ping xmlns='urn:xmpp:ping'/></iq>")
	if got := l.NextFor(t); got.Attr("id") != "settled" {
		t.Errorf("got %s, want silence", got)
	}
}

func TestHandlerGets(t *testing.T) {
	_, link, h := attached(t, nil, nil)
	for _, stanza := range []string{
		"<presence from='alice@example.org/x' to='bob@" + domain + "'/>",
		"<presence type='error' from='alice@example.org/x' to='bob@" + domain + "'/>",
		"<message type='error' id='m' from='alice@example.org/x' to='bob@" + domain + "'><propose xmlns='urn:xmpp:jingle-message:0'/></message>",
		"<iq type='set' id='j' from='alice@example.org/x' to='bob@" + domain + "/t'><jingle xmlns='urn:xmpp:jingle:1'/></iq>",
		"<message xmlns='jabber:client' from='alice@example.org/x' to='bob@" + strings.ToUpper(domain) + "/T'/>",
	} {
		send(t, link, stanza)
		got := await(t, h.stanzas, "stanza")
		if !strings.HasPrefix(stanza, "<"+got.Name()) || got.From != "alice@example.org/x" || got.Type != got.Attr("type") || got.ID != got.Attr("id") {
			t.Errorf("%s: got %+v, %s", stanza, got, got.Element)
		}
		if _, d, _ := Split(got.To); d != domain {
			t.Errorf("%s: got to %q, want it in %q", stanza, got.To, domain)
		}
	}
}

func TestPanicCostsOneStanza(t *testing.T) {
	c, link, h := attached(t, nil, nil)
	h.onGiven = func(s *Stanza) {
		if s.ID == "bad" {
			panic("test")
		}
	}
	send(t, link, "<message id='bad' from='alice@example.org/x' to='"+domain+"'/>")
	send(t, link, "<iq type='set' id='bad' from='alice@example.org/x' to='"+domain+"'><jingle xmlns='urn:xmpp:jingle:1'/></iq>")
	wantNext(t, link, "<iq type='error' id='bad' from='"+domain+"' to='alice@example.org/x'><error type='cancel'><internal-server-error xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>")
	send(t, link, "<message id='good' from='alice@example.org/x' to='"+domain+"'/>")
	for _, want := range []string{"bad", "bad", "good"} {
		if got := await(t, h.stanzas, "stanza").ID; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if n := testutil.ToFloat64(c.metrics.panics); n != 2 {
		t.Errorf("counted %v panics, want 2", n)
	}
}

// Whatever is wrong with a stanza, the next one works, and a stranger cannot end the
// link by what only a server may say.
func TestHostileStanzasLeaveTheLink(t *testing.T) {
	c, link, h := attached(t, func(cfg *Config) { cfg.Limits.StanzaIn = 60_000; cfg.Limits.JIDBurst = 10_000 }, nil)
	const addresses = " id='h' from='alice@example.org/x' to='" + domain + "'"
	big := strings.Repeat("x", 70_000)
	policy := "<error type='modify'><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>*</text></error>"
	request := "<error type='modify'><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
	for _, test := range []struct{ name, stanza, reason, kind, answer string }{
		{"big iq", "<iq type='set'" + addresses + "><x>" + big + "</x></iq>", "too-big", "iq", policy},
		{"big message", "<message" + addresses + "><body>" + big + "</body></message>", "too-big", "message", policy},
		{"big error", "<message type='error'" + addresses + "><body>" + big + "</body></message>", "too-big", "", ""},
		{"big result", "<iq type='result'" + addresses + "><x>" + big + "</x></iq>", "too-big", "", ""},
		{"big presence", "<presence" + addresses + "><status>" + big + "</status></presence>", "too-big", "", ""},
		{"big id", "<iq type='get' id='" + big + "' from='a@b' to='" + domain + "'/>", "too-big", "", ""},
		{"deep", "<iq type='set'" + addresses + ">" + strings.Repeat("<x>", 4000) + strings.Repeat("</x>", 4000) + "</iq>", "too-deep", "iq", policy},
		{"many", "<iq type='set'" + addresses + "><y>" + strings.Repeat("<a/>", 10_000) + strings.Repeat("<a/>", 4000) + "</y></iq>", "", "iq", ""},
		{"control character", "<iq type='set'" + addresses + "><x>\x01</x></iq>", "malformed", "iq", request},
		{"U+FFFF", "<message" + addresses + "><body>\uffff</body></message>", "malformed", "message", request},
		{"bad UTF-8", "<iq type='get'" + addresses + "><x>\xff</x></iq>", "malformed", "iq", request},
		{"bad UTF-8 in the head", "<iq type='get' id='\xff' from='a@b' to='" + domain + "'><x/></iq>", "malformed", "", ""},
		{"undeclared prefix", "<message" + addresses + "><stream:error/></message>", "malformed", "message", request},
		{"comment", "<message type='groupchat'" + addresses + "><!-- --></message>", "malformed", "", ""},
		{"foreign entity", "<iq type='error'" + addresses + ">&nbsp;</iq>", "malformed", "", ""},
		{"unknown element", "<handshake/>", "unknown-element", "", ""},
		{"other namespace", "<iq xmlns='u' type='get'" + addresses + "/>", "unknown-element", "", ""},
		{"no from", "<message to='" + domain + "'/>", "no-from", "", ""},
		{"not for us", "<message from='a@b' to='other.example.org'/>", "not-for-us", "", ""},
		{"no to", "<message from='a@b'/>", "not-for-us", "", ""},
		{"iq without id", "<iq type='get' from='a@b' to='" + domain + "'><ping xmlns='urn:xmpp:ping'/></iq>", "no-id", "", ""},
		{"unasked result", "<iq type='result'" + addresses + "/>", "unasked-answer", "", ""},
		{"unasked error", "<iq type='error'" + addresses + "><error type='cancel'/></iq>", "unasked-answer", "", ""},
	} {
		before := rejected(c, test.reason)
		send(t, link, test.stanza)
		if test.answer != "" {
			wantNext(t, link, "<"+test.kind+" type='error' id='h' from='"+domain+"' to='alice@example.org/x'>"+test.answer+"</"+test.kind+">")
		}
		if test.name == "many" {
			link.NextFor(t) // within the limit of tokens, so answered as any unknown payload
		}
		settle(t, link)
		if test.reason != "" && rejected(c, test.reason) != before+1 {
			t.Errorf("%s: %q counted %d times, want 1", test.name, test.reason, rejected(c, test.reason)-before)
		}
	}
	for _, forged := range []string{
		"<message" + addresses + "><error xmlns='http://etherx.jabber.org/streams'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></error></message>",
		"<message" + addresses + "><stream xmlns='http://etherx.jabber.org/streams'/></message>",
		"<message" + addresses + "><x xmlns='http://etherx.jabber.org/streams'/></message>",
	} {
		send(t, link, forged)
		if got := await(t, h.stanzas, "stanza"); got.Name() != "message" {
			t.Errorf("%s: got %s", forged, got)
		}
	}
	if n := testutil.ToFloat64(c.metrics.ups); n != 1 {
		t.Errorf("the link came up %v times, want once", n)
	}
}

func TestFloodIsLimitedPerSender(t *testing.T) {
	c, link, h := attached(t, func(cfg *Config) {
		cfg.Limits.PerJID, cfg.Limits.JIDBurst = 0.001, 3
		cfg.Limits.PerDomain, cfg.Limits.DomainBurst = 0.001, 5
	}, nil)
	get := func(from string) string {
		return "<iq type='get' id='g' from='" + from + "' to='" + domain + "'><ping xmlns='urn:xmpp:ping'/></iq>"
	}
	for range 3 {
		send(t, link, get("mallory@evil.example/1"))
		wantNext(t, link, "<iq type='result' id='g' from='"+domain+"' to='mallory@evil.example/1'/>")
	}
	send(t, link, get("Mallory@evil.example/2"))
	wantNext(t, link, "<iq type='error' id='g' from='"+domain+"' to='Mallory@evil.example/2'><error type='wait'><resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>")
	send(t, link, "<message from='mallory@evil.example/1' to='"+domain+"'/>")
	send(t, link, "<message from='other@evil.example/1' to='"+domain+"'/>")
	for range 10 { // neither our own server nor its people share the domain's limit
		send(t, link, get("example.org"))
		if got := link.NextFor(t); got.Attr("type") != "result" {
			t.Fatalf("our server: got %s, want a result", got)
		}
	}
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		send(t, link, get(name+"@example.org/x"))
		if got := link.NextFor(t); got.Attr("type") != "result" {
			t.Fatalf("%s of our server: got %s, want a result", name, got)
		}
	}
	if a, b := limited(c, "remote_jid"), limited(c, "remote_domain"); a != 2 || b != 1 {
		t.Errorf("limited %d by JID and %d by domain, want 2 and 1", a, b)
	}
	if n := len(h.stanzas); n != 0 {
		t.Errorf("the handler was given %d stanzas, want none", n)
	}
}
