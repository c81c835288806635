package component

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestAccountSends(t *testing.T) {
	server, accounts := scripted(t, nil)
	a, session, _ := logIn(t, server, accounts)
	for _, stanza := range []string{
		"<presence xmlns='" + NS + "' from='" + a.JID() + "'><show>dnd</show></presence>",
		"<presence from='" + aliceBare + "' to='bob@other.org' type='subscribe'/>",
		"<message from='" + a.JID() + "' to='bob@other.org/x' xmlns='" + NS + "'><body>it&apos;s</body></message>",
	} {
		if err := a.Send([]byte(stanza)); err != nil {
			t.Errorf("%s: %v", stanza, err)
		}
		got := session.NextFor(t)
		if want := strings.Replace(stanza, " xmlns='"+NS+"'", "", 1); got.Space() != nsClient || strings.ReplaceAll(got.String(), " xmlns='jabber:client'", "") != strings.ReplaceAll(want, "&apos;", "'") {
			t.Errorf("got  %s\nwant %s in %s", got, want, nsClient)
		}
	}
	for _, stanza := range []string{
		"<message to='bob@other.org'/>", "<message from='bob@example.org' to='bob@other.org'/>", "<message from='" + aliceBare + "/other' to='bob@other.org'/>",
		"<message from='" + home + "' to='bob@other.org'/>", "<message from='" + a.JID() + "' to='bob@@other.org'/>", "</stream:stream>", "<message from='" + a.JID() + "' to='x'>",
	} {
		if err := a.Send([]byte(stanza)); err == nil {
			t.Errorf("%s: was sent", stanza)
		}
	}
}

func TestAccountGets(t *testing.T) {
	server, accounts := scripted(t, nil)
	a, session, h := logIn(t, server, accounts)
	for _, test := range []struct{ says, from string }{
		{"<message id='1' from='bob@other.org/x' to='" + a.JID() + "'/>", "bob@other.org/x"},
		{"<message id='2' from='bob@other.org/x' to='" + aliceBare + "'/>", "bob@other.org/x"},
		{"<message id='3' from='bob@other.org/x' to='Alice@Example.ORG'/>", "bob@other.org/x"},
		{"<presence id='4' from='bob@other.org/x'/>", "bob@other.org/x"},
		{"<message id='5' xmlns='jabber:client'><sent xmlns='urn:xmpp:carbons:2'/></message>", aliceBare},
		{"<iq id='6' type='set'><query xmlns='jabber:iq:roster'/></iq>", aliceBare},
		{"<iq id='7' type='set' from='mallory@other.org' to='" + a.JID() + "'><query xmlns='jabber:iq:roster'/></iq>", "mallory@other.org"},
		{"<message id='8' from='" + aliceBare + "' to='" + a.JID() + "'><received xmlns='urn:xmpp:carbons:2'/></message>", aliceBare},
	} {
		say(t, session, test.says)
		if s := await(t, h.stanzas, "stanza"); s.From != test.from || s.To != a.JID() || s.Space() != NS && s.Space() != nsClient || !strings.Contains(test.says, "id='"+s.ID+"'") {
			t.Errorf("%s: got %s from %q to %q", test.says, s, s.From, s.To)
		}
	}
	for _, text := range []string{
		"<message from='bob@other.org/x' to='bob@example.org'/>", "<message from='bob@other.org/x' to='" + aliceBare + "/other'/>",
		"<message from='bob@other.org/x' to='example.org'/>", "<features from='x'/>",
	} {
		say(t, session, text)
	}
	say(t, session, "<message id='last' from='bob@other.org'/>")
	if s := await(t, h.stanzas, "stanza"); s.ID != "last" {
		t.Errorf("got %s, want nothing of what is for others", s)
	}
	if got := int(testutil.ToFloat64(accounts.metrics.rejected.WithLabelValues("not-for-us"))); got != 3 {
		t.Errorf("%d were counted as not for us, want 3", got)
	}
}

func TestAccountAnswers(t *testing.T) {
	server, accounts := scripted(t, nil)
	a, session, _ := logIn(t, server, accounts)
	for _, test := range []struct{ payload, want string }{
		{"<ping xmlns='urn:xmpp:ping'/>", "type='result'"},
		{"<query xmlns='jabber:iq:version'/>", "<version>1.0</version>"},
		{"<query xmlns='" + nsDiscoInfo + "'/>", "var='urn:xmpp:jingle:1'"},
		{"<query xmlns='" + nsDiscoInfo + "' node='" + capsNode + "#" + accounts.caps + "'/>", "node='" + capsNode + "#" + accounts.caps + "'"},
		{"<query xmlns='" + nsDiscoInfo + "' node='x'/>", "item-not-found"},
		{"<vCard xmlns='vcard-temp'/>", "service-unavailable"},
		{"<query xmlns='jabber:iq:gateway'/>", "service-unavailable"},
		{"<x xmlns='u'/>", "service-unavailable"},
		{"", "bad-request"},
	} {
		say(t, session, "<iq type='get' id='q' from='bob@other.org/x' to='"+a.JID()+"'>"+test.payload+"</iq>")
		got := session.NextFor(t)
		if got.Attr("to") != "bob@other.org/x" || got.Attr("from") != a.JID() || got.Attr("id") != "q" || !strings.Contains(got.String(), test.want) {
			t.Errorf("%s: got %s, want %s", test.payload, got, test.want)
		}
	}
}

// A request without `to` is answered by the server, who need not say that it is for us; that
// nobody else answers it is what matters.
func TestAccountAsks(t *testing.T) {
	server, accounts := scripted(t, nil)
	a, session, _ := logIn(t, server, accounts)
	for _, from := range []string{"", " from='" + aliceBare + "'", " from='ALICE@example.org'"} {
		answers := make(chan *Stanza, 1)
		err := a.SendIQ(IQ{From: a.JID(), Type: "get", Payload: []byte("<query xmlns='jabber:iq:roster'/>")}, func(s *Stanza, err error) { answers <- s })
		if err != nil {
			t.Fatal(err)
		}
		asked := session.NextFor(t)
		if _, found := asked.LookupAttr("to"); found {
			t.Errorf("got %s, want no to", asked)
		}
		for _, forger := range []string{"mallory@other.org", home, "bob@" + home} {
			say(t, session, "<iq type='result' id='"+asked.Attr("id")+"' from='"+forger+"'><query xmlns='jabber:iq:roster'/></iq>")
		}
		say(t, session, "<iq type='result' id='"+asked.Attr("id")+"'"+from+"><query xmlns='jabber:iq:roster' ver='1'/></iq>")
		if s := await(t, answers, "answer"); s == nil || s.First().Attr("ver") != "1" {
			t.Errorf("answer%s: got %v", from, s)
		}
	}
}
