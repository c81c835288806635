package jingle

import "math/bits"

// visible counts the bytes from 0x20 to 0x7E. It looks at eight at a time, each in a lane
// of its own: the seven low bits plus 0x60 reach the eighth when they are 0x20 or more,
// plus 1 when they are 0x7F; bytes from 0x80 on have it already.
func visible(text string) int {
	const (
		low  = 0x7F7F7F7F7F7F7F7F
		high = 0x8080808080808080
	)
	count := 0
	for ; len(text) >= 8; text = text[8:] {
		// The compiler makes one load of these.
		word := uint64(text[0]) | uint64(text[1])<<8 | uint64(text[2])<<16 | uint64(text[3])<<24 |
			uint64(text[4])<<32 | uint64(text[5])<<40 | uint64(text[6])<<48 | uint64(text[7])<<56
		lanes := word & low
		count += bits.OnesCount64((lanes + 0x6060606060606060) &^ (lanes + 0x0101010101010101) &^ word & high)
	}
	for i := range len(text) {
		if c := text[i]; c >= 0x20 && c <= 0x7E {
			count++
		}
	}
	return count
}
