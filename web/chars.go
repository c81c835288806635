package web

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

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
