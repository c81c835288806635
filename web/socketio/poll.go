package socketio

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"
	"unicode/utf8"
)

// poll is a GET that waits for something to say. net/http's own connection costs more than
// all else of an idle session together, so it is left as soon as a poll has to wait: the
// socket is hijacked, and the answer written here. Where it cannot be (HTTP/2, tests), the
// handler waits.
type poll struct {
	conn net.Conn    // hijacked, or nil
	head []byte      // of the answer on conn, but for the length of the body
	body chan []byte // of the handler that waits
}

// get answers a poll, at once if something waits for it.
func (s *Socket) get(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", "text/plain; charset=UTF-8")
	header.Set("Cache-Control", "no-store")
	s.mu.Lock()
	switch {
	case s.state == gone || s.conn != nil:
		s.mu.Unlock()
		refuse(w, badRequest)
	case s.fetching:
		s.mu.Unlock()
		refuse(w, badRequest)
		s.end("overlapping polls")
	case s.waiting() || s.probed:
		packets, last := s.takeAll()
		s.mu.Unlock()
		_, err := w.Write(appendPayload(nil, int(s.version), packets))
		s.finish(err, last)
	default:
		s.fetching = true
		s.mu.Unlock()
		s.park(w, r)
	}
}

// park lets a poll wait.
func (s *Socket) park(w http.ResponseWriter, r *http.Request) {
	p := new(poll)
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		conn.SetDeadline(time.Time{}) // net/http's are for requests that do not wait
		p.conn, p.head = conn, answerHead(w.Header())
	} else {
		p.body = make(chan []byte, 1)
	}
	s.mu.Lock()
	over := s.state == gone
	if !over {
		s.poll = p
		s.wake()
	}
	s.mu.Unlock()
	switch {
	case over:
		s.shut(way{poll: p})
	case p.conn != nil:
		go s.watch(p)
		return
	}
	if p.conn == nil {
		s.await(w, r, p)
	}
}

// watch ends the session when the client breaks its poll off, as a tab does that is closed.
// It ends with the connection.
func (s *Socket) watch(p *poll) {
	p.conn.Read(make([]byte, 1)) // no client speaks on here before it has its answer
	s.abandon(p)
}

func (s *Socket) abandon(p *poll) {
	s.mu.Lock()
	broken := s.poll == p
	s.mu.Unlock()
	if broken {
		s.end("poll broken off")
	}
}

// await is a handler that waits, because its connection cannot be taken from it.
func (s *Socket) await(w http.ResponseWriter, r *http.Request, p *poll) {
	select {
	case body := <-p.body:
		http.NewResponseController(w).SetWriteDeadline(time.Now().Add(s.server.cfg.WriteTimeout))
		if _, err := w.Write(body); err != nil {
			s.end("cannot be written to")
		}
	case <-r.Context().Done():
		s.abandon(p)
	}
}

// answer ends a poll that has waited.
func (p *poll) answer(s *Socket, packets [][]byte) error {
	body := appendPayload(nil, int(s.version), packets)
	if p.conn == nil {
		p.body <- body // there is room: a poll is answered once
		return nil
	}
	defer p.conn.Close()
	head := strconv.AppendInt(p.head, int64(len(body)), 10)
	p.conn.SetWriteDeadline(time.Now().Add(s.server.cfg.WriteTimeout))
	_, err := p.conn.Write(append(append(head, "\r\n\r\n"...), body...))
	return err
}

// answerHead writes the head of an answer up to the length of its body (RFC 9112 §4, §5).
func answerHead(header http.Header) []byte {
	var b bytes.Buffer
	b.WriteString("HTTP/1.1 200 OK\r\n")
	header.Write(&b)
	b.WriteString("Connection: close\r\nContent-Length: ")
	return bytes.Clone(b.Bytes())
}

// post takes packets from the client. Any error ends the session: what was in the body is
// lost, and the client would close after an HTTP error anyway.
func (s *Socket) post(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	overlap, closed := s.posting, s.state == gone || s.conn != nil
	if !closed {
		s.posting = true
	}
	s.mu.Unlock()
	if overlap {
		s.end("overlapping POSTs")
	}
	if overlap || closed {
		refuse(w, badRequest)
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
		refuse(w, tooLarge)
	case errors.Is(err, os.ErrDeadlineExceeded):
		refuse(w, tooSlow)
	default:
		refuse(w, badRequest)
	}
	s.fail(err)
}

func (s *Socket) takePost(w http.ResponseWriter, r *http.Request) error {
	defer s.posted()
	if r.Header.Get("Content-Type") == "application/octet-stream" {
		return errBinary
	}
	limit := int64(s.server.cfg.MaxPayload)
	if r.ContentLength > limit {
		return &http.MaxBytesError{Limit: limit}
	}
	in := s.server.scratch.Get().(*scratch)
	defer s.server.scratch.Put(in)
	deadline := http.NewResponseController(w)
	deadline.SetReadDeadline(time.Now().Add(s.server.cfg.patience()))
	if err := in.read(http.MaxBytesReader(w, r.Body, limit)); err != nil {
		return err
	}
	deadline.SetReadDeadline(time.Time{}) // what follows may block, and the connection be used again
	return s.takePayload(in)
}

// posted allows the next POST. It comes before the answer, as the client may be fast.
func (s *Socket) posted() {
	s.mu.Lock()
	s.posting = false
	s.mu.Unlock()
}

// takePayload takes the packets of a POST one by one.
func (s *Socket) takePayload(in *scratch) error {
	if !utf8.Valid(in.bytes) {
		return errNotUTF8
	}
	if len(in.bytes) == 0 {
		return errors.New("an empty payload")
	}
	if !s.enter() {
		return nil
	}
	defer s.exit()
	for rest := in.bytes; len(rest) > 0; {
		packet, more, err := cutPayload(int(s.version), rest)
		if err != nil {
			return err
		}
		rest = more
		if len(packet) == 0 {
			continue // as the original does, in Engine.IO 3
		}
		if err := s.receive(packet, in); err != nil {
			s.fail(err) // by a packet: after an HTTP error the client would not poll for it
			return nil
		}
	}
	return nil
}
