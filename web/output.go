package web

import (
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// state is how far a session is. It only grows.
type state uint8

const (
	waiting  state = iota // for a login that the bridge accepts
	loggedIn              //
	leaving               // the close frame is queued or sent; nothing is heard or said any more
	gone                  // the socket is given up
)

// output is what waits to be written to one browser. Nobody who adds to it ever waits for
// the browser.
type output struct {
	mu       sync.Mutex
	state    state
	auth     bool // was logged in; decides where the session is counted
	writing  bool // the writer runs
	pinged   bool // a ping of ours has no answer yet
	missed   uint8
	slot     uint8 // in the wheel
	code     int   // of the end; 0 before it
	pending  [][]byte
	bytes    int
	ping     bool      // a ping is to be sent
	pong     []byte    // answer to a ping, to be sent; nil when there is none
	bye      []byte    // close frame, to be sent; nil when there is none
	deadline time.Time // for all that is left to write, once leaving
}

// queue adds messages. A browser that lets too much wait is closed: it may come back and
// start afresh, which it could not do while it is behind.
func (s *Session) queue(frames ...[]byte) {
	l := &s.server.limits
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, frame := range frames {
		if s.state >= leaving {
			return
		}
		if len(s.pending) >= l.QueueMessages || s.bytes+len(frame) > l.QueueBytes {
			s.server.limited("send_queue")
			s.pending, s.bytes = nil, 0
			s.leave(websocket.CloseTryAgainLater, "too slow")
			return
		}
		s.pending = append(s.pending, frame)
		s.bytes += len(frame)
		s.wake()
	}
}

// Close implements Sender.
func (s *Session) Close(code int, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leave(code, text)
}

// leave queues the close frame; it needs the lock.
func (s *Session) leave(code int, text string) {
	if s.state >= leaving {
		return
	}
	if len(text) > 123 { // RFC 6455 §5.5: 125 bytes with the code
		text = strings.ToValidUTF8(text[:123], "")
	}
	s.state, s.code = leaving, code
	s.ping, s.pong = false, nil
	s.bye = websocket.FormatCloseMessage(code, text)
	s.deadline = time.Now().Add(s.server.cfg.WriteTimeout)
	s.wake()
}

// wake starts the writer unless it runs; it needs the lock.
func (s *Session) wake() {
	if !s.writing {
		s.writing = true
		go s.write()
	}
}

// write writes what waits; it ends when nothing does, or the socket breaks, which a browser
// that does not read for WriteTimeout makes it do.
func (s *Session) write() {
	for {
		kind, frame, deadline := s.next()
		var err error
		switch kind {
		case 0:
			return
		case websocket.TextMessage:
			s.conn.SetWriteDeadline(deadline)
			err = s.conn.WriteMessage(kind, frame)
			s.server.metrics.bytesOut.Add(float64(len(frame)))
		default:
			err = s.conn.WriteControl(kind, frame, deadline)
		}
		switch {
		case err == nil && kind != websocket.CloseMessage:
		case err == nil, errors.Is(err, websocket.ErrCloseSent):
			s.await()
		default:
			s.giveUp(websocket.CloseAbnormalClosure)
		}
	}
}

// next takes what is to be written next; kind is 0 when there is nothing and the writer ends.
func (s *Session) next() (kind int, frame []byte, deadline time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if deadline = s.output.deadline; deadline.IsZero() {
		deadline = time.Now().Add(s.server.cfg.WriteTimeout)
	}
	switch {
	case s.state == gone:
	case s.pong != nil:
		frame, s.pong = s.pong, nil
		return websocket.PongMessage, frame, deadline
	case len(s.pending) > 0:
		frame = s.pending[0]
		s.pending[0] = nil
		s.bytes -= len(frame)
		if s.pending = s.pending[1:]; len(s.pending) == 0 {
			s.pending = nil
		}
		return websocket.TextMessage, frame, deadline
	case s.ping:
		s.ping = false
		return websocket.PingMessage, nil, deadline
	case s.bye != nil:
		frame, s.bye = s.bye, nil
		return websocket.CloseMessage, frame, deadline
	}
	s.writing = false
	return 0, nil, deadline
}

// await gives the client some time to answer the close frame; then reading ends.
func (s *Session) await() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == leaving {
		s.conn.SetReadDeadline(time.Now().Add(farewell))
	}
}

// giveUp makes the reader end at once, and with it the session.
func (s *Session) giveUp(code int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == gone {
		return
	}
	s.state = gone
	if s.code == 0 {
		s.code = code
	}
	s.conn.SetReadDeadline(time.Unix(1, 0))
}

// ended notes how the socket ended, unless that is known.
func (s *Session) ended(code int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.code == 0 {
		s.code = code
	}
	s.state = max(s.state, leaving)
}

// discard lets go of what cannot be written any more.
func (s *Session) discard() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state = gone
	s.pending, s.bytes, s.pong, s.bye = nil, 0, nil, nil
}

// accepted counts the session as logged in; it may now be silent as long as it likes.
func (s *Session) accepted() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != waiting {
		return
	}
	s.state, s.auth = loggedIn, true
	s.conn.SetReadDeadline(time.Time{})
	s.server.addresses.accept(s.addr)
	s.server.metrics.sessions[0].Dec()
	s.server.metrics.sessions[1].Inc()
}

// limitRead bounds the time until the next bytes, or lifts that bound (0). One who has not
// logged in has a bound already.
func (s *Session) limitRead(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != loggedIn {
		return
	}
	var until time.Time
	if d > 0 {
		until = time.Now().Add(d)
	}
	s.conn.SetReadDeadline(until)
}

func (s *Session) closing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state >= leaving
}

func (s *Session) isOpen() (open, unknown bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state < leaving, s.state == waiting
}

func (s *Session) answerPing(payload string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state < leaving {
		s.pong = append([]byte{}, payload...)
		s.wake()
	}
}

// sendPing asks whether the browser is still there.
func (s *Session) sendPing() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state < leaving {
		s.ping, s.pinged = true, true
		s.wake()
	}
}

// answered notes that it is.
func (s *Session) answered() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pinged, s.missed = false, 0
}

// checkPing gives a session up whose browser has not answered two pings.
func (s *Session) checkPing() {
	s.mu.Lock()
	silent := false
	if s.pinged {
		s.missed++
		silent = s.missed >= 2
	}
	s.mu.Unlock()
	if silent {
		s.giveUp(websocket.CloseAbnormalClosure)
	}
}
