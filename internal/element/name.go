package element

import (
	"errors"
	"unicode/utf8"
)

// plainName are the bytes of nearly all names.
var plainName = func() (plain [256]bool) {
	for c := range plain {
		plain[c] = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_'
	}
	return plain
}()

// name finds the end of the name that begins at i, and whether it has a colon. Beyond
// ASCII names are left to the servers, which check them strictly.
func (p *parser) name(i int) (end int, colon bool, err error) {
	for end = i; end < len(p.src) && plainName[p.src[end]]; end++ {
	}
	if end < len(p.src) && (p.src[end] == ':' || p.src[end] >= utf8.RuneSelf) {
		return p.oddName(i)
	}
	if end == i || p.src[i] <= '9' {
		return i, false, errNoName
	}
	return end, false, nil
}

// oddName is name where there is more than plain bytes.
func (p *parser) oddName(i int) (end int, colon bool, err error) {
	for end = i; end < len(p.src); end++ {
		c := p.src[end]
		if c == ':' {
			colon = true
		} else if !plainName[c] && c < utf8.RuneSelf {
			break
		}
	}
	if p.src[i] <= '9' {
		return i, false, errNoName // neither a hyphen nor a stop nor a digit begins one
	}
	if !legal(p.src[i:end]) {
		return i, false, errIllegal
	}
	return end, colon, nil
}

var errNoName = errors.New("want a name")
