package socketio

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// everyWay runs a test for each version and each way.
func everyWay(t *testing.T, test func(t *testing.T, version int, way string)) {
	for _, version := range []int{3, 4} {
		for _, way := range []string{"polling", "websocket", "upgrade"} {
			t.Run(fmt.Sprintf("EIO=%d/%s", version, way), func(t *testing.T) { test(t, version, way) })
		}
	}
}

func TestSession(t *testing.T) {
	everyWay(t, func(t *testing.T, version int, way string) {
		h := serve(t, Config{})
		d, g := h.join(t, version, way)
		d.send(`42["create or join","foo"]`, `427["message",{"sdp":"v=0\r\n", "n":1.50},"ä€😀"]`)
		for _, want := range []string{`create or join["foo"]`, `message[{"sdp":"v=0\r\n", "n":1.50} "ä€😀"]`} {
			if got := receive(t, g.events, "an event"); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
		g.socket.Emit("created", json.RawMessage(`"foo"`), json.RawMessage(strconv.Quote(g.socket.ID())))
		g.socket.Emit("ready")
		d.want(fmt.Sprintf(`42["created","foo",%q]`, g.socket.ID()), `42["ready"]`)
		if same := g.socket.ID() == d.sid; same != (version == 3) {
			t.Errorf("the Socket.IO id is the sid: %v", same)
		}
		d.send("41", "1")
		receive(t, g.closed, "Closed")
		g.socket.Emit("too late")
		g.socket.Close()
	})
}

// The first packets, byte by byte.
func TestHello(t *testing.T) {
	h := serve(t, Config{})
	for _, test := range []struct {
		version         int
		transport, want string
	}{
		{3, "polling", `^103:0{"sid":"\w{26}","upgrades":\["websocket"\],"pingInterval":25000,"pingTimeout":20000}2:40$`},
		{4, "polling", `^0{"sid":"\w{26}","upgrades":\["websocket"\],"pingInterval":25000,"pingTimeout":20000,"maxPayload":65536}$`},
		{3, "websocket", `^0{"sid":"\w{26}","upgrades":\[\],"pingInterval":25000,"pingTimeout":20000}$`},
		{4, "websocket", `^0{"sid":"\w{26}","upgrades":\[\],"pingInterval":25000,"pingTimeout":20000,"maxPayload":65536}$`},
	} {
		var got string
		if test.transport == "polling" {
			_, got = do(t, http.MethodGet, h.address(test.version, "polling", ""), "")
		} else {
			_, text, _ := h.dial(t, test.version, "").ReadMessage()
			got = string(text)
		}
		if !regexp.MustCompile(test.want).MatchString(got) {
			t.Errorf("EIO=%d %s:\n got %s\nwant %s", test.version, test.transport, got, test.want)
		}
	}
	d := h.open(t, 4, "websocket")
	d.send(`40{"token":"x"}`)
	if got := d.next(); !regexp.MustCompile(`^40{"sid":"\w{26}"}$`).MatchString(got) {
		t.Errorf("got %s", got)
	}
}

func TestHeartbeat(t *testing.T) {
	everyWay(t, func(t *testing.T, version int, way string) {
		h := serve(t, Config{PingInterval: 50 * time.Millisecond, PingTimeout: 2 * time.Second})
		d, g := h.join(t, version, way)
		for range 3 {
			if version == 3 {
				d.send("2")
				d.want("3")
			} else {
				d.want("2")
				d.send("3")
			}
		}
		d.send(`42["echo",1]`)
		for got := ""; got != `42["echo",1]`; {
			got = d.next()
		}
		select {
		case <-g.closed:
			t.Error("a living session was ended")
		default:
		}
	})
}

// A client that is silent is gone, whatever it was doing.
func TestSilence(t *testing.T) {
	const each = 300 * time.Millisecond
	h := serve(t, Config{PingInterval: each, PingTimeout: each})
	began := time.Now()
	var silent []*guest
	everyWay(t, func(t *testing.T, version int, way string) {
		h.open(t, version, way)
		silent = append(silent, receive(t, h.guests, "Accept"))
	})
	h.raw(t, "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n\r\n").Close() // and never polls
	silent = append(silent, receive(t, h.guests, "Accept"))
	d, g := h.join(t, 4, "polling")
	d.fetch()
	for _, g := range append(silent, g) {
		receive(t, g.closed, "Closed")
	}
	if took := time.Since(began); took < 2*each {
		t.Errorf("they had only %v", took)
	}
	if d.fetched(); d.next() != "2" {
		t.Error("no ping")
	}
}

// Nothing is lost or overtaken while a session moves to a WebSocket, in either direction.
func TestUpgradeOrder(t *testing.T) {
	const n = 400
	for _, version := range []int{3, 4} {
		h := serve(t, Config{QueueMessages: 10 * n})
		d, g := h.join(t, version, "polling")
		emit := func(i int) { g.socket.Emit("n", json.RawMessage(strconv.Itoa(i))) }
		for i := range n / 2 {
			emit(i)
			d.send(fmt.Sprintf(`42["m",%d]`, i))
			if i%50 == 0 {
				d.fetch()
				d.fetched()
			}
		}
		go func() {
			for i := n / 2; i < n; i++ {
				if emit(i); i%10 == 0 {
					time.Sleep(time.Millisecond) // so that it lasts as long as the upgrade
				}
			}
		}()
		d.upgrade()
		for i := n / 2; i < n; i++ {
			d.send(fmt.Sprintf(`42["m",%d]`, i))
		}
		for i := range n {
			d.want(fmt.Sprintf(`42["n",%d]`, i))
			if got, want := receive(t, g.events, "an event"), fmt.Sprintf("m[%d]", i); got != want {
				t.Fatalf("got %s, want %s", got, want)
			}
		}
		if status, body := do(t, http.MethodGet, h.address(version, "polling", d.sid), ""); status != 400 {
			t.Errorf("polling after the upgrade: %d %s", status, body)
		}
	}
}

// Close tells the client not to come back; Shutdown does not, so that it does.
func TestClose(t *testing.T) {
	everyWay(t, func(t *testing.T, version int, way string) {
		h := serve(t, Config{})
		d, g := h.join(t, version, way)
		g.socket.Emit("last")
		g.socket.Close()
		d.want(`42["last"]`, "41")
		last := "1"
		if d.conn != nil {
			last = ""
		}
		d.want(last)
		receive(t, g.closed, "Closed")

		d, g = h.join(t, version, way)
		if d.conn == nil {
			d.fetch()
		}
		ctx, cancel := context.WithTimeout(context.Background(), waitFor)
		defer cancel()
		done := make(chan struct{})
		go func() {
			h.Shutdown(ctx)
			close(done)
		}()
		d.want(last)
		receive(t, g.closed, "Closed")
		receive(t, done, "Shutdown")
		if status, body := do(t, http.MethodGet, h.address(version, "polling", ""), ""); status != http.StatusServiceUnavailable {
			t.Errorf("after Shutdown: %d %s", status, body)
		}
	})
}

// A client may vanish at any point.
func TestDrops(t *testing.T) {
	h := serve(t, Config{PingInterval: 300 * time.Millisecond, PingTimeout: 300 * time.Millisecond})
	var dropped []*guest
	everyWay(t, func(t *testing.T, version int, way string) {
		drop := func(d *dialer, g *guest) {
			if d.conn != nil {
				d.conn.Close()
			}
			dropped = append(dropped, g)
		}
		d := h.open(t, version, way)
		drop(d, receive(t, h.guests, "Accept"))
		d, g := h.join(t, version, way)
		drop(d, g)
		d, g = h.join(t, version, way)
		d.send(`42["echo",1]`)
		drop(d, g)
		d, g = h.join(t, version, way)
		g.socket.Close()
		drop(d, g)
		d, g = h.join(t, version, way)
		d.send("41")
		drop(d, g)
		if d, g = h.join(t, version, "polling"); way == "upgrade" {
			d.probe().Close()
		}
		drop(d, g)
	})
	for _, g := range dropped {
		receive(t, g.closed, "Closed")
	}
}

// A tab that is closed breaks its poll off, which is noticed at once and not by the clock.
func TestPollBrokenOff(t *testing.T) {
	h := serve(t, Config{})
	d, g := h.join(t, 4, "polling")
	conn := h.raw(t, "GET /socket.io/?EIO=4&transport=polling&sid="+d.sid+" HTTP/1.1\r\nHost: x\r\n\r\n")
	h.parked(t, d.sid)
	conn.Close()
	receive(t, g.closed, "Closed")
}

func (h *hall) socket(sid string) *Socket {
	h.Server.mu.Lock()
	defer h.Server.mu.Unlock()
	return h.sockets[sid]
}

// parked waits until a poll of the session waits.
func (h *hall) parked(t testing.TB, sid string) {
	t.Helper()
	for until := time.Now().Add(waitFor); time.Now().Before(until); time.Sleep(time.Millisecond) {
		s := h.socket(sid)
		if s == nil {
			t.Fatal("the session is gone")
		}
		s.mu.Lock()
		parked := s.poll != nil
		s.mu.Unlock()
		if parked {
			return
		}
	}
	t.Fatal("no poll waits")
}

// An upgrade that is not gone through with leaves the session as it was.
func TestHalfUpgrade(t *testing.T) {
	h := serve(t, Config{})
	for _, version := range []int{3, 4} {
		d, g := h.join(t, version, "polling")
		for _, words := range [][]string{{}, {"x"}, {"5"}, {"2"}, {"2probe"}, {"2probe", "6"}, {"2probe", `42["echo",1]`}} {
			h.unprobed(d.sid)
			conn := h.dial(t, version, d.sid)
			for _, word := range words {
				conn.WriteMessage(websocket.TextMessage, []byte(word))
			}
			second, answer, err := websocket.DefaultDialer.Dial(h.address(version, "websocket", d.sid), nil)
			if err == nil { // the first may be over already
				second.Close()
			} else if answer.StatusCode != http.StatusBadRequest {
				t.Errorf("a second upgrade: %v", answer.Status)
			}
			conn.Close()
			d.send(`42["echo",2]`)
			d.want(`42["echo",2]`)
		}
		h.unprobed(d.sid)
		d.upgrade()
		d.send(`42["echo",3]`)
		d.want(`42["echo",3]`)
		if g.closes.Load() != 0 {
			t.Error("the session was ended")
		}
	}
}

// unprobed waits until an upgrade that was given up is forgotten.
func (h *hall) unprobed(sid string) {
	s := h.socket(sid)
	for probing, until := true, time.Now().Add(waitFor); probing && time.Now().Before(until); time.Sleep(time.Millisecond) {
		s.mu.Lock()
		probing = s.move != staying
		s.mu.Unlock()
	}
}

func TestCORS(t *testing.T) {
	h := serve(t, Config{CheckOrigin: func(r *http.Request) error {
		if origin := r.Header.Get("Origin"); origin != "" && origin != "https://page.example" && origin != "null" {
			return fmt.Errorf("the origin %q is not allowed", origin)
		}
		return nil
	}})
	ask := func(method, url, origin string) (*http.Response, string) {
		r, _ := http.NewRequest(method, url, nil)
		r.Header.Set("Origin", origin)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		body, _ := io.ReadAll(answer.Body)
		return answer, string(body)
	}
	check := func(answer *http.Response, origin string) {
		t.Helper()
		got := answer.Header.Get("Access-Control-Allow-Origin") + " " + answer.Header.Get("Access-Control-Allow-Credentials") + " " + answer.Header.Get("Vary")
		if want := origin + " true Origin"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	answer, _ := ask(http.MethodGet, h.address(4, "polling", ""), "null")
	check(answer, "null")
	receive(t, h.guests, "Accept")
	answer, _ = ask(http.MethodOptions, h.address(4, "polling", ""), "https://page.example")
	check(answer, "https://page.example")
	if got := answer.Header.Get("Access-Control-Allow-Headers"); got != "Content-Type" || answer.StatusCode != 204 {
		t.Errorf("preflight: %d %q", answer.StatusCode, got)
	}
	d, g := h.join(t, 4, "polling")
	go func() {
		h.parked(t, d.sid)
		g.socket.Emit("ready")
	}()
	answer, body := ask(http.MethodGet, h.address(4, "polling", d.sid), "https://page.example")
	check(answer, "https://page.example")
	if body != `42["ready"]` || answer.Header.Get("Content-Type") != "text/plain; charset=UTF-8" || !answer.Close {
		t.Errorf("got %s %v", body, answer.Header)
	}
	for _, url := range []string{h.address(4, "polling", ""), h.address(4, "polling", d.sid)} {
		answer, body = ask(http.MethodGet, url, "https://evil.example")
		if want := `{"code":4,"message":"the origin \"https://evil.example\" is not allowed"}`; answer.StatusCode != 403 || body != want {
			t.Errorf("got %d %s, want %s", answer.StatusCode, body, want)
		}
	}
}

func TestScript(t *testing.T) {
	h := serve(t, Config{})
	for _, name := range []string{"socket.io.js", "socket.io.min.js"} {
		status, body := do(t, http.MethodGet, h.url+"/socket.io/"+name, "")
		if status != http.StatusOK || body != script {
			t.Errorf("%s: %d, %d bytes", name, status, len(body))
		}
	}
	r, _ := http.NewRequest(http.MethodGet, h.url+"/socket.io/socket.io.js", nil)
	r.Header.Set("If-None-Match", h.etag)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusNotModified || answer.Header.Get("Cache-Control") != "no-cache" {
		t.Errorf("got %v %v", answer.Status, answer.Header)
	}
}
