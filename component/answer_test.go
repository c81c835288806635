package component

import (
	"crypto/sha1"
	"encoding/xml"
	"errors"
	"strings"
	"testing"

	"mellium.im/xmpp/disco"

	"github.com/jinglebridge/jinglebridge/internal/element"
	"github.com/jinglebridge/jinglebridge/internal/xmpptest"
)

// ask sends an IQ from alice and returns what comes back.
func ask(t *testing.T, l *xmpptest.Link, kind, to, payload string) element.Element {
	t.Helper()
	send(t, l, "<iq type='"+kind+"' id='q' from='alice@example.org/x' to='"+to+"'>"+payload+"</iq>")
	return l.NextFor(t)
}

func TestAnswers(t *testing.T) {
	_, link, h := attached(t, func(cfg *Config) {
		cfg.Contacts = map[string][]string{"abuse": {"mailto:abuse@example.org"}}
		cfg.Address = func(name string) (string, error) {
			if name == "" {
				return "", errors.New("want a name")
			}
			return strings.ToLower(name) + "@" + domain, nil
		}
	}, nil)
	result := func(to, payload string) string {
		return "<iq type='result' id='q' from='" + to + "' to='alice@example.org/x'>" + payload + "</iq>"
	}
	refusal := func(to, kind, condition string) string {
		return "<iq type='error' id='q' from='" + to + "' to='alice@example.org/x'><error type='" + kind + "'><" + condition + " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
	}
	const user, bare = "bob@" + domain + "/tab", "bob@" + domain
	for _, test := range []struct{ kind, to, payload, want string }{
		{"get", domain, "<ping xmlns='urn:xmpp:ping'/>", result(domain, "")},
		{"get", user, "<ping xmlns='urn:xmpp:ping'/>", result(user, "")},
		{"set", user, "<ping xmlns='urn:xmpp:ping'/>", refusal(user, "cancel", "not-allowed")},
		{"get", domain, "<query xmlns='jabber:iq:version'/>", result(domain, "<query xmlns='jabber:iq:version'><name>Calls</name><version>1.0</version></query>")},
		{"get", user, "<time xmlns='urn:xmpp:time'/>", result(user, "<time xmlns='urn:xmpp:time'><tzo>+00:00</tzo><utc>*</utc></time>")},
		{"get", domain, "<query xmlns='jabber:iq:last'/>", result(domain, "<query xmlns='jabber:iq:last' seconds='*'/>")},
		{"get", bare, "<query xmlns='jabber:iq:last'/>", refusal(bare, "auth", "forbidden")},
		{"get", "space\\20cadet\\40nasa@" + domain, "<vCard xmlns='vcard-temp'/>", result("space\\20cadet\\40nasa@"+domain, "<vCard xmlns='vcard-temp'><FN>space cadet@nasa</FN></vCard>")},
		{"get", domain, "<vCard xmlns='vcard-temp'/>", result(domain, "<vCard xmlns='vcard-temp'><FN>Calls</FN></vCard>")},
		{"set", bare, "<vCard xmlns='vcard-temp'/>", refusal(bare, "cancel", "not-allowed")},
		{"get", domain, "<query xmlns='http://jabber.org/protocol/disco#items'/>", result(domain, "<query xmlns='http://jabber.org/protocol/disco#items'/>")},
		{"get", bare, "<query xmlns='http://jabber.org/protocol/disco#items' node='x'/>", refusal(bare, "cancel", "item-not-found")},
		{"get", user, "<query xmlns='http://jabber.org/protocol/disco#info' node='x'/>", refusal(user, "cancel", "item-not-found")},
		{"get", bare, "<query xmlns='http://jabber.org/protocol/disco#info'/>", result(bare, "<query xmlns='http://jabber.org/protocol/disco#info'><identity category='account' type='registered'/><feature var='http://jabber.org/protocol/disco#info'/><feature var='http://jabber.org/protocol/disco#items'/><feature var='jabber:iq:version'/><feature var='urn:xmpp:ping'/><feature var='urn:xmpp:time'/><feature var='vcard-temp'/></query>")},
		{"get", domain, "<query xmlns='http://jabber.org/protocol/disco#info'/>", result(domain, "<query xmlns='http://jabber.org/protocol/disco#info'><identity category='component' type='generic' name='Calls'/><identity category='gateway' type='misc' name='Calls'/><feature var='http://jabber.org/protocol/disco#info'/><feature var='http://jabber.org/protocol/disco#items'/><feature var='jabber:iq:gateway'/><feature var='jabber:iq:last'/><feature var='jabber:iq:version'/><feature var='urn:xmpp:ping'/><feature var='urn:xmpp:time'/><feature var='vcard-temp'/><x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'><value>http://jabber.org/network/serverinfo</value></field><field var='abuse-addresses' type='list-multi'><value>mailto:abuse@example.org</value></field></x></query>")},
		{"get", domain, "<query xmlns='jabber:iq:gateway'/>", result(domain, "<query xmlns='jabber:iq:gateway'><desc>Who shall be called? Type the name that they log in with on the call page.</desc><prompt>Name</prompt></query>")},
		{"set", domain, "<query xmlns='jabber:iq:gateway'><prompt> Bob </prompt></query>", result(domain, "<query xmlns='jabber:iq:gateway'><jid>bob@"+domain+"</jid></query>")},
		{"set", domain, "<query xmlns='jabber:iq:gateway'/>", "<iq type='error' id='q' from='" + domain + "' to='alice@example.org/x'><error type='modify'><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>want a name</text></error></iq>"},
		{"get", user, "<query xmlns='jabber:iq:gateway'/>", refusal(user, "cancel", "service-unavailable")},
		{"get", bare, "<query xmlns='jabber:iq:roster'/>", refusal(bare, "cancel", "service-unavailable")},
		{"set", domain, "<nonsense xmlns='u:x'/>", refusal(domain, "cancel", "service-unavailable")},
		{"get", domain, "<ping/>", refusal(domain, "cancel", "service-unavailable")},
		{"get", domain, "", refusal(domain, "modify", "bad-request")},
		{"set", domain, "only text", refusal(domain, "modify", "bad-request")},
		{"get", domain, "<ping xmlns='urn:xmpp:ping'/><ping xmlns='urn:xmpp:ping'/>", refusal(domain, "modify", "bad-request")},
		{"", domain, "<ping xmlns='urn:xmpp:ping'/>", refusal(domain, "modify", "bad-request")},
		{"dance", domain, "<ping xmlns='urn:xmpp:ping'/>", refusal(domain, "modify", "bad-request")},
	} {
		got := ask(t, link, test.kind, test.to, test.payload)
		want, err := element.Parse([]byte(test.want), NS, element.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if d := xmpptest.Differ(got, want); d != "" {
			t.Errorf("%s %s %s:\n got %s\nwant %s\n%s", test.kind, test.to, test.payload, got, want, d)
		}
	}
	if n := len(h.stanzas); n != 0 {
		t.Errorf("the handler was given %d stanzas, want none", n)
	}
}

// The announced caps and the disco#info behind them fit, as another's code sees it.
func TestCapsHashIsRight(t *testing.T) {
	c, link, _ := attached(t, func(cfg *Config) { cfg.Contacts = map[string][]string{"abuse": {"mailto:a@example.org"}} }, nil)
	var w element.Writer
	c.AppendCaps(&w)
	caps, err := element.Parse(w.Bytes(), "", element.Limits{})
	if err != nil || !caps.Is("http://jabber.org/protocol/caps", "c") || caps.Attr("hash") != "sha-1" {
		t.Fatalf("got caps %s, %v", caps, err)
	}
	for _, node := range []string{"", caps.Attr("node") + "#" + caps.Attr("ver")} {
		got := ask(t, link, "get", "bob@"+domain+"/tab", "<query xmlns='http://jabber.org/protocol/disco#info' node='"+node+"'/>")
		query := got.Child("http://jabber.org/protocol/disco#info", "query")
		if query.Attr("node") != node {
			t.Errorf("got node %q, want %q", query.Attr("node"), node)
		}
		var info disco.Info
		if err := xml.NewDecoder(strings.NewReader(query.String())).Decode(&info); err != nil {
			t.Fatal(err)
		}
		if got, want := caps.Attr("ver"), info.Hash(sha1.New()); got != want {
			t.Errorf("announced %q, mellium computes %q for %s", got, want, query)
		}
		if len(info.Form) != 0 {
			t.Error("a form in the user's disco#info would have to be part of the hash")
		}
	}
}

func TestErrorRoundTrip(t *testing.T) {
	asked, err := element.Parse([]byte("<iq/>"), NS, element.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	s := &Stanza{Element: asked, ID: "1", From: "a@b/c", To: domain}
	for _, e := range []Error{
		{Type: "cancel", Condition: "item-not-found"},
		{Type: "wait", Condition: "unexpected-request", Space: "urn:xmpp:jingle:errors:1", App: "out-of-order", Text: "not <now>"},
	} {
		var w element.Writer
		AppendError(&w, s, e)
		got, err := element.Parse(w.Bytes(), NS, element.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if back := ErrorOf(stanzaOf(got)); back != e {
			t.Errorf("%+v became %s, then %+v", e, got, back)
		}
		if got.Attr("to") != "a@b/c" || got.Attr("from") != domain || got.Attr("id") != "1" || got.Attr("type") != "error" {
			t.Errorf("got %s, want it turned round", got)
		}
	}
	if got := ErrorOf(nil); got != (Error{}) {
		t.Errorf("of nothing: got %+v", got)
	}
	if got := ErrorOf(s); got != (Error{}) {
		t.Errorf("of no error: got %+v", got)
	}
}
