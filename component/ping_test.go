package component

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/jinglebridge/jinglebridge/internal/element"
	"github.com/jinglebridge/jinglebridge/internal/xmpptest"
)

// onScriptedPipe runs play against a component in a bubble of its own time.
func onScriptedPipe(t *testing.T, play func(t *testing.T, c *Component, l *xmpptest.Link, h *recorder)) {
	synctest.Test(t, func(t *testing.T) {
		c, theirs := onPipe(t)
		c.timing.retry = func(*retries, string, time.Duration) time.Duration { return 24 * time.Hour }
		h := newRecorder()
		stop := run(t, c, h)
		conn := <-theirs
		link, err := xmpptest.Attach(conn, domain, xmpptest.Secret)
		if err != nil {
			t.Fatal(err)
		}
		<-h.links
		play(t, c, link, h)
		link.Close()
		stop()
	})
}

func rawFor(t *testing.T, l *xmpptest.Link) element.Element {
	t.Helper()
	for {
		e, err := l.Raw()
		if err == nil {
			return e
		}
		if !xmpptest.IsTimeout(err) {
			t.Fatal(err)
		}
	}
}

func TestPingProvesTheLink(t *testing.T) {
	onScriptedPipe(t, func(t *testing.T, c *Component, l *xmpptest.Link, _ *recorder) {
		for range 3 {
			e := rawFor(t, l)
			time.Sleep(time.Second) // of the bubble
			if _, proven := c.Up(); time.Since(proven) < time.Second {
				t.Errorf("proven before the answer")
			}
			send(t, l, e.String())
			synctest.Wait()
			if up, proven := c.Up(); !up || time.Since(proven) != 0 {
				t.Errorf("got %v, proven %v ago; want true, now", up, time.Since(proven))
			}
		}
		if c.Twin() {
			t.Error("our own pings were taken for a twin's")
		}
	})
}

func TestDeadLinkIsFoundInTime(t *testing.T) {
	onScriptedPipe(t, func(t *testing.T, c *Component, l *xmpptest.Link, h *recorder) {
		send(t, l, rawFor(t, l).String())
		synctest.Wait()
		begin := time.Now()
		if <-h.links {
			t.Error("got up, want down")
		}
		if took := time.Since(begin); took > 45*time.Second {
			t.Errorf("took %v, want 45s at most", took)
		}
		synctest.Wait()
		if n := testutil.ToFloat64(c.metrics.downs.WithLabelValues("ping")); n != 1 {
			t.Errorf("counted %v, want 1", n)
		}
	})
}

// A server that is stopped for 30 s comes back with all we wrote, and nothing is lost.
func TestStopOf30SecondsIsSurvived(t *testing.T) {
	onScriptedPipe(t, func(t *testing.T, c *Component, l *xmpptest.Link, h *recorder) {
		for range 3 {
			e := rawFor(t, l)
			time.Sleep(30 * time.Second)
			send(t, l, e.String())
			synctest.Wait()
			if up, _ := c.Up(); !up || len(h.links) > 0 {
				t.Fatal("the link went down")
			}
		}
	})
}

func TestBusyHandlerIsNotADeadLink(t *testing.T) {
	onScriptedPipe(t, func(t *testing.T, c *Component, l *xmpptest.Link, h *recorder) {
		h.onGiven = func(*Stanza) { time.Sleep(5 * time.Minute) }
		ping := rawFor(t, l)
		send(t, l, "<message from='a@b' to='"+domain+"'/>")
		time.Sleep(5*time.Minute + time.Second) // the server's buffers hold the ping meanwhile
		send(t, l, ping.String())
		synctest.Wait()
		if up, _ := c.Up(); !up || len(h.links) > 0 {
			t.Error("the link went down")
		}
	})
}

func TestTwinByForeignNonce(t *testing.T) {
	onScriptedPipe(t, func(t *testing.T, c *Component, l *xmpptest.Link, _ *recorder) {
		ping := rawFor(t, l)
		send(t, l, "<iq type='get' id='self-ping:another:1' from='"+domain+"' to='"+domain+"'><ping xmlns='urn:xmpp:ping'/></iq>")
		// A stranger can say that too, but not in our domain's name.
		synctest.Wait()
		if !c.Twin() || testutil.ToFloat64(c.metrics.twin) != 1 {
			t.Error("the twin was not seen")
		}
		for range 40 {
			send(t, l, ping.String())
			time.Sleep(c.timing.ping)
			ping = rawFor(t, l)
		}
		send(t, l, ping.String())
		synctest.Wait()
		if c.Twin() || testutil.ToFloat64(c.metrics.twin) != 0 {
			t.Error("the twin is not forgotten after it has gone")
		}
	})
}

func TestStrangersPingIsNoTwin(t *testing.T) {
	onScriptedPipe(t, func(t *testing.T, c *Component, l *xmpptest.Link, _ *recorder) {
		rawFor(t, l)
		send(t, l, "<iq type='get' id='self-ping:another:1' from='mallory@example.org' to='"+domain+"'><ping xmlns='urn:xmpp:ping'/></iq>")
		if got := rawFor(t, l); got.Attr("type") != "result" {
			t.Errorf("got %s, want a result", got)
		}
		if c.Twin() {
			t.Error("a stranger was taken for a twin")
		}
	})
}

func TestTwinByMissingPings(t *testing.T) {
	onScriptedPipe(t, func(t *testing.T, c *Component, l *xmpptest.Link, h *recorder) {
		pings := 0
		for begin := time.Now(); !c.Twin() && time.Since(begin) < 3*time.Minute; {
			if e, err := l.Raw(); err == nil && e.Name() == "iq" {
				pings++
			}
			// The link lives, but our pings go to somebody else.
			send(t, l, "<message from='a@b' to='"+domain+"'/>")
			<-h.stanzas
		}
		if !c.Twin() || pings < 2 || len(h.links) > 0 {
			t.Errorf("after %d pings: twin %v, want true, and the link up", pings, c.Twin())
		}
	})
}
