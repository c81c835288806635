package socketio

import (
	"sync"
	"time"
)

// sessions are those of a server, by sid, and the one clock of them all: a goroutine that
// runs while there are sessions and looks at each in turn, a few times in a ping interval.
// So an idle session costs neither a goroutine nor a timer.
type sessions struct {
	tick time.Duration

	mu      sync.Mutex
	byID    map[string]*Socket
	slots   [spokes]map[*Socket]struct{}
	next    int           // slot of the next newcomer
	count   int           // sessions whose Closed has not returned
	turning bool          // the clock runs
	closed  bool          // no newcomers
	empty   chan struct{} // closed when the last session leaves closed sessions
}

const (
	spokes  = 5 // slots that a round is cut into
	looking = 5 // rounds in the shorter of ping interval and ping timeout
)

func newSessions(cfg Config) *sessions {
	tick := min(cfg.PingInterval, cfg.PingTimeout) / (spokes * looking)
	return &sessions{tick: max(tick, time.Millisecond), byID: make(map[string]*Socket), empty: make(chan struct{})}
}

// add takes a session in, unless the server is shutting down.
func (t *sessions) add(s *Socket) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return false
	}
	t.byID[s.sid] = s
	if t.slots[t.next] == nil {
		t.slots[t.next] = make(map[*Socket]struct{})
	}
	t.slots[t.next][s] = struct{}{}
	s.slot = uint8(t.next)
	t.next = (t.next + 1) % spokes
	t.count++
	if !t.turning {
		t.turning = true
		go t.turn()
	}
	return true
}

func (t *sessions) get(sid string) *Socket {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.byID[sid]
}

// remove forgets a session; done, later, says that its Client knows.
func (t *sessions) remove(s *Socket) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.byID, s.sid)
	delete(t.slots[s.slot], s)
}

func (t *sessions) done() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.count--; t.count == 0 && t.closed {
		close(t.empty)
	}
}

// close keeps newcomers out and returns the sessions.
func (t *sessions) close() []*Socket {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.closed {
		t.closed = true
		if t.count == 0 {
			close(t.empty)
		}
	}
	all := make([]*Socket, 0, len(t.byID))
	for _, s := range t.byID {
		all = append(all, s)
	}
	return all
}

// turn goes round and round until there are no sessions.
func (t *sessions) turn() {
	ticker := time.NewTicker(t.tick)
	defer ticker.Stop()
	var turn []*Socket
	for at := 0; ; at = (at + 1) % spokes {
		var now time.Time
		select {
		case now = <-ticker.C:
		case <-t.empty:
		}
		var more bool
		if turn, more = t.collect(turn[:0], at); !more {
			return
		}
		for i, s := range turn {
			s.tick(now)
			turn[i] = nil // it may end before the next round
		}
	}
}

// collect returns the sessions of a slot, to be looked at without the lock.
func (t *sessions) collect(turn []*Socket, at int) (_ []*Socket, more bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for s := range t.slots[at] {
		turn = append(turn, s)
	}
	t.turning = t.count > 0
	return turn, t.turning
}
