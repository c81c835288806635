package xmpptest

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

// Pipe is a component's stream at full speed, from either end: its stanzas come as bytes, and
// are not looked at. It trusts the other end to escape every ">" that ends no tag, as the
// writers of this project and of both servers do. Next is for one goroutine, the others for all.
type Pipe struct {
	conn net.Conn
	in   *bufio.Reader
	buf  []byte

	mu  sync.Mutex
	out *bufio.Writer
}

func newPipe(c net.Conn) *Pipe {
	return &Pipe{conn: c, in: bufio.NewReaderSize(c, 256<<10), out: bufio.NewWriterSize(c, 64<<10)}
}

// AcceptPipe takes the next component that attaches, and lets it in (XEP-0114 §3).
func (s *Server) AcceptPipe() (*Pipe, error) {
	c, err := s.AcceptConn()
	if err != nil {
		return nil, err
	}
	const id = "piped"
	p := newPipe(c)
	c.SetDeadline(time.Now().Add(Wait))
	defer c.SetDeadline(time.Time{})
	if err := p.header(); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	p.Write("<?xml version='1.0'?><stream:stream xmlns='" + NSComponent + "' xmlns:stream='" + nsStreams + "' from='" + s.Domain + "' id='" + id + "'>")
	shake, err := p.Next()
	if err == nil && !bytes.Contains(shake, handshake(id, s.Secret)) {
		err = fmt.Errorf("handshake: got %s, want that of our secret", shake)
	}
	if err == nil {
		err = p.Write("<handshake/>")
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return p, nil
}

// AttachPipe attaches to a server, tcp://host:port, as a component.
func AttachPipe(url, domain, secret string) (*Pipe, error) {
	c, err := net.DialTimeout("tcp", strings.TrimPrefix(url, "tcp://"), Wait)
	if err != nil {
		return nil, err
	}
	p := newPipe(c)
	c.SetDeadline(time.Now().Add(Wait))
	defer c.SetDeadline(time.Time{})
	p.Write("<stream:stream xmlns='" + NSComponent + "' xmlns:stream='" + nsStreams + "' to='" + domain + "'>")
	err = p.header()
	if err == nil {
		id := attribute(p.buf, "id")
		p.Write("<handshake>" + string(handshake(id, secret)) + "</handshake>")
		var answer []byte
		if answer, err = p.Next(); err == nil && !bytes.HasPrefix(answer, []byte("<handshake")) {
			err = fmt.Errorf("not let in: %s", answer)
		}
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return p, nil
}

func handshake(id, secret string) []byte { return fmt.Appendf(nil, "%x", sha1.Sum([]byte(id+secret))) }

// attribute finds an attribute in a start tag whose values are free of quotes.
func attribute(tag []byte, name string) string {
	_, rest, _ := strings.Cut(string(tag), " "+name+"=")
	if rest == "" {
		return ""
	}
	value, _, _ := strings.Cut(rest[1:], rest[:1])
	return value
}

// header reads up to the end of <stream:stream>, which it leaves in buf.
func (p *Pipe) header() error {
	for {
		p.buf = p.buf[:0]
		if err := p.tag(); err != nil {
			return err
		}
		if bytes.Contains(p.buf, []byte("<stream:stream")) {
			return nil
		}
	}
}

// tag appends all up to the next ">" to buf.
func (p *Pipe) tag() error {
	for {
		if p.in.Buffered() == 0 {
			p.Write("")
		}
		piece, err := p.in.ReadSlice('>')
		p.buf = append(p.buf, piece...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}

// Next returns the next stanza, valid until it is called again; io.EOF at the end of the stream.
func (p *Pipe) Next() ([]byte, error) {
	p.buf = p.buf[:0]
	for depth := 0; ; {
		from := len(p.buf)
		if err := p.tag(); err != nil {
			return nil, err
		}
		tag := p.buf[from:]
		tag = tag[bytes.LastIndexByte(tag, '<'):]
		switch {
		case tag[1] == '/':
			depth--
		case tag[len(tag)-2] != '/':
			depth++
		}
		if depth < 0 {
			return nil, io.EOF
		}
		if depth == 0 {
			return p.buf, nil
		}
	}
}

// Write sends any text at once.
func (p *Pipe) Write(text string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.add(text)
	return p.out.Flush()
}

// Add sends any text with what follows it, before Next waits at the latest. An error shows
// when the next stanza is read.
func (p *Pipe) Add(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.add(text)
}

func (p *Pipe) add(text string) {
	p.conn.SetWriteDeadline(time.Now().Add(writeLimit))
	p.out.WriteString(text) // the error stays, and Flush returns it
}

// Close closes the connection, without a word.
func (p *Pipe) Close() error { return p.conn.Close() }
