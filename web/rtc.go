package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// SDP takes the sdp out of a description {"type":…,"sdp":…} (W3C RTCSessionDescriptionInit);
// ok is false when it is none. A rollback has a type and no sdp. One that says a key twice is
// none, since two readers of it could see two descriptions.
func SDP(desc json.RawMessage) (kind, sdp string, ok bool) {
	err := Members(desc, func(key string, value json.RawMessage) error {
		switch key {
		case "type":
			return once(&kind, value)
		case "sdp":
			return once(&sdp, value)
		}
		return nil
	})
	if err != nil || kind == "" && sdp == "" {
		return "", "", false
	}
	return kind, sdp, true
}

// Description makes {"sdp":…,"type":…} in the order browsers write it.
func Description(kind, sdp string) json.RawMessage {
	// An SDP line is some forty bytes and its CR and LF are written as four.
	dst := make([]byte, 0, len(sdp)+len(sdp)/8+len(kind)+32)
	dst = append(dst, `{"sdp":`...)
	dst = appendText(dst, sdp)
	dst = append(dst, `,"type":`...)
	dst = appendText(dst, kind)
	return append(dst, '}')
}

// ICECandidate is W3C's RTCIceCandidateInit. Candidate "" is the end of candidates.
type ICECandidate struct {
	Candidate        string
	SDPMid           string
	SDPMLineIndex    int // -1 when not said
	UsernameFragment string
}

// ParseICECandidate reads one; JSON null is an end of candidates.
func ParseICECandidate(raw json.RawMessage) (ICECandidate, error) {
	c := ICECandidate{SDPMLineIndex: -1}
	if string(bytes.TrimSpace(raw)) == "null" {
		return c, nil
	}
	err := Members(raw, func(key string, value json.RawMessage) error {
		if value[0] == 'n' { // null: not said
			return nil
		}
		switch key {
		case "candidate":
			return once(&c.Candidate, value)
		case "sdpMid":
			return once(&c.SDPMid, value)
		case "usernameFragment":
			return once(&c.UsernameFragment, value)
		case "sdpMLineIndex":
			n, err := strconv.ParseUint(string(value), 10, 16)
			if err != nil || c.SDPMLineIndex >= 0 {
				return fmt.Errorf("want one sdpMLineIndex from 0 to 65535, not %.40q", value)
			}
			c.SDPMLineIndex = int(n)
		}
		return nil
	})
	if err != nil {
		return ICECandidate{SDPMLineIndex: -1}, fmt.Errorf("ICE candidate: %w", err)
	}
	return c, nil
}

// JSON writes it as browsers do: candidate, sdpMid, sdpMLineIndex, usernameFragment.
func (c ICECandidate) JSON() json.RawMessage {
	dst := make([]byte, 0, len(c.Candidate)+96)
	dst = append(dst, `{"candidate":`...)
	dst = appendText(dst, c.Candidate)
	o := object{buf: dst}
	o.text("sdpMid", c.SDPMid)
	if c.SDPMLineIndex >= 0 {
		o.key("sdpMLineIndex")
		o.buf = strconv.AppendInt(o.buf, int64(c.SDPMLineIndex), 10)
	}
	o.text("usernameFragment", c.UsernameFragment)
	return append(o.buf, '}')
}

// endOfCandidates says whether this payload is the end of candidates: null, or "".
func endOfCandidates(raw json.RawMessage) bool {
	if len(raw) == 0 || raw[0] != '{' {
		return string(raw) == "null"
	}
	c, err := ParseICECandidate(raw)
	return err == nil && c.Candidate == ""
}

// Members calls f with every key, decoded, and every value of what must be one JSON object,
// checked as a message is, but for the length of strings. Values have no white space between
// tokens, and may be views of raw. The first error ends it.
func Members(raw json.RawMessage, f func(key string, value json.RawMessage) error) error {
	s := scanner{data: raw, limit: keyOffer.limit()}
	s.space()
	if s.peek() != '{' {
		return errors.New("want an object")
	}
	from := s.pos
	s.rewrite = false
	if !s.object(0, nil) {
		return s.err
	}
	object := raw[from:s.pos]
	if s.rewrite {
		object = rewritten(object)
	}
	if s.space(); s.pos < len(raw) {
		return errors.New("want one object alone")
	}
	var first error
	each(object, func(key string, value json.RawMessage) {
		if first == nil {
			first = f(key, value)
		}
	})
	return first
}

// once decodes a string into an empty one.
func once(into *string, value json.RawMessage) error {
	if value[0] != '"' || *into != "" {
		return fmt.Errorf("want one string, not %.40q", value)
	}
	*into = unquote(value)
	return nil
}
