package socketio

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// bystander joins before the trouble; the function returned checks that it noticed nothing.
func bystander(t *testing.T, h *hall) func() {
	var all []*dialer
	for _, version := range []int{3, 4} {
		for _, way := range []string{"polling", "websocket"} {
			d, _ := h.join(t, version, way)
			all = append(all, d)
		}
	}
	return func() {
		t.Helper()
		for _, d := range all {
			d.send(`42["echo",1]`)
			d.want(`42["echo",1]`)
		}
	}
}

func TestBadRequests(t *testing.T) {
	h := serve(t, Config{})
	well := bystander(t, h)
	d, g := h.join(t, 4, "polling")
	ws, wsGuest := h.join(t, 4, "websocket")
	gone, goneGuest := h.join(t, 4, "polling")
	gone.send("1")
	receive(t, goneGuest.closed, "Closed")
	for _, test := range []struct {
		method, query string
		status        int
		want          string
	}{
		{"GET", "", 400, `{"code":3,"message":"Bad request"}`},
		{"GET", "EIO=4", 400, `{"code":3,"message":"Bad request"}`},
		{"GET", "EIO=4&transport=webtransport", 400, `{"code":3,"message":"Bad request"}`},
		{"GET", "EIO=3&transport=polling&j=0", 400, `{"code":3,"message":"Bad request"}`},
		{"GET", "EIO=4&transport=polling&sid=" + d.sid[1:], 400, `{"code":1,"message":"Session ID unknown"}`},
		{"POST", "EIO=4&transport=polling&sid=x", 400, `{"code":1,"message":"Session ID unknown"}`},
		{"GET", "EIO=4&transport=polling&sid=" + gone.sid, 400, `{"code":1,"message":"Session ID unknown"}`},
		{"POST", "EIO=4&transport=polling", 400, `{"code":3,"message":"Bad request"}`},
		{"DELETE", "EIO=4&transport=polling", 400, `{"code":3,"message":"Bad request"}`},
		{"GET", "EIO=4&transport=websocket", 400, `{"code":3,"message":"Bad request"}`},
		{"GET", "EIO=4&transport=websocket&sid=" + d.sid, 400, `{"code":3,"message":"Bad request"}`},
		{"GET", "EIO=3&transport=polling&sid=" + d.sid, 400, `{"code":3,"message":"Bad request"}`},
		{"PUT", "EIO=4&transport=polling&sid=" + d.sid, 400, `{"code":3,"message":"Bad request"}`},
		{"GET", "EIO=4&transport=polling&sid=" + ws.sid, 400, `{"code":3,"message":"Bad request"}`},
		{"POST", "EIO=4&transport=polling&sid=" + ws.sid, 400, `{"code":3,"message":"Bad request"}`},
		{"GET", "transport=polling", 400, `{"code":3,"message":"Bad request"}`},
		{"GET", "EIO=5&transport=polling", 400, `{"code":3,"message":"Bad request"}`},
	} {
		status, body := do(t, test.method, h.url+"/socket.io/?"+test.query, "")
		if status != test.status || body != test.want {
			t.Errorf("%s %s:\n got %d %s\nwant %d %s", test.method, test.query, status, body, test.status, test.want)
		}
	}
	for _, sid := range []string{"x", ws.sid, gone.sid} { // others' sessions, and none
		if conn, answer, err := websocket.DefaultDialer.Dial(h.address(4, "websocket", sid), nil); err == nil {
			conn.Close()
			t.Errorf("upgraded %q", sid)
		} else if answer.StatusCode != http.StatusBadRequest {
			t.Errorf("upgrade of %q: %v", sid, answer.Status)
		}
	}
	if g.closes.Load()+wsGuest.closes.Load() != 0 {
		t.Error("a bad request ended a session")
	}
	well()
}

// What a body or message breaks is told: by HTTP, or by a close code, and the session is over.
func TestBadBodies(t *testing.T) {
	h := serve(t, Config{})
	well := bystander(t, h)
	big := strings.Repeat("n", 1<<20)
	for _, test := range []struct {
		version int
		body    string
		status  int
	}{
		{3, "", 400}, {3, "x", 400}, {3, "9:40", 400}, {3, "40\x1e40", 400}, {3, "4:42\xff\xff", 400},
		{4, "", 400}, {4, "\x1e", 400}, {4, "6\x1e\x1e6", 400}, {4, "42[\"\xff\"]", 400},
		{4, `42["` + big + `"]`, 413}, {3, fmt.Sprintf(`%d:42["%s"]`, len(big)+6, big), 413},
	} {
		d, g := h.join(t, test.version, "polling")
		status, body := do(t, http.MethodPost, h.address(test.version, "polling", d.sid), test.body)
		if status != test.status || !strings.HasPrefix(body, `{"code":3,`) {
			t.Errorf("version %d, %.20q: got %d %s, want %d", test.version, test.body, status, body, test.status)
		}
		d.next() // why
		if d.want(map[int]string{3: "41", 4: "1"}[test.version]); test.version == 3 {
			d.want("1")
		}
		receive(t, g.closed, "Closed")
	}
	d, g := h.join(t, 4, "polling")
	conn := h.raw(t, "POST /socket.io/?EIO=4&transport=polling&sid="+d.sid+" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
	go func() { // with no length announced
		for chunk := "400\r\n" + big[:0x400] + "\r\n"; ; {
			if _, err := io.WriteString(conn, chunk); err != nil {
				return
			}
		}
	}()
	if answer, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil || answer.StatusCode != 413 {
		t.Errorf("a body without end: %v, %v", answer, err)
	}
	d.next()
	d.want("1")
	receive(t, g.closed, "Closed")

	d, g = h.join(t, 4, "websocket")
	d.send(`42["` + big + `"]`)
	if _, _, err := d.conn.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseMessageTooBig) {
		t.Errorf("got %v, want 1009", err)
	}
	d.conn.Close()
	receive(t, g.closed, "Closed")
	well()
}

func TestBadPackets(t *testing.T) {
	h := serve(t, Config{})
	well := bystander(t, h)
	bomb := `42["a",` + strings.Repeat("[", 30_000) + strings.Repeat("]", 30_000) + "]"
	for _, test := range []struct {
		version      int // 0: both
		packet, want string
	}{
		{0, "0{}", "a packet of type '0' out of order"},
		{0, "5", "a packet of type '5' out of order"},
		{0, "7", "a packet of type '7' out of order"},
		{0, "bAQID", "a packet of type 'b' out of order"},
		{3, "3", "a packet of type '3' out of order"},
		{4, "2", "a packet of type '2' out of order"},
		{4, "40", "connected twice"},
		{0, "4", "a packet without type"},
		{0, "43[]", "acknowledgements are not supported"},
		{0, "44", "a packet of type '4'"},
		{0, `451-["a",{"_placeholder":true,"num":0}]`, "binary data is not supported"},
		{0, `42/admin,["a"]`, `the namespace "/admin" is not connected`},
		{0, `40/` + strings.Repeat("n", 60_000), "a namespace of 60001 bytes, over 256"},
		{0, "42", `not an event: want ["name",…]`},
		{0, `42{"a":1}`, `not an event: want ["name",…]`},
		{0, `42["a",]`, `not an event: want ["name",…]`},
		{0, `42["` + strings.Repeat("n", 60_000) + `"]`, "an event's name of 60000 bytes, over 256"},
		{0, `42["a"` + strings.Repeat(",1", 30_000) + `]`, "more than 16 arguments"},
		{0, bomb, "nested deeper than 32"},
	} {
		everyWay(t, func(t *testing.T, version int, way string) {
			if test.version != 0 && test.version != version {
				return
			}
			d, g := h.join(t, version, way)
			d.send(test.packet)
			quoted := string(quote(test.want))
			if version == 3 {
				d.want("44"+quoted, "41")
			} else {
				d.want(`44{"message":` + quoted + `}`)
			}
			d.want(map[bool]string{true: "", false: "1"}[d.conn != nil])
			receive(t, g.closed, "Closed")
		})
	}
	t.Run("before connect", func(t *testing.T) {
		d := h.open(t, 4, "websocket")
		d.send(`42["a"]`)
		d.want(`44{"message":"an event before the namespace is connected"}`, "")
		receive(t, h.guests, "Accept")
		d = h.open(t, 4, "websocket")
		d.send(`40"x"`)
		d.want(`44{"message":"a connect packet with \"\\\"x\\\"\""}`, "")
		receive(t, h.guests, "Accept")
	})
	t.Run("binary frame", func(t *testing.T) {
		d, _ := h.join(t, 4, "websocket")
		d.conn.WriteMessage(websocket.BinaryMessage, []byte{1, 2, 3})
		d.want(`44{"message":"want text in UTF-8"}`, "")
	})
	t.Run("namespace", func(t *testing.T) {
		d, _ := h.join(t, 4, "websocket")
		d.send("40/admin,{}", "40/x?y=z")
		d.want(`44/admin,{"message":"Invalid namespace"}`, `44/x,{"message":"Invalid namespace"}`)
		d, _ = h.join(t, 3, "polling")
		d.send("40", "40/admin")
		d.want(`44/admin,"Invalid namespace"`)
	})
	well()
}

func TestOverlap(t *testing.T) {
	h := serve(t, Config{})
	well := bystander(t, h)
	d, g := h.join(t, 4, "polling")
	d.fetch()
	h.parked(t, d.sid)
	if status, body := do(t, http.MethodGet, h.address(4, "polling", d.sid), ""); status != 400 || body != `{"code":3,"message":"Bad request"}` {
		t.Errorf("a second poll: %d %s", status, body)
	}
	d.want("1")
	receive(t, g.closed, "Closed")

	inside, release := make(chan bool), make(chan bool)
	d, g = h.join(t, 4, "polling")
	g.on = func(*Socket, string, []json.RawMessage) {
		inside <- true
		<-release
	}
	first := make(chan string)
	go func() {
		_, body := d.post(`42["a"]`, `42["b"]`)
		first <- body
	}()
	receive(t, inside, "the first POST")
	if status, body := d.post(`42["c"]`); status != 400 || body != `{"code":3,"message":"Bad request"}` {
		t.Errorf("a second POST: %d %s", status, body)
	}
	if g.closes.Load() != 0 {
		t.Error("Closed was called while Event runs")
	}
	close(release)
	receive(t, first, "the answer to the first POST")
	receive(t, g.closed, "Closed")
	well()
}

// An upgrade while a POST is out would mix up the order of packets.
func TestUpgradeDuringPost(t *testing.T) {
	h := serve(t, Config{})
	d, g := h.join(t, 4, "polling")
	inside, release := make(chan bool), make(chan bool)
	g.on = func(s *Socket, _ string, _ []json.RawMessage) {
		inside <- true
		<-release
		s.Emit("done")
	}
	first := make(chan string, 1)
	go func() {
		_, body := d.post(`42["a"]`)
		first <- body
	}()
	receive(t, inside, "the POST")
	conn := d.probe()
	conn.WriteMessage(websocket.TextMessage, []byte("5"))
	conn.SetReadDeadline(time.Now().Add(waitFor))
	if _, text, err := conn.ReadMessage(); err == nil {
		t.Errorf("got %q, want the end of the upgrade", text)
	}
	close(release)
	if got := receive(t, first, "the answer to the POST"); got != "ok" {
		t.Errorf("got %q, want ok", got)
	}
	d.want(`42["done"]`)
}

func TestSlowBody(t *testing.T) {
	h := serve(t, Config{PingInterval: 300 * time.Millisecond, PingTimeout: 300 * time.Millisecond})
	const half = " HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n42["
	ws, wsGuest := h.join(t, 4, "websocket")
	ws.conn.NetConn().Write([]byte("\x81\x89\x00\x00\x00\x0042["))
	gone, goneGuest := h.join(t, 4, "polling")
	h.raw(t, "POST /socket.io/?EIO=4&transport=polling&sid="+gone.sid+half).Close()
	d, g := h.join(t, 4, "polling")
	conn := h.raw(t, "POST /socket.io/?EIO=4&transport=polling&sid="+d.sid+half)
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || answer.StatusCode != http.StatusBadRequest {
		t.Errorf("got %v, %v, want 400", answer, err)
	}
	for _, g := range []*guest{wsGuest, goneGuest, g} {
		receive(t, g.closed, "Closed")
	}
}

// Who does not read is closed, and whoever emits to it never waits.
func TestSlowReader(t *testing.T) {
	h := serve(t, Config{WriteTimeout: 100 * time.Millisecond, PingTimeout: 150 * time.Millisecond})
	well := bystander(t, h)
	everyWay(t, func(t *testing.T, version int, way string) {
		d, g := h.join(t, version, way)
		if d.conn == nil {
			d.fetch() // and never again
			h.parked(t, d.sid)
		}
		text := json.RawMessage(`"` + strings.Repeat("x", 32<<10) + `"`)
		for until := time.Now().Add(waitFor); g.closes.Load() == 0 && time.Now().Before(until); {
			g.socket.Emit("a", text)
		}
		receive(t, g.closed, "Closed")
	})
	well()
}

// However many sessions come, Accept has the last word.
func TestFlood(t *testing.T) {
	h := serve(t, Config{})
	well := bystander(t, h)
	accept := h.cfg.Accept
	room := 20
	h.cfg.Accept = func(w http.ResponseWriter, r *http.Request) (Client, bool) {
		if room--; room < 0 {
			http.Error(w, "too many", http.StatusTooManyRequests)
			return nil, false
		}
		return accept(w, r)
	}
	refused := 0
	for i := range 200 {
		transport := "polling"
		if i%2 == 0 {
			transport = "websocket"
			conn, answer, err := websocket.DefaultDialer.Dial(h.address(4, transport, ""), nil)
			if err == nil {
				conn.Close()
			} else if answer.StatusCode == http.StatusTooManyRequests {
				refused++
			}
			continue
		}
		if status, _ := do(t, http.MethodGet, h.address(4, transport, ""), ""); status == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused != 180 {
		t.Errorf("%d refused, want 180", refused)
	}
	well()
}

// Who goes on saying what is no event is shown out; who does so now and then is not.
func TestTrifles(t *testing.T) {
	h := serve(t, Config{PingTimeout: 200 * time.Millisecond})
	well := bystander(t, h)
	flood := func(d *dialer, packet string) {
		if d.conn == nil {
			d.send(slices.Repeat([]string{packet}, 2*trifleBurst)...)
			return
		}
		for range 2 * trifleBurst {
			if d.conn.WriteMessage(websocket.TextMessage, []byte(packet)) != nil {
				return // shown out already
			}
		}
	}
	everyWay(t, func(t *testing.T, version int, way string) {
		beat := map[int]string{3: "2", 4: "3"}[version]
		for _, packet := range []string{beat, "6", "40/admin"} {
			d, g := h.join(t, version, way)
			flood(d, packet)
			told := false
			for got := "?"; got != "" && got != "1"; got = d.next() {
				told = told || strings.Contains(got, "too many packets")
			}
			if !told {
				t.Errorf("%s: nothing was said", packet)
			}
			receive(t, g.closed, "Closed")
		}
		d, g := h.join(t, version, way)
		for range trifleBurst / 2 {
			d.send(beat, `42["echo",1]`)
			for d.next() != `42["echo",1]` {
			}
		}
		if g.closes.Load() != 0 {
			t.Error("a client in a hurry was shown out")
		}
	})
	// Nor does it stay by going on when it was told to go.
	d, g := h.join(t, 3, "websocket")
	stop := make(chan struct{})
	go func() {
		defer close(stop)
		for d.conn.WriteMessage(websocket.TextMessage, []byte("6")) == nil {
			time.Sleep(time.Millisecond)
		}
	}()
	receive(t, g.closed, "Closed")
	receive(t, stop, "the end of the WebSocket")
	for _, kind := range []int{websocket.PingMessage, websocket.PongMessage} {
		d, g := h.join(t, 4, "websocket")
		for range 2 * trifleBurst {
			d.conn.WriteControl(kind, nil, time.Now().Add(waitFor))
		}
		receive(t, g.closed, "Closed")
	}
	well()
}

// Who was told to go, and does not come to hear it, does not hold up a server that stops.
func TestShutdownOfTheDeaf(t *testing.T) {
	h := serve(t, Config{})
	d, _ := h.join(t, 4, "polling")
	d.post("40") // which is why it has to go, and is told by a poll that never comes
	s := h.socket(d.sid)
	s.restart()
	s.mu.Lock()
	defer s.mu.Unlock()
	if left, most := time.Until(s.deadline), s.server.cfg.farewell(); left > most {
		t.Errorf("the session has %v left, want at most %v", left, most)
	}
}

// A client that connects again while it is closed is not connected again.
func TestConnectAtTheEnd(t *testing.T) {
	h := serve(t, Config{})
	for range 20 {
		d, g := h.join(t, 4, "websocket")
		s, closing := g.socket, make(chan struct{})
		go func() {
			defer close(closing)
			s.Close()
		}()
		s.turn.Lock()
		if s.connect(nil) == nil {
			t.Error("connected twice")
		}
		s.turn.Unlock()
		receive(t, closing, "Close")
		s.turn.Lock()
		if s.connect(nil) == nil {
			t.Error("connected when closed")
		}
		s.turn.Unlock()
		d.conn.Close()
		receive(t, g.closed, "Closed")
	}
}
