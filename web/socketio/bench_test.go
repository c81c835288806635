package socketio

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// offer is as long as Chromium's with audio and video.
func offer() string {
	var sdp strings.Builder
	for i := 0; sdp.Len() < 5_600; i++ {
		fmt.Fprintf(&sdp, `a=rtpmap:%d VP8/90000\r\na=rtcp-fb:%d goog-remb\r\na=fmtp:%d apt=96;x=%d\r\n`, i, i, i, i)
	}
	return `42["message",{"type":"offer","sdp":"` + sdp.String() + `"}]`
}

const candidate = `42["message",{"type":"candidate","label":0,"id":"0","candidate":"candidate:1467250027 1 udp 2122260223 192.168.0.196 46243 typ host generation 0 ufrag pTHr network-id 1"}]`

func BenchmarkParseEvent(b *testing.B) {
	for name, packet := range map[string]string{"offer": offer(), "candidate": candidate} {
		b.Run(name, func(b *testing.B) {
			data := []byte(packet[2:])
			args := make([]json.RawMessage, 0, maxArgs)
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := parseEvent(data, args); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkRelay is an event that goes from one WebSocket session to another.
func BenchmarkRelay(b *testing.B) {
	for name, packet := range map[string]string{"offer": offer(), "candidate": candidate} {
		b.Run(name, func(b *testing.B) {
			h := serve(b, Config{})
			from, sender := h.join(b, 4, "websocket")
			to, receiver := h.join(b, 4, "websocket")
			sender.on = func(_ *Socket, name string, args []json.RawMessage) { receiver.socket.Emit(name, args...) }
			b.SetBytes(int64(len(packet)))
			b.ReportAllocs()
			for b.Loop() {
				if err := from.conn.WriteMessage(websocket.TextMessage, []byte(packet)); err != nil {
					b.Fatal(err)
				}
				if got := to.next(); len(got) != len(packet) {
					b.Fatalf("got %q", got)
				}
			}
		})
	}
}

// BenchmarkIdlePolling and BenchmarkIdleWebSocket are what one idle, connected session costs,
// heap and stacks, when 2,000 of them come over loopback from another process.
func BenchmarkIdlePolling(b *testing.B)   { benchmarkIdle(b, "polling") }
func BenchmarkIdleWebSocket(b *testing.B) { benchmarkIdle(b, "websocket") }

// idle is a Client that costs nothing itself.
type idle struct{ closed chan<- struct{} }

func (idle) Connected(*Socket)               {}
func (idle) Event(string, []json.RawMessage) {}
func (i idle) Closed()                       { i.closed <- struct{}{} }

func benchmarkIdle(b *testing.B, way string) {
	const n = 2_000
	if url := os.Getenv("JINGLEBRIDGE_BENCH_URL"); url != "" {
		crowd(b, &hall{url: url}, way, n)
		return
	}
	for b.Loop() {
		h := serve(b, Config{})
		closed := make(chan struct{}, n)
		h.cfg.Accept = func(http.ResponseWriter, *http.Request) (Client, bool) { return idle{closed}, true }
		before := memory()
		cmd := exec.Command(os.Args[0], "-test.run=^$", "-test.bench="+b.Name()+"$", "-test.benchtime=1x")
		cmd.Env = append(os.Environ(), "JINGLEBRIDGE_BENCH_URL="+h.url)
		in, err := cmd.StdinPipe()
		if err != nil {
			b.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			b.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			b.Fatal(err)
		}
		for lines := bufio.NewScanner(out); lines.Scan() && !strings.Contains(lines.Text(), "all are in"); {
		}
		h.settled(b, way, n)
		b.ReportMetric(float64(memory()-before)/n, "B/session")
		in.Close() // the crowd goes home
		if err := cmd.Wait(); err != nil {
			b.Fatal(err)
		}
		for range n {
			receive(b, closed, "Closed")
		}
	}
}

// settled waits until every session is idle.
func (h *hall) settled(b *testing.B, way string, n int) {
	for until := time.Now().Add(waitFor); time.Now().Before(until); time.Sleep(10 * time.Millisecond) {
		quiet := 0
		h.mu.Lock()
		all := slices.Collect(maps.Values(h.sockets))
		h.mu.Unlock()
		for _, s := range all {
			s.mu.Lock()
			if s.state == open && len(s.pending) == 0 && !s.writing && (way == "websocket" || s.poll != nil) {
				quiet++
			}
			s.mu.Unlock()
		}
		if quiet == n {
			return
		}
	}
	b.Fatal("not all sessions became idle")
}

// crowd is the other process: n clients connect, and stay until told to go. Its polling is
// by hand, as net/http's client would need more threads than there are.
func crowd(b *testing.B, h *hall, way string, n int) {
	for range n {
		if way == "websocket" {
			d := h.open(b, 4, way)
			d.send("40")
			d.next()
			continue
		}
		d := h.open(b, 4, way)
		d.send("40")
		d.next()
		conn := h.raw(b, "GET /socket.io/?EIO=4&transport=polling&sid="+d.sid+" HTTP/1.1\r\nHost: x\r\n\r\n")
		conn.SetDeadline(time.Time{})
	}
	fmt.Println("all are in")
	os.Stdin.Read(make([]byte, 1))
}

// memory returns what heap and stacks take after a collection.
func memory() int64 {
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}
