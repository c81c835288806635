package socketio

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// state is how far a session is. It only grows.
type state uint8

const (
	open    state = iota
	leaving       // nothing is heard any more; what is queued may still be sent
	gone          // everything is given up
)

// Socket is one client's session. Its methods never block and may be called from anywhere.
//
// It has no goroutine of its own. Packets come in by the request that brings a POST, or by
// the reader of its WebSocket; they leave by a writer that lives only while there is
// something to write and a way to go.
type Socket struct {
	server  *Server
	client  Client
	sid     string // Engine.IO's: whoever knows it is the client
	id      string // Socket.IO's
	version int    // of Engine.IO: 3 or 4

	// Who brings packets, or tells the Client of the end, has the turn, and may wait for the Client.
	turn sync.Mutex
	met  bool // the namespace "/" is connected

	// mu is never held while something waits.
	mu       sync.Mutex
	state    state
	clock    *time.Timer // until nextPing or deadline
	nextPing time.Time   // of Engine.IO 4
	deadline time.Time   // when the session ends unless the client is heard
	trifles  time.Time   // until when what the client has said that is no event keeps it busy
	output
}

// newSocket makes a session, and starts its clock.
func newSocket(server *Server, version int, client Client) *Socket {
	s := &Socket{server: server, client: client, version: version, sid: rand.Text()}
	if s.id = s.sid; version == 4 {
		s.id = rand.Text()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	interval := server.cfg.PingInterval
	s.nextPing = time.Now().Add(interval)
	s.deadline = time.Now().Add(server.cfg.silence())
	s.clock = time.AfterFunc(interval, s.tick)
	return s
}

// tick pings, or ends the session, and winds the clock again.
func (s *Socket) tick() {
	s.mu.Lock()
	now := time.Now()
	late := !now.Before(s.deadline)
	if !now.Before(s.nextPing) {
		s.nextPing = now.Add(s.server.cfg.PingInterval)
		if s.version == 4 {
			s.queue([]byte{enginePing})
		}
	}
	if !late && s.state < gone {
		s.clock.Reset(min(s.deadline.Sub(now), s.nextPing.Sub(now)))
	}
	s.mu.Unlock()
	if late {
		s.end("nothing heard for too long")
	}
}

// ID returns the Socket.IO id. In Engine.IO 4 it is random; in Engine.IO 3, where clients
// expect that, it is the session's secret: tell it to nobody but the client itself.
func (s *Socket) ID() string { return s.id }

// Emit sends an event; args must be JSON, nil is null. A client that lets too much wait is
// closed: it may come back and start afresh, which it could not do while it is behind.
func (s *Socket) Emit(name string, args ...json.RawMessage) { s.send(eventPacket(name, args)) }

// Close disconnects the client, which then does not come back by itself, after what was
// emitted before.
func (s *Socket) Close() {
	s.leave(websocket.CloseNormalClosure, s.server.cfg.patience(), []byte{engineMessage, disconnect})
}

// restart closes the session so that its client comes back. One that is not polling now may
// find nobody any more, so there is no use in waiting for it, nor for one that was told to go
// before and has not come for that.
func (s *Socket) restart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	within := s.server.cfg.farewell()
	s.leaveNow(websocket.CloseServiceRestart, within)
	if time.Until(s.deadline) > within {
		s.expire(within)
	}
}

// fail closes the session because of what its client said, and tells it why.
func (s *Socket) fail(err error) {
	s.server.cfg.Log.Debug("socket.io client refused", "err", err)
	last := [][]byte{errorPacket(s.version, []byte("/"), err.Error())}
	if s.version == 3 { // where the error alone would not keep the client from coming back
		last = append(last, []byte{engineMessage, disconnect})
	}
	s.leave(websocket.ClosePolicyViolation, s.server.cfg.patience(), last...)
}

// leave sends the last packets and closes, for which there is so much time; with code 0 it
// leaves that to the client. The code is that of a WebSocket.
func (s *Socket) leave(code int, within time.Duration, last ...[]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leaveNow(code, within, last...)
}

// leaveNow is leave for who has the lock.
func (s *Socket) leaveNow(code int, within time.Duration, last ...[]byte) {
	if s.state >= leaving {
		return
	}
	s.state = leaving
	s.pending, s.code = append(s.pending, last...), code
	if code != 0 {
		s.pending = append(s.pending, []byte{engineClose})
	}
	s.expire(within)
	s.wake()
}

// expire has the session end after so much time; it needs the lock.
func (s *Socket) expire(after time.Duration) {
	s.deadline = time.Now().Add(after)
	if s.state < gone {
		s.clock.Reset(after)
	}
}

// end gives everything up.
func (s *Socket) end(why string) {
	s.mu.Lock()
	over, conn, poll := s.state == gone, s.conn, s.poll
	s.state, s.conn, s.poll, s.pending = gone, nil, nil, nil
	s.clock.Stop()
	s.mu.Unlock()
	if over {
		return
	}
	s.server.remove(s)
	s.server.cfg.Log.Debug("socket.io session ended", "why", why)
	if conn != nil {
		conn.Close()
	}
	if poll != nil {
		go poll.answer(s, [][]byte{{engineClose}})
	}
	go s.tell()
}

// tell says to the Client that the session has ended.
func (s *Socket) tell() {
	s.turn.Lock()
	defer s.turn.Unlock()
	s.client.Closed()
	s.server.clients.Done()
}

// begin sends the first packet of a session, with the transports it may be moved to as JSON.
// Engine.IO 3 has the namespace "/" connected at once; 4 waits to be asked.
func (s *Socket) begin(upgrades string) {
	cfg := &s.server.cfg
	hello := fmt.Appendf(nil, `%c{"sid":"%s","upgrades":%s,"pingInterval":%d,"pingTimeout":%d`, engineOpen,
		s.sid, upgrades, cfg.PingInterval.Milliseconds(), cfg.PingTimeout.Milliseconds())
	if s.version == 4 {
		s.send(fmt.Appendf(hello, `,"maxPayload":%d}`, cfg.MaxPayload))
		return
	}
	s.send(append(hello, '}'))
	s.turn.Lock()
	defer s.turn.Unlock()
	if s.hears() {
		s.connect([]byte{engineMessage, connect})
	}
}

// connect connects the namespace "/", and says so by hello. It has the turn.
func (s *Socket) connect(hello []byte) error {
	if s.met {
		return errors.New("connected twice")
	}
	s.met = true
	s.hears()
	s.send(hello)
	s.client.Connected(s)
	return nil
}

// receive takes a packet of Engine.IO from the client, which is told the error. It has the turn.
func (s *Socket) receive(b []byte, in *scratch) error {
	switch kind := b[0]; {
	case kind == engineClose:
		s.end("closed by the client")
		return nil
	case !s.hears():
		return nil
	case kind == engineMessage:
		return s.receiveMessage(b[1:], in)
	case kind == enginePing && s.version == 3:
		s.send([]byte{enginePong})
	case kind == enginePong && s.version == 4, kind == engineNoop:
	default:
		return fmt.Errorf("a packet of type %q out of order", kind)
	}
	return s.trifle()
}

// hears says whether the client is still heard, and notes that it lives. One that does not
// connect is not spared by that. It needs the turn.
func (s *Socket) hears() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.met && s.state < leaving {
		s.deadline = time.Now().Add(s.server.cfg.silence())
	}
	return s.state < leaving
}

// receiveMessage takes a packet of Socket.IO.
func (s *Socket) receiveMessage(b []byte, in *scratch) error {
	kind, namespace, data, err := parsePacket(b)
	switch root := string(namespace) == "/"; {
	case err != nil:
		return err
	case !root && kind == connect:
		s.send(errorPacket(s.version, namespace, "Invalid namespace"))
	case !root:
		return fmt.Errorf("the namespace %q is not connected", namespace)
	case kind == event:
		return s.receiveEvent(data, in)
	case kind == disconnect: // the client hangs up next
		s.leave(0, s.server.cfg.farewell())
	case s.version == 4:
		if len(data) > 0 && data[0] != '{' { // what it proves itself by, which nobody asked for
			return fmt.Errorf("a connect packet with %.40q", data)
		}
		return s.connect(fmt.Appendf(nil, `%c%c{"sid":"%s"}`, engineMessage, connect, s.id))
	}
	return s.trifle()
}

func (s *Socket) receiveEvent(data []byte, in *scratch) error {
	if !s.met {
		return errors.New("an event before the namespace is connected")
	}
	name, args, err := parseEvent(data, in.args[:0])
	if err == nil {
		s.client.Event(name, args)
	}
	return err
}

const (
	trifleTime  = 50 * time.Millisecond // what is no event may come that often
	trifleBurst = 200                   // and so many at once
)

// trifle counts something that costs the Client nothing, and says when it was too much.
func (s *Socket) trifle() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if s.trifles.Before(now) {
		s.trifles = now
	}
	s.trifles = s.trifles.Add(trifleTime)
	if s.trifles.Sub(now) > trifleBurst*trifleTime {
		return errors.New("too many packets")
	}
	return nil
}
