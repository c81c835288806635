package socketio

import (
	"time"

	"github.com/gorilla/websocket"
)

// output is what waits to be sent to one client. Nobody who adds to it waits for the client.
type output struct {
	pending [][]byte // packets of Engine.IO
	bytes   int
	ping    bool // a ping is to be sent
	pong    bool // an answer to one, and the last is enough
	bye     int  // the end is to be sent, with this WebSocket code; 0 when it is not
	writing bool // the writer runs
}

// way is how packets reach the client.
type way struct {
	conn     *websocket.Conn // once the session is on a WebSocket
	fetching bool            // a GET is here and not answered
	poll     *poll           // it, when it has to wait
	probing  bool            // an upgrade has begun
	probe    *websocket.Conn // its WebSocket
	probed   bool            // it was tried: polls are answered at once, for the client to let go of them
}

// shut closes what way there was. A poll that waits is told that the session is over.
func (s *Socket) shut(w way) {
	for _, conn := range []*websocket.Conn{w.conn, w.probe} {
		if conn != nil {
			conn.Close()
		}
	}
	if w.poll != nil {
		go w.poll.answer(s, [][]byte{{engineClose}})
	}
}

// send queues a packet.
func (s *Socket) send(packet []byte) {
	cfg := &s.server.cfg
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state >= leaving {
		return
	}
	if len(s.pending) >= cfg.QueueMessages || s.bytes+len(packet) > cfg.QueueBytes {
		s.pending, s.bytes = nil, 0
		s.leave(websocket.CloseTryAgainLater)
		return
	}
	s.pending = append(s.pending, packet)
	s.bytes += len(packet)
	s.wake()
}

func (s *Socket) answerPing() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state < leaving {
		s.pong = true
		s.wake()
	}
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
	return s.conn != nil && s.waiting() || s.poll != nil && (s.waiting() || s.probed)
}

func (s *Socket) waiting() bool { return len(s.pending) > 0 || s.ping || s.pong || s.bye != 0 }

// write writes what waits; it ends when nothing does, or there is no way.
func (s *Socket) write() {
	for {
		s.mu.Lock()
		if !s.canWrite() {
			s.writing = false
			s.mu.Unlock()
			return
		}
		if s.conn != nil {
			conn, kind, frame := s.takeFrame()
			s.mu.Unlock()
			s.writeFrame(conn, kind, frame)
			continue
		}
		p := s.poll
		packets, last := s.takeAll()
		s.mu.Unlock()
		s.finish(p.answer(s, packets), last)
	}
}

// takeFrame takes what the WebSocket carries next; it needs the lock.
func (s *Socket) takeFrame() (conn *websocket.Conn, kind int, frame []byte) {
	kind = websocket.TextMessage
	switch {
	case s.pong:
		s.pong, frame = false, []byte{enginePong}
	case len(s.pending) > 0:
		frame = s.pending[0]
		s.pending[0] = nil
		s.bytes -= len(frame)
		if s.pending = s.pending[1:]; len(s.pending) == 0 {
			s.pending = nil
		}
	case s.ping:
		s.ping, frame = false, []byte{enginePing}
	default:
		kind, frame = websocket.CloseMessage, websocket.FormatCloseMessage(s.bye, "")
		s.bye = 0
	}
	return s.conn, kind, frame
}

func (s *Socket) writeFrame(conn *websocket.Conn, kind int, frame []byte) {
	deadline := time.Now().Add(s.server.cfg.WriteTimeout)
	if kind == websocket.CloseMessage {
		conn.WriteControl(kind, frame, deadline) // its error is the reader's, too
		s.mu.Lock()
		conn.SetReadDeadline(time.Now().Add(s.server.cfg.farewell()))
		s.mu.Unlock()
		return
	}
	conn.SetWriteDeadline(deadline)
	if err := conn.WriteMessage(kind, frame); err != nil {
		s.end("cannot be written to")
	}
}

// takeAll takes everything for one answer to a poll, which is thereby done; last says that
// the session ends with it. It needs the lock.
func (s *Socket) takeAll() (packets [][]byte, last bool) {
	packets = s.pending
	if s.pong {
		packets = append(packets, []byte{enginePong})
	}
	if s.ping {
		packets = append(packets, []byte{enginePing})
	}
	switch {
	case len(packets) > 0:
		// The close packet comes by itself in the next answer.
		// COMPAT socket.io-client 4: takes close at once, and what is before it a moment later,
		// so that it would come back after a disconnect.
	case s.bye != 0:
		packets, last = [][]byte{{engineClose}}, true
		s.bye = 0
	default:
		packets = [][]byte{{engineNoop}}
	}
	s.pending, s.bytes, s.ping, s.pong = nil, 0, false, false
	s.poll, s.fetching = nil, false
	return packets, last
}

// finish follows an answer to a poll. One that does not reach the client takes packets with
// it, and the session.
func (s *Socket) finish(err error, last bool) {
	switch {
	case err != nil:
		s.end("cannot be written to")
	case last:
		s.end("closed")
	}
}
