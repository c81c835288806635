package jingle

import (
	"encoding/binary"
	"math/bits"
)

// visible counts the bytes from 0x20 to 0x7E. It looks at eight at a time, each in a lane
// of its own: the seven low bits plus 0x60 reach the eighth when they are 0x20 or more,
// plus 1 when they are 0x7F; bytes from 0x80 on have it already.
func visible(text []byte) int {
	const (
		low  = 0x7F7F7F7F7F7F7F7F
		high = 0x8080808080808080
	)
	count := 0
	for ; len(text) >= 8; text = text[8:] {
		word := binary.LittleEndian.Uint64(text)
		lanes := word & low
		count += bits.OnesCount64((lanes + 0x6060606060606060) &^ (lanes + 0x0101010101010101) &^ word & high)
	}
	for _, c := range text {
		if c >= 0x20 && c <= 0x7E {
			count++
		}
	}
	return count
}
