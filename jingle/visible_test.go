package jingle

import (
	"bytes"
	"strings"
	"testing"
)

// TestVisible: each byte in each lane, among bytes that are visible and that are not.
func TestVisible(t *testing.T) {
	for _, around := range []byte{0x00, 0x1F, 0x20, 0x7E, 0x7F, 0x80, 0xFF} {
		for at := range 19 {
			for c := range 256 {
				text := bytes.Repeat([]byte{around}, 19)
				text[at] = byte(c)
				want := 0
				for _, c := range text {
					if c >= 0x20 && c <= 0x7E {
						want++
					}
				}
				if got := visible(string(text)); got != want {
					t.Fatalf("% x: got %d, want %d", text, got, want)
				}
			}
		}
	}
}

func BenchmarkVisible(b *testing.B) {
	text := strings.Repeat("a=rtpmap:111 opus/48000/2\r\n", 200)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		visible(text)
	}
}
