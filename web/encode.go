package web

import (
	"encoding/json"
	"math"
	"strconv"
)

// Append appends the message as a client of version 1 gets it: the keys of the tutorials
// first and in their order, the others after them.
func (m *Message) Append(dst []byte) []byte {
	o := object{buf: append(dst, '{')}
	o.must("type", m.Type)
	switch m.Type {
	case "login":
		o.login(m)
	case "error":
		o.must("message", m.Text)
		o.must("code", m.Code)
		o.id(m.ID)
		o.text("name", m.Name)
		o.text("call", m.Call)
		o.text("room", m.Room)
		o.float("retry", m.Retry)
	case "ok", "pong":
		o.id(m.ID)
		o.text("call", m.Call)
	case "presence":
		o.must("name", m.Name)
		o.must("show", m.Show)
		o.text("status", m.Status)
		o.texts("media", m.Media)
		o.text("title", m.Title)
		o.id(m.ID)
	case "ice":
		o.iceServers(m.IceServers)
		o.number("ttl", int64(m.TTL))
		o.id(m.ID)
	case "join", "joined", "left":
		o.room(m)
	case "message":
		if m.Room == "" {
			o.message(m)
		} else {
			o.room(m)
		}
	case "roster":
		o.roster(m)
	case "receipt":
		o.must("name", m.Name)
		o.id(m.ID)
	case "missed":
		o.must("name", m.Name)
		o.text("title", m.Title)
		o.texts("media", m.Media)
		o.number("at", m.At)
	case "shutdown":
		o.must("message", m.Text)
		o.key("reconnect")
		o.buf = appendFloat(o.buf, m.Reconnect)
		o.flag("resume", m.Resumable)
	default:
		o.call(m)
	}
	if m.Seq != 0 {
		o.key("seq")
		o.buf = strconv.AppendUint(o.buf, m.Seq, 10)
	}
	return append(o.buf, '}')
}

// size is about what Append will write.
func (m *Message) size() int {
	n := 192 + len(m.Offer) + len(m.Answer) + len(m.Candidate) + len(m.Info) + len(m.Data) + len(m.Body) + 96*len(m.Members)
	for _, c := range m.Candidates {
		n += len(c) + 1
	}
	for i := range m.Items {
		n += m.Items[i].size()
	}
	return n
}

// call writes the verbs that both sides say.
func (o *object) call(m *Message) {
	o.raw("offer", m.Offer)
	o.raw("answer", m.Answer)
	o.raw("candidate", m.Candidate)
	if len(m.Candidates) > 0 {
		o.key("candidates")
		o.array(len(m.Candidates), func(i int) { o.buf = append(o.buf, m.Candidates[i]...) })
	}
	o.text("name", m.Name)
	o.text("call", m.Call)
	if m.Type == "invite" || len(m.Media) > 0 {
		o.texts("media", m.Media)
	}
	o.text("title", m.Title)
	o.number("timeout", int64(m.Timeout))
	o.text("room", m.Room)
	o.text("reason", m.Reason)
	o.text("message", m.Text)
	if m.Early {
		o.flag("early", true)
	}
	if n := len(m.Info); n > 2 { // an object of its own: its members become ours
		o.buf = append(o.buf, ',')
		o.buf = append(o.buf, m.Info[1:n-1]...)
	}
	o.id(m.ID)
}

// room writes what is said about a room, and in it.
func (o *object) room(m *Message) {
	o.must("room", m.Room)
	o.text("name", m.Name)
	o.text("title", m.Title)
	if m.Offers {
		o.flag("offers", true)
	}
	if m.Type == "join" {
		o.must("self", m.Self)
		o.members(m.Members)
		o.number("max", int64(m.Max))
		if m.Awaited {
			o.flag("awaited", true)
		}
	}
	o.raw("data", m.Data)
	o.text("reason", m.Reason)
	o.id(m.ID)
}

func (o *object) members(members []Member) {
	o.key("members")
	o.array(len(members), func(i int) {
		o.buf = append(o.buf, '{')
		o.must("name", members[i].Name)
		o.text("title", members[i].Title)
		if members[i].Offers {
			o.flag("offers", true)
		}
		o.buf = append(o.buf, '}')
	})
}

func (o *object) login(m *Message) {
	l := m.Login
	if l == nil {
		l = &Login{}
	}
	o.flag("success", l.Success)
	if !l.Success {
		o.text("code", l.Code)
		o.text("message", l.Text)
		o.texts("methods", l.Methods)
		o.float("retry", l.Retry)
		o.id(m.ID)
		return
	}
	o.number("v", 1)
	o.must("name", m.Name)
	o.text("jid", l.JID)
	o.text("title", m.Title)
	o.text("session", l.Session)
	o.flag("resumed", l.Resumed)
	o.key("hold")
	o.buf = strconv.AppendInt(o.buf, int64(l.Hold), 10)
	o.number("ping", int64(l.Ping))
	o.number("max", int64(l.Max))
	o.texts("caps", l.Caps)
	o.iceServers(l.IceServers)
	o.number("ttl", int64(l.TTL))
	o.number("expires", l.Expires)
	o.id(m.ID)
}

// AppendOld appends the message as the tutorials' servers say it, byte for byte; several
// candidates become as many frames. What the tutorials have no words for becomes none.
func (m *Message) AppendOld(frames [][]byte) [][]byte {
	o := object{buf: []byte{'{'}}
	o.must("type", m.Type)
	switch m.Type {
	case "login":
		o.flag("success", m.Login != nil && m.Login.Success)
	case "offer":
		o.raw("offer", m.Offer)
		o.text("name", m.Name)
	case "answer":
		o.raw("answer", m.Answer)
	case "candidate":
		if m.Candidates != nil {
			for _, c := range m.Candidates {
				one := Message{Type: m.Type, Candidate: c}
				frames = one.AppendOld(frames)
			}
			return frames
		}
		// COMPAT tutorial pages: new RTCIceCandidate(null) throws, so no end of candidates.
		if endOfCandidates(m.Candidate) {
			return frames
		}
		o.raw("candidate", m.Candidate)
	case "leave":
	case "error":
		o.must("message", m.Text)
	case "join", "joined", "left":
		o.room(m) // no tutorial's words, but only who joined hears them
	default:
		return frames
	}
	return append(frames, append(o.buf, '}'))
}

// object writes the members of one JSON object.
type object struct {
	buf []byte
}

func (o *object) key(name string) {
	if o.buf[len(o.buf)-1] != '{' {
		o.buf = append(o.buf, ',')
	}
	o.buf = append(o.buf, '"')
	o.buf = append(o.buf, name...)
	o.buf = append(o.buf, '"', ':')
}

func (o *object) must(name, value string) {
	o.key(name)
	o.buf = appendText(o.buf, value)
}

func (o *object) text(name, value string) {
	if value != "" {
		o.must(name, value)
	}
}

func (o *object) raw(name string, value json.RawMessage) {
	if value != nil {
		o.key(name)
		o.buf = append(o.buf, value...)
	}
}

func (o *object) id(id json.RawMessage) { o.raw("id", id) }

func (o *object) number(name string, n int64) {
	if n != 0 {
		o.key(name)
		o.buf = strconv.AppendInt(o.buf, n, 10)
	}
}

func (o *object) float(name string, f float64) {
	if f != 0 {
		o.key(name)
		o.buf = appendFloat(o.buf, f)
	}
}

// appendFloat writes seconds; there is no JSON for those that are no number.
func appendFloat(dst []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		f = 0
	}
	return strconv.AppendFloat(dst, f, 'f', -1, 64)
}

func (o *object) flag(name string, on bool) {
	o.key(name)
	o.buf = strconv.AppendBool(o.buf, on)
}

func (o *object) array(n int, each func(i int)) {
	o.buf = append(o.buf, '[')
	for i := range n {
		if i > 0 {
			o.buf = append(o.buf, ',')
		}
		each(i)
	}
	o.buf = append(o.buf, ']')
}

func (o *object) texts(name string, values []string) {
	o.key(name)
	o.array(len(values), func(i int) { o.buf = appendText(o.buf, values[i]) })
}

func (o *object) iceServers(servers []IceServer) {
	o.key("iceServers")
	o.array(len(servers), func(i int) {
		o.buf = append(o.buf, '{')
		o.texts("urls", servers[i].URLs)
		o.text("username", servers[i].Username)
		o.text("credential", servers[i].Credential)
		o.buf = append(o.buf, '}')
	})
}
