package socketio

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// Packet types of Engine.IO (protocol 4, "Packet types"; the same in 3).
const (
	engineOpen    = '0'
	engineClose   = '1'
	enginePing    = '2'
	enginePong    = '3'
	engineMessage = '4'
	engineUpgrade = '5'
	engineNoop    = '6'
)

// Packet types of Socket.IO (protocol 5, "Packet types"; before 5, '4' was any error).
const (
	connect      = '0'
	disconnect   = '1'
	event        = '2'
	ack          = '3'
	connectError = '4'
	binaryEvent  = '5'
	binaryAck    = '6'
)

const (
	maxName  = 256 // bytes of a namespace, or of an event's name as written
	maxArgs  = 16  // of an event
	maxDepth = 32  // objects and arrays in each other, an event's own included
)

var (
	errBinary = errors.New("binary data is not supported")
	errEvent  = errors.New(`not an event: want ["name",…]`)
)

// parsePacket reads <type>[<namespace>,][<ack id>][data] of Socket.IO. The id is dropped:
// clients that ask for an acknowledgement never get one.
func parsePacket(b []byte) (kind byte, namespace, data []byte, err error) {
	if len(b) == 0 {
		return 0, nil, nil, errors.New("a packet without type")
	}
	kind, namespace, data = b[0], []byte("/"), b[1:]
	switch kind {
	case connect, disconnect, event:
	case binaryEvent, binaryAck:
		return kind, nil, nil, errBinary
	case ack:
		return kind, nil, nil, errors.New("acknowledgements are not supported")
	default:
		return kind, nil, nil, fmt.Errorf("a packet of type %q", kind)
	}
	if len(data) > 0 && data[0] == '/' {
		namespace, data, _ = bytes.Cut(data, []byte(","))
		namespace, _, _ = bytes.Cut(namespace, []byte("?"))
	}
	if len(namespace) > maxName {
		return kind, nil, nil, fmt.Errorf("a namespace of %d bytes, over %d", len(namespace), maxName)
	}
	if kind == event {
		data = bytes.TrimLeft(data, "0123456789")
	}
	return kind, namespace, data, nil
}

// parseEvent reads ["name",argument,…] and appends views of all of them to args, whose rest
// it returns. It finds where an argument ends, and no more: what reads it later has to check
// that it is JSON. Quotes and brackets match, and no comma stands outside them, so that what
// is not JSON alone is not JSON as a value in an object either.
func parseEvent(data []byte, args []json.RawMessage) (name string, _ []json.RawMessage, err error) {
	if data = trim(data); len(data) == 0 || data[0] != '[' {
		return "", nil, errEvent
	}
	from, depth := 1, 0
	for i := 0; i < len(data); i++ {
		c := data[i]
		switch c {
		case '"':
			i += stringEnd(data[i:]) - 1
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		switch last := i >= len(data)-1; {
		case depth > maxDepth:
			return "", nil, fmt.Errorf("nested deeper than %d", maxDepth)
		case (depth == 0) != last || i >= len(data):
			return "", nil, errEvent
		case c == ',' && depth == 1 || last:
			arg := trim(data[from:i])
			if len(arg) == 0 {
				return "", nil, errEvent
			}
			if len(args) > maxArgs {
				return "", nil, fmt.Errorf("more than %d arguments", maxArgs)
			}
			args, from = append(args, arg[:len(arg):len(arg)]), i+1
		}
	}
	if n := len(args[0]) - len(`""`); n > maxName {
		return "", nil, fmt.Errorf("an event's name of %d bytes, over %d", n, maxName)
	}
	if args[0][0] != '"' || json.Unmarshal(args[0], &name) != nil {
		return "", nil, errEvent
	}
	return name, args[1:], nil
}

// trim takes JSON's white space off.
func trim(b []byte) []byte { return bytes.Trim(b, " \t\r\n") }

// stringEnd returns how long the string is that b begins with; of one without end, more than
// b has.
func stringEnd(b []byte) int {
	for i := 1; ; {
		n := bytes.IndexByte(b[i:], '"')
		if n < 0 {
			return len(b) + 1
		}
		i += n + 1
		slashes := b[1 : i-1]
		if (len(slashes)-len(bytes.TrimRight(slashes, `\`)))%2 == 0 {
			return i
		}
	}
}

// eventPacket writes an event, Engine.IO's type included.
func eventPacket(name string, args []json.RawMessage) []byte {
	quoted := quote(name)
	size := len(`42[]`) + len(quoted)
	for _, arg := range args {
		size += len(`,`) + max(len(arg), len(`null`))
	}
	b := append(make([]byte, 0, size), engineMessage, event, '[')
	b = append(b, quoted...)
	for _, arg := range args {
		if len(arg) == 0 {
			arg = json.RawMessage("null")
		}
		b = append(append(b, ','), arg...)
	}
	return append(b, ']')
}

// errorPacket writes what the page's connect_error (Engine.IO 4) or error (3) shows.
func errorPacket(version int, namespace []byte, text string) []byte {
	b := []byte{engineMessage, connectError}
	if string(namespace) != "/" {
		b = append(append(b, namespace...), ',')
	}
	if version == 3 {
		return append(b, quote(text)...)
	}
	return fmt.Appendf(b, `{"message":%s}`, quote(text))
}

// quote makes the JSON of a string.
func quote(s string) []byte {
	b, _ := json.Marshal(s) // of a string never fails
	return b
}
