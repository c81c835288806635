package component

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

const (
	readSize   = 32 << 10 // the buffer between a component's stanzas
	keepTimes  = 8        // a buffer grown to more than so many is let go
	headSize   = 8 << 10  // the longest start tag kept of a stanza that is too big
	terminator = 16       // bytes kept back while skipping: enough to see any end
)

// Errors of framing end the link: what a server sends always passes.
var (
	errFraming = errors.New("the server's stream is not well-formed")
	errClosed  = errors.New("the server closed the stream")
)

// frame is one element of the stream as bytes, valid until the next one is read.
type frame struct {
	data []byte
	head int  // length of its start tag; 0 when that alone was too long
	cut  bool // the element was too big: data is its start tag and nothing else
}

// framer cuts the stream into the elements directly inside <stream:stream>, without
// parsing them. It looks at each byte once, however it arrives, and never holds more
// than max bytes: the rest of a bigger element is read and thrown away.
type framer struct {
	r    io.Reader
	max  int
	size int // of the buffer between stanzas

	buf             []byte
	start, pos, end int // the element begins at start; pos is scanned up to; bytes are there up to end

	state state
	until string // what ends the state special
	quote byte   // what ends the state inQuote
	depth int
	head  int // length of the element's start tag, 0 while not known
	over  bool
}

type state uint8

const (
	inText state = iota
	inTag
	inQuote
	inEndTag
	special // CDATA, comment, processing instruction
)

func newFramer(r io.Reader, limit, size int) *framer {
	return &framer{r: r, max: limit, size: size, buf: make([]byte, size)}
}

// next returns the next whole element, or errClosed at the end of the stream.
func (f *framer) next() (frame, error) {
	f.begin()
	for {
		done, err := f.scan()
		if err != nil {
			return frame{}, err
		}
		if done {
			return f.element(), nil
		}
		if err := f.fill(); err != nil {
			return frame{}, err
		}
	}
}

// begin forgets the last element, and a buffer that it made too big.
func (f *framer) begin() {
	f.start, f.head, f.over = f.pos, 0, false
	if f.start == f.end {
		f.start, f.pos, f.end = 0, 0, 0
		if len(f.buf) > keepTimes*f.size {
			f.buf = make([]byte, f.size)
		}
	}
}

func (f *framer) element() frame {
	if f.over || f.pos-f.start > f.max {
		head := f.head
		if head > headSize {
			head = 0
		}
		return frame{data: f.buf[f.start : f.start+head], head: head, cut: true}
	}
	return frame{data: f.buf[f.start:f.pos], head: f.head}
}

// fill reads more, and makes room for it.
func (f *framer) fill() error {
	if f.end == len(f.buf) {
		f.makeRoom()
	}
	n, err := f.r.Read(f.buf[f.end:])
	f.end += n
	if n > 0 {
		return nil
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return err
}

func (f *framer) makeRoom() {
	switch {
	case f.end-f.start >= f.max:
		f.skip()
	case f.start > 0:
		f.end = copy(f.buf, f.buf[f.start:f.end])
		f.pos -= f.start
		f.start = 0
	default:
		grown := make([]byte, min(2*len(f.buf), f.max+f.size))
		copy(grown, f.buf[:f.end])
		f.buf = grown
	}
}

// skip throws away what was scanned of an element that is too big, all but its start tag.
func (f *framer) skip() {
	f.over = true
	keep := f.head
	if keep > headSize {
		keep = 0
	}
	if f.head == 0 {
		f.head = headSize + 1 // a start tag without end: nothing of it is worth keeping
	}
	from := max(f.pos-terminator, f.start+keep)
	copy(f.buf, f.buf[f.start:f.start+keep])
	n := copy(f.buf[keep:], f.buf[from:f.end])
	f.pos = keep + f.pos - from
	f.start, f.end = 0, keep+n
}

// scan goes on until the element is whole (true) or the bytes are used up.
func (f *framer) scan() (bool, error) {
	if f.depth == 0 && f.pos == f.start {
		if !f.toElement() {
			return false, nil
		}
		if c := f.buf[f.pos]; c != '<' {
			return false, fmt.Errorf("%w: %q between stanzas", errFraming, c)
		}
	}
	for f.pos < f.end {
		b := f.buf[:f.end]
		switch f.state {
		case inText:
			i := bytes.IndexByte(b[f.pos:], '<')
			if i < 0 {
				f.pos = f.end
				return false, nil
			}
			f.pos += i
			if ok, err := f.markup(b[f.pos:]); !ok {
				return false, err
			}
		case inTag:
			if err := f.tag(b); err != nil {
				return false, err
			}
		case inQuote:
			f.skipPast(b, f.quote, inTag)
		case inEndTag:
			if f.skipPast(b, '>', inText) {
				f.depth--
			}
		case special:
			i := bytes.Index(b[f.pos:], []byte(f.until))
			if i < 0 {
				f.pos = max(f.pos, f.end-len(f.until)+1)
				return false, nil
			}
			f.pos += i + len(f.until)
			f.state = inText
		}
		if f.depth == 0 && f.state == inText {
			return true, nil
		}
	}
	return false, nil
}

// toElement skips the white space between elements (keep-alives).
func (f *framer) toElement() bool {
	for f.pos < f.end && isSpace(f.buf[f.pos]) {
		f.pos++
	}
	f.start = f.pos
	return f.pos < f.end
}

// markup decides what the < at b[0] begins; false when more must be read first.
func (f *framer) markup(b []byte) (bool, error) {
	if len(b) < 2 {
		return false, nil
	}
	switch b[1] {
	case '/':
		if f.depth == 0 {
			return false, errClosed
		}
		f.state = inEndTag
		f.pos += 2
	case '!', '?':
		return f.declaration(b)
	default:
		f.depth++
		f.state = inTag
		f.pos++
	}
	return true, nil
}

var declarations = []struct{ begin, end string }{
	{"<![CDATA[", "]]>"}, {"<!--", "-->"}, {"<?", "?>"},
}

// declaration steps over what XMPP forbids (RFC 6120 §11.1) and over CDATA. Inside a
// stanza it is left to the parser to refuse; a document type never is followed.
func (f *framer) declaration(b []byte) (bool, error) {
	for _, d := range declarations {
		n := min(len(b), len(d.begin))
		if string(b[:n]) != d.begin[:n] {
			continue
		}
		if n < len(d.begin) {
			return false, nil
		}
		if f.depth == 0 {
			break
		}
		f.state, f.until = special, d.end
		f.pos += n
		return true, nil
	}
	return false, fmt.Errorf("%w: %q", errFraming, b[:min(len(b), 20)])
}

// tagStop are the bytes that mean something inside a start tag.
var tagStop = [256]bool{'>': true, '<': true, '"': true, '\'': true}

// tag goes on to the end of a start tag.
func (f *framer) tag(b []byte) error {
	for i := f.pos; i < len(b); i++ {
		c := b[i]
		if !tagStop[c] {
			continue
		}
		switch c {
		case '>':
			f.pos, f.state = i+1, inText
			if f.head == 0 && f.depth == 1 {
				f.head = f.pos - f.start
			}
			if b[i-1] == '/' {
				f.depth--
			}
			return nil
		case '<':
			return fmt.Errorf("%w: < inside a tag", errFraming)
		}
		j := bytes.IndexByte(b[i+1:], c)
		if j < 0 {
			f.pos, f.state, f.quote = len(b), inQuote, c
			return nil
		}
		i += j + 1
	}
	f.pos = len(b)
	return nil
}

// skipPast goes behind the next c, if it is there, and changes the state.
func (f *framer) skipPast(b []byte, c byte, then state) bool {
	i := bytes.IndexByte(b[f.pos:], c)
	if i < 0 {
		f.pos = f.end
		return false
	}
	f.pos += i + 1
	f.state = then
	return true
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
