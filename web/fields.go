package web

import (
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// key is a key of a message; those we do not know are keyOther.
type key int

const (
	keyOther key = iota
	keyType
	keyName
	keyID
	keyCall
	keyOffer
	keyAnswer
	keyCandidate
	keyCandidates
	keyMedia
	keyReason
	keyMessage
	keyTitle
	keyTimeout
	keyRoom
	keyShow
	keyStatus
	keyPriority
	keyV
	keyCaps
	keyPassword
	keyToken
	keyResume
	keyHold
	keyMute
	keyStreams
	keyMax
	keyOffers
	keyData
	keyPage
	keyBody
	keySet
	keyRemove
	keyCount
)

var keyNames = [keyCount]string{
	keyType: "type", keyName: "name", keyID: "id", keyCall: "call",
	keyOffer: "offer", keyAnswer: "answer", keyCandidate: "candidate", keyCandidates: "candidates",
	keyMedia: "media", keyReason: "reason", keyMessage: "message", keyTitle: "title",
	keyTimeout: "timeout", keyRoom: "room", keyShow: "show", keyStatus: "status",
	keyPriority: "priority", keyV: "v", keyCaps: "caps", keyPassword: "password",
	keyToken: "token", keyResume: "resume", keyHold: "hold", keyMute: "mute", keyStreams: "streams",
	keyMax: "max", keyOffers: "offers", keyData: "data",
	keyPage: "page", keyBody: "body", keySet: "set", keyRemove: "remove",
}

var keys = func() map[string]key {
	m := make(map[string]key, keyCount)
	for k := keyType; k < keyCount; k++ {
		m[keyNames[k]] = k
	}
	return m
}()

// keyOf returns the key whose JSON, with its quotes, this is. An escaped key is the key.
func keyOf(quoted []byte) key {
	if name := quoted[1 : len(quoted)-1]; plain(name) == len(name) {
		return keys[string(name)]
	}
	return keys[unquote(quoted)]
}

// limit is how long a string under this key may be.
func (k key) limit() int {
	switch k {
	case keyOffer, keyAnswer, keyData: // bounded by the message
		return int(^uint(0) >> 1)
	case keyToken:
		return maxToken
	case keyBody:
		return maxBody * utf8.UTFMax
	}
	return maxString
}

// field is where the value of a key is; to is 0 when the key is missing.
type field struct {
	from, to int
	rewrite  bool
}

type fields [keyCount]field

// members gives out the values of a message. The first that is not what it should be is
// kept in err.
type members struct {
	data []byte
	fields
	err *ParseError
}

// value returns a value as it came; nil when it is missing or null.
func (m *members) value(k key) []byte {
	if m.fields[k].to == 0 {
		return nil
	}
	v := m.data[m.fields[k].from:m.fields[k].to]
	if v[0] == 'n' {
		return nil
	}
	return v
}

func (m *members) want(k key, what string) {
	if m.err == nil {
		m.err = &ParseError{Code: codeBadMessage, Text: fmt.Sprintf("%q: want %s", keyNames[k], what)}
	}
}

// payload returns any value as JSON.stringify writes it; nil when it is missing.
func (m *members) payload(k key) json.RawMessage {
	f := m.fields[k]
	if f.to == 0 {
		return nil
	}
	if v := m.data[f.from:f.to]; f.rewrite {
		return rewritten(v)
	} else {
		return append(json.RawMessage(nil), v...)
	}
}

func (m *members) text(k key) string {
	v := m.value(k)
	if v == nil {
		return ""
	}
	if v[0] != '"' {
		m.want(k, "a string")
		return ""
	}
	return unquote(v)
}

// truth returns a boolean; false when it is missing.
func (m *members) truth(k key) bool {
	v := m.value(k)
	if v != nil && v[0] != 't' && v[0] != 'f' {
		m.want(k, "true or false")
	}
	return v != nil && v[0] == 't'
}

// number returns a whole number of that range; 0 when it is missing.
func (m *members) number(k key, least, most float64) int {
	v := m.value(k)
	if v == nil {
		return 0
	}
	f, err := strconv.ParseFloat(string(v), 64)
	if err != nil || f < least || f > most || f != float64(int64(f)) {
		m.want(k, fmt.Sprintf("a whole number from %.0f to %.0f", least, most))
		return 0
	}
	return int(f)
}

// list returns an array of at most so many values; it is not nil when the key is there.
func (m *members) list(k key, most int) []json.RawMessage {
	v := m.value(k)
	if v == nil {
		return nil
	}
	if v[0] != '[' {
		m.want(k, "an array")
		return nil
	}
	if m.fields[k].rewrite {
		v = rewritten(v)
	}
	values, ok := elements(v, most)
	if !ok {
		m.want(k, fmt.Sprintf("at most %d", most))
	}
	return values
}

func (m *members) texts(k key, most int) []string {
	values := m.list(k, most)
	if values == nil {
		return nil
	}
	texts, ok := unquoted(values)
	if !ok {
		m.want(k, "an array of strings")
	}
	return texts
}

// elements returns copies of the values in an array that is written without white space;
// not ok when they are too many.
func elements(array []byte, most int) (values []json.RawMessage, ok bool) {
	values = []json.RawMessage{}
	for v := array[1:]; v[0] != ']'; {
		if len(values) == most {
			return nil, false
		}
		end := valueEnd(v)
		values = append(values, append(json.RawMessage(nil), v[:end]...))
		if v = v[end:]; v[0] == ',' {
			v = v[1:]
		}
	}
	return values, true
}

// unquoted decodes strings; not ok when one is none.
func unquoted(values []json.RawMessage) (texts []string, ok bool) {
	texts = make([]string, len(values))
	for i, v := range values {
		if v[0] != '"' {
			return nil, false
		}
		texts[i] = unquote(v)
	}
	return texts, true
}

// valueEnd returns the length of the first value in JSON that is written without white space.
func valueEnd(v []byte) int {
	depth := 0
	for i := 0; i < len(v); i++ {
		switch v[i] {
		case '"':
			i += stringEnd(v[i:]) - 1
		case '{', '[':
			depth++
			continue
		case '}', ']':
			if depth == 0 {
				return i
			}
			depth--
		case ',':
			if depth == 0 {
				return i
			}
			continue
		default:
			continue
		}
		if depth == 0 {
			return i + 1
		}
	}
	return len(v)
}

// each calls f with every key and value of an object, which was read by a scanner.
func each(object []byte, f func(key string, value json.RawMessage)) {
	v := object[1:]
	for v[0] != '}' {
		end := stringEnd(v)
		key := unquote(v[:end])
		v = v[end+1:]
		end = valueEnd(v)
		f(key, json.RawMessage(v[:end:end]))
		if v = v[end:]; v[0] == ',' {
			v = v[1:]
		}
	}
}
