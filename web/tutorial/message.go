package tutorial

import (
	"encoding/json"
	"strconv"
)

// message is one of docs/protocol.md, to the bridge, while it is written.
type message []byte

// begin starts a message of a type.
func (m message) begin(kind string) message {
	m = append(m[:0], `{"type":"`...)
	m = append(m, kind...)
	return append(m, '"')
}

// raw adds JSON as it is.
func (m message) raw(key string, value []byte) message {
	m = append(m, ',', '"')
	m = append(m, key...)
	m = append(m, '"', ':')
	return append(m, value...)
}

// number adds a number.
func (m message) number(key string, n int) message {
	return m.raw(key, strconv.AppendInt(nil, int64(n), 10))
}

// text adds a string.
func (m message) text(key, value string) message { return m.raw(key, quote(value)) }

// quote makes the JSON of a string.
func quote(s string) json.RawMessage {
	b, _ := json.Marshal(s) // of a string never fails
	return b
}

// text reads the JSON of a string; ok is false when it is none.
func text(raw json.RawMessage) (s string, ok bool) {
	ok = len(raw) > 0 && raw[0] == '"' && json.Unmarshal(raw, &s) == nil
	return s, ok
}

// first returns the first argument of an event, null when there is none.
func first(args []json.RawMessage) json.RawMessage {
	if len(args) == 0 {
		return json.RawMessage("null")
	}
	return args[0]
}

// clip shortens foreign input that is shown.
func clip(s string) string {
	if len(s) > 80 {
		return s[:80] + "…"
	}
	return s
}
