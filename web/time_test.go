package web

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// pipes is a listener without a network, so that a test's clock knows when all wait.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1)} }

func (p pipes) Close() error {
	select {
	case <-p.done:
	default:
		close(p.done)
	}
	return nil
}

// inTime runs a test with a Server in a bubble where time goes by when all wait.
func inTime(t *testing.T, test func(s *Server, bridge *bridge, dial func() *websocket.Conn)) {
	synctest.Test(t, func(t *testing.T) {
		bridge := newBridge()
		s, err := New(Config{Handler: bridge})
		if err != nil {
			t.Fatal(err)
		}
		ln := pipes{make(chan net.Conn), make(chan struct{})}
		go s.Serve(t.Context(), ln)
		dialer := websocket.Dialer{NetDialContext: func(context.Context, string, string) (net.Conn, error) {
			here, there := net.Pipe()
			ln.conns <- there
			return here, nil
		}}
		test(s, bridge, func() *websocket.Conn {
			conn, _, err := dialer.Dial("ws://call.example.org/", nil)
			if err != nil {
				t.Fatal(err)
			}
			return conn
		})
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		s.Shutdown(ctx)
	})
}

// reads reads until the socket is closed, and says with which code and after how long.
func reads(conn *websocket.Conn) (code int, after time.Duration) {
	started := time.Now()
	for {
		if _, _, err := conn.ReadMessage(); err != nil {
			var closed *websocket.CloseError
			if errors.As(err, &closed) {
				code = closed.Code
			}
			conn.Close()
			return code, time.Since(started)
		}
	}
}

func TestLoginTimeout(t *testing.T) {
	inTime(t, func(s *Server, _ *bridge, dial func() *websocket.Conn) {
		code, after := reads(dial())
		if code != 4003 || after != time.Minute {
			t.Errorf("got %d after %v, want 4003 after a minute", code, after)
		}
		if got := testutil.ToFloat64(s.metrics.limited.WithLabelValues("login_timeout")); got != 1 {
			t.Errorf("got %v in the metrics", got)
		}
	})
}

// TestIdle: one who is logged in may be silent for ever, as long as pings are answered.
func TestIdle(t *testing.T) {
	inTime(t, func(s *Server, _ *bridge, dial func() *websocket.Conn) {
		conn := dial()
		conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"login","name":"x"}`))
		time.AfterFunc(time.Hour, func() {
			conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""), time.Now().Add(time.Second))
		})
		if code, after := reads(conn); after != time.Hour || code != 1000 {
			t.Errorf("got %d after %v, want 1000 after an hour", code, after)
		}
	})
}

func TestNoPong(t *testing.T) {
	inTime(t, func(s *Server, bridge *bridge, dial func() *websocket.Conn) {
		conn := dial()
		pings := 0
		conn.SetPingHandler(func(string) error { pings++; return nil })
		conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"login","name":"x"}`))
		_, after := reads(conn)
		if pings != 2 || after < 35*time.Second || after > 60*time.Second {
			t.Errorf("got %d pings and the end after %v, want 2 and up to a minute", pings, after)
		}
		<-bridge.closed
		synctest.Wait() // it is counted after the bridge has heard of it
		if got := testutil.ToFloat64(s.metrics.closes.WithLabelValues("1006")); got != 1 {
			t.Errorf("got %v closes with 1006", got)
		}
	})
}

// TestHalfMessage: a message is to be finished, even by one who answers pings meanwhile.
func TestHalfMessage(t *testing.T) {
	inTime(t, func(s *Server, _ *bridge, dial func() *websocket.Conn) {
		conn := dial()
		conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"login","name":"x"}`))
		go func() { // ends when the socket is closed
			for { // a fragment each second
				if _, err := conn.NetConn().Write([]byte{0x01, 0x81, 0, 0, 0, 0, ' '}); err != nil {
					return
				}
				for {
					time.Sleep(time.Second)
					if _, err := conn.NetConn().Write([]byte{0x00, 0x81, 0, 0, 0, 0, ' '}); err != nil {
						return
					}
				}
			}
		}()
		code, after := reads(conn)
		if code != websocket.ClosePolicyViolation || after > 31*time.Second {
			t.Errorf("got %d after %v, want 1008 after half a minute", code, after)
		}
	})
}

// TestNoFarewell: who does not answer a close frame is hung up on.
func TestNoFarewell(t *testing.T) {
	inTime(t, func(s *Server, bridge *bridge, dial func() *websocket.Conn) {
		conn := dial()
		conn.SetCloseHandler(func(int, string) error { return nil })
		conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"login","name":"x"}`))
		started := time.Now()
		(<-bridge.heard).from.Close(1000, "bye")
		if code, _ := reads(conn); code != 1000 {
			t.Errorf("got %d, want 1000", code)
		}
		<-bridge.closed
		if after := time.Since(started); after > farewell {
			t.Errorf("took %v", after)
		}
	})
}

func TestBucket(t *testing.T) {
	var b bucket
	now := time.Now()
	for i := range 5 {
		if _, ok := b.take(now, 2, 5); !ok {
			t.Fatalf("token %d refused", i)
		}
	}
	if wait, ok := b.take(now, 2, 5); ok || wait != 500*time.Millisecond {
		t.Errorf("got %v, %v, want to wait half a second", wait, ok)
	}
	if _, ok := b.take(now.Add(500*time.Millisecond), 2, 5); !ok {
		t.Error("refused after the wait")
	}
}

func TestSweep(t *testing.T) {
	a := newAddresses(Limits{}.withDefaults())
	addr, _ := peerAddr("[2001:db8::1]:5")
	neighbour, _ := peerAddr("[2001:db8::2]:5")
	now := time.Now()
	for i := range 10 {
		if _, ok := a.login(addr, now); !ok {
			t.Fatalf("login %d refused", i)
		}
	}
	if wait, ok := a.login(neighbour, now); ok || wait <= 0 {
		t.Error("a /64 is not counted together")
	}
	a.sweep(now.Add(30 * time.Second))
	if len(a.by) != 1 {
		t.Errorf("forgot too early: %v", a.by)
	}
	a.sweep(now.Add(2 * time.Minute))
	if len(a.by) != 0 {
		t.Errorf("kept %v", a.by)
	}
}
