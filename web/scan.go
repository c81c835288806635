package web

import (
	"fmt"
	"unicode/utf8"
)

// What a browser's message may be made of.
const (
	maxDepth  = 16    // objects and arrays in each other, the message itself included
	maxString = 1_024 // bytes of a string, but for those below
	maxToken  = 8_192 // a JSON Web Token
	maxBody   = 4_000 // characters of a message to a person
	maxGroups = 16    // of a contact
)

// scanner reads JSON (RFC 8259) strictly and once: syntax, UTF-8, depth, lengths, and that
// every character, escaped or not, may stand in XML 1.0 (§2.2), because what browsers say
// goes on into stanzas and one bad character ends the link for everybody.
type scanner struct {
	data    []byte
	pos     int
	limit   int  // the longest string here, decoded
	rewrite bool // JSON.stringify would write something read since this was cleared otherwise
	err     *ParseError
}

func (s *scanner) fail(code, format string, args ...any) bool {
	if s.err == nil {
		s.err = &ParseError{Code: code, Text: fmt.Sprintf(format, args...)}
	}
	return false
}

func (s *scanner) syntax(want string) bool {
	return s.fail(codeBadJSON, "not JSON: want %s at byte %d", want, s.pos)
}

// peek returns the next byte, or 0 at the end, which no token begins with.
func (s *scanner) peek() byte {
	if s.pos < len(s.data) {
		return s.data[s.pos]
	}
	return 0
}

func (s *scanner) space() {
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
			s.rewrite = true
		default:
			return
		}
	}
}

func (s *scanner) value(depth int) bool {
	switch c := s.peek(); {
	case c == '"':
		return s.text()
	case c == '{':
		return s.object(depth, nil)
	case c == '[':
		return s.array(depth)
	case c == '-' || '0' <= c && c <= '9':
		return s.number()
	case c == 't':
		return s.literal("true")
	case c == 'f':
		return s.literal("false")
	case c == 'n':
		return s.literal("null")
	}
	return s.syntax("a value")
}

func (s *scanner) literal(want string) bool {
	if end := s.pos + len(want); end <= len(s.data) && string(s.data[s.pos:end]) == want {
		s.pos = end
		return true
	}
	return s.syntax(want)
}

func (s *scanner) open(depth int) bool {
	if depth >= maxDepth {
		return s.fail(codeBadMessage, "nested deeper than %d", maxDepth)
	}
	s.pos++
	s.space()
	return true
}

// object reads an object whose depth is that many others around it. With fields, it notes
// where their values are.
func (s *scanner) object(depth int, into *fields) bool {
	if !s.open(depth) {
		return false
	}
	if s.peek() == '}' {
		s.pos++
		return true
	}
	for {
		if !s.member(depth, into) {
			return false
		}
		s.space()
		switch s.peek() {
		case ',':
			s.pos++
			s.space()
		case '}':
			s.pos++
			return true
		default:
			return s.syntax("',' or '}'")
		}
	}
}

func (s *scanner) member(depth int, into *fields) bool {
	if s.peek() != '"' {
		return s.syntax("a key")
	}
	from := s.pos
	if into != nil {
		s.limit = maxString
	}
	if !s.text() {
		return false
	}
	name := s.data[from:s.pos]
	s.space()
	if s.peek() != ':' {
		return s.syntax("':'")
	}
	s.pos++
	s.space()
	if into != nil {
		return s.field(name, into)
	}
	return s.value(depth + 1)
}

// field reads the value of a key of the message itself.
func (s *scanner) field(name []byte, into *fields) bool {
	k := keyOf(name)
	s.limit = k.limit()
	s.rewrite = false
	from := s.pos
	if !s.value(1) {
		return false
	}
	if k == keyOther {
		return true
	}
	if into[k].to != 0 {
		return s.fail(codeBadMessage, "%s twice", name)
	}
	into[k] = field{from, s.pos, s.rewrite}
	return true
}

func (s *scanner) array(depth int) bool {
	if !s.open(depth) {
		return false
	}
	if s.peek() == ']' {
		s.pos++
		return true
	}
	for {
		if !s.value(depth + 1) {
			return false
		}
		s.space()
		switch s.peek() {
		case ',':
			s.pos++
			s.space()
		case ']':
			s.pos++
			return true
		default:
			return s.syntax("',' or ']'")
		}
	}
}

func (s *scanner) number() bool {
	from := s.pos
	if s.peek() == '-' {
		s.pos++
	}
	if s.peek() == '0' {
		s.pos++
	} else if !s.digits() {
		return false
	}
	whole := true
	if s.peek() == '.' {
		whole = false
		s.pos++
		if !s.digits() {
			return false
		}
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		whole = false
		s.pos++
		if c := s.peek(); c == '+' || c == '-' {
			s.pos++
		}
		if !s.digits() {
			return false
		}
	}
	// A whole number of up to 15 digits is a float64 and written by it as it stands; only
	// "-0" is not.
	if !whole || s.pos-from > 15 || s.data[from] == '-' && s.data[from+1] == '0' {
		s.rewrite = true
	}
	return true
}

func (s *scanner) digits() bool {
	from := s.pos
	for c := s.peek(); '0' <= c && c <= '9'; c = s.peek() {
		s.pos++
	}
	return s.pos > from || s.syntax("a digit")
}

// text reads a string, from quote to quote.
func (s *scanner) text() bool {
	s.pos++
	from, saved := s.pos, 0 // saved: how much longer it is here than decoded
	for {
		s.pos += plain(s.data[s.pos:])
		if s.pos >= len(s.data) {
			return s.syntax(`'"'`)
		}
		switch c := s.data[s.pos]; {
		case c == '"':
			if n := s.pos - from - saved; n > s.limit {
				return s.fail(codeBadMessage, "a string of %d bytes, over %d", n, s.limit)
			}
			s.pos++
			return true
		case c == '\\':
			n, ok := s.escape()
			if !ok {
				return false
			}
			saved += n
		case c < ' ':
			return s.syntax("an escape for a control character")
		default:
			r, size := utf8.DecodeRune(s.data[s.pos:])
			if r == utf8.RuneError && size == 1 {
				return s.fail(codeBadJSON, "not UTF-8 at byte %d", s.pos)
			}
			if !allowed(r) {
				return s.fail(codeBadMessage, "the character %U is not allowed", r)
			}
			s.pos += size
		}
	}
}
