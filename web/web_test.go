package web

import (
	"context"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// patience is how long a test waits for what must come.
const patience = 10 * time.Second

// bridge is a Handler that keeps what it hears, and lets anybody log in.
type bridge struct {
	heard  chan heard
	closed chan Sender
	answer func(Sender, Message) // instead of keeping, when set
}

type heard struct {
	from Sender
	Message
}

func newBridge() *bridge {
	return &bridge{heard: make(chan heard, 10_000), closed: make(chan Sender, 10_000)}
}

func (b *bridge) Receive(s Sender, m Message) {
	if b.answer != nil {
		b.answer(s, m)
		return
	}
	if m.Type == "login" {
		s.Send(Message{Type: "login", Name: m.Name, ID: m.ID, Login: &Login{Success: m.Name != ""}})
	}
	b.heard <- heard{s, m}
}

func (b *bridge) Closed(s Sender) { b.closed <- s }

func (b *bridge) hear(t testing.TB) heard {
	t.Helper()
	select {
	case h := <-b.heard:
		return h
	case <-time.After(patience):
		t.Fatal("the bridge heard nothing")
		panic("unreachable")
	}
}

// serve runs a Server on a free loopback port until the test ends, and returns ws://….
func serve(t testing.TB, cfg Config) (*Server, string) {
	t.Helper()
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var done sync.WaitGroup
	done.Go(func() {
		if err := s.Serve(context.Background(), ln); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		s.Shutdown(ctx)
		done.Wait()
		if ctx.Err() != nil {
			t.Error("sessions were left over after Shutdown")
		}
	})
	return s, "ws://" + ln.Addr().String()
}

// browser is a client that is plain about what it sees.
type browser struct {
	t testing.TB
	*websocket.Conn
}

func dial(t testing.TB, url string) *browser {
	t.Helper()
	conn, _, err := websocket.DefaultDialer.Dial(url, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &browser{t, conn}
}

func dialFrom(url string, header http.Header) (int, string) {
	conn, resp, err := websocket.DefaultDialer.Dial(url, header)
	if err == nil {
		conn.Close()
		return http.StatusSwitchingProtocols, ""
	}
	if resp == nil {
		return 0, err.Error()
	}
	body := make([]byte, 500)
	n, _ := resp.Body.Read(body)
	return resp.StatusCode, string(body[:n])
}

func (b *browser) say(text string) {
	b.t.Helper()
	if err := b.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		b.t.Fatal(err)
	}
}

func (b *browser) next() string {
	b.t.Helper()
	b.SetReadDeadline(time.Now().Add(patience))
	_, data, err := b.ReadMessage()
	if err != nil {
		b.t.Fatal(err)
	}
	return string(data)
}

// want reads one frame and compares its bytes.
func (b *browser) want(text string) {
	b.t.Helper()
	if got := b.next(); got != text {
		b.t.Errorf("got  %s\nwant %s", got, text)
	}
}

// wantClose reads until the socket is closed.
func (b *browser) wantClose(code int) {
	b.t.Helper()
	b.SetReadDeadline(time.Now().Add(patience))
	for {
		if _, _, err := b.ReadMessage(); err != nil {
			if !websocket.IsCloseError(err, code) {
				b.t.Errorf("got %v, want close %d", err, code)
			}
			return
		}
	}
}

func (b *browser) login(v1 bool) {
	b.t.Helper()
	if v1 {
		b.say(`{"type":"login","name":"foo","v":1}`)
	} else {
		b.say(`{"type":"login","name":"foo"}`)
	}
	b.next()
}
