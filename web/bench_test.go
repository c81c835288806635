package web

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
)

// bigOffer is an offer as long as Chromium's with audio and video.
func bigOffer() []byte {
	var sdp strings.Builder
	sdp.WriteString("v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n")
	for i := 0; sdp.Len() < 5_600; i++ {
		fmt.Fprintf(&sdp, "a=rtpmap:%d VP8/90000\r\na=rtcp-fb:%d goog-remb\r\na=fmtp:%d apt=96;x=%d\r\n", i, i, i, i)
	}
	m := Message{Type: "offer", Offer: Description("offer", sdp.String()), Name: "juliet@example.org", Call: "c7Xk"}
	return m.Append(nil)
}

func BenchmarkParseOffer(b *testing.B) {
	data := bigOffer()
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(data, false); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseCandidate(b *testing.B) {
	data := []byte(`{"type":"candidate","candidate":{"candidate":"candidate:1467250027 1 udp 2122260223 192.168.0.196 46243 typ host generation 0 ufrag pTHr network-id 1","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":"pTHr"},"name":"juliet@example.org","call":"c7Xk"}`)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(data, false); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSDP(b *testing.B) {
	m, err := Parse(bigOffer(), false)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(m.Offer)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, ok := SDP(m.Offer); !ok {
			b.Fatal("no SDP")
		}
	}
}

func BenchmarkDescription(b *testing.B) {
	m, _ := Parse(bigOffer(), false)
	kind, sdp, _ := SDP(m.Offer)
	b.SetBytes(int64(len(m.Offer)))
	b.ReportAllocs()
	for b.Loop() {
		Description(kind, sdp)
	}
}

func BenchmarkAppendOffer(b *testing.B) {
	m, _ := Parse(bigOffer(), false)
	b.ReportAllocs()
	for b.Loop() {
		m.Append(make([]byte, 0, m.size()))
	}
}

// BenchmarkIdleSession is what one idle, logged-in browser costs: 5,000 of them connect
// from another process. Beside the heap and stacks it counts what the kernel says of this
// whole process.
func BenchmarkIdleSession(b *testing.B) {
	const n = 5_000
	if url := os.Getenv("JINGLEBRIDGE_BENCH_URL"); url != "" {
		crowd(b, url, n)
		return
	}
	for b.Loop() {
		bridge := newBridge()
		bridge.answer = func(s Sender, m Message) { s.Send(Message{Type: "login", Login: &Login{Success: true}}) }
		_, url := serve(b, Config{Handler: bridge, Limits: Limits{WaitingPerAddr: -1, SocketsPerAddr: -1, LoginsPerMinute: -1}})
		before, rssBefore := memory()
		cmd := exec.Command(os.Args[0], "-test.run=^$", "-test.bench=^BenchmarkIdleSession$", "-test.benchtime=1x")
		cmd.Env = append(os.Environ(), "JINGLEBRIDGE_BENCH_URL="+url)
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
		after, rssAfter := memory()
		b.ReportMetric(float64(after-before)/n, "B/session")
		b.ReportMetric(float64(rssAfter-rssBefore)/n, "RSS-B/session")
		in.Close() // the crowd goes home
		cmd.Wait()
	}
}

// crowd is the other process: it logs n browsers in, says so, and stays until told to go.
func crowd(b *testing.B, url string, n int) {
	for range n {
		conn := handshake(b, url, "")
		defer conn.Close()
		if _, err := conn.Write([]byte("\x81\x9d\x00\x00\x00\x00" + `{"type":"login","name":"foo"}`)); err != nil {
			b.Fatal(err)
		}
		want(b, conn)
	}
	fmt.Println("all are in")
	os.Stdin.Read(make([]byte, 1))
}

func want(b *testing.B, conn net.Conn) {
	if _, err := conn.Read(make([]byte, 100)); err != nil {
		b.Fatal(err)
	}
}

// memory returns what the heap and stacks take after a collection, and the process in all.
func memory() (own, rss int64) {
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	status, _ := os.ReadFile("/proc/self/statm")
	if fields := strings.Fields(string(status)); len(fields) > 1 {
		pages, _ := strconv.ParseInt(fields[1], 10, 64)
		rss = pages * int64(os.Getpagesize())
	}
	return int64(m.HeapInuse + m.StackInuse), rss
}
