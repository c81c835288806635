package component

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/jinglebridge/jinglebridge/internal/xmpptest"
)

// lockedBuffer takes a log from several goroutines.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestAttachesAgainForEver(t *testing.T) {
	server := xmpptest.ListenFor(t, domain)
	c, h := newComponent(t, testConfig(server.URL())), newRecorder()
	h.onLink = func(up bool) {
		err := c.Send([]byte("<presence from='" + domain + "' to='example.org'/>"))
		if up && err != nil || !up && !errors.Is(err, ErrDown) {
			t.Errorf("send when told %v: got %v", up, err)
		}
	}
	stop := run(t, c, h)
	ends := map[string]func(*xmpptest.Link){
		"closed":          func(l *xmpptest.Link) { l.Close() },
		"system-shutdown": func(l *xmpptest.Link) { l.Write(xmpptest.StreamError("system-shutdown") + "</stream:stream>") },
		"conflict":        func(l *xmpptest.Link) { l.Write(xmpptest.StreamError("conflict")) },
		"stream-error":    func(l *xmpptest.Link) { l.Write(xmpptest.StreamError("made-up")) },
		"framing":         func(l *xmpptest.Link) { l.Write("nonsense<") },
	}
	for _, end := range ends {
		link := server.AcceptFor(t)
		if !await(t, h.links, "link") {
			t.Fatal("got down, want up")
		}
		wantNext(t, link, "<presence from='"+domain+"' to='example.org'/>")
		if up, _ := c.Up(); !up {
			t.Error("Up: got false, want true")
		}
		end(link)
		if await(t, h.links, "link") {
			t.Fatal("got up, want down")
		}
		if up, _ := c.Up(); up {
			t.Error("Up: got true, want false")
		}
		link.Close()
	}
	server.AcceptFor(t) // by now the last end has been counted
	stop()
	for reason := range ends {
		if n := testutil.ToFloat64(c.metrics.downs.WithLabelValues(reason)); n != 1 {
			t.Errorf("%s counted %v times, want once", reason, n)
		}
	}
}

func TestHandshakeFaultsSayWhatToDo(t *testing.T) {
	for _, test := range []struct {
		name, reason, says string
		play               func(net.Conn)
	}{
		{"wrong secret", "not-authorized", "component_secret", func(c net.Conn) { xmpptest.Attach(c, domain, "another-secret") }},
		{"unknown host", "host-unknown", `Component \"call.example.org\"`, greet(xmpptest.StreamError("host-unknown"))},
		{"twin", "conflict", "kick_old", greet(xmpptest.StreamError("conflict"))},
		{"hangs up", "closed", "not attached", func(c net.Conn) { c.Close() }},
		{"another protocol", "other", "not attached", greet("<html/>")},
		{"talks without end", "other", "not attached", func(c net.Conn) {
			for i := 0; i < 100; i++ {
				if _, err := c.Write(bytes.Repeat([]byte(" "), 1024)); err != nil {
					return
				}
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := xmpptest.ListenFor(t, domain)
			cfg := testConfig(server.URL())
			var log lockedBuffer
			cfg.Log = slog.New(slog.NewTextHandler(&log, nil))
			c := newComponent(t, cfg)
			failed := make(chan string, 100)
			c.timing.retry = func(_ *retries, reason string, _ time.Duration) time.Duration {
				failed <- reason
				return time.Hour
			}
			run(t, c, newRecorder())
			conn, err := server.AcceptConn()
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			go test.play(conn)
			if reason := await(t, failed, "failure"); reason != test.reason {
				t.Errorf("got reason %q, want %q", reason, test.reason)
			}
			for !strings.Contains(log.String(), "level=ERROR") {
				time.Sleep(time.Millisecond) // the line follows the wait's choice at once
			}
			if said := log.String(); !strings.Contains(said, test.says) || strings.Count(said, "\n") != 1 || strings.Contains(said, cfg.Secret) {
				t.Errorf("got log %s\nwant one line with %q", said, test.says)
			}
		})
	}
}

// greet opens a stream and says something.
func greet(text string) func(net.Conn) {
	return func(c net.Conn) {
		c.Write([]byte("<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' id='1'>" + text))
	}
}

func TestNobodyListens(t *testing.T) {
	server := xmpptest.ListenFor(t, domain)
	server.Close()
	c := newComponent(t, testConfig(server.URL()))
	failed := make(chan string, 100)
	c.timing.retry = func(_ *retries, reason string, _ time.Duration) time.Duration {
		failed <- reason
		return time.Millisecond
	}
	run(t, c, newRecorder())
	for range 3 {
		if reason := await(t, failed, "failure"); reason != "refused" {
			t.Errorf("got reason %q, want refused", reason)
		}
	}
}

// onPipe makes a component whose server is the other end of a pipe, for synctest.
func onPipe(t *testing.T) (*Component, <-chan net.Conn) {
	c := newComponent(t, testConfig("tcp://127.0.0.1:1"))
	theirs := make(chan net.Conn, 10)
	c.connect = func(context.Context) (net.Conn, error) {
		a, b := net.Pipe()
		theirs <- b
		return a, nil
	}
	return c, theirs
}

func TestHandshakeHasALimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, theirs := onPipe(t)
		failed := make(chan string, 10)
		c.timing.retry = func(_ *retries, reason string, _ time.Duration) time.Duration {
			failed <- reason
			return time.Hour
		}
		begin := time.Now()
		stop := run(t, c, newRecorder())
		conn := <-theirs // and never reads from it
		if reason := <-failed; reason != "timeout" || time.Since(begin) != c.timing.handshake {
			t.Errorf("got %q after %v, want timeout after %v", reason, time.Since(begin), c.timing.handshake)
		}
		conn.Close()
		stop()
	})
}

func TestStopDuringHandshake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, theirs := onPipe(t)
		begin := time.Now()
		stop := run(t, c, newRecorder())
		defer (<-theirs).Close()
		stop()
		if took := time.Since(begin); took != 0 {
			t.Errorf("the end took %v", took)
		}
	})
}

func TestEndSendsWhatWaits(t *testing.T) {
	server := xmpptest.ListenFor(t, domain)
	c, h := newComponent(t, testConfig(server.URL())), newRecorder()
	stop := run(t, c, h)
	link := server.AcceptFor(t)
	await(t, h.links, "link")
	const n = 3000
	for range n {
		if err := c.Send([]byte("<presence type='unavailable' from='a@" + domain + "/x' to='b@example.org'/>")); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	for i := range n {
		if got := link.NextFor(t); got.Attr("type") != "unavailable" {
			t.Fatalf("stanza %d: got %s", i, got)
		}
	}
	if _, err := link.Next(); err == nil || err.Error() != "EOF" {
		t.Errorf("got %v, want the end of the stream", err)
	}
	if await(t, h.links, "link") {
		t.Error("got up, want down")
	}
}

func TestEndDoesNotWaitForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, theirs := onPipe(t)
		h := newRecorder()
		stop := run(t, c, h)
		conn := <-theirs
		if _, err := xmpptest.Attach(conn, domain, xmpptest.Secret); err != nil {
			t.Fatal(err)
		}
		<-h.links
		c.Send(initiateTo("example.org"))
		begin := time.Now()
		stop()
		if took := time.Since(begin); took > c.timing.flush {
			t.Errorf("took %v, want %v at most", took, c.timing.flush)
		}
		conn.Close()
	})
}

func initiateTo(to string) []byte {
	return []byte("<message from='" + domain + "' to='" + to + "'><body>" + strings.Repeat("x", 5000) + "</body></message>")
}

func TestTLSIsVerified(t *testing.T) {
	cert, roots := selfSigned(t)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() { // ends with the listener
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go xmpptest.Attach(conn, domain, xmpptest.Secret)
		}
	}()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	for _, test := range []struct {
		host  string
		roots *x509.CertPool
		want  string // the reason it fails, "" if it must not
	}{
		{"localhost", roots, ""},
		{"127.0.0.1", roots, "certificate"},
		{"localhost", nil, "certificate"},
	} {
		c, h := newComponent(t, testConfig("tls://"+test.host+":"+port)), newRecorder()
		c.roots = test.roots
		failed := make(chan string, 10)
		c.timing.retry = func(_ *retries, reason string, _ time.Duration) time.Duration { failed <- reason; return time.Hour }
		stop := run(t, c, h)
		select {
		case <-h.links:
			if test.want != "" {
				t.Errorf("%+v: attached, want %s", test, test.want)
			}
		case reason := <-failed:
			if reason != test.want {
				t.Errorf("%+v: got %s, want %q", test, reason, test.want)
			}
		}
		stop()
	}
}

// selfSigned makes a certificate for localhost.
func selfSigned(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}
