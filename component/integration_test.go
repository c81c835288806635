//go:build integration

package component

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/jinglebridge/jinglebridge/internal/element"
	"github.com/jinglebridge/jinglebridge/internal/xmpptest"
)

const realDomain = "call.localhost"

// realServer is what the tests need of Prosody and of ejabberd.
type realServer interface {
	Start() error
	Stop() error
	Kill() error
	Restart() error
	Pause() error
	Resume() error
}

type real struct {
	realServer
	name, client, component string
}

// TestIntegration runs on both servers at once, each started once; a server that takes
// stanzas of the last test late must not disturb the next.
func TestIntegration(t *testing.T) {
	t.Run("prosody", func(t *testing.T) {
		t.Parallel()
		p := xmpptest.ProsodyFor(t, xmpptest.ServerConfig{})
		onReal(t, real{p, "prosody", p.Client, p.Component})
	})
	t.Run("ejabberd", func(t *testing.T) {
		t.Parallel()
		e := xmpptest.EjabberdFor(t, xmpptest.ServerConfig{})
		onReal(t, real{e, "ejabberd", e.Client, e.Component})
	})
}

func onReal(t *testing.T, s real) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, real)
	}{
		{"answers", realAnswers},
		{"latency", realLatency},
		{"wrong secret and domain", realWrongSecretAndDomain},
		{"odd addresses go out", realOddAddressesGoOut},
		{"foreign from would end the link", realForeignFrom},
		{"hostile stanzas", realHostileStanzas},
		{"twin", realTwin},
		{"server returns", realServerReturns},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, s) })
	}
}

// attachReal makes a component that is attached to a real server, with the usual waits.
func attachReal(t *testing.T, s real, edit func(*Config)) (*Component, *recorder) {
	t.Helper()
	c, h := newReal(t, s, edit)
	run(t, c, h)
	if !await(t, h.links, "link") {
		t.Fatal("got down, want up")
	}
	return c, h
}

func newReal(t *testing.T, s real, edit func(*Config)) (*Component, *recorder) {
	t.Helper()
	cfg := testConfig(s.component)
	cfg.Domain = realDomain
	if edit != nil {
		edit(&cfg)
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c, newRecorder()
}

func ups(c *Component) int { return int(testutil.ToFloat64(c.metrics.ups)) }

func realAnswers(t *testing.T, s real) {
	c, h := attachReal(t, s, nil)
	alice := xmpptest.LoginFor(t, s.client, "alice@localhost/x", "secret")
	for _, to := range []string{realDomain, "bob@" + realDomain, "bob@" + realDomain + "/tab"} {
		if err := alice.Ping(to); err != nil {
			t.Error(err)
		}
		if _, err := alice.IQ("get", to, "<query xmlns='http://jabber.org/protocol/disco#info'/>"); err != nil {
			t.Error(err)
		}
		if e, err := alice.IQ("set", to, "<x xmlns='urn:nobody'/>"); err == nil || !strings.Contains(e.String(), "service-unavailable") {
			t.Errorf("unknown request to %s: got %s", to, e)
		}
	}
	answers := make(chan *Stanza, 1)
	err := c.SendIQ(IQ{From: "bob@" + realDomain + "/tab", To: "Alice@LOCALHOST/x", Type: "get", Payload: []byte("<ping xmlns='urn:xmpp:ping'/>")},
		func(s *Stanza, err error) { answers <- s })
	if err != nil {
		t.Fatal(err)
	}
	asked, err := alice.Until(xmpptest.Wait, func(e element.Element) bool { return e.Attr("type") == "get" })
	if err != nil {
		t.Fatal(err)
	}
	alice.Send("<iq type='result' id='" + asked.Attr("id") + "' to='" + asked.Attr("from") + "'/>")
	if got := await(t, answers, "answer"); got == nil || got.Type != "result" {
		t.Errorf("got %v, want alice's answer", got)
	}
	if up, proven := c.Up(); !up || proven.IsZero() {
		t.Errorf("got up %v, proven %v; want a ping to ourselves to have come back", up, proven)
	}
	if c.Twin() || len(h.links) > 0 {
		t.Error("saw a twin, or a change of the link")
	}
}

// Nothing an ordinary account can send ends the link, or keeps others from it.
func realHostileStanzas(t *testing.T, s real) {
	c, h := attachReal(t, s, func(cfg *Config) { cfg.Limits = Limits{PerJID: 1e6, JIDBurst: 1e6, PerDomain: 1e6, DomainBurst: 1e6} })
	h.stanzas = make(chan *Stanza, 100_000)
	h.onGiven = func(s *Stanza) {
		if s.Name() == "iq" {
			c.sendError(s, unavailable)
		}
	}
	bob := xmpptest.LoginFor(t, s.client, "bob@localhost/x", "secret")
	n := 0
	attack := xmpptest.Attack{Address: s.client, Account: "alice@localhost", Password: "secret", To: realDomain, User: "victim@" + realDomain + "/tab", Ejabberd: s.name == "ejabberd"}
	sent := attack.Run(t, func(what xmpptest.Hostile) {
		if ups(c) != 1 || len(h.links) > 0 {
			t.Fatalf("%s ended the link", what.Name)
		}
		if n++; n%20 == 0 {
			if err := bob.Ping(realDomain); err != nil {
				t.Fatalf("after %s: %v", what.Name, err)
			}
		}
	})
	if err := bob.Ping(realDomain); err != nil {
		t.Fatal(err)
	}
	if got := testutil.ToFloat64(c.metrics.panics); got != 0 {
		t.Errorf("%v panics", got)
	}
	if c.Twin() {
		t.Error("a twin was seen, want none")
	}
	t.Logf("%d hostile stanzas sent, %d reached the handler", sent, len(h.stanzas))
}

// Whatever goes out must not end the link either: what we answer to odd addresses, and
// what a browser may name.
func realOddAddressesGoOut(t *testing.T, s real) {
	c, h := attachReal(t, s, nil)
	for _, local := range []string{"", "a", "I♥NY", "Ⅳ", "a\u200db", "\u1100", "\U0001f600", "\u0378", "א1a", "FoO", "ß", "%00", "..", strings.Repeat("l", 1023), "a b", "a'b", "a@b", "a\tb", "\x7f", "\u00a0", "\u2028", "\ufffd"} {
		for _, resource := range []string{"", "x", "\u1100", " ", "\u202e", "b@c/d", strings.Repeat("r", 1023), "\ufffd", "\u00a0"} {
			for _, turned := range []bool{false, true} {
				ours, theirs := jidOf(local, realDomain, resource), jidOf(local, "localhost", resource)
				if turned {
					ours = "plain@" + realDomain + "/tab"
				} else {
					theirs = "alice@localhost"
				}
				var w element.Writer
				w.Start(NS, "message")
				w.Attr("from", ours)
				w.Attr("to", theirs)
				w.Leaf(NS, "body", "x")
				w.End()
				_ = c.Send(w.Bytes()) // refused, or harmless
			}
		}
	}
	carol := xmpptest.LoginFor(t, s.client, "carol@localhost/x", "secret")
	if err := carol.Ping(realDomain); err != nil {
		t.Error(err)
	}
	if ups(c) != 1 || len(h.links) > 0 {
		t.Error("an address of ours ended the link")
	}
}

func jidOf(local, domain, resource string) string {
	if local != "" {
		domain = local + "@" + domain
	}
	if resource != "" {
		domain += "/" + resource
	}
	return domain
}

// What we refuse to send does end the link: the check is needed, and the link returns.
func realForeignFrom(t *testing.T, s real) {
	c, h := attachReal(t, s, nil)
	if err := c.out.push([]byte("<message from='alice@localhost/x' to='bob@localhost'/>"), nil); err != nil {
		t.Fatal(err)
	}
	if await(t, h.links, "link") || !await(t, h.links, "link") {
		t.Error("want the link to end, and to return")
	}
}

// Calls work again within five seconds of the server's return, however it went.
func realServerReturns(t *testing.T, s real) {
	c, h := attachReal(t, s, nil)
	for name, end := range map[string]func() error{"stop": s.Stop, "kill": s.Kill} {
		if err := end(); err != nil {
			t.Fatal(err)
		}
		if await(t, h.links, "link") {
			t.Fatalf("%s: got up, want down", name)
		}
		if err := c.Send([]byte("<presence from='" + realDomain + "' to='localhost'/>")); !errors.Is(err, ErrDown) {
			t.Errorf("%s: got %v, want %v", name, err, ErrDown)
		}
		if err := s.Start(); err != nil {
			t.Fatal(err)
		}
		back := time.Now()
		if !await(t, h.links, "link") {
			t.Fatalf("%s: got down, want up", name)
		}
		took := time.Since(back)
		if took > 5*time.Second {
			t.Errorf("%s: back after %v, want 5s at most", name, took)
		}
		t.Logf("%s: back %v after the server", name, took.Round(time.Millisecond))
	}
}

// Prosody lets the newer of two bridges in and throws the older out (kick_old); both
// come back ever more slowly. ejabberd lets both in, and each sees the other.
func realTwin(t *testing.T, s real) {
	first, h := newReal(t, s, nil)
	ended := make(chan string, 10)
	first.timing.retry = func(_ *retries, reason string, _ time.Duration) time.Duration {
		ended <- reason
		return time.Hour
	}
	run(t, first, h)
	await(t, h.links, "link")
	if s.name == "prosody" {
		attachReal(t, s, nil)
		if got := await(t, ended, "end"); got != "conflict" {
			t.Errorf("the first ended by %s, want conflict", got)
		}
		return
	}
	second, _ := attachReal(t, s, nil)
	for begin := time.Now(); !first.Twin() && !second.Twin(); second.ping() {
		if time.Since(begin) > xmpptest.Wait {
			t.Fatal("neither saw the other")
		}
		first.ping()
		time.Sleep(10 * time.Millisecond)
	}
}

// A stock Prosody sends our second small stanza without the 40 ms that its Nagle and our
// delayed acknowledgement of the first would cost together.
func realLatency(t *testing.T, s real) {
	_, h := attachReal(t, s, func(cfg *Config) { cfg.Limits.JIDBurst = 1000 })
	alice := xmpptest.LoginFor(t, s.client, "alice@localhost/x", "secret")
	var took []time.Duration
	for range 60 {
		if err := alice.Send("<message to='" + realDomain + "'/>"); err != nil {
			t.Fatal(err)
		}
		await(t, h.stanzas, "message") // which nothing answers
		begin := time.Now()
		if err := alice.Ping(realDomain); err != nil {
			t.Fatal(err)
		}
		took = append(took, time.Since(begin))
	}
	slices.Sort(took)
	t.Logf("ping after a message: median %v, worst %v", took[30], took[59])
	if took[30] > 30*time.Millisecond {
		t.Errorf("half of the pings took more than %v: is TCP_QUICKACK set?", took[30])
	}
}

func realWrongSecretAndDomain(t *testing.T, s real) {
	for _, test := range []struct{ domain, secret, want string }{
		{realDomain, "not the secret of it", "not-authorized"},
		{"nobody.localhost", xmpptest.Secret, map[string]string{"prosody": "host-unknown", "ejabberd": "not-authorized"}[s.name]},
	} {
		cfg := testConfig(s.component)
		cfg.Domain, cfg.Secret = test.domain, test.secret
		c := newComponent(t, cfg)
		failed := make(chan string, 100)
		c.timing.retry = func(_ *retries, reason string, _ time.Duration) time.Duration { failed <- reason; return time.Hour }
		run(t, c, newRecorder())
		if got := await(t, failed, "failure"); got != test.want {
			t.Errorf("%s: got %s, want %s", test.domain, got, test.want)
		}
	}
}
