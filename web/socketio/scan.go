package socketio

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/bits"
)

// maxDepth is how many objects and arrays may be in each other, an event's own included.
const maxDepth = 32

// scanner reads JSON (RFC 8259) strictly, once, and only to find where values end: what is
// in them goes on as it stands. That the bytes are UTF-8 has been checked before.
type scanner struct {
	data []byte
	pos  int
}

func (s *scanner) want(what string) error {
	return fmt.Errorf("not JSON: want %s at byte %d", what, s.pos)
}

// peek returns the next byte, or 0 at the end, which no token begins with.
func (s *scanner) peek() byte {
	if s.pos < len(s.data) {
		return s.data[s.pos]
	}
	return 0
}

func (s *scanner) space() {
	for c := s.peek(); c == ' ' || c == '\t' || c == '\n' || c == '\r'; c = s.peek() {
		s.pos++
	}
}

func (s *scanner) open(bracket byte) error {
	s.space()
	if s.peek() != bracket {
		return s.want(fmt.Sprintf("%q", bracket))
	}
	s.pos++
	s.space()
	return nil
}

func (s *scanner) end() error {
	if s.space(); s.pos < len(s.data) {
		return s.want("the end")
	}
	return nil
}

// name reads a string that is short, and returns what it means.
func (s *scanner) name() (string, error) {
	from := s.pos
	if s.peek() != '"' {
		return "", s.want("the name of the event")
	}
	if err := s.text(); err != nil {
		return "", err
	}
	name := s.data[from+1 : s.pos-1]
	if len(name) > maxName {
		return "", fmt.Errorf("an event's name of %d bytes, over %d", len(name), maxName)
	}
	for _, c := range name {
		if c == '\\' {
			var plain string
			err := json.Unmarshal(s.data[from:s.pos], &plain)
			return plain, err
		}
	}
	return string(name), nil
}

// value passes a value with so many objects and arrays around it.
func (s *scanner) value(depth int) error {
	switch c := s.peek(); {
	case c == '"':
		return s.text()
	case c == '{' || c == '[':
		return s.container(depth, c)
	case c == '-' || '0' <= c && c <= '9':
		return s.number()
	case c == 't':
		return s.literal("true")
	case c == 'f':
		return s.literal("false")
	case c == 'n':
		return s.literal("null")
	}
	return s.want("a value")
}

func (s *scanner) literal(word string) error {
	if end := s.pos + len(word); end <= len(s.data) && string(s.data[s.pos:end]) == word {
		s.pos = end
		return nil
	}
	return s.want(word)
}

// container passes an object or an array.
func (s *scanner) container(depth int, bracket byte) error {
	if depth >= maxDepth {
		return fmt.Errorf("nested deeper than %d", maxDepth)
	}
	s.pos++
	s.space()
	closing := bracket + 2 // ASCII: '{' '|' '}' and '[' '\' ']'
	if s.peek() == closing {
		s.pos++
		return nil
	}
	for {
		if bracket == '{' {
			if err := s.key(); err != nil {
				return err
			}
		}
		if err := s.value(depth + 1); err != nil {
			return err
		}
		s.space()
		switch s.peek() {
		case ',':
			s.pos++
			s.space()
		case closing:
			s.pos++
			return nil
		default:
			return s.want("',' or " + fmt.Sprintf("%q", closing))
		}
	}
}

func (s *scanner) key() error {
	if s.peek() != '"' {
		return s.want("a key")
	}
	if err := s.text(); err != nil {
		return err
	}
	s.space()
	if s.peek() != ':' {
		return s.want("':'")
	}
	s.pos++
	s.space()
	return nil
}

func (s *scanner) number() error {
	if s.peek() == '-' {
		s.pos++
	}
	if s.peek() == '0' {
		s.pos++
	} else if err := s.digits(); err != nil {
		return err
	}
	if s.peek() == '.' {
		s.pos++
		if err := s.digits(); err != nil {
			return err
		}
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		s.pos++
		if c := s.peek(); c == '+' || c == '-' {
			s.pos++
		}
		return s.digits()
	}
	return nil
}

func (s *scanner) digits() error {
	from := s.pos
	for c := s.peek(); '0' <= c && c <= '9'; c = s.peek() {
		s.pos++
	}
	if s.pos == from {
		return s.want("a digit")
	}
	return nil
}

// text passes a string, from quote to quote.
func (s *scanner) text() error {
	s.pos++
	for {
		s.pos += plain(s.data[s.pos:])
		switch s.peek() {
		case '"':
			s.pos++
			return nil
		case '\\':
			if err := s.escape(); err != nil {
				return err
			}
		default: // a control character or the end
			return s.want(`'"'`)
		}
	}
}

func (s *scanner) escape() error {
	s.pos++
	switch s.peek() {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.pos++
		return nil
	case 'u':
		for range 4 {
			s.pos++
			c := s.peek() | 0x20
			if !('0' <= c && c <= '9' && s.peek() >= '0' || 'a' <= c && c <= 'f') {
				return s.want("a hexadecimal digit")
			}
		}
		s.pos++
		return nil
	}
	return s.want("an escape")
}

// plain returns how many bytes of a string stand for themselves, before a quote, a backslash
// or a control character; eight at a time, as most of an SDP does.
func plain(b []byte) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	n := 0
	for ; n+8 <= len(b); n += 8 {
		w := binary.LittleEndian.Uint64(b[n:])
		quote, slash := w^(ones*'"'), w^(ones*'\\')
		// In each term, the lowest top bit that is set marks a byte that is sought.
		special := ((quote-ones)&^quote | (slash-ones)&^slash | (w-ones*' ')&^w) & tops
		if special != 0 {
			return n + bits.TrailingZeros64(special)/8
		}
	}
	for n < len(b) && b[n] >= ' ' && b[n] != '"' && b[n] != '\\' {
		n++
	}
	return n
}
