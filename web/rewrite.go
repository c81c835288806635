package web

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// rewritten returns JSON that a scanner has read as JSON.parse and JSON.stringify would give
// it on, which is what the tutorials' servers did to a payload: no white space, no escape
// that is not needed, numbers as a float64 prints. Two things are left as they came: keys
// that are said twice, and the order of keys that are numbers.
func rewritten(src []byte) json.RawMessage {
	dst := make([]byte, 0, len(src))
	for i := 0; i < len(src); {
		switch c := src[i]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case c == '"':
			end := i + stringEnd(src[i:])
			dst = appendText(dst, unquote(src[i:end]))
			i = end
		case c == '-' || '0' <= c && c <= '9':
			end := i + 1
			for end < len(src) && isNumber(src[end]) {
				end++
			}
			dst = appendNumber(dst, string(src[i:end]))
			i = end
		default:
			dst = append(dst, c)
			i++
		}
	}
	return dst
}

func isNumber(c byte) bool {
	return '0' <= c && c <= '9' || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-'
}

// stringEnd returns the length of the string, with its quotes, that a scanner has read.
func stringEnd(src []byte) int {
	for i := 1; i < len(src); i++ {
		i += plain(src[i:])
		if i >= len(src) {
			break
		}
		switch src[i] {
		case '"':
			return i + 1
		case '\\':
			i++
		}
	}
	return len(src)
}

// unquote decodes a string, with its quotes, that a scanner has read.
func unquote(src []byte) string {
	src = src[1 : len(src)-1]
	i := bytes.IndexByte(src, '\\')
	if i < 0 {
		return string(src)
	}
	var dst strings.Builder
	dst.Grow(len(src))
	for i >= 0 {
		dst.Write(src[:i])
		src = src[i:]
		size := 2
		switch c := src[1]; c {
		case 'n':
			dst.WriteByte('\n')
		case 'r':
			dst.WriteByte('\r')
		case 't':
			dst.WriteByte('\t')
		case 'u':
			var r rune
			r, size = unescape(src)
			dst.WriteRune(r)
		default:
			dst.WriteByte(c)
		}
		src = src[size:]
		i = bytes.IndexByte(src, '\\')
	}
	dst.Write(src)
	return dst.String()
}

// appendNumber writes a number as ECMAScript does (ECMA-262 Number::toString, SerializeJSONProperty).
func appendNumber(dst []byte, number string) []byte {
	f, err := strconv.ParseFloat(number, 64)
	switch {
	case err != nil: // more than a float64 holds: Infinity, which JSON has not
		return append(dst, "null"...)
	case f == 0: // also -0
		return append(dst, '0')
	}
	if abs := math.Abs(f); abs >= 1e-6 && abs < 1e21 {
		return strconv.AppendFloat(dst, f, 'f', -1, 64)
	}
	from := len(dst)
	dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
	if n := len(dst); n-from >= 4 && dst[n-4] == 'e' && dst[n-2] == '0' { // 1e-07 is 1e-7 there
		dst[n-2] = dst[n-1]
		dst = dst[:n-1]
	}
	return dst
}

// appendText writes a string as JSON.stringify does: no more escapes than JSON demands, so
// none for '<', '>', '&' and U+2028. What is not UTF-8 becomes U+FFFD.
func appendText(dst []byte, text string) []byte {
	b := []byte(text)
	dst = append(dst, '"')
	for {
		n := plain(b)
		dst = append(dst, b[:n]...)
		if b = b[n:]; len(b) == 0 {
			return append(dst, '"')
		}
		size := 1
		switch c := b[0]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		case c == '\t':
			dst = append(dst, '\\', 't')
		case c < ' ':
			const hex = "0123456789abcdef"
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			var r rune
			r, size = utf8.DecodeRune(b)
			dst = utf8.AppendRune(dst, r)
		}
		b = b[size:]
	}
}
