package element

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

// A tree may cost what its input can justify, and not more: the text once, an Element
// for four bytes at the most, an Attr for five. What is made ahead is 24 and 16 kB.
func TestParseMemory(t *testing.T) {
	element, attr := int(reflect.TypeFor[Element]().Size()), int(reflect.TypeFor[Attr]().Size())
	const ahead = (24 + 16) << 10
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
