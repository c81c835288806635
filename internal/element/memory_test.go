package element

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

// A tree may cost what its input can justify, and not more: the text once, a node for
// four bytes at the most, an attribute for five. Tables that grow to four times what they
// were cost a third more, and that and as much again when the last of all finds no place.
// What is made ahead is 18 kB and 16 kB, and the document.
func TestParseMemory(t *testing.T) {
	element, attr := 7*int(reflect.TypeFor[node]().Size())/3, 7*int(reflect.TypeFor[attr]().Size())/3
	const ahead = (18+16)<<10 + 512
	for _, test := range []struct {
		name, piece string
		cost        int // of a piece
	}{
		{"elements", "<a/>", 4 + element},
		{"elements with end tags", "<a></a>", 7 + element},
		{"attributes", "<a b=''/>", 9 + element + attr},
		{"equals signs", "====", 4},
		{"slashes and equals signs", "/=/=", 4},
		{"quoted equals signs", "<a b='===='/>", 13 + element + attr},
		{"no tags", "</</", 4},
		{"no names", "<=/<", 4},
		{"open tags", "<a b='<='", 9},
		{"values to be written otherwise", "<a b='&lt;\n\n\n\n'/>", 2*17 + element + attr + 4*5},
	} {
		for _, length := range []int{64 << 10, 256 << 10} {
			n := length / len(test.piece)
			in := []byte("<a>" + strings.Repeat(test.piece, n) + "</a>")
			bound := n*test.cost*9/8 + ahead // an eighth for what the allocator rounds up
			if got := parseCost(in, Limits{}); got > bound {
				t.Errorf("%d bytes of %s: got %d bytes of memory, want at most %d", length, test.name, got, bound)
			}
		}
	}
}

// The attributes of one tag lie together, which costs some copies, and a map finds
// the ones that are there twice.
func TestParseMemoryOfOneTag(t *testing.T) {
	var in strings.Builder
	in.WriteString("<a")
	for i := 0; in.Len() < 256<<10; i++ {
		fmt.Fprintf(&in, " a%x=''", i)
	}
	in.WriteString("/>")
	if got, bound := parseCost([]byte(in.String()), Limits{}), 32*in.Len(); got > bound {
		t.Errorf("got %d bytes of memory, want at most %d", got, bound)
	}
}

// parseCost is how many bytes Parse takes from the heap, whatever it says.
func parseCost(in []byte, lim Limits) int {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	e, err := Parse(in, "", lim)
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(e)
	runtime.KeepAlive(err)
	return int(after.TotalAlloc - before.TotalAlloc)
}
