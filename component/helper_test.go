package component

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/jinglebridge/jinglebridge/internal/element"
	"github.com/jinglebridge/jinglebridge/internal/xmpptest"
)

const domain = "call.example.org"

// recorder is a Handler that keeps what it is given.
type recorder struct {
	stanzas chan *Stanza
	links   chan bool
	onLink  func(up bool)
	onGiven func(*Stanza)
}

func newRecorder() *recorder {
	return &recorder{stanzas: make(chan *Stanza, 1000), links: make(chan bool, 100)}
}

func (r *recorder) HandleStanza(s *Stanza) {
	r.stanzas <- s
	if r.onGiven != nil {
		r.onGiven(s)
	}
}

func (r *recorder) HandleLink(up bool) {
	r.links <- up
	if r.onLink != nil {
		r.onLink(up)
	}
}

// await takes one value, or fails the test.
func await[T any](t *testing.T, from <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(xmpptest.Wait):
		t.Fatalf("no %s within %v", what, xmpptest.Wait)
		panic("not reached")
	}
}

// testConfig is one that New accepts.
func testConfig(server string) Config {
	return Config{Domain: domain, Server: server, Secret: xmpptest.Secret, Name: "Calls", Version: "1.0",
		Namespaces: []string{"urn:xmpp:jingle:1"}, Log: slog.New(slog.DiscardHandler)}
}

func newComponent(t *testing.T, cfg Config) *Component {
	t.Helper()
	c, err := New(cfg)
	if err != nil {
		t.Fatalf("new: %v", err)
	}
	c.timing.retry = func(*retries, string, time.Duration) time.Duration { return time.Millisecond }
	return c
}

// run runs c until the test ends, and waits for its end.
func run(t *testing.T, c *Component, h Handler) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx, h) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := await(t, ended, "end of Run"); err != nil {
			t.Errorf("run: got %v, want nil", err)
		}
	}
	t.Cleanup(stop)
	return stop
}

// attached makes a component that is attached to a scripted server.
func attached(t *testing.T, edit func(*Config), early func(*Component)) (*Component, *xmpptest.Link, *recorder) {
	t.Helper()
	server := xmpptest.ListenFor(t, domain)
	cfg := testConfig(server.URL())
	if edit != nil {
		edit(&cfg)
	}
	c, h := newComponent(t, cfg), newRecorder()
	if early != nil {
		early(c)
	}
	run(t, c, h)
	link := server.AcceptFor(t)
	if !await(t, h.links, "link") {
		t.Fatal("first word of the link: got down, want up")
	}
	return c, link, h
}

func send(t *testing.T, l *xmpptest.Link, text string) {
	t.Helper()
	if err := l.Write(text); err != nil {
		t.Fatalf("write: %v", err)
	}
}

// wantNext compares the next stanza that the component sends.
func wantNext(t *testing.T, l *xmpptest.Link, want string) {
	t.Helper()
	got := l.NextFor(t)
	w, err := element.Parse([]byte(want), NS, element.Limits{})
	if err != nil {
		t.Fatalf("want %q: %v", want, err)
	}
	if d := xmpptest.Differ(got, w); d != "" {
		t.Errorf("got  %s\nwant %s\n%s", got, want, d)
	}
}

func rejected(c *Component, reason string) int {
	return int(testutil.ToFloat64(c.metrics.rejected.WithLabelValues(reason)))
}

func limited(c *Component, limit string) int {
	return int(testutil.ToFloat64(c.metrics.limitedBy.WithLabelValues(limit)))
}
