package bridge

import (
	"fmt"
	"testing"

	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/internal/element"
)

// The two examples of XEP-0115 §5.2 and §5.3.
func TestVerificationString(t *testing.T) {
	for want, xml := range map[string]string{
		"QgayPKawpkPSDYmwT/WM94uAlu0=": `<query xmlns='http://jabber.org/protocol/disco#info' node='http://code.google.com/p/exodus#QgayPKawpkPSDYmwT/WM94uAlu0='>
			<identity category='client' name='Exodus 0.9.1' type='pc'/>
			<feature var='http://jabber.org/protocol/caps'/>
			<feature var='http://jabber.org/protocol/disco#info'/>
			<feature var='http://jabber.org/protocol/disco#items'/>
			<feature var='http://jabber.org/protocol/muc'/>
		</query>`,
		"q07IKJEyjvHSyhy//CH0CxmKi8w=": `<query xmlns='http://jabber.org/protocol/disco#info' node='http://psi-im.org#q07IKJEyjvHSyhy//CH0CxmKi8w='>
			<identity xml:lang='en' category='client' name='Psi 0.11' type='pc'/>
			<identity xml:lang='el' category='client' name='Ψ 0.11' type='pc'/>
			<feature var='http://jabber.org/protocol/caps'/>
			<feature var='http://jabber.org/protocol/disco#info'/>
			<feature var='http://jabber.org/protocol/disco#items'/>
			<feature var='http://jabber.org/protocol/muc'/>
			<x xmlns='jabber:x:data' type='result'>
				<field var='FORM_TYPE' type='hidden'><value>urn:xmpp:dataforms:softwareinfo</value></field>
				<field var='ip_version' type='text-multi'><value>ipv4</value><value>ipv6</value></field>
				<field var='os'><value>Mac</value></field>
				<field var='os_version'><value>10.5.1</value></field>
				<field var='software'><value>Psi</value></field>
				<field var='software_version'><value>0.11</value></field>
			</x>
		</query>`,
	} {
		query, err := element.Parse([]byte(xml), component.NS, element.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if got := verificationString(query); got != want {
			t.Errorf("got %s, want %s, of %s", got, want, query)
		}
	}
}

func TestCapsOf(t *testing.T) {
	const rtp = "urn:xmpp:jingle:apps:rtp:"
	call := []string{"urn:xmpp:jingle:1", rtp + "1", "urn:xmpp:jingle:transports:ice-udp:1", "urn:xmpp:jingle:apps:dtls:0"}
	for _, test := range []struct {
		what     string
		features []string
		want     caps
	}{
		{"a client with all", append([]string{rtp + "audio", rtp + "video", "urn:xmpp:jingle-message:0"}, call...), caps{audio: true, video: true, proposals: true}},
		{"stanza.js", append([]string{rtp + "audio", rtp + "video"}, call...), caps{audio: true, video: true}},
		{"audio alone", append([]string{rtp + "audio", "urn:xmpp:jingle-message:0"}, call...), caps{audio: true, proposals: true}},
		{"Jingle without media", call, caps{}},
		{"no DTLS", append([]string{rtp + "audio", rtp + "video", "urn:xmpp:jingle-message:0"}, call[:3]...), caps{proposals: true}},
		{"no ICE", append([]string{rtp + "audio"}, call[0], call[1], call[3]), caps{}},
		{"proposals alone", []string{"urn:xmpp:jingle-message:0"}, caps{proposals: true}},
		{"nothing", nil, caps{}},
	} {
		var w element.Writer
		w.Start(nsDisco, "query")
		for _, feature := range test.features {
			w.Empty(nsDisco, "feature", "var", feature)
		}
		w.End()
		query, err := element.Parse(w.Bytes(), component.NS, element.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if got := *capsOf(query); got != test.want {
			t.Errorf("%s: got %+v, want %+v", test.what, got, test.want)
		}
	}
	if got := *capsOf(element.Element{}); got != (caps{}) {
		t.Errorf("no answer: got %+v", got)
	}
}

// What is remembered of clients is bounded, however many hashes somebody makes up.
func TestCapsAreBounded(t *testing.T) {
	p := newStage(t)
	u := p.b.user("bob")
	c := p.b.contact(u, "juliet@example.org")
	for i := range 2 * maxCaps {
		query, err := element.Parse(fmt.Appendf(nil, "<query xmlns='%s'><feature var='f%d'/></query>", nsDisco, i), component.NS, element.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		e, err := element.Parse(fmt.Appendf(nil, "<c xmlns='%s' hash='sha-1' node='n' ver='%s'/>", nsCaps, verificationString(query)), component.NS, element.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		r := &resource{jid: "juliet@example.org/x"}
		c.resources = deviceList{r}
		p.b.learnCaps(u, c, r, e)
		done := p.pending[fmt.Sprintf("iq%d juliet@example.org/x", i+1)]
		answer, err := element.Parse(fmt.Appendf(nil, "<iq type='result'>%s</iq>", query), component.NS, element.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		go done(&component.Stanza{Element: answer, Type: "result"}, nil)
		(<-p.b.todo)()
		if r.caps == nil {
			t.Fatalf("client %d: its answer is not believed", i)
		}
	}
	if len(p.b.caps) != maxCaps {
		t.Errorf("got %d kinds of clients, want %d", len(p.b.caps), maxCaps)
	}
}

// One hash, other features: nobody may say for all devices of a kind what they cannot do.
func TestAmbiguousCaps(t *testing.T) {
	parse := func(inside string) element.Element {
		query, err := element.Parse(fmt.Appendf(nil, "<query xmlns='%s'>%s</query>", nsDisco, inside), component.NS, element.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		return query
	}
	const identity = "<identity category='client' type='pc' name='x'/>"
	honest := parse(identity + "<feature var='urn:xmpp:jingle-message:0'/><feature var='urn:xmpp:jingle:1'/>")
	if !unambiguous(honest) {
		t.Errorf("%s is not believed", honest)
	}
	for _, inside := range []string{
		identity + "<feature var='urn:xmpp:jingle-message:0&lt;urn:xmpp:jingle:1'/>",
		"<identity category='client' type='pc' name='x&lt;urn:xmpp:jingle-message:0'/><feature var='urn:xmpp:jingle:1'/>",
		identity + "<feature var='urn:xmpp:jingle-message:0'/><x xmlns='jabber:x:data'><field var='FORM_TYPE'><value>urn:xmpp:jingle:1</value></field></x>",
	} {
		forged := parse(inside)
		if verificationString(forged) != verificationString(honest) {
			t.Errorf("%s has another hash: no test of anything", forged)
		}
		if unambiguous(forged) {
			t.Errorf("%s is believed", forged)
		}
	}
}

// Many of one kind come at once: one is asked for all. If it lies, or says nothing, each is.
func TestCapsAreAskedOnce(t *testing.T) {
	const honest = "<feature var='urn:xmpp:jingle-message:0'/>"
	for _, test := range []struct {
		what, answer string
		asked        int
	}{
		{"honest", "<iq type='result' id='iq1' from='fan0@example.org/a' to='bob@call.example.org'><query xmlns='" + nsDisco + "'>" + honest + "</query></iq>", 1},
		{"a liar", "<iq type='result' id='iq1' from='fan0@example.org/a' to='bob@call.example.org'><query xmlns='" + nsDisco + "'/></iq>", 5},
		{"an error", "<iq type='error' id='iq1' from='fan0@example.org/a' to='bob@call.example.org'/>", 5},
	} {
		onStage(t, func(p *theatre) {
			query, err := element.Parse([]byte("<query xmlns='"+nsDisco+"'>"+honest+"</query>"), component.NS, element.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			u := p.b.user("bob")
			for n := range 5 {
				p.b.contact(u, fmt.Sprintf("fan%d@example.org", n)).from = true
			}
			for n := range 5 {
				p.scene(fmt.Sprintf("xmpp > <presence from='fan%d@example.org/a' to='bob@call.example.org'><c xmlns='%s' hash='sha-1' node='n' ver='%s'/></presence>", n, nsCaps, verificationString(query)))
			}
			if p.iqs != 1 {
				t.Errorf("%s: %d are asked at first, want 1", test.what, p.iqs)
			}
			p.scene("xmpp > " + test.answer)
			if p.iqs != test.asked {
				t.Errorf("%s: %d were asked, want %d", test.what, p.iqs, test.asked)
			}
			for n := range 5 {
				known := u.contacts[fmt.Sprintf("fan%d@example.org", n)].resources.of(fmt.Sprintf("fan%d@example.org/a", n)).caps
				if test.asked == 1 && (known == nil || !known.proposals) {
					t.Errorf("%s: fan %d can %+v", test.what, n, known)
				}
			}
		})
	}
}
