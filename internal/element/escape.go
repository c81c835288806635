package element

import "unicode/utf8"

// appendEscaped appends s as it must be written: in an attribute between apostrophes, or
// as text.
func appendEscaped(buf []byte, s string, attribute bool) []byte {
	from := 0
	for i := special(s, 0); i < len(s); i = special(s, i) {
		c := s[i]
		size, with := 1, ""
		switch {
		case c == '&':
			with = "&amp;"
		case c == '<':
			with = "&lt;"
		case c == '>':
			with = "&gt;"
		case c == '\'' && attribute:
			with = "&apos;"
		case c == '\r':
			with = "&#xD;"
		case attribute && c == '\n':
			with = "&#xA;"
		case attribute && c == '\t':
			with = "&#x9;"
		case c < 0x20 && c != '\n' && c != '\t':
			with = "\uFFFD"
		case c >= utf8.RuneSelf:
			var r rune
			r, size = utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 || !Legal(r) {
				with = "\uFFFD"
			}
		}
		if with != "" {
			buf = append(buf, s[from:i]...)
			buf = append(buf, with...)
			from = i + size
		}
		i += size
	}
	return append(buf, s[from:]...)
}
