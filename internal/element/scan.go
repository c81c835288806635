package element

import "math/bits"

// Values are looked at eight bytes at a time. ones repeats a byte in all eight places of
// a word; a mark is the high bit of such a place.
const (
	ones  = 0x0101010101010101
	marks = 0x80 * ones
)

// word is the eight bytes of s from i on, the first in the lowest place. The compiler
// makes one load of it.
func word(s string, i int) uint64 {
	s = s[i : i+8]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// special finds the first byte from i on that does not always stand for itself in text
// and values: controls, quotes, &, <, > and what is not ASCII; # comes for free. Without
// one it returns the length of s.
func special(s string, i int) int {
	for ; i+8 <= len(s); i += 8 {
		if found := specials(word(s, i)); found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for i < len(s) && !specialByte[s[i]] {
		i++
	}
	return i
}

// isPlain says whether all of s stands for itself in text and values.
func isPlain(s string) bool {
	if len(s) < 8 {
		for i := range len(s) {
			if specialByte[s[i]] {
				return false
			}
		}
		return true
	}
	found := specials(word(s, len(s)-8)) // overlaps the word before it
	for i := 0; i < len(s)-8; i += 8 {
		found |= specials(word(s, i))
	}
	return found == 0
}

// specialByte says of a single byte what specials says of eight.
var specialByte = func() (special [256]bool) {
	for c := range special {
		special[c] = specials(' '*ones&^0xff|uint64(c)) != 0
	}
	return special
}()

// specials marks the special bytes of a word. Marks above the lowest may err, since a
// subtraction borrows from the places above a marked one, and from no other.
func specials(x uint64) uint64 {
	quote := x&^(0x05*ones) ^ '"'*ones // zero where x is " # & '
	angle := x&^(0x02*ones) ^ '<'*ones // zero where x is < >
	return (x | (x - ' '*ones) | (quote - ones) | (angle - ones)) & marks
}
