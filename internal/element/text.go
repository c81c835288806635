package element

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// text reads character data up to the next tag.
func (p *parser) text(t *text, i int) (int, error) {
	length := strings.IndexByte(p.src[i:], '<')
	if length < 0 {
		return i, errors.New("input ends inside an element")
	}
	raw := p.src[i : i+length]
	if strings.Contains(raw, "]]>") {
		return i, errors.New("]]> in text") // XML 1.0 §2.4
	}
	piece, err := unescape(raw, false)
	if err != nil {
		return i, err
	}
	return i + length, p.addText(t, piece, i)
}

// cdata reads what follows a <! in content: nothing but a CDATA section may.
func (p *parser) cdata(t *text, i int) (int, error) {
	raw, found := strings.CutPrefix(p.src[i:], "[CDATA[")
	if !found {
		return i, errors.New("want a name")
	}
	piece, _, found := strings.Cut(raw, "]]>")
	if !found {
		return i, errors.New("input ends inside CDATA")
	}
	if !legal(piece) {
		return i, errIllegal
	}
	begin := i + len("[CDATA[")
	i = begin + len(piece) + len("]]>")
	if err := p.spend(1); err != nil {
		return i, err
	}
	if strings.IndexByte(piece, '\r') >= 0 { // XML 1.0 §2.11
		piece = strings.ReplaceAll(strings.ReplaceAll(piece, "\r\n", "\n"), "\r", "\n")
	}
	return i, p.addText(t, piece, begin)
}

// text is what was read of an element's character data.
type text struct {
	joined string
	at     int  // where it stands, if it was one piece; else -1
	blank  bool // it is white space
}

// addText joins pieces of text, of which this one stands at i, escaped or not. Pieces are
// counted as elements: joining ten thousand of them would otherwise cost quadratic time.
func (p *parser) addText(t *text, piece string, i int) error {
	blank := isBlank(piece)
	switch {
	case t.joined == "":
		*t = text{piece, i, blank}
		return nil
	case blank && t.blank:
		return nil // indentation between children
	}
	if err := p.spend(16 + len(t.joined)/256); err != nil {
		return err
	}
	*t = text{joined: t.joined + piece, at: -1}
	return nil
}

// spanOfText is where a text lies, at last.
func (p *parser) spanOfText(t *text) span {
	if t.joined == "" {
		return span{}
	}
	if t.at >= 0 && strings.HasPrefix(p.src[t.at:], t.joined) { // nothing was escaped
		return spanOf(t.at, t.at+len(t.joined))
	}
	return p.keep(t.joined)
}

func isBlank(s string) bool {
	for i := range len(s) {
		if !isSpace(s[i]) {
			return false
		}
	}
	return true
}

var errIllegal = errors.New("a character that XML does not allow")

// unescape resolves the five predefined entities and character references. In
// attributes white space becomes blanks (XML 1.0 §3.3.3), unless it was escaped.
func unescape(s string, attribute bool) (string, error) {
	plain := true
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '&' || c == '\r':
			plain = false
		case c < 0x20:
			if c != '\t' && c != '\n' {
				return "", errIllegal
			}
			plain = plain && !attribute
		case c == 0xEF:
			if !legal(s[i:min(len(s), i+3)]) {
				return "", errIllegal
			}
		}
	}
	if plain {
		return s, nil
	}
	return unescapeSlow(s, attribute)
}

func unescapeSlow(s string, attribute bool) (string, error) {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '&':
			semicolon := strings.IndexByte(s[i:min(len(s), i+12)], ';')
			if semicolon < 0 {
				return "", errors.New("& without ;")
			}
			r, err := reference(s[i+1 : i+semicolon])
			if err != nil {
				return "", err
			}
			out = utf8.AppendRune(out, r)
			i += semicolon + 1
			continue
		case attribute && isSpace(c):
			if c == '\r' && i+1 < len(s) && s[i+1] == '\n' {
				i++
			}
			c = ' '
		case c == '\r':
			if i+1 < len(s) && s[i+1] == '\n' {
				i++
			}
			c = '\n'
		}
		out = append(out, c)
		i++
	}
	return string(out), nil
}

func reference(name string) (rune, error) {
	switch name {
	case "lt":
		return '<', nil
	case "gt":
		return '>', nil
	case "amp":
		return '&', nil
	case "quot":
		return '"', nil
	case "apos":
		return '\'', nil
	}
	if !strings.HasPrefix(name, "#") {
		return 0, fmt.Errorf("entity %q is not XML's own", name)
	}
	digits, base := name[1:], 10
	if strings.HasPrefix(digits, "x") {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || n > utf8.MaxRune || !Legal(rune(n)) {
		return 0, errIllegal
	}
	return rune(n), nil
}

// Legal says whether XML 1.0 §2.2 allows the character.
func Legal(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r >= 0x20 && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= 0x10FFFF
}

// LegalText says whether all of s is valid UTF-8 that XML 1.0 allows.
func LegalText(s string) bool { return utf8.ValidString(s) && legal(s) }

func legal(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c < 0x20 && c != '\t' && c != '\n' && c != '\r' {
			return false
		}
		// U+FFFE and U+FFFF are EF BF BE and EF BF BF.
		if c == 0xEF && i+2 < len(s) && s[i+1] == 0xBF && s[i+2] >= 0xBE {
			return false
		}
	}
	return true
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
