package socketio

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

var (
	errBinary  = errors.New("binary data is not supported")
	errNotUTF8 = errors.New("not UTF-8")
)

// scratch is what reading one message needs, borrowed for no longer than that.
type scratch struct {
	bytes []byte
	args  []json.RawMessage
}

func newScratch() any { return &scratch{bytes: make([]byte, 0, 2_048)} }

// read reads everything.
func (in *scratch) read(r io.Reader) error {
	b := in.bytes[:0]
	for {
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		in.bytes = b
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case len(b) == cap(b):
			b = append(b, 0)[:len(b)]
		}
	}
}

// websocket takes a new session's WebSocket. Once it returns, so does net/http's handler,
// whose goroutine and buffers are then free.
func (s *Socket) websocket(w http.ResponseWriter, r *http.Request) {
	conn, err := s.server.upgrade(w, r)
	if err != nil {
		s.end("no WebSocket")
		return
	}
	if s.adopt(conn) {
		s.send(s.hello("[]"))
		go s.read(conn, s.version == 3)
	}
}

// upgrade takes the WebSocket that a polling session wants to move to.
func (s *Socket) upgrade(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	refused := s.state >= leaving || s.conn != nil || s.probing
	if !refused {
		s.probing = true
	}
	s.mu.Unlock()
	if refused {
		refuse(w, badRequest)
		return
	}
	conn, err := s.server.upgrade(w, r)
	if err != nil {
		s.unprobe()
		return
	}
	s.mu.Lock()
	over := s.state == gone
	if !over {
		s.probe = conn
	}
	s.mu.Unlock()
	if over {
		conn.Close()
		return
	}
	go s.move(conn)
}

// move goes over to a WebSocket, if the client goes through with it; else polling goes on.
func (s *Socket) move(conn *websocket.Conn) {
	conn.SetReadDeadline(time.Now().Add(s.server.cfg.patience()))
	if s.tried(conn) && s.expect(conn, string(rune(engineUpgrade))) && s.adopt(conn) {
		s.read(conn, false)
		return
	}
	conn.Close()
	s.unprobe()
}

// tried answers the client's probe. From then on no poll waits: the client lets go of
// polling before it upgrades, so that nothing is lost and nothing overtakes.
func (s *Socket) tried(conn *websocket.Conn) bool {
	if !s.expect(conn, "2probe") {
		return false
	}
	conn.SetWriteDeadline(time.Now().Add(s.server.cfg.WriteTimeout))
	if conn.WriteMessage(websocket.TextMessage, []byte("3probe")) != nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.probed = true
	s.wake()
	return true
}

func (s *Socket) expect(conn *websocket.Conn, want string) bool {
	in := s.server.scratch.Get().(*scratch)
	defer s.server.scratch.Put(in)
	_, r, err := conn.NextReader()
	return err == nil && in.read(r) == nil && string(in.bytes) == want
}

// adopt makes a WebSocket the session's way. A client that still has a POST out has not
// waited for its answer, and the order of its packets is lost.
func (s *Socket) adopt(conn *websocket.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == gone || s.posting {
		return false
	}
	old := s.poll
	s.way = way{conn: conn}
	conn.SetReadDeadline(time.Time{})
	if old != nil { // the client has let go of it, but for a bad one
		go old.answer(s, [][]byte{{engineNoop}})
	}
	s.wake()
	return true
}

// unprobe forgets an upgrade that came to nothing.
func (s *Socket) unprobe() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.probing, s.probed, s.probe = false, false, nil
}

// read is the goroutine that owns the WebSocket; it ends with it, and the session with both.
func (s *Socket) read(conn *websocket.Conn, connect bool) {
	if connect && s.enter() {
		s.connect()
		s.exit()
	}
	err := s.readAll(conn)
	if errors.Is(err, websocket.ErrReadLimit) {
		// gorilla has said so; a reset must not overtake it.
		conn.NetConn().SetReadDeadline(time.Now().Add(s.server.cfg.farewell()))
		io.Copy(io.Discard, io.LimitReader(conn.NetConn(), 1<<20))
	}
	s.end("WebSocket closed")
}

// readAll takes messages until the WebSocket ends. It holds nothing while it waits: what a
// message needs on the stack is given back to the idle.
func (s *Socket) readAll(conn *websocket.Conn) error {
	for {
		kind, r, err := conn.NextReader()
		if err != nil {
			return err
		}
		if err := s.readMessage(conn, kind, r); err != nil {
			return err
		}
	}
}

//go:noinline
func (s *Socket) readMessage(conn *websocket.Conn, kind int, r io.Reader) error {
	in := s.server.scratch.Get().(*scratch)
	defer s.server.scratch.Put(in)
	s.limitRead(conn, s.server.cfg.patience())
	if err := in.read(r); err != nil {
		return err
	}
	s.limitRead(conn, 0)
	if err := s.takeMessage(kind, in); err != nil {
		s.fail(err)
	}
	return nil
}

func (s *Socket) takeMessage(kind int, in *scratch) error {
	if !s.enter() {
		return nil
	}
	defer s.exit()
	switch {
	case kind != websocket.TextMessage:
		return errBinary
	case !utf8.Valid(in.bytes):
		return errNotUTF8
	case len(in.bytes) == 0:
		return errors.New("an empty packet")
	}
	return s.receive(in.bytes, in)
}

// limitRead bounds the time until the next bytes, or lifts that bound (0). At the end there
// is another, which stays.
func (s *Socket) limitRead(conn *websocket.Conn, d time.Duration) {
	var until time.Time
	if d > 0 {
		until = time.Now().Add(d)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state < leaving {
		conn.SetReadDeadline(until)
	}
}
