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

// packet is one of Socket.IO.
type packet struct {
	kind      byte
	namespace []byte // without its query; "/" when none is said
	data      []byte
}

const (
	maxNamespace = 128 // bytes
	maxName      = 256 // bytes of an event's name, as written
	maxArgs      = 16  // of an event
)

// parsePacket reads <type>[<namespace>,][<ack id>][data]. The id is dropped: clients that
// ask for an acknowledgement never get one.
func parsePacket(b []byte) (packet, error) {
	if len(b) == 0 {
		return packet{}, errors.New("a packet without type")
	}
	p := packet{kind: b[0], namespace: []byte("/"), data: b[1:]}
	switch p.kind {
	case connect, disconnect, event:
	case binaryEvent, binaryAck:
		return p, errors.New("binary data is not supported")
	case ack:
		return p, errors.New("acknowledgements are not supported")
	default:
		return p, fmt.Errorf("a packet of type %q", p.kind)
	}
	if len(p.data) > 0 && p.data[0] == '/' {
		p.namespace, p.data, _ = bytes.Cut(p.data, []byte(","))
		p.namespace, _, _ = bytes.Cut(p.namespace, []byte("?"))
		if len(p.namespace) > maxNamespace {
			return p, fmt.Errorf("a namespace of %d bytes, over %d", len(p.namespace), maxNamespace)
		}
	}
	if p.kind == event {
		p.data = bytes.TrimLeft(p.data, "0123456789")
	}
	return p, nil
}

// parseEvent reads ["name",argument,…] and appends views of the arguments to args.
func parseEvent(data []byte, args []json.RawMessage) (name string, _ []json.RawMessage, err error) {
	s := scanner{data: data}
	if err := s.open('['); err != nil {
		return "", nil, err
	}
	if name, err = s.name(); err != nil {
		return "", nil, err
	}
	for {
		s.space()
		switch s.peek() {
		case ',':
			s.pos++
			s.space()
		case ']':
			s.pos++
			return name, args, s.end()
		default:
			return "", nil, s.want("',' or ']'")
		}
		if len(args) == maxArgs {
			return "", nil, fmt.Errorf("more than %d arguments", maxArgs)
		}
		from := s.pos
		if err := s.value(1); err != nil {
			return "", nil, err
		}
		args = append(args, data[from:s.pos:s.pos])
	}
}

// eventPacket writes an event, Engine.IO's type included.
func eventPacket(name string, args []json.RawMessage) []byte {
	size := len(`42[""]`) + len(name)
	for _, arg := range args {
		size += len(",") + len(arg)
	}
	b := make([]byte, 0, size)
	b = append(b, engineMessage, event, '[')
	b = appendString(b, name)
	for _, arg := range args {
		b = append(b, ',')
		if len(arg) == 0 {
			arg = json.RawMessage("null")
		}
		b = append(b, arg...)
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
		return appendString(b, text)
	}
	return append(appendString(append(b, `{"message":`...), text), '}')
}

// appendString writes a JSON string.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7F {
			quoted, _ := json.Marshal(s) // of a string never fails
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}
