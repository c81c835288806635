package xmpptest

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

const nsStreams = "http://etherx.jabber.org/streams"

// stream reads the elements of an XML stream one by one, and writes any bytes.
type stream struct {
	conn  net.Conn
	space string // default namespace
	bytes bytes.Buffer
	d     *xml.Decoder
	taken int64 // bytes before the buffer's first

	elements chan element.Element // what pump has read; nil before it runs
	err      error                // why elements was closed
	atEnd    func()               // what pump does at </stream:stream>
	closed   chan struct{}
	once     sync.Once
}

func newStream(c net.Conn, space string) *stream {
	s := &stream{conn: c, space: space, closed: make(chan struct{})}
	s.restart()
	return s
}

// restart begins a new document on the same connection, as after SASL.
func (s *stream) restart() {
	s.bytes.Reset()
	s.taken = 0
	s.d = xml.NewDecoder(io.TeeReader(s.conn, &s.bytes))
}

// header reads up to <stream:stream> and returns its attribute id.
func (s *stream) header(limit time.Duration) (string, error) {
	s.conn.SetReadDeadline(time.Now().Add(limit))
	for {
		token, err := s.d.RawToken()
		if err != nil {
			return "", err
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if start.Name.Local != "stream" {
			return "", fmt.Errorf("want a stream, got <%s>", start.Name.Local)
		}
		id := ""
		for _, a := range start.Attr {
			if a.Name.Local == "id" {
				id = a.Value
			}
		}
		return id, nil
	}
}

// errNothing is what Next returns when nothing came in time; the stream goes on.
var errNothing = fmt.Errorf("nothing came: %w", os.ErrDeadlineExceeded)

// next returns one element, waiting for limit at most. At </stream:stream> it returns io.EOF.
func (s *stream) next(limit time.Duration) (element.Element, error) {
	if s.elements == nil {
		s.conn.SetReadDeadline(time.Now().Add(limit))
		return s.read()
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case e, ok := <-s.elements:
		if !ok {
			return element.Element{}, s.err
		}
		return e, nil
	case <-timer.C:
		return element.Element{}, errNothing
	}
}

// pump reads on its own goroutine from now on, so that waiting in vain breaks nothing.
// It ends with the connection.
func (s *stream) pump() {
	s.conn.SetReadDeadline(time.Time{})
	s.elements = make(chan element.Element, 4096)
	go func() {
		defer close(s.elements)
		for {
			e, err := s.read()
			if err != nil {
				s.err = err
				if err == io.EOF && s.atEnd != nil {
					s.atEnd()
				}
				return
			}
			select {
			case s.elements <- e:
			case <-s.closed:
				s.err = net.ErrClosed
				return
			}
		}
	}()
}

// close closes the connection, without a word.
func (s *stream) close() error {
	s.once.Do(func() { close(s.closed) })
	return s.conn.Close()
}

func (s *stream) read() (element.Element, error) {
	depth, begin := 0, int64(0)
	for {
		at := s.d.InputOffset()
		token, err := s.d.RawToken()
		if err != nil {
			return element.Element{}, err
		}
		switch token.(type) {
		case xml.StartElement:
			if depth == 0 {
				begin = at
			}
			depth++
		case xml.EndElement:
			depth--
		default:
			continue
		}
		if depth < 0 {
			return element.Element{}, io.EOF
		}
		if depth == 0 {
			return s.parse(begin, s.d.InputOffset())
		}
	}
}

func (s *stream) parse(begin, end int64) (element.Element, error) {
	s.bytes.Next(int(begin - s.taken))
	raw := s.bytes.Next(int(end - begin))
	s.taken = end
	text := "<x xmlns='" + s.space + "' xmlns:stream='" + nsStreams + "'>" + string(raw) + "</x>"
	e, err := element.Parse([]byte(text), "", element.Limits{})
	if err != nil {
		return element.Element{}, err
	}
	return e.First(), nil
}

const writeLimit = 20 * time.Second

func (s *stream) write(text string) error {
	s.conn.SetWriteDeadline(time.Now().Add(writeLimit))
	_, err := io.WriteString(s.conn, text)
	return err
}

// IsTimeout says whether an error of Next or Until means that nothing came in time.
func IsTimeout(err error) bool {
	return errors.Is(err, os.ErrDeadlineExceeded)
}
