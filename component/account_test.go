package component

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
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

// A socket of this machine needs no TLS, and gets it where the server has it.
func TestLoginOverUnixSocket(t *testing.T) {
	ca := xmpptest.CAFor(t)
	cert := ca.CertifyFor(t, home)
	for _, certificate := range []*tls.Certificate{nil, &cert} {
		path := filepath.Join(t.TempDir(), "xmpp")
		listener, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() {
			c, err := listener.Accept()
			if err == nil {
				_, err = (&xmpptest.Accounts{Domain: home, Password: password, Certificate: certificate}).Serve(c)
			}
			ended <- err
		}()
		accounts := newAccounts(t, AccountDomain{Domain: home, Server: "unix://" + path, Roots: ca.Pool()})
		if err := accounts.Check(t.Context(), aliceBare, password); err != nil {
			t.Errorf("got %v", err)
		}
		if err := await(t, ended, "end of the server"); err != nil {
			t.Errorf("the server: %v", err)
		}
		listener.Close()
	}
}

// The next of a domain's servers is asked when one is not there, or does not speak TLS.
func TestNextTarget(t *testing.T) {
	server, accounts := scripted(t, nil)
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody.Close()
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	go func() {
		if c, err := plain.Accept(); err == nil {
			io.WriteString(c, "<stream:error/>")
			c.Close()
		}
	}()
	d := accounts.domains[home]
	d.server = nil
	d.lookup = func(_ context.Context, service, _, _ string) (string, []*net.SRV, error) {
		if service == "xmpps-client" {
			return "", []*net.SRV{srvOf(t, plain.Addr().String())}, nil
		}
		return "", []*net.SRV{srvOf(t, nobody.Addr().String()), srvOf(t, server.Address())}, nil
	}
	if err := outcome(t, server, accounts, aliceBare, password); err != nil {
		t.Errorf("got %v", err)
	}
}

func srvOf(t *testing.T, address string) *net.SRV {
	t.Helper()
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		t.Fatal(err)
	}
	return &net.SRV{Target: at.Addr().String() + ".", Port: at.Port()}
}

// The operator is told once what is wrong and what to do.
func TestComplaints(t *testing.T) {
	var log lockedBuffer
	server, accounts := scripted(t, nil)
	accounts.log = slog.New(slog.NewTextHandler(&log, nil))
	server.Close()
	for range 3 {
		if err := accounts.Check(t.Context(), aliceBare, password); !errors.Is(err, ErrUpstream) {
			t.Errorf("got %v, want %v", err, ErrUpstream)
		}
	}
	if got := log.String(); strings.Count(got, "level=WARN") != 1 || !strings.Contains(got, "connection refused") || !strings.Contains(got, "5222") {
		t.Errorf("got %s", got)
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
