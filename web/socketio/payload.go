package socketio

import (
	"bytes"
	"errors"
	"fmt"
	"math/bits"
	"strconv"
)

// separator stands between the packets of a payload (Engine.IO protocol 4, "HTTP
// long-polling"). JSON has no such character.
const separator = 0x1E

// appendPayload writes the body of an answer to a poll.
func appendPayload(b []byte, version int, packets [][]byte) []byte {
	for i, p := range packets {
		switch {
		case version == 3:
			b = append(strconv.AppendInt(b, int64(units(p)), 10), ':')
		case i > 0:
			b = append(b, separator)
		}
		b = append(b, p...)
	}
	return b
}

// cutPayload takes the first packet from the body of a POST, which is not empty.
func cutPayload(version int, body []byte) (packet, rest []byte, err error) {
	if version == 3 {
		return cutPayload3(body)
	}
	packet, rest, more := bytes.Cut(body, []byte{separator})
	if len(packet) == 0 || more && len(rest) == 0 {
		return nil, nil, errors.New("an empty packet")
	}
	return packet, rest, nil
}

// cutPayload3 reads <length>:<packet> (Engine.IO protocol 3, "Payload"). The length is what
// JavaScript calls that: in UTF-16.
func cutPayload3(body []byte) (packet, rest []byte, err error) {
	colon := bytes.IndexByte(body[:min(len(body), maxLength+1)], ':')
	if colon < 0 {
		return nil, nil, fmt.Errorf("%q does not begin with the length of a packet", body[:min(len(body), maxLength)])
	}
	want, err := strconv.ParseUint(string(body[:colon]), 10, 32)
	if err != nil {
		return nil, nil, fmt.Errorf("%q is not the length of a packet", body[:colon])
	}
	body = body[colon+1:]
	end, have := 0, 0
	for ; have < int(want) && end < len(body); end += width(body[end]) {
		have += units(body[end : end+1])
	}
	if have != int(want) {
		return nil, nil, fmt.Errorf("a packet of %d characters, where %d were announced", have, want)
	}
	return body[:end], body[end:], nil
}

// maxLength is how many digits the length of a packet may have.
const maxLength = 8

// width returns how many bytes a character of valid UTF-8 has that begins with c.
func width(c byte) int {
	return max(1, bits.LeadingZeros8(^c))
}

// units returns how long valid UTF-8 is in UTF-16.
func units(b []byte) int {
	n := 0
	for _, c := range b {
		if c&0xC0 != 0x80 { // the first byte of a character
			n++
		}
		if c >= 0xF0 { // of one that needs a surrogate pair
			n++
		}
	}
	return n
}
