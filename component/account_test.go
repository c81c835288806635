package component

import (
	"context"
	"crypto/tls"
	"errors"
	"testing"
	"time"

	"github.com/jinglebridge/jinglebridge/internal/xmpptest"
)

const (
	home      = "example.org"
	aliceBare = "alice@" + home
	password  = "correct horse"
)

// accountRecorder is a recorder that keeps the end, too.
type accountRecorder struct {
	*recorder
	ends chan error
}

func newAccountRecorder() *accountRecorder {
	return &accountRecorder{newRecorder(), make(chan error, 10)}
}

func (r *accountRecorder) HandleEnd(err error) { r.ends <- err }

// scripted is a server for accounts of home whose certificate is good.
func scripted(t *testing.T, edit func(*xmpptest.Accounts)) (*xmpptest.Accounts, *Accounts) {
	t.Helper()
	ca := xmpptest.CAFor(t)
	cert := ca.CertifyFor(t, home)
	server := &xmpptest.Accounts{Domain: home, Password: password, Certificate: &cert, Salt: []byte("salt")}
	if edit != nil {
		edit(server)
	}
	server.ListenFor(t)
	address := server.Address()
	if server.Direct {
		address = "tls://" + address
	}
	accounts := newAccounts(t, AccountDomain{Domain: home, Server: address, Roots: ca.Pool()})
	return server, accounts
}

func newAccounts(t *testing.T, d AccountDomain) *Accounts {
	t.Helper()
	a, err := NewAccounts(AccountsConfig{Domains: []AccountDomain{d}, Name: "Calls", Version: "1.0", Namespaces: []string{"urn:xmpp:jingle:1", "jabber:iq:roster"}})
	if err != nil {
		t.Fatal(err)
	}
	a.timing.retry = func(*retries, string, time.Duration) time.Duration { return time.Millisecond }
	return a
}

// logIn logs alice in and starts her session.
func logIn(t *testing.T, server *xmpptest.Accounts, accounts *Accounts) (*Account, *xmpptest.Session, *accountRecorder) {
	t.Helper()
	sessions := make(chan *xmpptest.Session, 1)
	go func() {
		s, err := server.Accept()
		if err != nil {
			t.Errorf("accept: %v", err)
		}
		sessions <- s
	}()
	a, err := accounts.Login(t.Context(), aliceBare, password)
	if err != nil {
		t.Fatalf("login: %v", err)
	}
	t.Cleanup(a.Close)
	session := await(t, sessions, "session")
	if session == nil {
		t.FailNow()
	}
	t.Cleanup(func() { session.Close() })
	h := newAccountRecorder()
	a.Start(h)
	if !await(t, h.links, "link") {
		t.Fatal("first word of the link: got down, want up")
	}
	return a, session, h
}

func TestLogin(t *testing.T) {
	for name, edit := range map[string]func(*xmpptest.Accounts){
		"SCRAM":              nil,
		"channel binding":    func(s *xmpptest.Accounts) { s.Mechanisms = []string{"SCRAM-SHA-256", "SCRAM-SHA-256-PLUS", "PLAIN"} },
		"PLAIN inside TLS":   func(s *xmpptest.Accounts) { s.Mechanisms = []string{"PLAIN", "LOGIN"} },
		"TLS at once":        func(s *xmpptest.Accounts) { s.Direct = true },
		"loopback, no TLS":   func(s *xmpptest.Accounts) { s.Certificate = nil },
		"a salt of one time": func(s *xmpptest.Accounts) { s.Salt = nil },
	} {
		t.Run(name, func(t *testing.T) {
			server, accounts := scripted(t, edit)
			a, session, _ := logIn(t, server, accounts)
			if a.JID() != session.JID || Bare(a.JID()) != aliceBare || session.User != "alice" {
				t.Errorf("got %q, the server says %q", a.JID(), session.JID)
			}
		})
	}
}

// outcome logs in where the server may not see the end of it.
func outcome(t *testing.T, server *xmpptest.Accounts, accounts *Accounts, jid, password string) error {
	t.Helper()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if s, err := server.Accept(); err == nil {
			s.Close()
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), xmpptest.Wait)
	defer cancel()
	a, err := accounts.Login(ctx, jid, password)
	if err == nil {
		a.Close()
	}
	server.Close()
	await(t, ended, "end of the server")
	return err
}

func TestWhoIsNotLetIn(t *testing.T) {
	for _, test := range []struct {
		jid, password string
		want          error
	}{
		{aliceBare, "wrong", ErrCredentials},
		{aliceBare, "", ErrCredentials},
		{aliceBare, "correct\x00horse", ErrCredentials},
		{"alice", password, ErrCredentials},
		{home, password, ErrCredentials},
		{aliceBare + "/x", password, ErrCredentials},
		{"a@b@" + home, password, ErrCredentials},
		{"alice@other.org", password, ErrDomain},
		{"ALICE@EXAMPLE.ORG", password, nil},
	} {
		server, accounts := scripted(t, nil)
		if err := outcome(t, server, accounts, test.jid, test.password); !errors.Is(err, test.want) {
			t.Errorf("%s %q: got %v, want %v", test.jid, test.password, err, test.want)
		}
		if n := accounts.held.Load(); test.want != nil && n != 0 {
			t.Errorf("%s: %d accounts are held", test.jid, n)
		}
	}
}

func TestCertificates(t *testing.T) {
	ca, other := xmpptest.CAFor(t), xmpptest.CAFor(t)
	expired, err := ca.Certify(home, -time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for name, cert := range map[string]tls.Certificate{
		"expired": expired, "of another domain": ca.CertifyFor(t, "example.com"), "of the host": ca.CertifyFor(t, "localhost"), "of another authority": other.CertifyFor(t, home),
	} {
		for _, direct := range []bool{false, true} {
			server := &xmpptest.Accounts{Domain: home, Password: password, Certificate: &cert, Direct: direct}
			server.ListenFor(t)
			address := server.Address()
			if direct {
				address = "tls://" + address
			}
			accounts := newAccounts(t, AccountDomain{Domain: home, Server: address, Roots: ca.Pool()})
			err := outcome(t, server, accounts, aliceBare, password)
			if !errors.Is(err, ErrUpstream) || reasonOf(err) != "certificate" {
				t.Errorf("%s, direct %v: got %v", name, direct, err)
			}
		}
	}
}
