package jingle

import "strings"

// Payload is one payload type (XEP-0167 §4, RFC 8866 §6.6).
type Payload struct {
	ID       int
	Name     string // "opus"
	Clock    int
	Channels int // 1 when not said
	Params   []Param
	Feedback Feedback
}

// Param is one format parameter: name and value, neither empty.
type Param struct{ Name, Value string }

// numbers is a set of payload types, 0 to 127.
type numbers [2]uint64

func (s *numbers) add(id int)      { s[id>>6] |= 1 << (id & 63) }
func (s *numbers) has(id int) bool { return s[id>>6]&(1<<(id&63)) != 0 }

// Extension is one RTP header extension (XEP-0294, RFC 8285).
type Extension struct {
	ID  int // 1 to 14
	URI string
}

// Source is one RTP stream (XEP-0339, RFC 5576).
type Source struct {
	SSRC  uint32
	CNAME string
	MSID  string // "stream track"
}

// SourceGroup says how sources belong together: "FID" is media and its retransmission.
type SourceGroup struct {
	Semantics string
	Sources   []uint32
}

// Feedback is the set of RTCP feedback messages that every client knows (XEP-0293).
// COMPAT Monal 2024.10: any other type is a parse error that ends the call.
type Feedback uint8

// Kinds of feedback.
const (
	REMB Feedback = 1 << iota
	TransportCC
	FIR
	NACK
	PLI
)

var feedbackNames = [...]struct{ kind, sub, line string }{
	{"goog-remb", "", "goog-remb"}, {"transport-cc", "", "transport-cc"}, {"ccm", "fir", "ccm fir"},
	{"nack", "", "nack"}, {"nack", "pli", "nack pli"},
}

// feedbackOf is the empty set for what we do not pass on.
func feedbackOf(kind, sub string) Feedback {
	switch {
	case kind == "nack" && sub == "":
		return NACK
	case kind == "nack" && sub == "pli":
		return PLI
	case kind == "ccm" && sub == "fir":
		return FIR
	case kind == "goog-remb" && sub == "":
		return REMB
	case kind == "transport-cc" && sub == "":
		return TransportCC
	}
	return 0
}

// param is the value of a format parameter, "" when it is not there.
func (p *Payload) param(name string) string {
	for _, param := range p.Params {
		if strings.EqualFold(param.Name, name) {
			return param.Value
		}
	}
	return ""
}
