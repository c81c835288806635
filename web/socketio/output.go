package socketio

import (
	"github.com/gorilla/websocket"
)

// output is what waits to be sent to one client, and the ways to it. Nobody who adds
// something waits for the client.
type output struct {
	pending [][]byte // packets of Engine.IO
	bytes   int
	bye     int  // the end is to be sent, with this WebSocket code; 0 when it is not
	writing bool // the writer runs

	polling bool  // a GET is here and not answered
	poll    *poll // it, when it has to wait
	move    move
	conn    *websocket.Conn // once the session is on a WebSocket
}

// move is how far a polling session is on its way to a WebSocket.
type move uint8

const (
	staying move = iota
	probing
	probed // polls are answered at once, for the client to let go of them
)

// send queues a packet for a client that is still heard.
func (s *Socket) send(packet []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue(packet)
}

// queue is send for who has the lock.
func (s *Socket) queue(packet []byte) {
	cfg := &s.server.cfg
	switch {
	case s.state >= leaving:
		return
	case len(s.pending) >= cfg.QueueMessages || s.bytes+len(packet) > cfg.QueueBytes:
		s.pending, s.bytes = nil, 0
		s.leaveNow(websocket.CloseTryAgainLater, cfg.patience())
		return
	}
	s.pending = append(s.pending, packet)
	s.bytes += len(packet)
	s.wake()
}

// wake starts the writer if it has something to do and does not run; it needs the lock.
func (s *Socket) wake() {
	if !s.writing && s.canWrite() {
		s.writing = true
		go s.write()
	}
}

// canWrite says whether there is a way and something to write; it needs the lock.
func (s *Socket) canWrite() bool {
	return s.conn != nil && s.waiting() || s.poll != nil && s.answerable()
}

func (s *Socket) waiting() bool    { return len(s.pending) > 0 || s.bye != 0 }
func (s *Socket) answerable() bool { return s.waiting() || s.move == probed }

// write writes what waits; it ends when nothing does, or there is no way.
func (s *Socket) write() {
	for {
		s.mu.Lock()
		if !s.canWrite() {
			s.writing = false
			s.mu.Unlock()
			return
		}
		poll, conn := s.poll, s.conn
		packets, bye := s.take()
		s.mu.Unlock()
		if poll != nil {
			s.answered(poll.answer(s, body(packets, bye)), bye)
		} else if err := s.writeFrames(conn, packets, bye); err != nil {
			s.end("cannot be written to")
		}
	}
}

// take takes what is written next: packets, or the end. With it a poll is answered. It needs
// the lock.
func (s *Socket) take() (packets [][]byte, bye int) {
	// The end comes by itself, and in an answer of its own.
	// COMPAT socket.io-client 4: takes close at once, and what is before it a moment later,
	// so that it would come back after a disconnect.
	if packets = s.pending; len(packets) == 0 {
		bye, s.bye = s.bye, 0
	}
	s.pending, s.bytes = nil, 0
	s.poll, s.polling = nil, false
	return packets, bye
}
