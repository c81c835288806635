package store

import (
	"encoding/binary"
	"hash/crc32"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sum is the checksum of a row. SQLite has none: a flipped bit in a value would be read as
// another value.
func sum(number int64, values ...string) int64 {
	b := binary.LittleEndian.AppendUint64(make([]byte, 0, 256), uint64(number))
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(v)))
		b = append(b, v...)
	}
	return int64(crc32.Checksum(b, castagnoli))
}

func (n Name) sum() int64 { return sum(0, n.Local, n.Name, n.Method) }
func (c Call) sum() int64 { return sum(millis(c.At), c.Local, c.From, c.Title, c.Media) }

func (c Contact) sum() int64 {
	var flags int64
	for i, set := range []bool{c.From, c.To, c.Asked, c.Pending, c.Greeted, c.Listed, c.Approved, c.Blocked} {
		if set {
			flags |= 1 << i
		}
	}
	values := []string{c.Local, c.Bare, c.Title, c.Message}
	if c.Groups != "" { // which rows of the first schema had none of
		values = append(values, c.Groups)
	}
	return sum(flags, values...)
}
