package web

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// What a browser's message may be made of.
const (
	maxDepth  = 16    // objects and arrays in each other, the message itself included
	maxString = 1_024 // bytes of a string, but for those below
	maxToken  = 8_192 // a JSON Web Token
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

// escape reads one escape, or two that are a surrogate pair, and returns how many bytes
// fewer the character has.
func (s *scanner) escape() (saved int, ok bool) {
	var c byte
	if s.pos+1 < len(s.data) {
		c = s.data[s.pos+1]
	}
	switch c {
	case '"', '\\', 'n', 'r', 't':
		s.pos += 2
		return 1, true
	case '/':
		s.rewrite = true
		s.pos += 2
		return 1, true
	case 'b', 'f':
		return 0, s.fail(codeBadMessage, `the character \%c is not allowed`, c)
	case 'u':
		r, size := unescape(s.data[s.pos:])
		if size == 0 {
			return 0, s.syntax("four hexadecimal digits")
		}
		if !allowed(r) {
			return 0, s.fail(codeBadMessage, "the character %U is not allowed", r)
		}
		s.rewrite = true
		s.pos += size
		return size - utf8.RuneLen(r), true
	}
	return 0, s.syntax("an escape")
}

// unescape reads \uXXXX, or two of them that make a surrogate pair; size 0 says that it is
// neither. A surrogate that is alone is returned as it is.
func unescape(b []byte) (r rune, size int) {
	if r = hex4(b); r < 0 {
		return 0, 0
	}
	if utf16.IsSurrogate(r) {
		if pair := utf16.DecodeRune(r, hex4(b[6:])); pair != utf8.RuneError {
			return pair, 12
		}
	}
	return r, 6
}

// hex4 returns the number in \uXXXX, or -1.
func hex4(b []byte) rune {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return -1
	}
	var r rune
	for _, c := range b[2:6] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}

// allowed says whether XML 1.0 §2.2 has the character.
func allowed(r rune) bool {
	switch {
	case r < ' ':
		return r == '\t' || r == '\n' || r == '\r'
	case r < 0xD800:
		return true
	case r < 0xE000: // surrogates
		return false
	}
	return r != 0xFFFE && r != 0xFFFF && r <= utf8.MaxRune
}

// plain returns how many bytes at the start of b are ASCII and neither control characters,
// quotes nor backslashes; eight at a time, as most of an SDP is such.
func plain(b []byte) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	n := 0
	for ; n+8 <= len(b); n += 8 {
		w := binary.LittleEndian.Uint64(b[n:])
		quote, slash := w^(ones*'"'), w^(ones*'\\')
		// A byte's top bit is set where it is less than a space, a quote (which the XOR made
		// zero), a backslash, or not ASCII. A borrow can only mark bytes after the first.
		found := (w - ones*' ') | (quote - ones) | (slash - ones) | w
		if found &= tops; found != 0 {
			return n + bits.TrailingZeros64(found)/8
		}
	}
	for ; n < len(b); n++ {
		if c := b[n]; c < ' ' || c == '"' || c == '\\' || c >= 0x80 {
			break
		}
	}
	return n
}
