package socketio

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// waitFor is how long a test waits for what must come.
const waitFor = 20 * time.Second

func receive[T any](t testing.TB, from <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(waitFor):
		t.Fatal("waited in vain for", what)
		panic("unreachable")
	}
}

// guest is the Client of a session. It answers "echo" by the same, and keeps what else it hears.
type guest struct {
	connected chan *Socket
	events    chan string
	closed    chan struct{}
	closes    atomic.Int32
	on        func(s *Socket, name string, args []json.RawMessage) // instead, when set
	socket    *Socket
}

func (g *guest) Connected(s *Socket) {
	g.socket = s
	g.connected <- s
}

func (g *guest) Event(name string, args []json.RawMessage) {
	switch {
	case g.on != nil:
		g.on(g.socket, name, args)
	case name == "echo":
		g.socket.Emit(name, args...)
	default:
		g.events <- fmt.Sprintf("%s%s", name, args)
	}
}

func (g *guest) Closed() {
	if g.closes.Add(1) == 1 {
		close(g.closed)
	}
}

// hall is a server under test, and all that came in.
type hall struct {
	*Server
	url    string
	guests chan *guest
	on     func(s *Socket, name string, args []json.RawMessage)

	mu  sync.Mutex
	all []*guest
}

// serve runs a Server on a free loopback port. At the end of the test it is shut down; then
// each guest must have been told so once, and no goroutine be left over.
func serve(t testing.TB, cfg Config) *hall {
	t.Helper()
	before := runtime.NumGoroutine()
	h := &hall{guests: make(chan *guest, 10_000)}
	cfg.Accept = func(http.ResponseWriter, *http.Request) (Client, bool) {
		g := &guest{connected: make(chan *Socket, 2), events: make(chan string, 10_000), closed: make(chan struct{}), on: h.on}
		h.mu.Lock()
		h.all = append(h.all, g)
		h.mu.Unlock()
		h.guests <- g
		return g, true
	}
	if cfg.CheckOrigin == nil {
		cfg.CheckOrigin = func(*http.Request) error { return nil }
	}
	h.Server = New(cfg)
	web := httptest.NewServer(h.Server)
	h.url = web.URL
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), waitFor)
		defer cancel()
		stop, halt := context.WithTimeout(ctx, 20*time.Millisecond)
		defer halt()
		h.Shutdown(stop)
		web.CloseClientConnections()
		web.Close()
		http.DefaultClient.CloseIdleConnections()
		for i, g := range h.all {
			receive(t, g.closed, "Closed")
			if n := g.closes.Load(); n != 1 {
				t.Errorf("guest %d: Closed was called %d times", i, n)
			}
		}
		for ctx.Err() == nil && runtime.NumGoroutine() > before {
			time.Sleep(time.Millisecond) // the end of a goroutine is no event
		}
		if n := runtime.NumGoroutine(); n > before {
			stacks := make([]byte, 1<<16)
			t.Errorf("%d goroutines left over:\n%s", n-before, stacks[:runtime.Stack(stacks, true)])
		}
	})
	return h
}

// dialer is the other end: an Engine.IO client that does as it is told.
type dialer struct {
	t       testing.TB
	hall    *hall
	version int
	sid     string
	conn    *websocket.Conn
	queue   []string      // received, not taken
	polling chan pollText // a GET that is out
}

type pollText struct {
	status int
	body   string
}

func (h *hall) address(version int, transport, sid string) string {
	url := fmt.Sprintf("%s/socket.io/?EIO=%d&transport=%s", h.url, version, transport)
	if sid != "" {
		url += "&sid=" + sid
	}
	if transport == "websocket" {
		url = "ws" + strings.TrimPrefix(url, "http")
	}
	return url
}

// open opens a session as far as the transport goes; way is polling, websocket or upgrade.
func (h *hall) open(t testing.TB, version int, way string) *dialer {
	t.Helper()
	d := &dialer{t: t, hall: h, version: version}
	if way == "websocket" {
		d.conn = h.dial(t, version, "")
	}
	hello := d.next()
	var open struct{ SID string }
	if hello[0] != engineOpen || json.Unmarshal([]byte(hello[1:]), &open) != nil {
		t.Fatalf("got %q, want an open packet", hello)
	}
	d.sid = open.SID
	if way == "upgrade" {
		d.upgrade()
	}
	return d
}

// join opens a session and connects it.
func (h *hall) join(t testing.TB, version int, way string) (*dialer, *guest) {
	t.Helper()
	d := h.open(t, version, way)
	g := receive(t, h.guests, "Accept")
	if version == 4 {
		d.send("40")
	}
	if got := d.next(); !strings.HasPrefix(got, "40") {
		t.Fatalf("got %q, want 40", got)
	}
	receive(t, g.connected, "Connected")
	return d, g
}

func (h *hall) dial(t testing.TB, version int, sid string) *websocket.Conn {
	t.Helper()
	conn, _, err := websocket.DefaultDialer.Dial(h.address(version, "websocket", sid), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// fetch begins a poll.
func (d *dialer) fetch() {
	d.polling = make(chan pollText, 1)
	go func(done chan<- pollText) {
		status, body := do(d.t, http.MethodGet, d.hall.address(d.version, "polling", d.sid), "")
		done <- pollText{status, body}
	}(d.polling)
}

// fetched takes the answer of a poll.
func (d *dialer) fetched() {
	d.t.Helper()
	answer := receive(d.t, d.polling, "an answer to a poll")
	d.polling = nil
	if answer.status != http.StatusOK {
		d.t.Fatalf("poll: %d %s", answer.status, answer.body)
	}
	packets, err := cutAll(d.version, answer.body)
	if err != nil {
		d.t.Fatalf("poll: %q: %v", answer.body, err)
	}
	for _, packet := range packets {
		if packet != "6" {
			d.queue = append(d.queue, packet)
		}
	}
}

// next takes the next packet from the server, noops aside; "" is the end of a WebSocket.
func (d *dialer) next() string {
	d.t.Helper()
	for len(d.queue) == 0 {
		if d.conn != nil {
			d.conn.SetReadDeadline(time.Now().Add(waitFor))
			_, text, err := d.conn.ReadMessage()
			if err != nil {
				return ""
			}
			return string(text)
		}
		if d.polling == nil {
			d.fetch()
		}
		d.fetched()
	}
	packet := d.queue[0]
	d.queue = d.queue[1:]
	return packet
}

// want takes the next packets.
func (d *dialer) want(packets ...string) {
	d.t.Helper()
	for _, want := range packets {
		if got := d.next(); got != want {
			d.t.Fatalf("got %q, want %q", got, want)
		}
	}
}

func (d *dialer) send(packets ...string) {
	d.t.Helper()
	if d.conn != nil {
		for _, p := range packets {
			if err := d.conn.WriteMessage(websocket.TextMessage, []byte(p)); err != nil {
				d.t.Fatal(err)
			}
		}
		return
	}
	if status, body := d.post(packets...); status != http.StatusOK || body != "ok" {
		d.t.Fatalf("post %q: %d %s", packets, status, body)
	}
}

func (d *dialer) post(packets ...string) (status int, body string) {
	d.t.Helper()
	var raw [][]byte
	for _, p := range packets {
		raw = append(raw, []byte(p))
	}
	return do(d.t, http.MethodPost, d.hall.address(d.version, "polling", d.sid), string(payload(d.version, raw)))
}

// probe begins an upgrade, up to the server's answer to the probe.
func (d *dialer) probe() *websocket.Conn {
	d.t.Helper()
	conn := d.hall.dial(d.t, d.version, d.sid)
	conn.WriteMessage(websocket.TextMessage, []byte("2probe"))
	if _, text, err := conn.ReadMessage(); err != nil || string(text) != "3probe" {
		d.t.Fatalf("got %q, %v, want 3probe", text, err)
	}
	return conn
}

// upgrade moves to a WebSocket as the clients do: with a poll out, which is let go of first.
func (d *dialer) upgrade() {
	d.t.Helper()
	if d.polling == nil {
		d.fetch()
	}
	conn := d.probe()
	d.fetched()
	conn.WriteMessage(websocket.TextMessage, []byte("5"))
	d.conn = conn
}

// do makes a request and returns the answer.
func do(t testing.TB, method, url, body string) (status int, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), waitFor)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	r.Header.Set("Content-Type", "text/plain;charset=UTF-8")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer answer.Body.Close()
	all, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, err.Error()
	}
	return answer.StatusCode, string(all)
}

// raw opens a TCP connection to the server and says something.
func (h *hall) raw(t testing.TB, text string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(h.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(waitFor))
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	return conn
}
