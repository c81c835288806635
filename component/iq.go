package component

import (
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"sync"
	"time"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

const iqWait = 15 * time.Second

// asked names a request: who may answer, and with which id. Answers are matched by
// both, else anyone who guesses an id answers for anyone (RFC 6120 §8.1.2.1, §8.2.3).
type asked struct{ id, jid string }

type request struct {
	done  func(*Stanza, error)
	timer *time.Timer
}

// requests are the IQs of ours that wait for an answer. Each leaves the table once,
// by its answer, its timer or the end of the link; who takes it out calls done.
type requests struct {
	limit   int
	mu      sync.Mutex
	waiting map[asked]request
}

func newRequests(limit int) *requests {
	return &requests{limit: limit, waiting: map[asked]request{}}
}

func (r *requests) add(key asked, wait time.Duration, done func(*Stanza, error), late func()) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.waiting) >= r.limit {
		return ErrFull
	}
	timer := time.AfterFunc(wait, func() {
		if r.take(key) != nil {
			late()
			done(nil, ErrTimeout)
		}
	})
	r.waiting[key] = request{done, timer}
	return nil
}

// take removes a request and returns what it waits to call, or nil when it is gone.
func (r *requests) take(key asked) func(*Stanza, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	req, ok := r.waiting[key]
	if !ok {
		return nil
	}
	delete(r.waiting, key)
	req.timer.Stop()
	return req.done
}

// fail ends all requests with err.
func (r *requests) fail(err error) {
	r.mu.Lock()
	waiting := r.waiting
	r.waiting = map[asked]request{}
	r.mu.Unlock()
	for _, req := range waiting {
		req.timer.Stop()
		req.done(nil, err)
	}
}

// IQ is a request of ours. Payload is rendered XML, one element. Without To an account asks
// itself: its server answers (RFC 6120 §10.3.3).
type IQ struct {
	From, To string
	Type     string // "get" or "set"
	Payload  []byte
	Timeout  time.Duration // 0: 15 s
}

// SendIQ queues a request. When done is nil nobody waits for the answer, and OpenIQs does
// not count it; it is then dropped as one that was not asked for. Else it calls done exactly
// once, on another goroutine, never from inside SendIQ: with the result or error stanza that came from the JID asked (RFC 6120
// §8.1.2.1), or with ErrTimeout or ErrDown. When it returns an error, done is not called.
// An answer is handed over in its place in the stream: before the stanzas that follow it.
func (s *stream) SendIQ(iq IQ, done func(*Stanza, error)) error {
	if iq.Type != "get" && iq.Type != "set" {
		return fmt.Errorf("iq of type %q: want get or set", iq.Type)
	}
	id := newID()
	stanza, err := renderIQ(iq, id)
	if err != nil {
		return err
	}
	if done == nil {
		return s.Send(stanza)
	}
	if !s.out.up() {
		return ErrDown
	}
	wait := iq.Timeout
	if wait <= 0 {
		wait = iqWait
	}
	key := asked{id, foldJID(cmp.Or(iq.To, s.home))}
	if err := s.iqs.add(key, wait, done, s.metrics.iqTimeouts.Inc); err != nil {
		s.metrics.limited("open_iqs")
		return err
	}
	if err := s.Send(stanza); err != nil {
		if s.iqs.take(key) == nil {
			return nil // the link ended meanwhile, and done has been told
		}
		return err
	}
	return nil
}

func renderIQ(iq IQ, id string) ([]byte, error) {
	var w element.Writer
	w.Reset(make([]byte, 0, 200+len(iq.Payload)))
	w.Start(NS, "iq")
	w.Attr("type", iq.Type)
	w.Attr("id", id)
	w.Attr("from", iq.From)
	w.AttrIf("to", iq.To)
	w.Text("")
	head := w.Bytes()
	if len(iq.Payload) == 0 {
		return nil, fmt.Errorf("iq to %q: no payload", iq.To)
	}
	stanza := append(head, iq.Payload...)
	return append(stanza, "</iq>"...), nil
}

// newID returns 128 random bits: an id that a stranger cannot guess.
func newID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b[:])
}
