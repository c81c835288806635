package socketio

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// separator stands between the packets of a payload (Engine.IO protocol 4, "HTTP
// long-polling"). JSON has no such character.
const separator = 0x1E

// payload writes the body of an answer to a poll. In Engine.IO 3 that is <length>:<packet>
// for each (protocol 3, "Payload"), with the length as JavaScript counts it, in UTF-16.
func payload(version int, packets [][]byte) []byte {
	if version == 4 {
		return bytes.Join(packets, []byte{separator})
	}
	var b []byte
	for _, p := range packets {
		length := 0
		for _, r := range string(p) {
			length += utf16.RuneLen(r)
		}
		b = append(strconv.AppendInt(b, int64(length), 10), ':')
		b = append(b, p...)
	}
	return b
}

// cutPayload takes the first packet from the body of a POST, which is UTF-8 and not empty.
func cutPayload(version int, body []byte) (packet, rest []byte, err error) {
	if version == 4 {
		packet, rest, more := bytes.Cut(body, []byte{separator})
		if len(packet) == 0 || more && len(rest) == 0 {
			return nil, nil, errors.New("an empty packet")
		}
		return packet, rest, nil
	}
	digits, body, _ := bytes.Cut(body, []byte{':'})
	length, err := strconv.ParseUint(string(digits), 10, 31)
	if err != nil {
		return nil, nil, fmt.Errorf("%.20q is not the length of a packet", digits)
	}
	left, end := int(length), 0
	for left > 0 && end < len(body) {
		r, size := utf8.DecodeRune(body[end:])
		left -= utf16.RuneLen(r)
		end += size
	}
	if left != 0 {
		return nil, nil, fmt.Errorf("a packet is not %d characters long", length)
	}
	return body[:end], body[end:], nil
}
