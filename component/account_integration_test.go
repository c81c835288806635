//go:build integration

package component

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jinglebridge/jinglebridge/internal/xmpptest"
)

// TestIntegrationAccounts logs in at both servers, who let nobody in without TLS.
func TestIntegrationAccounts(t *testing.T) {
	ca := xmpptest.CAFor(t)
	cert := ca.CertifyFor(t, "localhost")
	t.Run("prosody", func(t *testing.T) {
		t.Parallel()
		p := xmpptest.ProsodyFor(t, xmpptest.ServerConfig{Certificate: &cert})
		onRealAccounts(t, ca, realAccounts{p, p.Client})
	})
	t.Run("ejabberd", func(t *testing.T) {
		t.Parallel()
		e := xmpptest.EjabberdFor(t, xmpptest.ServerConfig{Certificate: &cert})
		onRealAccounts(t, ca, realAccounts{e, e.Client})
	})
	t.Run("prosody, as it is set up", func(t *testing.T) {
		t.Parallel()
		realSetups(t, ca, cert)
		realKeys(t, ca, cert)
	})
}

type realAccounts struct {
	realServer
	client string
}

func onRealAccounts(t *testing.T, ca *xmpptest.CA, s realAccounts) {
	accounts := newAccounts(t, AccountDomain{Domain: "localhost", Server: s.client, Roots: ca.Pool()})
	accounts.timing.retry = func(*retries, string, time.Duration) time.Duration { return 100 * time.Millisecond }
	for _, test := range []struct {
		name string
		run  func(*testing.T, *Accounts, realAccounts)
	}{
		{"who gets in", realWhoGetsIn},
		{"two accounts talk", realTalk},
		{"carbons", realCarbons},
		{"flood", realFlood},
		{"server returns", realAccountReturns},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, accounts, s) })
	}
	other := newAccounts(t, AccountDomain{Domain: "localhost", Server: s.client, Roots: xmpptest.CAFor(t).Pool()})
	if err := other.Check(t.Context(), "alice@localhost", "secret"); reasonOf(err) != "certificate" {
		t.Errorf("another authority: got %v", err)
	}
}

func realWhoGetsIn(t *testing.T, accounts *Accounts, _ realAccounts) {
	for _, test := range []struct {
		jid, password string
		want          error
	}{
		{"alice@localhost", "secret", nil}, {"ALICE@LOCALHOST", "secret", nil},
		{"alice@localhost", "wrong", ErrCredentials}, {"nobody@localhost", "secret", ErrCredentials},
	} {
		if err := accounts.Check(t.Context(), test.jid, test.password); !errors.Is(err, test.want) {
			t.Errorf("%s %q: got %v, want %v", test.jid, test.password, err, test.want)
		}
	}
}

// hold logs in and starts a session, and makes it available.
func hold(t *testing.T, accounts *Accounts, name string) (*Account, *accountRecorder) {
	t.Helper()
	a, err := accounts.Login(t.Context(), name+"@localhost", "secret")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	h := newAccountRecorder()
	a.Start(h)
	if !await(t, h.links, "link") {
		t.Fatal("got down, want up")
	}
	if err := a.Send([]byte("<presence from='" + a.JID() + "'><priority>0</priority></presence>")); err != nil {
		t.Fatal(err)
	}
	asks(t, a) // the presence is known now
	return a, h
}

// asks gets the roster, and returns what came.
func asks(t *testing.T, a *Account) *Stanza {
	t.Helper()
	answers := make(chan *Stanza, 1)
	err := a.SendIQ(IQ{From: a.JID(), Type: "get", Payload: []byte("<query xmlns='jabber:iq:roster'/>")}, func(s *Stanza, err error) { answers <- s })
	if err != nil {
		t.Fatal(err)
	}
	s := await(t, answers, "roster")
	if s == nil || s.Type != "result" {
		t.Fatalf("got %v, want a roster", s)
	}
	return s
}

// until returns the first stanza that match accepts.
func until(t *testing.T, h *accountRecorder, match func(*Stanza) bool) *Stanza {
	t.Helper()
	for {
		if s := await(t, h.stanzas, "stanza"); match(s) {
			return s
		}
	}
}

func realTalk(t *testing.T, accounts *Accounts, _ realAccounts) {
	alice, heard := hold(t, accounts, "alice")
	bob, _ := hold(t, accounts, "bob")
	for _, to := range []string{alice.JID(), "alice@localhost"} {
		if err := bob.Send([]byte("<message type='chat' id='m1' from='" + bob.JID() + "' to='" + to + "'><body>" + strings.Repeat("x", 200_000) + "</body></message>")); !errors.Is(err, ErrTooBig) {
			t.Errorf("200 kB: got %v, want %v", err, ErrTooBig)
		}
		if err := bob.Send([]byte("<message type='chat' id='m1' from='" + bob.JID() + "' to='" + to + "'><body>" + strings.Repeat("x", 100_000) + "</body></message>")); err != nil {
			t.Fatal(err)
		}
		s := until(t, heard, func(s *Stanza) bool { return s.ID == "m1" && s.Child(s.Space(), "body").Exists() })
		if s.From != bob.JID() || s.To != alice.JID() || s.Size < 100_000 {
			t.Errorf("got %d bytes from %q to %q", s.Size, s.From, s.To)
		}
	}
	info := make(chan *Stanza, 1)
	err := bob.SendIQ(IQ{From: bob.JID(), To: alice.JID(), Type: "get", Payload: []byte("<query xmlns='" + nsDiscoInfo + "'/>")}, func(s *Stanza, _ error) { info <- s })
	if err != nil {
		t.Fatal(err)
	}
	if s := await(t, info, "disco#info"); s == nil || !strings.Contains(s.String(), "urn:xmpp:jingle-message:0") {
		t.Errorf("got %v", s)
	}
}

// What another session of the account says, its carbon tells.
func realCarbons(t *testing.T, accounts *Accounts, _ realAccounts) {
	one, _ := hold(t, accounts, "alice")
	_, heard := hold(t, accounts, "alice")
	bob, _ := hold(t, accounts, "bob")
	if err := one.Send([]byte("<message type='chat' id='c1' from='" + one.JID() + "' to='" + bob.JID() + "'><body>hi</body></message>")); err != nil {
		t.Fatal(err)
	}
	s := until(t, heard, func(s *Stanza) bool { return s.Child("urn:xmpp:carbons:2", "sent").Exists() })
	if s.From != "alice@localhost" {
		t.Errorf("got a carbon from %q", s.From)
	}
	roster := IQ{From: one.JID(), Type: "set", Payload: []byte("<query xmlns='jabber:iq:roster'><item jid='carol@localhost'/></query>")}
	if err := one.SendIQ(roster, nil); err != nil {
		t.Fatal(err)
	}
	push := until(t, heard, func(s *Stanza) bool { return s.Name() == "iq" && s.Type == "set" })
	if push.From != "alice@localhost" || !strings.Contains(push.String(), "carol@localhost") {
		t.Errorf("got %s, want a roster push", push)
	}
}

func realFlood(t *testing.T, accounts *Accounts, _ realAccounts) {
	alice, heard := hold(t, accounts, "alice")
	heard.stanzas = make(chan *Stanza, 10_000)
	bob, _ := hold(t, accounts, "bob")
	sent := 0
	for begin := time.Now(); sent < 1000 && time.Since(begin) < xmpptest.Wait; {
		switch err := bob.Send(fmt.Appendf(nil, "<message id='f%d' from='%s' to='%s'/>", sent, bob.JID(), alice.JID())); {
		case err == nil:
			sent++
		case errors.Is(err, ErrFull):
			asks(t, bob)
		default:
			t.Fatal(err)
		}
	}
	asks(t, bob)
	asks(t, alice)
	if n := len(heard.stanzas); n < accounts.limits.JIDBurst || n == sent {
		t.Errorf("%d of %d were delivered, want some and not all", n, sent)
	}
}

func realAccountReturns(t *testing.T, accounts *Accounts, s realAccounts) {
	a, h := hold(t, accounts, "alice")
	if err := errors.Join(s.Kill(), s.Start()); err != nil {
		t.Fatal(err)
	}
	if await(t, h.links, "link") {
		t.Fatal("got up, want down")
	}
	select {
	case up := <-h.links:
		if !up {
			t.Fatal("got down again")
		}
	case err := <-h.ends:
		t.Fatalf("ended: %v", err)
	case <-time.After(2 * xmpptest.Wait):
		t.Fatal("did not come back")
	}
	asks(t, a)
	// The address is the one that others know: what they send arrives.
	bob, _ := hold(t, accounts, "bob")
	if err := bob.Send([]byte("<message id='back' from='" + bob.JID() + "' to='" + a.JID() + "'/>")); err != nil {
		t.Fatal(err)
	}
	until(t, h, func(s *Stanza) bool { return s.ID == "back" && s.From == bob.JID() })
}

// realSetups are the ways to set up a server that make a difference to who logs in.
func realSetups(t *testing.T, ca *xmpptest.CA, cert tls.Certificate) {
	expired, err := ca.Certify("localhost", -time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	foreign := ca.CertifyFor(t, "example.com")
	for _, test := range []struct {
		name  string
		cert  *tls.Certificate
		extra string
		want  error
		why   string
	}{
		{"SCRAM only", &cert, `disable_sasl_mechanisms = { "PLAIN" }`, nil, ""},
		{"PLAIN only", &cert, `disable_sasl_mechanisms = { "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS" }`, nil, ""},
		{"TLS 1.2", &cert, `c2s_ssl = { protocol = "tlsv1_2" }`, nil, ""},
		{"no TLS", nil, "", nil, ""},
		{"expired", &expired, "", ErrUpstream, "certificate"},
		{"of another domain", &foreign, "", ErrUpstream, "certificate"},
	} {
		p := xmpptest.ProsodyFor(t, xmpptest.ServerConfig{Certificate: test.cert, Extra: test.extra})
		accounts := newAccounts(t, AccountDomain{Domain: "localhost", Server: p.Client, Roots: ca.Pool()})
		err := accounts.Check(t.Context(), "alice@localhost", "secret")
		if !errors.Is(err, test.want) || test.why != "" && reasonOf(err) != test.why {
			t.Errorf("%s: got %v, want %v %s", test.name, err, test.want, test.why)
		}
		if version := tlsVersion(t, accounts); test.name == "TLS 1.2" && version != tls.VersionTLS12 {
			t.Errorf("%s: spoke %s", test.name, tls.VersionName(version))
		}
		if err := accounts.Check(t.Context(), "alice@localhost", "wrong"); test.want == nil && !errors.Is(err, ErrCredentials) {
			t.Errorf("%s, wrong password: got %v", test.name, err)
		}
	}
}

// tlsVersion is what was spoken with a server, 0 for nothing.
func tlsVersion(t *testing.T, accounts *Accounts) uint16 {
	t.Helper()
	who, err := accounts.whoIs("alice@localhost", "secret")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), xmpptest.Wait)
	defer cancel()
	l, err := accounts.authenticate(ctx, who)
	if err != nil || l.secure == nil {
		return 0
	}
	defer l.conn.Close()
	return l.secure.Version
}

// realKeys: at a server that keeps SCRAM's keys, the keys we have are enough to come back.
func realKeys(t *testing.T, ca *xmpptest.CA, cert tls.Certificate) {
	p := xmpptest.ProsodyFor(t, xmpptest.ServerConfig{Certificate: &cert, Extra: `authentication = "internal_hashed"`})
	accounts := newAccounts(t, AccountDomain{Domain: "localhost", Server: p.Client, Roots: ca.Pool()})
	accounts.timing.retry = func(*retries, string, time.Duration) time.Duration { return 20 * time.Millisecond }
	a, h := hold(t, accounts, "alice")
	for range 2 {
		if err := p.Restart(); err != nil {
			t.Fatal(err)
		}
		if await(t, h.links, "link") || !await(t, h.links, "link") {
			t.Fatal("want the link to go and to come back")
		}
		asks(t, a)
	}
	if a.who.secret.password != nil {
		t.Error("the password is still known, though its keys are enough")
	}
}
