package jingle

import (
	"fmt"
	"strings"
)

// Bounds on what a stranger may make us hold. Beyond them reading ends with an error.
const (
	maxSDP        = 64 << 10 // bytes of a description, either way
	maxContents   = 16
	maxPayloads   = 128 // per content
	maxParams     = 64  // per payload type
	maxAllParams  = 1024
	maxExtensions = 64  // per content
	maxSources    = 256 // per description
	maxGrouped    = 2 * maxSources
	maxCandidates = 100 // per transport
	maxName       = 255 // bytes of a peer's content name, sid or id
	maxValue      = 1024
	maxMID        = 16 // libwebrtc's limit on a=mid
)

// Classes of bytes; a value is checked by one pass over it.
const (
	tokenChar   = 1 << iota // RFC 8866 §9: token-char
	iceChar                 // RFC 8839 §5.1: ALPHA / DIGIT / "+" / "/"
	visibleChar             // %x21-7E
	valueChar               // visible, without the ";" that parts parameters
	keyChar                 // visible, without ";" and "="
	digitChar
	wordChar // letters, digits and -._: as NCName allows within
)

var classes = func() (table [256]uint8) {
	for c := byte(0x21); c <= 0x7e; c++ {
		table[c] |= visibleChar
		if c != ';' {
			table[c] |= valueChar
			if c != '=' {
				table[c] |= keyChar
			}
		}
		if strings.IndexByte(`"(),/:;<=>?@[\]`, c) < 0 {
			table[c] |= tokenChar
		}
		digit := c >= '0' && c <= '9'
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if digit {
			table[c] |= digitChar
		}
		if digit || letter {
			table[c] |= iceChar | wordChar
		}
	}
	table['+'] |= iceChar
	table['/'] |= iceChar
	for _, c := range []byte("-._") {
		table[c] |= wordChar
	}
	return table
}()

// only says whether s has between low and high bytes, all of one class.
func only(s string, class uint8, low, high int) bool {
	if len(s) < low || len(s) > high {
		return false
	}
	for i := 0; i < len(s); i++ {
		if classes[s[i]]&class == 0 {
			return false
		}
	}
	return true
}

func isToken(s string) bool { return only(s, tokenChar, 1, 64) }
func isMID(s string) bool   { return only(s, tokenChar, 1, maxMID) }
func isUfrag(s string) bool { return only(s, iceChar, 4, 256) }
func isPwd(s string) bool   { return only(s, iceChar, 22, 256) }
func isURI(s string) bool   { return only(s, visibleChar, 1, 256) }
func isCNAME(s string) bool { return only(s, visibleChar, 1, 255) }

// mediaWord is "audio" or "video" in memory of its own, which a call may keep; "" for others.
func mediaWord(s string) string {
	switch s {
	case "audio":
		return "audio"
	case "video":
		return "video"
	}
	return ""
}

// isNCName holds to the ASCII part of NCName, as XEP-0176 §5.3 wants a candidate's id.
func isNCName(s string) bool {
	return only(s, wordChar, 1, 64) && classes[s[0]]&digitChar == 0 && s[0] != '-' && s[0] != '.'
}

// isMSID checks "stream track" or "stream" (RFC 8830 §2).
func isMSID(s string) bool {
	stream, track, two := strings.Cut(s, " ")
	return isToken(stream) && (!two || isToken(track))
}

// number reads decimal digits and nothing else, up to a maximum.
func number(s string, maximum uint64) (uint64, bool) {
	if len(s) == 0 || len(s) > 10 {
		return 0, false
	}
	var n uint64
	for i := 0; i < len(s); i++ {
		digit := s[i] - '0'
		if digit > 9 {
			return 0, false
		}
		n = n*10 + uint64(digit)
	}
	return n, n <= maximum
}

// small is number for what is an int here; 0 when it is not one.
func small(s string, maximum uint64) int {
	n, ok := number(s, maximum)
	if !ok {
		return 0
	}
	return int(n)
}

// hashes are the functions of RFC 8122 §5 that are still safe or still met, with the
// length of their value in bytes.
var hashes = []struct {
	name  string
	bytes int
}{{"sha-256", 32}, {"sha-512", 64}, {"sha-384", 48}, {"sha-224", 28}, {"sha-1", 20}}

// fingerprint checks the two parts of a fingerprint and returns them as all readers
// want them: the name in lower case, the value in upper-case hex pairs with colons.
func fingerprint(hash, value string) (string, string, bool) {
	for _, known := range hashes {
		if strings.EqualFold(hash, known.name) {
			value, ok := hexPairs(value, known.bytes)
			return known.name, value, ok
		}
	}
	return "", "", false
}

func hexPairs(s string, bytes int) (string, bool) {
	if len(s) != 3*bytes-1 {
		return "", false
	}
	lower := false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case i%3 == 2:
			if c != ':' {
				return "", false
			}
		case c >= '0' && c <= '9', c >= 'A' && c <= 'F':
		case c >= 'a' && c <= 'f':
			lower = true
		default:
			return "", false
		}
	}
	if lower {
		s = strings.ToUpper(s)
	}
	return s, true
}

// trim takes white space off both ends; foreign XML is often indented.
func trim(s string) string {
	for len(s) > 0 && isBlank(s[0]) {
		s = s[1:]
	}
	for len(s) > 0 && isBlank(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// field cuts the next word off s; words are parted by blanks.
func field(s string) (word, rest string) {
	for len(s) > 0 && s[0] == ' ' {
		s = s[1:]
	}
	return cut(s, ' ')
}

// cut is strings.Cut at a byte, quicker where that is near.
func cut(s string, at byte) (before, after string) {
	for i := 0; i < len(s); i++ {
		if s[i] == at {
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

// quote shows foreign input in an error, not all of it.
func quote(s string) string {
	const most = 80
	if len(s) > most {
		return fmt.Sprintf("%.*q…", most, s)
	}
	return fmt.Sprintf("%q", s)
}
