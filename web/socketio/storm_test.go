package socketio

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// TestStorm lets clients do whatever they like in any order and at the same time, while the
// server closes, emits and shuts down. What must hold whatever happens is held by serve: each
// Closed once, no goroutine left, and an end.
func TestStorm(t *testing.T) {
	h := serve(t, Config{PingInterval: 20 * time.Millisecond, PingTimeout: 50 * time.Millisecond, QueueMessages: 20})
	ctx, stop := context.WithTimeout(context.Background(), 600*time.Millisecond)
	defer stop()
	var all sync.WaitGroup
	for seed := range uint64(8) {
		all.Go(func() {
			for r := rand.New(rand.NewPCG(seed, 0)); ctx.Err() == nil; {
				h.storm(ctx, t, r)
			}
		})
	}
	all.Go(func() { // the server's side
		for ctx.Err() == nil {
			select {
			case g := <-h.guests:
				select {
				case s := <-g.connected:
					for i := range 30 {
						s.Emit("n", []byte(fmt.Sprint(i)))
					}
					if s.ID()[0] < 'M' {
						s.Close()
					}
				case <-g.closed:
				}
			case <-ctx.Done():
			}
		}
	})
	all.Wait()
}

var sids = regexp.MustCompile(`"sid":"(\w+)"`)

// storm is the life of one session, in three threads of requests.
func (h *hall) storm(ctx context.Context, t *testing.T, r *rand.Rand) {
	version := 3 + r.IntN(2)
	_, hello := do(t, http.MethodGet, h.address(version, "polling", ""), "")
	found := sids.FindStringSubmatch(hello)
	if found == nil {
		return
	}
	sid := found[1]
	var life sync.WaitGroup
	for range 3 {
		seed := r.Uint64()
		life.Go(func() {
			r := rand.New(rand.NewPCG(seed, 1))
			for range r.IntN(8) {
				h.gust(ctx, t, r, version, sid)
			}
		})
	}
	life.Wait()
}

// gust is one request.
func (h *hall) gust(ctx context.Context, t *testing.T, r *rand.Rand, version int, sid string) {
	say := func() string {
		packets := []string{"40", `42["echo",1]`, "2", "3", "41", "1", "6", "2probe", "5", `42["a"`, "9"}
		return packets[r.IntN(len(packets))]
	}
	switch r.IntN(4) {
	case 0: // a poll, perhaps broken off
		ctx, cancel := context.WithTimeout(ctx, time.Duration(1+r.IntN(60))*time.Millisecond)
		defer cancel()
		request, _ := http.NewRequestWithContext(ctx, http.MethodGet, h.address(version, "polling", sid), nil)
		if answer, err := http.DefaultClient.Do(request); err == nil {
			io.Copy(io.Discard, answer.Body)
			answer.Body.Close()
		}
	case 1, 2:
		body := payload(version, [][]byte{[]byte(say()), []byte(say())})
		do(t, http.MethodPost, h.address(version, "polling", sid), string(body))
	case 3:
		conn, _, err := websocket.DefaultDialer.DialContext(ctx, h.address(version, "websocket", sid), nil)
		if err != nil {
			return
		}
		defer conn.Close()
		for _, text := range []string{"2probe", "5", say(), say(), say()} {
			conn.WriteMessage(websocket.TextMessage, []byte(text))
		}
		conn.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
		for err == nil {
			_, _, err = conn.ReadMessage()
		}
	}
}
