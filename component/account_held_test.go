package component

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/jinglebridge/jinglebridge/internal/xmpptest"
)

func say(t *testing.T, s *xmpptest.Session, text string) {
	t.Helper()
	if err := s.Write(text); err != nil {
		t.Fatalf("write: %v", err)
	}
}

// takeBack lets the next login in and returns its session.
func takeBack(t *testing.T, server *xmpptest.Accounts, h *accountRecorder) *xmpptest.Session {
	t.Helper()
	session := server.AcceptFor(t)
	if !await(t, h.links, "link") {
		t.Fatal("got down, want up")
	}
	return session
}

func TestAccountComesBack(t *testing.T) {
	for name, edit := range map[string]func(*xmpptest.Accounts){
		"keys": nil, "a new salt": func(s *xmpptest.Accounts) { s.Salt = nil }, "PLAIN": func(s *xmpptest.Accounts) { s.Mechanisms = []string{"PLAIN"} },
	} {
		t.Run(name, func(t *testing.T) {
			server, accounts := scripted(t, edit)
			accounts.timing.look = 100 * time.Microsecond // which must not disturb the next login
			a, session, h := logIn(t, server, accounts)
			for range 3 {
				asked := make(chan error, 1)
				if err := a.SendIQ(IQ{From: a.JID(), To: home, Type: "get", Payload: []byte("<x xmlns='u'/>")}, func(_ *Stanza, err error) { asked <- err }); err != nil {
					t.Fatal(err)
				}
				session.NextFor(t)
				session.Close()
				if await(t, h.links, "link") {
					t.Fatal("got up, want down")
				}
				if err := await(t, asked, "answer"); !errors.Is(err, ErrDown) {
					t.Errorf("got %v, want %v", err, ErrDown)
				}
				session = takeBack(t, server, h)
				if session.JID != a.JID() {
					t.Errorf("came back as %q, was %q", session.JID, a.JID())
				}
				if err := a.Send([]byte("<presence from='" + a.JID() + "'/>")); err != nil {
					t.Error(err)
				}
				session.NextFor(t)
			}
			if forgotten := a.who.secret.password == nil; forgotten != (name == "keys") {
				t.Errorf("the password is forgotten: %v", forgotten)
			}
		})
	}
}

// ends loses the link, and waits for the end.
func ends(t *testing.T, a *Account, session *xmpptest.Session, h *accountRecorder, server *xmpptest.Accounts, want error) {
	t.Helper()
	session.Close()
	if await(t, h.links, "link") {
		t.Fatal("got up, want down")
	}
	server.Accept()
	if err := await(t, h.ends, "end"); !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
	if err := a.Send([]byte("<presence from='" + a.JID() + "'/>")); !errors.Is(err, ErrDown) {
		t.Errorf("after the end: got %v, want %v", err, ErrDown)
	}
	if n := a.all.held.Load(); n != 0 {
		t.Errorf("%d accounts are held", n)
	}
}

func TestAccountEnds(t *testing.T) {
	t.Run("another password", func(t *testing.T) {
		server, accounts := scripted(t, nil)
		a, session, h := logIn(t, server, accounts)
		server.Password = "another"
		ends(t, a, session, h, server, ErrCredentials)
	})
	t.Run("another salt, the password forgotten", func(t *testing.T) {
		server, accounts := scripted(t, nil)
		a, session, h := logIn(t, server, accounts)
		session.Close()
		await(t, h.links, "link")
		session = takeBack(t, server, h)
		server.Salt = []byte("another")
		ends(t, a, session, h, server, ErrCredentials)
	})
	t.Run("conflict", func(t *testing.T) {
		server, accounts := scripted(t, nil)
		_, session, h := logIn(t, server, accounts)
		say(t, session, xmpptest.StreamError("conflict"))
		if await(t, h.links, "link") {
			t.Fatal("got up, want down")
		}
		if err := await(t, h.ends, "end"); !errors.Is(err, ErrReplaced) {
			t.Errorf("got %v, want %v", err, ErrReplaced)
		}
	})
}

// The address is what others know: a session under another one would be nobody's.
func TestAccountWantsItsAddressBack(t *testing.T) {
	server, accounts := scripted(t, nil)
	a, session, h := logIn(t, server, accounts)
	server.Edit = at("bind", replaced("/jinglebridge-", "/other-"))
	session.Close()
	if await(t, h.links, "link") {
		t.Fatal("got up, want down")
	}
	server.AcceptFor(t)
	server.Edit = at("bind", says("<iq type='error' id='bind'><error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"))
	server.AcceptFor(t)
	server.Edit = nil
	if session := takeBack(t, server, h); session.JID != a.JID() {
		t.Errorf("came back as %q, was %q", session.JID, a.JID())
	}
}

// PLAIN after SCRAM is a server that wants to know what it did not need to.
func TestNoPlainAfterSCRAM(t *testing.T) {
	server, accounts := scripted(t, nil)
	_, session, h := logIn(t, server, accounts)
	server.Mechanisms = []string{"PLAIN"}
	session.Close()
	await(t, h.links, "link")
	if s, err := server.Accept(); err == nil {
		t.Errorf("%s got in by PLAIN", s.User)
	}
	server.Mechanisms = nil
	takeBack(t, server, h)
}

func TestAccountCloses(t *testing.T) {
	server, accounts := scripted(t, nil)
	a, session, h := logIn(t, server, accounts)
	a.Send([]byte("<presence from='" + a.JID() + "' type='unavailable'/>"))
	a.Close()
	a.Close()
	if got := session.NextFor(t); got.Attr("type") != "unavailable" {
		t.Errorf("got %s, want what was sent before", got)
	}
	if _, err := session.Next(); err != io.EOF {
		t.Errorf("got %v, want the end of the stream", err)
	}
	if err := a.Send([]byte("<presence from='" + a.JID() + "'/>")); !errors.Is(err, ErrDown) {
		t.Errorf("got %v, want %v", err, ErrDown)
	}
	waitReleased(t, accounts)
	if a.who.secret.password != nil || a.who.secret.keys.client != nil {
		t.Error("a secret is remembered")
	}
	if len(h.links)+len(h.stanzas)+len(h.ends) > 0 {
		t.Error("something was delivered after Close")
	}
}

// waitReleased waits until no account is held.
func waitReleased(t *testing.T, accounts *Accounts) {
	t.Helper()
	for deadline := time.Now().Add(xmpptest.Wait); accounts.held.Load() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d accounts are held", accounts.held.Load())
		}
	}
}

func TestAccountClosesBeforeStart(t *testing.T) {
	server, accounts := scripted(t, nil)
	go server.Accept()
	a, err := accounts.Login(t.Context(), aliceBare, password)
	if err != nil {
		t.Fatal(err)
	}
	a.Close()
	a.Start(newAccountRecorder())
	waitReleased(t, accounts)
}

func TestAccountClosesWhileDown(t *testing.T) {
	server, accounts := scripted(t, nil)
	tries := make(chan struct{}, 10)
	accounts.timing.retry = func(*retries, string, time.Duration) time.Duration {
		tries <- struct{}{}
		return time.Hour
	}
	a, session, h := logIn(t, server, accounts)
	session.Close()
	if await(t, h.links, "link") {
		t.Fatal("got up, want down")
	}
	await(t, tries, "try")
	a.Close()
	waitReleased(t, accounts)
}

func TestAccountsAreBounded(t *testing.T) {
	server, accounts := scripted(t, nil)
	accounts.most = 1
	a, _, _ := logIn(t, server, accounts)
	if _, err := accounts.Login(t.Context(), "bob@"+home, password); !errors.Is(err, ErrFull) || !errors.Is(err, ErrUpstream) {
		t.Errorf("got %v, want %v", err, ErrFull)
	}
	a.Close()
	waitReleased(t, accounts)
}

// One account cannot take the room of all.
func TestSessionsOfOneAccountAreBounded(t *testing.T) {
	server, accounts := scripted(t, nil)
	accounts.ofOne = 2
	a, _, _ := logIn(t, server, accounts)
	logIn(t, server, accounts)
	if _, err := accounts.Login(t.Context(), strings.ToUpper(aliceBare), password); !errors.Is(err, ErrFull) {
		t.Errorf("a third session: got %v, want %v", err, ErrFull)
	}
	a.Close()
	for deadline := time.Now().Add(xmpptest.Wait); accounts.held.Load() > 1; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the room of a closed session is not free")
		}
	}
	logIn(t, server, accounts)
}

func TestCheck(t *testing.T) {
	server, accounts := scripted(t, nil)
	ends := make(chan error, 2)
	accept := func() { // the client goes when it is let in
		_, err := server.Accept()
		ends <- err
	}
	go accept()
	if err := accounts.Check(t.Context(), aliceBare, password); err != nil {
		t.Errorf("got %v", err)
	}
	if err := await(t, ends, "end"); err != nil {
		t.Errorf("the server: %v", err)
	}
	go accept()
	if err := accounts.Check(t.Context(), aliceBare, "wrong"); !errors.Is(err, ErrCredentials) {
		t.Errorf("got %v, want %v", err, ErrCredentials)
	}
	await(t, ends, "end")
}

// A stanza too big is refused, and a flood dropped; the session stays.
func TestAccountIsNotDrowned(t *testing.T) {
	server, accounts := scripted(t, nil)
	a, session, h := logIn(t, server, accounts)
	say(t, session, "<message id='big' from='bob@other.org/x'><body>"+strings.Repeat("x", 200_000)+"</body></message>")
	if s := await(t, h.stanzas, "stanza"); s.ID != "big" || s.Size < 200_000 {
		t.Errorf("got %s of %d bytes", s.ID, s.Size)
	}
	say(t, session, "<message id='huge' from='bob@other.org/x'><body>"+strings.Repeat("x", accounts.limits.StanzaIn)+"</body></message>")
	if got := session.NextFor(t); got.Attr("id") != "huge" || got.Attr("type") != "error" {
		t.Errorf("got %.200s, want an error", got)
	}
	h.stanzas = make(chan *Stanza, 10_000)
	flood := strings.Repeat("<message from='mallory@other.org/x' id='m'/>", 5_000)
	say(t, session, flood+"<message from='"+aliceBare+"' id='last'/>")
	for n := 0; ; n++ {
		s := await(t, h.stanzas, "stanza")
		if s.ID == "last" {
			if n > 2*accounts.limits.JIDBurst {
				t.Errorf("%d of a flood were delivered", n)
			}
			break
		}
	}
	if err := a.Send([]byte("<presence from='" + a.JID() + "'/>")); err != nil {
		t.Error(err)
	}
	session.NextFor(t)
}

// What goes wrong is logged with all that is known, but for secrets.
func TestSecretsAreNotTold(t *testing.T) {
	var log lockedBuffer
	server, accounts := scripted(t, func(s *xmpptest.Accounts) { s.Mechanisms = []string{"PLAIN"} })
	accounts.log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	a, session, h := logIn(t, server, accounts)
	say(t, session, "<stream:error><undefined-condition xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>"+password+"</text></stream:error>")
	await(t, h.links, "link")
	session = takeBack(t, server, h)
	say(t, session, "<?"+password+"?>")
	await(t, h.links, "link")
	session = takeBack(t, server, h)
	fmt.Fprintf(&log, "%v %+v %#v %s %x", a.who.secret, a.who, a.who.secret, a.who.secret, a.who.secret)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("secret", "secret", a.who.secret)
	server.Password = "another one"
	session.Close()
	await(t, h.links, "link")
	server.Accept()
	fmt.Fprint(&log, await(t, h.ends, "end"))
	if !strings.Contains(log.String(), "account not attached") || !strings.Contains(log.String(), hidden) {
		t.Errorf("want a log, got %s", log.String())
	}
	for _, forbidden := range []string{password, strings.Fields(password)[1], "AGFsaWNl", fmt.Sprintf("%x", password)} {
		if bytes.Contains([]byte(log.String()), []byte(forbidden)) {
			t.Errorf("%q is in the log:\n%s", forbidden, log.String())
		}
	}
}

// A link that nobody answers on is given up; one that is only quiet is not.
func TestDeadAccountLinkIsFound(t *testing.T) {
	server, accounts := scripted(t, nil)
	accounts.timing.look, accounts.timing.idle, accounts.timing.pingWait = time.Millisecond, 5*time.Millisecond, 300*time.Millisecond
	a, session, h := logIn(t, server, accounts)
	for pings := 0; pings < 5; {
		e, err := session.Raw()
		if err != nil {
			t.Fatal(err)
		}
		if e.Child(nsPing, "ping").Exists() {
			pings++
		}
		if err := session.Write("<iq type='error' id='" + e.Attr("id") + "' from='" + e.Attr("to") + "'/>"); err != nil {
			t.Fatal(err)
		}
	}
	if len(h.links) > 0 {
		t.Fatal("a server that answers was taken for dead")
	}
	if await(t, h.links, "link") {
		t.Fatal("got up, want down")
	}
	if got := testutil.ToFloat64(accounts.metrics.downs.WithLabelValues("ping")); got != 1 {
		t.Errorf("%v links were lost for want of an answer, want 1", got)
	}
	session = takeBack(t, server, h)
	if session.JID != a.JID() {
		t.Errorf("came back as %q, was %q", session.JID, a.JID())
	}
}

// A Handler that blocks holds its server back, and is not taken for a dead link.
func TestBusyAccountHandlerIsNotADeadLink(t *testing.T) {
	server, accounts := scripted(t, nil)
	accounts.timing.look, accounts.timing.idle, accounts.timing.pingWait = time.Millisecond, time.Millisecond, 20*time.Millisecond
	_, session, h := logIn(t, server, accounts)
	pings := make(chan struct{}, 1000)
	h.onGiven = func(*Stanza) {
		for range 50 { // as many looks as would have ended it
			<-pings
		}
	}
	say(t, session, "<message from='bob@other.org/x'/>")
	for range 50 {
		e, err := session.Raw()
		if err != nil {
			t.Fatalf("the link was given up: %v", err)
		}
		session.Write("<iq type='result' id='" + e.Attr("id") + "' from='" + e.Attr("to") + "'/>")
		pings <- struct{}{}
	}
	await(t, h.stanzas, "stanza")
	if len(h.links) > 0 {
		t.Error("the link was given up")
	}
}

// A session that is closed is waited for: what it said last is with its server then.
func TestAccountsDrain(t *testing.T) {
	server, accounts := scripted(t, nil)
	a, session, _ := logIn(t, server, accounts)
	limited, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if accounts.Drain(limited); limited.Err() == nil {
		t.Error("nobody has gone, and it does not wait")
	}
	if err := a.Send([]byte("<presence from='" + a.JID() + "' type='unavailable'/>")); err != nil {
		t.Fatal(err)
	}
	a.Close()
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		accounts.Drain(t.Context())
	}()
	for {
		e, err := session.Next()
		if err != nil {
			t.Fatalf("the server has not heard that she goes: %v", err)
		}
		if e.Name() == "presence" && e.Attr("type") == "unavailable" {
			break
		}
	}
	session.Close()
	await(t, drained, "end of the session")
}
