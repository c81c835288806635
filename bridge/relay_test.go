package bridge

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/time/rate"

	"github.com/jinglebridge/jinglebridge/web"
)

// relayed is a candidate as the codelab's pages say it.
const relayed = `{"type":"candidate","label":0,"id":"0","candidate":"candidate:1467250027 1 udp 2122260223 192.168.0.196 46243 typ host generation 0 ufrag pTHr network-id 1"}`

// BenchmarkRelay is one message from one member of a room to the other, both clients of
// version 1, by way of web and bridge over loopback; from the write of one to the read of the
// other. It is the yardstick of other ways in.
func BenchmarkRelay(b *testing.B) {
	from, to := pair(b)
	message := []byte(`{"type":"message","room":"foo","data":` + relayed + `}`)
	b.ReportAllocs()
	for b.Loop() {
		from.write(message)
		to.read()
	}
}

// BenchmarkRelayMany is the same with up to 64 messages on their way.
func BenchmarkRelayMany(b *testing.B) {
	from, to := pair(b)
	message := []byte(`{"type":"message","room":"foo","data":` + relayed + `}`)
	room := make(chan bool, 64)
	var reader sync.WaitGroup
	b.ReportAllocs()
	reader.Go(func() {
		for range room {
			to.read()
		}
	})
	for b.Loop() {
		from.write(message)
		room <- true
	}
	close(room)
	reader.Wait()
}

// TestRelay: what the benchmarks time is what it should be.
func TestRelay(t *testing.T) {
	from, to := pair(t)
	from.write([]byte(`{"type":"message","room":"foo","data":` + relayed + `}`))
	if got, want := to.read(), `{"type":"message","room":"foo","name":"Anna","data":`+relayed+`}`; got != want {
		t.Errorf(" got %s\nwant %s", got, want)
	}
}

// peer is a client over a real socket.
type peer struct {
	testing.TB
	conn *websocket.Conn
}

func (p *peer) write(message []byte) {
	if err := p.conn.WriteMessage(websocket.TextMessage, message); err != nil {
		p.Fatal(err)
	}
}

func (p *peer) read() string {
	_, data, err := p.conn.ReadMessage()
	if err != nil {
		p.Fatal(err)
	}
	return string(data)
}

// pair serves a bridge on a free port, with two members in room foo and no limits.
func pair(t testing.TB) (anna, bob *peer) {
	t.Helper()
	bridge := New(Config{Domain: "call.example.org", Anonymous: true}, nopStream{})
	server, err := web.New(web.Config{Handler: bridge, Limits: web.Limits{MessagesPerSecond: -1, MessageBurst: -1}})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { bridge.Run(ctx) })
	running.Go(func() { server.Serve(ctx, ln) })
	t.Cleanup(func() {
		wait, done := context.WithTimeout(context.Background(), 10*time.Second)
		defer done()
		server.Shutdown(wait)
		cancel()
		running.Wait()
	})
	anna, bob = enter(t, ln, "Anna"), enter(t, ln, "Bob")
	if joined := anna.read(); !strings.Contains(joined, `"joined"`) {
		t.Fatalf("got %s", joined)
	}
	lifted := make(chan bool)
	bridge.do(func() {
		for _, s := range bridge.sessions {
			s.tab.words = rate.NewLimiter(rate.Inf, 0)
		}
		close(lifted)
	})
	<-lifted
	return anna, bob
}

// enter logs a client in and joins it.
func enter(t testing.TB, ln net.Listener, name string) *peer {
	t.Helper()
	conn, _, err := websocket.DefaultDialer.Dial("ws://"+ln.Addr().String()+"/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetReadDeadline(time.Now().Add(time.Minute))
	p := &peer{t, conn}
	p.write([]byte(`{"type":"login","name":"` + name + `","v":1}`))
	for !strings.Contains(p.read(), `"upstream"`) { // there is no XMPP server, which rooms do not need
	}
	p.write([]byte(`{"type":"join","room":"foo"}`))
	if joined := p.read(); !strings.Contains(joined, `"type":"join"`) {
		t.Fatalf("got %s", joined)
	}
	return p
}
