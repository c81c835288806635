package socketio

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
	"unicode/utf8"
)

// poll is a GET that waits for something to say. net/http's own connection costs more than
// all else of an idle session together, so it is left as soon as a poll has to wait: the
// socket is hijacked, and the answer written here.
type poll struct {
	conn net.Conn
	head []byte // of the answer, up to the length of the body
}

// get answers a poll, at once if something waits for it.
func (s *Socket) get(w http.ResponseWriter) {
	header := w.Header()
	header.Set("Content-Type", "text/plain; charset=UTF-8")
	header.Set("Cache-Control", "no-store")
	s.mu.Lock()
	if s.polling {
		s.mu.Unlock()
		s.end("overlapping polls")
		badRequest(w)
		return
	}
	if s.answerable() {
		packets := s.take()
		s.mu.Unlock()
		_, err := w.Write(payload(s.version, packets))
		s.answered(packets, err)
		return
	}
	s.polling = true
	s.mu.Unlock()
	s.park(w)
}

// park lets a poll wait.
func (s *Socket) park(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil { // as with HTTP/2, in which there are no WebSockets here either
		badRequest(w)
		s.end("a poll cannot wait")
		return
	}
	conn.SetDeadline(time.Time{}) // net/http's are for requests that do not wait
	var head bytes.Buffer         // RFC 9112 §4, §5
	head.WriteString("HTTP/1.1 200 OK\r\nConnection: close\r\n")
	w.Header().Write(&head)
	p := &poll{conn, bytes.Clone(head.Bytes())}
	go s.watch(p)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == gone {
		go p.answer(s, [][]byte{{engineClose}})
		return
	}
	s.poll = p
	s.wake()
}

// watch ends the session when the client breaks its poll off, as a tab does that is closed.
// It ends with the connection.
func (s *Socket) watch(p *poll) {
	p.conn.Read(make([]byte, 1)) // no client speaks on here before it has its answer
	s.mu.Lock()
	broken := s.poll == p
	s.mu.Unlock()
	if broken {
		s.end("poll broken off")
	}
}

// answer ends a poll that has waited.
func (p *poll) answer(s *Socket, packets [][]byte) error {
	defer p.conn.Close()
	body := payload(s.version, packets)
	p.conn.SetWriteDeadline(time.Now().Add(s.server.cfg.WriteTimeout))
	_, err := p.conn.Write(fmt.Appendf(nil, "%sContent-Length: %d\r\n\r\n%s", p.head, len(body), body))
	return err
}

// answered follows an answer to a poll. One that does not reach the client takes packets with
// it, and the session.
func (s *Socket) answered(packets [][]byte, err error) {
	if err != nil {
		s.end("cannot be written to")
	} else if packets[0][0] == engineClose {
		s.end("closed")
	}
}

// post takes packets from the client. Any error ends the session: what was in the body is
// lost, and the client would close after an HTTP error anyway.
func (s *Socket) post(w http.ResponseWriter, r *http.Request) {
	if !s.turn.TryLock() {
		s.end("overlapping POSTs")
		badRequest(w)
		return
	}
	err := s.takePost(w, r)
	var tooBig *http.MaxBytesError
	switch {
	case err == nil:
		// No text/plain, which some clients would offer for download.
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Cache-Control", "no-store")
		io.WriteString(w, "ok")
		return
	case errors.As(err, &tooBig):
		refuse(w, http.StatusRequestEntityTooLarge, 3, "Request body too large")
	default:
		badRequest(w)
	}
	s.fail(err)
}

// takePost takes the packets of a POST one by one. It has the turn, and gives it back before
// the answer, as the client may be fast.
func (s *Socket) takePost(w http.ResponseWriter, r *http.Request) error {
	defer s.turn.Unlock()
	in := s.server.scratch.Get().(*scratch)
	defer s.server.scratch.Put(in)
	limit := http.NewResponseController(w)
	limit.SetReadDeadline(time.Now().Add(s.server.cfg.patience()))
	in.Reset()
	if _, err := in.ReadFrom(http.MaxBytesReader(w, r.Body, int64(s.server.cfg.MaxPayload))); err != nil {
		return err
	}
	limit.SetReadDeadline(time.Time{}) // what follows may block, and the connection be used again
	rest := in.Bytes()
	if len(rest) == 0 || !utf8.Valid(rest) {
		return errText
	}
	for len(rest) > 0 {
		packet, more, err := cutPayload(s.version, rest)
		if err != nil {
			return err
		}
		rest = more
		if len(packet) == 0 { // the original passes over it, in Engine.IO 3
			packet = []byte{engineNoop}
		}
		if err := s.receive(packet, in); err != nil {
			s.fail(err) // by a packet: after an HTTP error the client would not poll for it
			return nil
		}
	}
	return nil
}
