package web

import (
	"sync"
	"time"
)

// wheel holds the sessions of a server, and pings them in turn from one goroutine, which
// runs while there are sessions. So silence costs nothing else: no goroutine and no timer of
// each session's own.
type wheel struct {
	interval, timeout time.Duration
	each              func(now time.Time) // called once a round

	mu      sync.Mutex
	slots   [spokes]map[*Session]struct{}
	count   int
	next    int           // slot of the next newcomer
	turning bool          // the goroutine runs
	closed  bool          // no newcomers
	empty   chan struct{} // closed when the last session leaves a closed wheel
}

// spokes is into how many parts a ping interval is cut.
const spokes = 25

func newWheel(interval, timeout time.Duration, each func(time.Time)) *wheel {
	return &wheel{interval: interval, timeout: timeout, each: each, empty: make(chan struct{})}
}

// add takes a session in, unless the wheel is closed.
func (w *wheel) add(s *Session) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return false
	}
	if w.slots[w.next] == nil {
		w.slots[w.next] = make(map[*Session]struct{})
	}
	w.slots[w.next][s] = struct{}{}
	s.slot = uint8(w.next)
	w.next = (w.next + 1) % spokes
	w.count++
	if !w.turning {
		w.turning = true
		go w.turn()
	}
	return true
}

func (w *wheel) remove(s *Session) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.slots[s.slot], s)
	if w.count--; w.count == 0 && w.closed {
		close(w.empty)
	}
}

// close keeps newcomers out and returns the sessions.
func (w *wheel) close() []*Session {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.closed {
		w.closed = true
		if w.count == 0 {
			close(w.empty)
		}
	}
	sessions := make([]*Session, 0, w.count)
	for _, slot := range w.slots {
		for s := range slot {
			sessions = append(sessions, s)
		}
	}
	return sessions
}

// turn goes round and round until there are no sessions.
func (w *wheel) turn() {
	ticker := time.NewTicker(w.interval / spokes)
	defer ticker.Stop()
	// A pong that is still missing so many ticks after its ping is late.
	grace := min(spokes-1, max(1, int(w.timeout*spokes/w.interval)))
	for at := 0; ; at = (at + 1) % spokes {
		select {
		case now := <-ticker.C:
			if at == 0 {
				w.each(now)
			}
		case <-w.empty:
			return
		}
		if !w.tick(at, (at+spokes-grace)%spokes) {
			return
		}
	}
}

func (w *wheel) tick(ping, check int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for s := range w.slots[ping] {
		s.sendPing()
	}
	for s := range w.slots[check] {
		s.checkPing()
	}
	w.turning = w.count > 0
	return w.turning
}
