package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// TestTutorial says over a socket what the tutorials' pages say, and more that their servers
// were told.
func TestTutorial(t *testing.T) {
	for _, dialect := range []Dialect{UnrecognizedCommand, CommandNotFound} {
		bridge := newBridge()
		_, url := serve(t, Config{Handler: bridge, Dialect: dialect})
		b := dial(t, url) // the path is /
		for _, row := range []struct{ say, want string }{
			{`{"type":"login","name":"Foo"}`, `{"type":"login","success":true}`},
			{`{"type":"login","name":""}`, `{"type":"login","success":false}`},
			{`{"type":"login"}`, `{"type":"login","success":false}`},
			{`{"type":"login","name":5}`, `{"type":"login","success":false}`},
			{`{"type":"foo"}`, `{"type":"error","message":"` + string(dialect) + `: foo"}`},
			{`{"type":"<\"\u00e9>"}`, `{"type":"error","message":"` + string(dialect) + `: <\"é>"}`},
			{`hello`, `{"type":"error","message":"` + string(dialect) + `: undefined"}`},
			{``, `{"type":"error","message":"` + string(dialect) + `: undefined"}`},
			{`[]`, `{"type":"error","message":"` + string(dialect) + `: undefined"}`},
			{`"login"`, `{"type":"error","message":"` + string(dialect) + `: undefined"}`},
			{`{}`, `{"type":"error","message":"` + string(dialect) + `: undefined"}`},
			{`{"type":"ping"}`, `{"type":"error","message":"` + string(dialect) + `: ping"}`},
			{`{"type":"invite","name":"x"}`, `{"type":"error","message":"` + string(dialect) + `: invite"}`},
			{`{"type":"leave","name":"\u0000"}`, `{"type":"error","message":"the character U+0000 is not allowed"}`},
		} {
			b.say(row.say)
			b.want(row.want)
		}
		if err := b.WriteMessage(websocket.BinaryMessage, []byte(`{"type":"login","name":"Bin"}`)); err != nil {
			t.Fatal(err)
		}
		b.want(`{"type":"login","success":true}`)
		b.say(`{"type":"offer","offer": "Hello" ,"name":"UserB"}`)
		for h := bridge.hear(t); ; h = bridge.hear(t) {
			if h.Type == "offer" {
				if string(h.Offer) != `"Hello"` || h.Name != "UserB" || !h.from.Old() {
					t.Errorf("got %+v", h)
				}
				h.from.Send(Message{Type: "offer", Offer: h.Offer, Name: "Foo"})
				break
			}
		}
		b.want(`{"type":"offer","offer":"Hello","name":"Foo"}`)
	}
}

func TestVersion1(t *testing.T) {
	bridge := newBridge()
	_, url := serve(t, Config{Handler: bridge})
	b := dial(t, url+"/ws")
	b.say(`{"type":"login","name":"foo","v":1,"id":1}`)
	b.want(`{"type":"login","success":true,"v":1,"name":"foo","resumed":false,"hold":0,"ping":25,"max":65536,"caps":[],"iceServers":[],"id":1}`)
	if h := bridge.hear(t); h.from.Old() || h.from.Addr() != "127.0.0.1" {
		t.Errorf("old %v at %s", h.from.Old(), h.from.Addr())
	}
	for _, row := range []struct{ say, want string }{
		{`{"type":"ping","id":"p"}`, `{"type":"pong","id":"p"}`},
		{`{"type":"ping"}`, `{"type":"pong"}`},
		{`nonsense`, `{"type":"error","message":"not JSON: want null at byte 0","code":"bad-json"}`},
		{`{"type":"foo","id":2}`, `{"type":"error","message":"unknown type \"foo\"","code":"unknown-type","id":2}`},
		{`{"type":"pong","id":2}`, `{"type":"error","message":"unknown type \"pong\"","code":"unknown-type","id":2}`},
		{`{"type":"leave","call":"!","id":3}`, `{"type":"error","message":"\"call\": want up to 64 letters, digits, '-' and '_'","code":"bad-message","id":3}`},
	} {
		b.say(row.say)
		b.want(row.want)
	}
	for _, typ := range []string{"roster", "join", "ice", "subscribe", "presence", "invite"} {
		b.say(`{"type":"` + typ + `"}`)
		if h := bridge.hear(t); h.Type != typ {
			t.Errorf("got %q, want %q", h.Type, typ)
		}
	}
	b.Close()
	select {
	case <-bridge.closed:
	case <-time.After(patience):
		t.Error("the bridge did not hear that the socket is gone")
	}
}

// TestUnheard: a socket the bridge has not heard of does not end for it either.
func TestUnheard(t *testing.T) {
	bridge := newBridge()
	s, url := serve(t, Config{Handler: bridge})
	b := dial(t, url)
	b.say(`nonsense`)
	b.next()
	b.Close()
	waitEmpty(t, s)
	if len(bridge.closed) != 0 || len(bridge.heard) != 0 {
		t.Error("the bridge heard of a socket that said nothing")
	}
}

// waitEmpty waits until the server has no sessions.
func waitEmpty(t testing.TB, s *Server) {
	t.Helper()
	for until := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		s.wheel.mu.Lock()
		n := s.wheel.count
		s.wheel.mu.Unlock()
		if n == 0 {
			return
		}
		if time.Now().After(until) {
			t.Fatalf("%d sessions are left", n)
		}
	}
}

func TestCloseFlushes(t *testing.T) {
	bridge := newBridge()
	bridge.answer = func(s Sender, m Message) {
		for i := range 200 {
			s.Send(Message{Type: "leave", Name: fmt.Sprint(i)})
		}
		s.Close(4001, "replaced by another connection"+strings.Repeat("é", 100))
		s.Send(Message{Type: "leave", Name: "too late"})
		s.Close(1000, "")
	}
	_, url := serve(t, Config{Handler: bridge})
	b := dial(t, url)
	b.say(`{"type":"login","name":"x","v":1}`)
	for i := range 200 {
		b.want(fmt.Sprintf(`{"type":"leave","name":"%d"}`, i))
	}
	b.wantClose(4001)
}

func TestShutdown(t *testing.T) {
	bridge := newBridge()
	registry := prometheus.NewRegistry()
	s, url := serve(t, Config{Handler: bridge, Metrics: registry})
	var all []*browser
	for range 10 {
		b := dial(t, url)
		b.login(true)
		bridge.hear(t).from.Send(Message{Type: "shutdown", Text: "restart"})
		all = append(all, b)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	done := make(chan struct{})
	go func() { s.Shutdown(ctx); close(done) }()
	for _, b := range all {
		b.want(`{"type":"shutdown","message":"restart","reconnect":0,"resume":false}`)
		b.wantClose(1012)
	}
	<-done
	if got := testutil.ToFloat64(s.metrics.closes.WithLabelValues("1012")); got != 10 {
		t.Errorf("got %v closes with 1012, want 10", got)
	}
	if len(bridge.closed) != 10 {
		t.Errorf("the bridge heard of %d ends, want 10", len(bridge.closed))
	}
	if _, _, err := websocket.DefaultDialer.Dial(url, nil); err == nil {
		t.Error("let in after Shutdown")
	}
}

// TestShutdownHangsUp: a browser that does not answer the close frame cannot hold it up.
func TestShutdownHangsUp(t *testing.T) {
	s, url := serve(t, Config{Handler: newBridge()})
	raw := handshake(t, url, "")
	defer raw.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	s.Shutdown(ctx)
	waitEmpty(t, s)
}

func TestMessageTooLong(t *testing.T) {
	_, url := serve(t, Config{Handler: newBridge()})
	b := dial(t, url)
	b.login(true)
	b.say(`{"type":"ping","x":[` + strings.Repeat("1,", 32_000) + `1]}`)
	b.want(`{"type":"pong"}`)
	b.say(strings.Repeat(" ", 65_537))
	b.wantClose(websocket.CloseMessageTooBig)

	// Fragments count together.
	b = dial(t, url)
	w, err := b.NextWriter(websocket.TextMessage)
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		io.WriteString(w, strings.Repeat(" ", 4_096))
	}
	w.Close()
	b.wantClose(websocket.CloseMessageTooBig)
}

func TestMessageRate(t *testing.T) {
	bridge := newBridge()
	s, url := serve(t, Config{Handler: bridge, Limits: Limits{MessagesPerSecond: 1, MessageBurst: 5}})
	b := dial(t, url)
	b.login(true)
	for range 4 {
		b.say(`{"type":"ping"}`)
		b.want(`{"type":"pong"}`)
	}
	b.say(`{"type":"ping","id":9}`)
	if got := b.next(); !strings.HasPrefix(got, `{"type":"error","message":"too many messages","code":"rate-limited","id":9,"retry":`) {
		t.Errorf("got %s", got)
	}
	for range maxStrikes {
		b.say(`{"type":"ping"}`)
	}
	b.wantClose(websocket.ClosePolicyViolation)

	old := dial(t, url)
	for range maxStrikes + 10 {
		old.say(`{"type":"foo"}`)
	}
	for range 5 {
		old.want(`{"type":"error","message":"Unrecognized command: foo"}`)
	}
	old.wantClose(websocket.ClosePolicyViolation)
	waitEmpty(t, s)
}

func TestPingFlood(t *testing.T) {
	_, url := serve(t, Config{Handler: newBridge()})
	b := dial(t, url)
	pongs := make(chan string, 1_000)
	b.SetPongHandler(func(payload string) error { pongs <- payload; return nil })
	if err := b.WriteControl(websocket.PingMessage, []byte("hello"), time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	b.say(`{"type":"foo"}`)
	b.next()
	if got := <-pongs; got != "hello" {
		t.Errorf("got pong %q", got)
	}
	for range 1_000 {
		if b.WriteControl(websocket.PingMessage, nil, time.Now().Add(patience)) != nil {
			break
		}
	}
	b.wantClose(websocket.ClosePolicyViolation)
}

func TestLoginRate(t *testing.T) {
	_, url := serve(t, Config{Handler: newBridge(), Limits: Limits{LoginsPerMinute: 2}})
	b := dial(t, url)
	b.login(true)
	b.login(true)
	b.say(`{"type":"login","name":"foo","v":1,"id":7}`)
	if got := b.next(); !strings.HasPrefix(got, `{"type":"login","success":false,"code":"too-many-attempts","message":"too many logins from this address","methods":[],"retry":`) {
		t.Errorf("got %s", got)
	}
	old := dial(t, url)
	old.say(`{"type":"login","name":"foo"}`)
	old.want(`{"type":"login","success":false}`)
}

func TestSocketLimits(t *testing.T) {
	bridge := newBridge()
	s, url := serve(t, Config{Handler: bridge, Limits: Limits{Sockets: 4, WaitingPerAddr: 2, SocketsPerAddr: 3}})
	first := dial(t, url)
	dial(t, url)
	if code, text := dialFrom(url, nil); code != 429 || !strings.Contains(text, "limits.waiting_per_addr") {
		t.Errorf("a third that is not logged in: got %d %q", code, text)
	}
	first.login(false)
	dial(t, url)
	if code, text := dialFrom(url, nil); code != 429 || !strings.Contains(text, "limits.") {
		t.Errorf("a fourth: got %d %q", code, text)
	}
	if got := testutil.ToFloat64(s.metrics.sessions[1]); got != 1 {
		t.Errorf("got %v logged in, want 1", got)
	}
	first.Close()
	<-bridge.closed
	for until := time.Now().Add(patience); ; {
		s.addresses.mu.Lock()
		total := s.addresses.total
		s.addresses.mu.Unlock()
		if total == 2 || time.Now().After(until) {
			break
		}
	}
	if code, text := dialFrom(url, nil); code != 429 {
		t.Errorf("after one left, a third that waits: got %d %q", code, text)
	}

	_, url = serve(t, Config{Handler: bridge, Limits: Limits{Sockets: 1}})
	dial(t, url)
	if code, text := dialFrom(url, nil); code != 503 || !strings.Contains(text, "limits.sockets") {
		t.Errorf("one too many in all: got %d %q", code, text)
	}
}

// TestSlowConsumer: one who does not read is closed, and nobody waited for him.
func TestSlowConsumer(t *testing.T) {
	t.Parallel() // it waits for a farewell that does not come
	bridge := newBridge()
	s, url := serve(t, Config{Handler: bridge, WriteTimeout: 500 * time.Millisecond})
	b := dial(t, url)
	b.login(true)
	sender := bridge.hear(t).from.(*Session)
	big := Message{Type: "leave", Text: strings.Repeat("x", 60_000)}
	for range 1_000 { // 60 MB, more than any socket buffer
		if sender.Send(big); sender.closing() {
			break
		}
	}
	select {
	case <-bridge.closed:
	case <-time.After(patience):
		t.Fatal("still there")
	}
	waitEmpty(t, s)
	if got := testutil.ToFloat64(s.metrics.limited.WithLabelValues("send_queue")); got != 1 {
		t.Errorf("got %v times send_queue, want 1", got)
	}
	if got := testutil.ToFloat64(s.metrics.closes.WithLabelValues("1013")); got != 1 {
		t.Errorf("got %v closes with 1013, want 1", got)
	}
}

// TestSlowButReading: who reads at last is told why.
func TestSlowButReading(t *testing.T) {
	bridge := newBridge()
	_, url := serve(t, Config{Handler: bridge})
	b := dial(t, url)
	b.login(true)
	sender := bridge.hear(t).from
	for range 2_000 {
		sender.Send(Message{Type: "leave", Text: strings.Repeat("x", 10_000)})
	}
	b.wantClose(websocket.CloseTryAgainLater)
}

func TestNoCompression(t *testing.T) {
	_, url := serve(t, Config{Handler: newBridge()})
	dialer := websocket.Dialer{EnableCompression: true}
	conn, resp, err := dialer.Dial(url, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if got := resp.Header.Values("Sec-Websocket-Extensions"); len(got) != 0 {
		t.Errorf("negotiated %q", got)
	}
	raw := handshake(t, url, "Sec-WebSocket-Extensions: permessage-deflate\r\n")
	defer raw.Close()
	raw.Write([]byte{0xC1, 0x80, 0, 0, 0, 0}) // RSV1
	wantCloseFrame(t, raw, websocket.CloseProtocolError)
}

// handshake opens a WebSocket and leaves the bytes after it to the test.
func handshake(t testing.TB, url, headers string) net.Conn {
	t.Helper()
	host := strings.TrimPrefix(url, "ws://")
	conn, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	conn.SetDeadline(time.Now().Add(patience))
	fmt.Fprintf(conn, "GET /ws HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n", host, headers)
	var head []byte
	for b := make([]byte, 1); !strings.HasSuffix(string(head), "\r\n\r\n"); head = append(head, b[0]) {
		if _, err := conn.Read(b); err != nil {
			t.Fatal(err)
		}
	}
	if !strings.HasPrefix(string(head), "HTTP/1.1 101 ") {
		t.Fatalf("got %s", head)
	}
	return conn
}

// wantCloseFrame reads frames of the server until one closes.
func wantCloseFrame(t testing.TB, conn net.Conn, code int) {
	t.Helper()
	for {
		head := make([]byte, 2)
		if _, err := io.ReadFull(conn, head); err != nil {
			t.Fatalf("no close frame: %v", err)
		}
		payload := make([]byte, head[1]&0x7f)
		if _, err := io.ReadFull(conn, payload); err != nil {
			t.Fatal(err)
		}
		if head[0] == 0x88 {
			if got := int(payload[0])<<8 | int(payload[1]); got != code {
				t.Errorf("got close %d %q, want %d", got, payload[2:], code)
			}
			return
		}
	}
}

// TestSlowHeader: an HTTP header that dribbles in is cut off.
func TestSlowHeader(t *testing.T) {
	_, url := serve(t, Config{Handler: newBridge(), HeaderTimeout: 50 * time.Millisecond})
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "ws://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	io.WriteString(conn, "GET /ws HTTP/1.1\r\nHost: x\r\n")
	if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("still open: %v", err)
	}
}

func TestHTTPConnections(t *testing.T) {
	s, url := serve(t, Config{Handler: newBridge(), Limits: Limits{RequestsPerAddr: 3}})
	host := strings.TrimPrefix(url, "ws://")
	for i := range 5 {
		conn, err := net.Dial("tcp", host)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(patience))
		io.WriteString(conn, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
		n, _ := conn.Read(make([]byte, 10))
		if (n > 0) != (i < 3) {
			t.Errorf("connection %d: got %d bytes", i, n)
		}
	}
	if got := testutil.ToFloat64(s.metrics.limited.WithLabelValues("requests_per_addr")); got != 2 {
		t.Errorf("got %v refused, want 2", got)
	}
}
