package web

import (
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

// visitor is a guest as the bridge sees it.
type visitor struct {
	*Guest
	got []Message
}

func (v *visitor) Send(m Message) {
	if m.Login != nil && m.Login.Success {
		v.Accepted()
	}
	v.got = append(v.got, m)
}
func (v *visitor) Close(int, string) {}
func (v *visitor) Old() bool         { return false }

// admit lets a guest in from an address; nil when it may not come in.
func admit(t testing.TB, s *Server, addr string) *visitor {
	t.Helper()
	r := httptest.NewRequest("GET", "http://127.0.0.1/", nil)
	r.RemoteAddr = addr + ":9"
	w := httptest.NewRecorder()
	g, ok := s.Admit(w, r)
	if ok != (g != nil) || ok == (w.Body.Len() > 0) {
		t.Fatalf("admitted %v, guest %v, answered %q", ok, g, w.Body)
	}
	if !ok {
		return nil
	}
	return &visitor{Guest: g}
}

func newServer(t testing.TB, cfg Config) *Server {
	t.Helper()
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// wantHere compares what is counted.
func wantHere(t testing.TB, s *Server, waiting, loggedIn int) {
	t.Helper()
	s.addresses.mu.Lock()
	total, inAll := s.addresses.total, [2]int{}
	for _, a := range s.addresses.by {
		inAll[0] += a.waiting
		inAll[1] += a.loggedIn
	}
	s.addresses.mu.Unlock()
	shown := [2]float64{testutil.ToFloat64(s.metrics.sessions[0]), testutil.ToFloat64(s.metrics.sessions[1])}
	if total != waiting+loggedIn || inAll != [2]int{waiting, loggedIn} || shown != [2]float64{float64(waiting), float64(loggedIn)} {
		t.Errorf("counted %d, %v by address, shown %v; want %d that wait and %d logged in", total, inAll, shown, waiting, loggedIn)
	}
}

// TestGuest: what a guest says is heard as of a client of version 1, and its end once.
func TestGuest(t *testing.T) {
	bridge := newBridge()
	s := newServer(t, Config{Handler: bridge})
	v := admit(t, s, "127.0.0.1")
	if v.Addr() != "127.0.0.1" || !v.Local() {
		t.Errorf("at %s, local %v", v.Addr(), v.Local())
	}
	wantHere(t, s, 1, 0)
	for _, row := range []struct{ say, want string }{
		{`{"type":"join","room":"foo"}`, "join"},
		{`{"type":"login","name":"foo","v":1}`, "login"},
		{`{"type":"message","room":"foo","data":{"a":1}}`, "message"},
		{`{"type":"nonsense"}`, codeUnknownType},
		{`{"type":"joined"}`, codeUnknownType},
		{`{`, codeBadJSON},
		{`{"type":"join","room":5}`, codeBadMessage},
		{`{"type":"leave","x":"` + strings.Repeat("y ", 512) + strings.Repeat(" ", 70_000) + `"}`, codeBadMessage},
	} {
		err := v.Say(v, []byte(row.say))
		var bad *ParseError
		if errors.As(err, &bad) {
			if bad.Code != row.want {
				t.Errorf("%.50s: got %v, want %s", row.say, err, row.want)
			}
			continue
		}
		if h := bridge.hear(t); err != nil || h.Type != row.want || h.from != Sender(v) {
			t.Errorf("%.50s: heard %+v (%v), want %s", row.say, h.Message, err, row.want)
		}
	}
	if got := testutil.ToFloat64(s.metrics.limited.WithLabelValues("message_bytes")); got != 1 {
		t.Errorf("%v messages were too long, want 1", got)
	}
	wantHere(t, s, 0, 1)
	v.Leave(v)
	v.Leave(v)
	v.Accepted()
	if err := v.Say(v, []byte(`{"type":"join","room":"foo"}`)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after it left it says something: %v", err)
	}
	wantHere(t, s, 0, 0)
	if len(bridge.closed) != 1 || len(bridge.heard) != 0 {
		t.Errorf("the bridge heard of %d ends and %d messages, want one end", len(bridge.closed), len(bridge.heard))
	}
}

// TestGuestUnheard: of one who said nothing that makes sense the bridge hears no end.
func TestGuestUnheard(t *testing.T) {
	bridge := newBridge()
	s := newServer(t, Config{Handler: bridge})
	for _, say := range []string{"", `{"type":"pong"}`} {
		v := admit(t, s, "127.0.0.1")
		if say != "" && v.Say(v, []byte(say)) == nil {
			t.Errorf("%s was taken", say)
		}
		v.Leave(v)
	}
	wantHere(t, s, 0, 0)
	if len(bridge.closed) != 0 {
		t.Error("the bridge heard of the end of somebody it never heard of")
	}
}

// TestGuestLimits: the limits of WebSockets are those of guests, and both count together.
func TestGuestLimits(t *testing.T) {
	s, url := serve(t, Config{Handler: newBridge(), Limits: Limits{Sockets: 4, WaitingPerAddr: 2, SocketsPerAddr: 3}})
	first := admit(t, s, "127.0.0.1")
	dial(t, url)
	if admit(t, s, "127.0.0.1") != nil {
		t.Error("a third that waits is let in")
	}
	if code, text := dialFrom(url, nil); code != http.StatusTooManyRequests || !strings.Contains(text, "limits.waiting_per_addr") {
		t.Errorf("a third that waits, by WebSocket: got %d %q", code, text)
	}
	first.Accepted()
	first.Accepted()
	second := admit(t, s, "127.0.0.1")
	wantHere(t, s, 2, 1)
	second.Accepted()
	if admit(t, s, "127.0.0.1") != nil {
		t.Error("a fourth of one address is let in")
	}
	first.Leave(first)
	if third := admit(t, s, "127.0.0.1"); third == nil {
		t.Error("when one has left there is no room")
	} else {
		third.Leave(third)
	}
	second.Leave(second)
	wantHere(t, s, 1, 0)

	s = newServer(t, Config{Handler: newBridge(), Limits: Limits{Sockets: 1}})
	r := httptest.NewRequest("GET", "http://127.0.0.1/", nil)
	r.RemoteAddr = "127.0.0.1:1"
	if _, ok := s.Admit(httptest.NewRecorder(), r); !ok {
		t.Fatal("the first is not let in")
	}
	w := httptest.NewRecorder()
	if _, ok := s.Admit(w, r); ok || w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("one too many: got %v, %d %v", ok, w.Code, w.Header())
	}
	r.Header.Set("Origin", "https://evil.example")
	w = httptest.NewRecorder()
	if _, ok := s.Admit(w, r); ok || w.Code != http.StatusForbidden || s.CheckOrigin(r) == nil {
		t.Errorf("from a foreign page: got %v, %d", ok, w.Code)
	}
}

func TestGuestLogins(t *testing.T) {
	bridge := newBridge()
	s := newServer(t, Config{Handler: bridge, Limits: Limits{LoginsPerMinute: 3}})
	login := []byte(`{"type":"login","name":"foo","v":1}`)
	for i, want := range []bool{true, true, true, false, false} {
		v := admit(t, s, "127.0.0.1")
		if v.Say(v, login) != nil {
			t.Error("a page on this machine is counted")
		}
		v.local = false
		err := v.Say(v, login)
		var bad *ParseError
		if (err == nil) != want || err != nil && (!errors.As(err, &bad) || bad.Code != "too-many-attempts") {
			t.Errorf("login %d: got %v, want %v", i, err, want)
		}
		v.Leave(v)
	}
	wantHere(t, s, 0, 0)
}

func TestGuestFlood(t *testing.T) {
	bridge := newBridge()
	s := newServer(t, Config{Handler: bridge, Limits: Limits{MessagesPerSecond: 1, MessageBurst: 5}})
	v := admit(t, s, "127.0.0.1")
	taken, refused := 0, 0
	for i := 0; ; i++ {
		err := v.Say(v, []byte(`{"type":"ice"}`))
		var bad *ParseError
		switch {
		case err == nil:
			taken++
		case errors.As(err, &bad) && bad.Code == codeRateLimited:
			refused++
		case errors.Is(err, ErrFlood):
			if taken < 5 || refused < maxStrikes-taken || len(bridge.heard) != taken {
				t.Errorf("a flood after %d that were taken and %d that were not; the bridge heard %d", taken, refused, len(bridge.heard))
			}
			return
		default:
			t.Fatalf("got %v", err)
		}
		if i > 10*maxStrikes {
			t.Fatal("it may go on for ever")
		}
	}
}

// TestGuestLeavesWhileHeard: the end is heard after what was said, however long that takes;
// who says it does not wait for it.
func TestGuestLeavesWhileHeard(t *testing.T) {
	bridge := newBridge()
	began, goOn := make(chan bool), make(chan bool)
	bridge.answer = func(Sender, Message) {
		began <- true
		<-goOn
		if len(bridge.closed) != 0 {
			t.Error("it is gone for the bridge before all is heard")
		}
	}
	s := newServer(t, Config{Handler: bridge})
	v := admit(t, s, "127.0.0.1")
	v.Accepted()
	said := make(chan error, 1)
	go func() { said <- v.Say(v, []byte(`{"type":"ice"}`)) }()
	<-began
	v.Leave(v)
	v.Leave(v)
	wantHere(t, s, 0, 1) // it takes its place as long as the bridge works for it
	close(goOn)
	if err := <-said; err != nil {
		t.Error(err)
	}
	if len(bridge.closed) != 1 {
		t.Errorf("the bridge heard of %d ends, want 1", len(bridge.closed))
	}
	wantHere(t, s, 0, 0)
}

// TestGuestLeavesFromWithin: a bridge that hangs up on a guest while it listens to it.
func TestGuestLeavesFromWithin(t *testing.T) {
	bridge := newBridge()
	s := newServer(t, Config{Handler: bridge})
	v := admit(t, s, "127.0.0.1")
	bridge.answer = func(Sender, Message) { v.Leave(v) }
	if err := v.Say(v, []byte(`{"type":"ice"}`)); err != nil {
		t.Error(err)
	}
	if len(bridge.closed) != 1 {
		t.Errorf("the bridge heard of %d ends, want 1", len(bridge.closed))
	}
	wantHere(t, s, 0, 0)
}

// order is a bridge that knows what must not come after what.
type order struct {
	inside, ended atomic.Int64
	wrong         atomic.Int64
}

func (o *order) Receive(Sender, Message) {
	o.inside.Add(1)
	if o.ended.Load() > 0 {
		o.wrong.Add(1)
	}
	o.inside.Add(-1)
}

func (o *order) Closed(Sender) {
	if o.ended.Add(1) > 1 || o.inside.Load() > 0 {
		o.wrong.Add(1)
	}
}

// orders is the bridge of the guest that is here.
type orders struct{ of atomic.Pointer[order] }

func (o *orders) Receive(s Sender, m Message) { o.of.Load().Receive(s, m) }
func (o *orders) Closed(s Sender)             { o.of.Load().Closed(s) }

// TestGuestsInAnyOrder: whatever is done at once or twice, nothing stays counted, and the
// bridge hears of an end once and last.
func TestGuestsInAnyOrder(t *testing.T) {
	handler := &orders{}
	s := newServer(t, Config{Handler: handler})
	for seed := range uint64(1000) {
		o := &order{}
		handler.of.Store(o)
		v := admit(t, s, "127.0.0.1")
		r := rand.New(rand.NewPCG(seed, 0))
		var all sync.WaitGroup
		says, leaves, accepts := r.IntN(4), 1+r.IntN(3), r.IntN(3)
		all.Go(func() {
			for range says {
				if err := v.Say(v, []byte(`{"type":"ice"}`)); err != nil && !errors.Is(err, net.ErrClosed) {
					t.Error(err)
				}
			}
		})
		for range leaves {
			all.Go(func() { v.Leave(v) })
		}
		for range accepts {
			all.Go(v.Accepted)
		}
		all.Wait()
		if o.wrong.Load() > 0 || says == 0 && o.ended.Load() > 0 {
			t.Fatalf("seed %d: %d times out of order, %d ends", seed, o.wrong.Load(), o.ended.Load())
		}
		wantHere(t, s, 0, 0)
	}
}
