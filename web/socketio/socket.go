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
	opened    state = iota // Engine.IO speaks; the namespace "/" is not connected
	connected              //
	leaving                // nothing is heard any more; what is queued may still be sent
	gone                   // everything is given up
)

// Socket is one client's session. Its methods never block and may be called from anywhere.
//
// It has no goroutine of its own. Events come in by the request that brings a POST, or by
// the reader of its WebSocket; they leave by a writer that lives only while there is
// something to write and a way to go.
type Socket struct {
	server  *Server
	client  Client
	sid     string // Engine.IO's: whoever knows it is the client
	id      string // Socket.IO's
	version int8   // of Engine.IO: 3 or 4
	slot    uint8  // in the clock

	mu       sync.Mutex
	state    state
	busy     bool      // the Client's method runs
	posting  bool      // a POST is here and not answered
	deadline time.Time // when the session ends unless the client is heard
	nextPing time.Time // Engine.IO 4
	way
	output
}

func newSocket(server *Server, version int8, client Client) *Socket {
	cfg := &server.cfg
	now := time.Now()
	s := &Socket{
		server: server, client: client, version: version,
		sid:      rand.Text(),
		nextPing: now.Add(cfg.PingInterval),
		deadline: now.Add(cfg.PingInterval + cfg.PingTimeout),
	}
	if s.id = s.sid; version == 4 {
		s.id = rand.Text()
	}
	return s
}

// ID returns the Socket.IO id. In Engine.IO 4 it is random; in Engine.IO 3, where clients
// expect that, it is the session's secret: tell it to nobody but the client itself.
func (s *Socket) ID() string { return s.id }

// Emit sends an event; args must be JSON, nil is null. A client that lets too much wait is
// closed: it may come back and start afresh, which it could not do while it is behind.
func (s *Socket) Emit(name string, args ...json.RawMessage) {
	s.mu.Lock()
	ready := s.state == connected
	s.mu.Unlock()
	if ready {
		s.send(eventPacket(name, args))
	}
}

// Close disconnects the client, which then does not come back by itself, after what was
// emitted before.
func (s *Socket) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leave(websocket.CloseNormalClosure, []byte{engineMessage, disconnect})
}

// restart closes the session so that its client comes back.
func (s *Socket) restart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leave(websocket.CloseServiceRestart)
}

// unheard ends the session unless its client waits for what is written.
func (s *Socket) unheard() {
	s.mu.Lock()
	away := s.conn == nil && s.poll == nil && !s.writing
	s.mu.Unlock()
	if away {
		s.end("shutdown")
	}
}

// fail closes the session because of what its client said, and tells it why.
func (s *Socket) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	why := errorPacket(int(s.version), []byte("/"), err.Error())
	if s.state < leaving {
		s.server.cfg.Log.Debug("socket.io client refused", "err", err)
	}
	if s.version == 3 { // where the error alone would not keep the client from coming back
		s.leave(websocket.ClosePolicyViolation, why, []byte{engineMessage, disconnect})
	} else {
		s.leave(websocket.ClosePolicyViolation, why)
	}
}

// leave sends the last packets and closes; it needs the lock.
func (s *Socket) leave(code int, last ...[]byte) {
	if s.state >= leaving {
		return
	}
	s.state = leaving
	s.pending = append(s.pending, last...)
	s.bye = code
	s.deadline = time.Now().Add(s.server.cfg.patience())
	s.wake()
}

// end gives everything up.
func (s *Socket) end(why string) {
	s.mu.Lock()
	if s.state == gone {
		s.mu.Unlock()
		return
	}
	s.state = gone
	way, idle := s.way, !s.busy
	s.conn, s.probe, s.poll, s.pending = nil, nil, nil, nil
	s.mu.Unlock()
	s.server.sessions.remove(s)
	s.server.cfg.Log.Debug("socket.io session ended", "why", why)
	s.shut(way)
	if idle { // else exit tells it
		go s.tell()
	}
}

// tell says to the Client that the session has ended.
func (s *Socket) tell() {
	s.client.Closed()
	s.server.sessions.done()
}

// enter begins calls of the Client; false says that it is too late for them.
func (s *Socket) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == gone || s.busy {
		return false
	}
	s.busy = true
	s.heard()
	return true
}

func (s *Socket) exit() {
	s.mu.Lock()
	s.busy = false
	over := s.state == gone
	s.mu.Unlock()
	if over {
		s.tell()
	}
}

func (s *Socket) hears() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state < leaving
}

// heard notes that the client lives; it needs the lock. One that does not connect the
// namespace is not spared by that.
func (s *Socket) heard() {
	switch {
	case s.state != connected:
	case s.version == 3:
		s.deadline = time.Now().Add(s.server.cfg.PingInterval + s.server.cfg.PingTimeout)
	default:
		s.deadline = s.nextPing.Add(s.server.cfg.PingTimeout)
	}
}

// tick is the clock's look at the session.
func (s *Socket) tick(now time.Time) {
	s.mu.Lock()
	late := now.After(s.deadline)
	if !late && s.version == 4 && s.state < leaving && now.After(s.nextPing) {
		s.nextPing = now.Add(s.server.cfg.PingInterval)
		if s.state == connected {
			s.deadline = now.Add(s.server.cfg.PingTimeout)
		}
		s.ping = true
		s.wake()
	}
	s.mu.Unlock()
	if late {
		s.end("nothing heard for too long")
	}
}

// connect connects the namespace "/" and says so, to Engine.IO 4 with the id.
func (s *Socket) connect() {
	hello := []byte{engineMessage, connect}
	if s.version == 4 {
		hello = fmt.Appendf(hello, `{"sid":%q}`, s.id)
	}
	s.mu.Lock()
	if s.state == opened {
		s.state = connected
		s.heard()
	}
	s.mu.Unlock()
	s.send(hello)
	s.client.Connected(s)
}

// receive takes a packet of Engine.IO from the client. The error is told to it.
func (s *Socket) receive(b []byte, in *scratch) error {
	switch kind := b[0]; {
	case kind == engineClose:
		s.end("closed by the client")
	case !s.hears():
	case kind == engineMessage:
		return s.receiveMessage(b[1:], in)
	case kind == enginePing && s.version == 3:
		s.answerPing()
	case kind == enginePong && s.version == 4, kind == engineNoop:
	default:
		return fmt.Errorf("a packet of type %q out of order", kind)
	}
	return nil
}

// receiveMessage takes a packet of Socket.IO.
func (s *Socket) receiveMessage(b []byte, in *scratch) error {
	p, err := parsePacket(b)
	switch root := string(p.namespace) == "/"; {
	case err != nil:
		return err
	case !root && p.kind == connect:
		s.send(errorPacket(int(s.version), p.namespace, "Invalid namespace"))
		return nil
	case !root:
		return fmt.Errorf("the namespace %q is not connected", p.namespace)
	case p.kind == event:
		return s.receiveEvent(p.data, in)
	case p.kind == disconnect:
		s.goodbye()
		return nil
	case s.version == 3: // where the server has connected "/" by itself
		return nil
	}
	return s.receiveConnect(p.data)
}

// receiveConnect takes Engine.IO 4's wish to be connected, with whatever it proves itself by.
func (s *Socket) receiveConnect(auth []byte) error {
	if s.isConnected() {
		return errors.New("connected twice")
	}
	if len(auth) > 0 {
		v := scanner{data: auth}
		if err := v.container(0, '{'); err != nil || auth[0] != '{' || v.end() != nil {
			return fmt.Errorf("a connect packet with %.40q", auth)
		}
	}
	s.connect()
	return nil
}

func (s *Socket) receiveEvent(data []byte, in *scratch) error {
	if !s.isConnected() {
		return errors.New("an event before the namespace is connected")
	}
	name, args, err := parseEvent(data, in.args[:0])
	if err != nil {
		return err
	}
	in.args = args
	s.client.Event(name, args)
	return nil
}

func (s *Socket) isConnected() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state == connected
}

// goodbye follows the client's disconnect: it hangs up next, and has a moment for that.
func (s *Socket) goodbye() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state < leaving {
		s.state = leaving
		s.deadline = time.Now().Add(s.server.cfg.farewell())
	}
}
