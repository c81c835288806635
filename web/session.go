package web

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// Handler takes what browsers say; bridge.Bridge is the real one.
type Handler interface {
	// Receive takes one message, in the order of the socket. It may block.
	Receive(Sender, Message)
	// Closed says that the socket is gone; said once, after the last Receive, and only
	// for a socket that Receive heard of.
	Closed(Sender)
}

// Sender is a browser as the bridge sees it; Session is the real one. All methods may be
// called from anywhere and never block.
type Sender interface {
	// Send queues a message. To an old client it writes the tutorials' bytes, and what the
	// tutorials do not have it leaves out.
	Send(Message)
	// Close sends what is queued and closes with this code (RFC 6455 §7.4, docs/protocol.md).
	Close(code int, text string)
	// Old says that the client's login had no "v":1.
	Old() bool
	// Addr is the client's address for logs and limits, without the port.
	Addr() string
}

// Session is one browser's WebSocket. One goroutine at a time reads it and owns it, until the
// socket is closed or broken. A second one writes, and lives only while there is something
// to write: an idle browser costs one small stack and one small buffer.
type Session struct {
	server *Server
	conn   *websocket.Conn
	addr   netip.Addr
	v1     atomic.Bool
	output
	dialect Dialect

	// Owned by the reader.
	pace
	heard bool // the Handler has heard of us
}

const (
	messageTime = 30 * time.Second // a message has so long from its first to its last byte
	farewell    = 2 * time.Second  // a client has so long to answer our close frame
)

// Old implements Sender.
func (s *Session) Old() bool { return !s.v1.Load() }

// Addr implements Sender.
func (s *Session) Addr() string { return s.addr.String() }

// Send implements Sender.
func (s *Session) Send(m Message) {
	if m.Login != nil && m.Login.Success {
		s.accepted()
		m.Login = s.server.fill(*m.Login)
	}
	var frames [][]byte
	if s.Old() {
		frames = m.AppendOld(nil)
	} else {
		frames = [][]byte{m.Append(make([]byte, 0, m.size()))}
	}
	if counter := s.server.metrics.out[m.Type]; counter != nil {
		counter.Add(float64(len(frames)))
	}
	s.queue(frames...)
}

// read waits for a message, and hands it on; then it does so again in a new goroutine. Stacks
// that a message made grow do not shrink again while a goroutine waits here, and the idle, who
// are many, wait on the smallest. It ends with the socket.
func (s *Session) read() {
	_, r, err := s.conn.NextReader() // text and binary alike
	if err == nil {
		err = s.readMessage(r)
	}
	if err == nil {
		go s.read()
		return
	}
	s.finish(err)
}

// finish is the end of a session whose socket cannot be read any more.
func (s *Session) finish(err error) {
	if s.heard {
		s.server.handler.Closed(s)
	}
	s.part(err)
	s.conn.Close()
	s.discard()
	s.server.remove(s)
}

// readMessage reads one message and hands it on.
//
//go:noinline
func (s *Session) readMessage(r io.Reader) error {
	m, bad, err := s.parseMessage(r)
	if err == nil && !s.closing() && s.within(m.ID) {
		s.take(m, bad)
	}
	return err
}

// parseMessage reads one message. The buffer for it is borrowed for no longer than that, as
// what follows may block.
func (s *Session) parseMessage(r io.Reader) (m Message, bad *ParseError, err error) {
	buf := s.server.buffers.Get().(*[]byte)
	defer s.server.buffers.Put(buf)
	if *buf, err = s.readFrames((*buf)[:0], r); err != nil || s.closing() {
		return m, nil, err
	}
	s.server.metrics.bytesIn.Add(float64(len(*buf)))
	m, refused := Parse(*buf, s.Old())
	if errors.As(refused, &bad) {
		m.ID = bad.ID
	}
	s.server.metrics.in[m.Type].Inc() // "" when it was refused
	return m, bad, nil
}

func (s *Session) readFrames(buf []byte, r io.Reader) ([]byte, error) {
	s.limitRead(messageTime)
	defer s.limitRead(0)
	for {
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case err == io.EOF:
			return buf, nil
		case err != nil:
			return buf, err
		case len(buf) == cap(buf):
			buf = append(buf, 0)[:len(buf)]
		}
	}
}

// take does with a message what needs no bridge, and hands on the others.
func (s *Session) take(m Message, bad *ParseError) {
	switch {
	case bad != nil:
		s.refuse(bad)
	case m.Type == "login" && !s.login(m):
	case m.Type == "ping":
		s.Send(Message{Type: "pong", ID: m.ID})
	default:
		s.heard = true
		s.server.handler.Receive(s, m)
	}
}

// within spends from the message rate; when it is used up the client is told, and one that
// goes on regardless is closed.
func (s *Session) within(id json.RawMessage) bool {
	wait, ok := s.spend(s.server)
	if ok {
		return true
	}
	if s.flooding() {
		s.Close(websocket.ClosePolicyViolation, "too many messages")
	} else if !s.Old() {
		s.Send(Message{Type: "error", Text: "too many messages", Code: codeRateLimited, ID: id, Retry: seconds(wait)})
	}
	return false
}

// seconds rounds a wait up to tenths.
func seconds(wait time.Duration) float64 {
	return float64((wait+99*time.Millisecond)/(100*time.Millisecond)) / 10
}

// refuse answers a message that is none.
func (s *Session) refuse(bad *ParseError) {
	s.server.metrics.refused.WithLabelValues(bad.Code).Inc()
	text := bad.Text
	if s.Old() && bad.Command != "" {
		text = string(s.dialect) + ": " + bad.Command
	}
	s.Send(Message{Type: "error", Text: text, Code: bad.Code, ID: bad.ID})
}

// login notes which protocol the client speaks, and refuses those who try too often.
func (s *Session) login(m Message) bool {
	if m.V >= 1 {
		s.v1.Store(true)
	}
	wait, ok := s.server.addresses.login(s.addr, time.Now())
	if !ok {
		s.server.limited("logins")
		s.Send(Message{Type: "login", ID: m.ID, Login: &Login{
			Code: "too-many-attempts", Text: "too many logins from this address", Retry: seconds(wait),
		}})
	}
	return ok
}

// onPing answers a ping frame. Only the last one needs an answer (RFC 6455 §5.5.3), and
// control frames count as messages: they cost us as much.
func (s *Session) onPing(payload string) error {
	if err := s.onControl(); err != nil {
		return err
	}
	s.answerPing(payload)
	return nil
}

func (s *Session) onPong(string) error {
	s.answered()
	return s.onControl()
}

var errFlood = errors.New("too many control frames")

func (s *Session) onControl() error {
	if _, ok := s.spend(s.server); !ok && s.flooding() {
		s.Close(websocket.ClosePolicyViolation, "too many messages")
		return errFlood
	}
	return nil
}

// part takes leave of a client after reading has ended: of one that is still there by a
// close frame, and by reading on for a moment, lest a reset overtakes that frame.
func (s *Session) part(err error) {
	var closed *websocket.CloseError
	var timeout net.Error
	switch {
	case errors.As(err, &closed):
		s.ended(closed.Code)
		return
	case errors.As(err, &timeout) && timeout.Timeout():
		if !s.late() {
			return
		}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &timeout):
		s.ended(websocket.CloseAbnormalClosure)
		return
	case errors.Is(err, websocket.ErrReadLimit):
		s.server.limited("message_bytes")
		s.Close(websocket.CloseMessageTooBig, "")
	case errors.Is(err, errFlood):
	default: // gorilla has said it already
		s.Close(websocket.CloseProtocolError, "")
	}
	s.drain()
}

// late deals with a read that took too long: a client that has never logged in, or left a
// message half said. It returns false when it is too late for a close frame.
func (s *Session) late() bool {
	switch open, waiting := s.isOpen(); {
	case !open:
		return false
	case waiting:
		s.server.limited("login_timeout")
		s.Close(4003, "log in first")
	default:
		s.server.limited("message_time")
		s.Close(websocket.ClosePolicyViolation, "message not finished")
	}
	return true
}

// drain reads what the client still sends until it hangs up or some time has passed.
func (s *Session) drain() {
	conn := s.conn.NetConn()
	conn.SetReadDeadline(time.Now().Add(farewell))
	io.Copy(io.Discard, io.LimitReader(conn, 1<<20))
}
