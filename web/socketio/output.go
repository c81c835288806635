package socketio

import (
	"github.com/gorilla/websocket"
)

// output is what waits to be sent to one client, and the ways to it. Nobody who adds
// something waits for the client.
type output struct {
	pending [][]byte // packets of Engine.IO
	bytes   int
	code    int  // that a WebSocket is closed with
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
	return s.conn != nil && len(s.pending) > 0 || s.poll != nil && s.answerable()
}

func (s *Socket) answerable() bool { return len(s.pending) > 0 || s.move == probed }

// polls says whether the session is there, and not on a WebSocket.
func (s *Socket) polls() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state < gone && s.conn == nil
}

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
		packets := s.take()
		s.mu.Unlock()
		if poll != nil {
			s.answered(packets, poll.answer(s, packets))
		} else if err := s.writeFrames(conn, packets); err != nil {
			s.end("cannot be written to")
		}
	}
}

// take takes what is written next. With it a poll is answered. It needs the lock.
func (s *Socket) take() (packets [][]byte) {
	packets, s.pending, s.bytes = s.pending, nil, 0
	s.poll, s.polling = nil, false
	switch last := len(packets) - 1; {
	case last < 0:
		packets = [][]byte{{engineNoop}}
	case last > 0 && packets[last][0] == engineClose:
		// COMPAT socket.io-client 4: takes close at once, and what is before it in an answer a
		// moment later, so that it would come back after a disconnect.
		packets, s.pending = packets[:last], packets[last:]
	}
	return packets
}
