package element

import (
	"strings"
	"testing"
)

// Every byte at every place of a word, with the neighbours that a subtraction could
// borrow from, is judged like the byte alone.
func TestSpecialFindsEveryByte(t *testing.T) {
	for c := range 256 {
		want := c < 0x20 || c >= 0x80 || strings.IndexByte(`"#&'<>`, byte(c)) >= 0
		for length := 1; length < 20; length++ {
			for at := range length {
				s := strings.Repeat("z", at) + string([]byte{byte(c)}) + strings.Repeat("!", length-at-1)
				got, end := special(s, 0), length
				if want {
					end = at
				}
				if got != end || isPlain(s) == want {
					t.Fatalf("%q: got special at %d and plain %v, want %d and %v", s, got, isPlain(s), end, !want)
				}
			}
		}
	}
}
