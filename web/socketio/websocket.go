package socketio

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

var errText = errors.New("want text in UTF-8")

// scratch is what reading one message needs, borrowed for no longer than that.
type scratch struct {
	bytes.Buffer
	args [1 + maxArgs]json.RawMessage // the name of the event first
}

// handshake makes a WebSocket of a request; it returns nil when it could not, and has said so.
func (s *Socket) handshake(w http.ResponseWriter, r *http.Request) *websocket.Conn {
	conn, err := s.server.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return nil
	}
	conn.SetReadLimit(int64(s.server.cfg.MaxPayload))
	conn.SetPongHandler(func(string) error { return s.trifle() })
	pong := conn.PingHandler()
	conn.SetPingHandler(func(data string) error {
		if err := s.trifle(); err != nil {
			return err
		}
		return pong(data)
	})
	return conn
}

// upgrade takes the WebSocket that a polling session wants to move to.
func (s *Socket) upgrade(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	refused := s.state >= leaving || s.conn != nil || s.move != staying
	if !refused {
		s.move = probing
	}
	s.mu.Unlock()
	if refused {
		badRequest(w)
		return
	}
	if conn := s.handshake(w, r); conn != nil {
		go s.moveTo(conn)
	} else {
		s.moved(staying)
	}
}

// moveTo goes over to a WebSocket, if the client goes through with it; else polling goes on.
// Once its probe is answered the client lets go of polling before it upgrades, so that
// nothing is lost and nothing overtakes.
func (s *Socket) moveTo(conn *websocket.Conn) {
	conn.SetReadDeadline(time.Now().Add(s.server.cfg.patience()))
	said := func(word string) bool {
		_, text, err := conn.ReadMessage()
		return err == nil && string(text) == word
	}
	if said("2probe") && s.writeFrames(conn, [][]byte{[]byte("3probe")}) == nil && s.moved(probed) &&
		said(string(engineUpgrade)) && s.adopt(conn) {
		s.read(conn)
		return
	}
	conn.Close()
	s.moved(staying)
}

func (s *Socket) moved(m move) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.move = m
	s.wake()
	return true
}

// adopt makes a WebSocket the session's way. A client that still has a POST out has not
// waited for its answer, and the order of its packets is lost.
func (s *Socket) adopt(conn *websocket.Conn) bool {
	if !s.turn.TryLock() {
		return false
	}
	defer s.turn.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == gone {
		return false
	}
	conn.SetReadDeadline(time.Time{}) // from here on the session's own counts
	s.conn = conn
	s.wake()
	return true
}

// read is the goroutine that owns the WebSocket; it ends with it, and the session with both.
// It holds nothing while it waits: what a message needs on the stack is given back to the idle.
func (s *Socket) read(conn *websocket.Conn) {
	for {
		kind, r, err := conn.NextReader()
		if err == nil {
			err = s.readMessage(kind, r)
		}
		if errors.Is(err, websocket.ErrReadLimit) {
			// gorilla has said so; a reset must not overtake it.
			conn.NetConn().SetReadDeadline(time.Now().Add(s.server.cfg.farewell()))
			io.Copy(io.Discard, io.LimitReader(conn.NetConn(), 1<<20))
		}
		if err != nil {
			s.end("WebSocket closed")
			return
		}
	}
}

//go:noinline
func (s *Socket) readMessage(kind int, r io.Reader) error {
	in := s.server.scratch.Get().(*scratch)
	defer s.server.scratch.Put(in)
	in.Reset()
	if _, err := in.ReadFrom(r); err != nil {
		return err
	}
	err := errText
	s.turn.Lock()
	if kind == websocket.TextMessage && in.Len() > 0 && utf8.Valid(in.Bytes()) {
		err = s.receive(in.Bytes(), in)
	}
	s.turn.Unlock()
	if err != nil {
		s.fail(err)
	}
	return nil
}

// writeFrames writes packets; the last may be the end, which has a frame of its own.
func (s *Socket) writeFrames(conn *websocket.Conn, packets [][]byte) error {
	for _, p := range packets {
		kind := websocket.TextMessage
		if p[0] == engineClose {
			s.mu.Lock()
			kind, p = websocket.CloseMessage, websocket.FormatCloseMessage(s.code, "")
			s.expire(s.server.cfg.farewell())
			s.mu.Unlock()
		}
		conn.SetWriteDeadline(time.Now().Add(s.server.cfg.WriteTimeout))
		if err := conn.WriteMessage(kind, p); err != nil {
			return err
		}
	}
	return nil
}
