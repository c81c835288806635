package element

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

func (p *parser) text() error {
	if len(p.stack) == 0 {
		return errors.New("text outside an element")
	}
	length := strings.IndexByte(p.src[p.pos:], '<')
	if length < 0 {
		return errors.New("input ends inside an element")
	}
	text, err := unescape(p.src[p.pos:p.pos+length], false)
	if err != nil {
		return err
	}
	p.pos += length
	return p.addText(text)
}

func (p *parser) cdata() error {
	if len(p.stack) == 0 {
		return errors.New("text outside an element")
	}
	p.pos += len("![CDATA[")
	length := strings.Index(p.src[p.pos:], "]]>")
	if length < 0 {
		return errors.New("input ends inside CDATA")
	}
	text := p.src[p.pos : p.pos+length]
	if !legal(text) {
		return errIllegal
	}
	p.pos += length + len("]]>")
	return p.addText(text)
}

// addText joins pieces of text. Pieces are counted as elements: joining ten
// thousand of them would otherwise cost quadratic time.
func (p *parser) addText(text string) error {
	e := p.stack[len(p.stack)-1].element
	if e.Text == "" {
		e.Text = text
		return nil
	}
	if strings.TrimLeft(text, " \t\r\n") == "" && strings.TrimLeft(e.Text, " \t\r\n") == "" {
		return nil // indentation between children
	}
	p.spent += 15 + len(e.Text)/256
	if err := p.spend(); err != nil {
		return err
	}
	e.Text += text
	return nil
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
