package web

import (
	"encoding/json"
	"fmt"
)

// Codes of errors that are found here (docs/protocol.md).
const (
	codeBadJSON     = "bad-json"
	codeBadMessage  = "bad-message"
	codeUnknownType = "unknown-type"
	codeRateLimited = "rate-limited"
)

// ParseError says why a message was refused.
type ParseError struct {
	Code string          // bad-json, bad-message or unknown-type
	Text string          // for people
	ID   json.RawMessage // of the request, when it could be read

	// Command is what the tutorials' servers call the message in their error; "" when they
	// would have taken it.
	Command string
}

func (e *ParseError) Error() string { return e.Code + ": " + e.Text }

// Parse reads a browser's message. With old set it is read as the tutorials' servers do, of
// whose messages it is then one (but for a login that says "v":1), and any key they do not
// have is ignored. The error is a *ParseError. Nothing returned shares memory with data.
func Parse(data []byte, old bool) (Message, error) {
	s := scanner{data: data}
	m := members{data: data}
	if !s.message(&m.fields) {
		if s.err.Code == codeBadJSON {
			s.err.Command = "undefined"
		}
		return Message{}, s.err
	}
	var msg Message
	if old && !m.first() {
		msg = m.old()
	} else {
		msg = m.message()
	}
	if m.err != nil {
		m.err.ID = msg.ID
		return Message{}, m.err
	}
	return msg, nil
}

// message reads a whole message and notes where its values are.
func (s *scanner) message(f *fields) bool {
	s.space()
	isObject := s.peek() == '{'
	s.limit = maxString
	if isObject && !s.object(0, f) || !isObject && !s.value(0) {
		return false
	}
	s.space()
	if s.pos < len(s.data) {
		return s.syntax("the end")
	}
	if !isObject {
		s.fail(codeBadMessage, "want an object")
		s.err.Command = "undefined"
		return false
	}
	return true
}

// first says whether this is the login of a client that speaks version 1 or later.
func (m *members) first() bool {
	return m.value(keyV) != nil && string(m.value(keyType)) == `"login"`
}

// old reads a message of the tutorials.
func (m *members) old() Message {
	msg := Message{}
	if v := m.value(keyType); len(v) > 0 && v[0] == '"' {
		msg.Type = unquote(v)
	}
	if !tutorial[msg.Type] {
		command := m.scriptText(keyType)
		m.err = &ParseError{Code: codeUnknownType, Text: "unknown type", Command: command}
		return msg
	}
	// The originals keep a name that is no string under the string that it makes; nobody has
	// such a name here, so it is as good as none.
	if v := m.value(keyName); len(v) > 0 && v[0] == '"' {
		msg.Name = unquote(v)
	}
	switch msg.Type {
	case "offer":
		msg.Offer = m.payload(keyOffer)
	case "answer":
		msg.Answer = m.payload(keyAnswer)
	case "candidate":
		msg.Candidate = m.payload(keyCandidate)
	case "join":
		m.join(&msg)
	}
	if v := m.value(keyRoom); len(v) > 0 && v[0] == '"' {
		msg.Room = unquote(v)
	}
	return msg
}

// scriptText is what JavaScript makes of a value that is added to a string.
func (m *members) scriptText(k key) string {
	v := m.payload(k)
	switch {
	case v == nil:
		return "undefined"
	case v[0] == '"':
		return unquote(v)
	case v[0] == '{' || v[0] == '[':
		return "[object Object]"
	}
	return string(v)
}

// message reads a message of version 1.
func (m *members) message() Message {
	msg := Message{ID: m.id(), Type: m.text(keyType)}
	switch {
	case m.err != nil:
		return msg
	case msg.Type == "":
		m.want(keyType, "one of docs/protocol.md")
		return msg
	case !known[msg.Type]:
		m.err = &ParseError{Code: codeUnknownType, Text: fmt.Sprintf("unknown type %q", msg.Type), Command: msg.Type}
		return msg
	}
	msg.Name = m.text(keyName)
	msg.Call = m.call()
	msg.Offer = m.payload(keyOffer)
	msg.Answer = m.payload(keyAnswer)
	msg.Candidate = m.payload(keyCandidate)
	msg.Candidates = m.list(keyCandidates, 256)
	msg.Media = m.texts(keyMedia, 16)
	msg.Reason = m.text(keyReason)
	msg.Text = m.text(keyMessage)
	msg.Title = m.text(keyTitle)
	msg.Timeout = m.number(keyTimeout, 0, 86_400)
	msg.Room = m.text(keyRoom)
	switch msg.Type {
	case "login":
		m.login(&msg)
	case "join":
		m.join(&msg)
	case "message":
		msg.Data = m.payload(keyData)
		msg.Body = m.body()
	case "roster":
		m.roster(&msg)
	case "info":
		msg.Info = m.info()
	case "presence":
		msg.Show = m.text(keyShow)
		msg.Status = m.text(keyStatus)
		msg.Priority = m.number(keyPriority, -128, 127)
	}
	return msg
}

func (m *members) login(msg *Message) {
	msg.V = m.number(keyV, 1, 1_000)
	msg.Caps = m.texts(keyCaps, 32)
	msg.Password = m.text(keyPassword)
	msg.Token = m.text(keyToken)
	msg.Resume = m.resume()
	msg.Page = m.text(keyPage)
}

func (m *members) join(msg *Message) {
	msg.Title = m.text(keyTitle)
	msg.Max = m.number(keyMax, 1, 1_000)
	msg.Offers = m.truth(keyOffers)
}

// id returns the request id, which is a string or a number.
func (m *members) id() json.RawMessage {
	v := m.payload(keyID)
	switch {
	case v == nil || v[0] == 'n':
		return nil
	case v[0] == '"' || v[0] == '-' || '0' <= v[0] && v[0] <= '9':
		return v
	}
	m.want(keyID, "a string or a number")
	return nil
}

// call returns the call's id, which goes into XMPP ids and logs as it is.
func (m *members) call() string {
	call := m.text(keyCall)
	ok := len(call) <= 64
	for i := 0; i < len(call) && ok; i++ {
		c := call[i]
		ok = 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-'
	}
	if !ok {
		m.want(keyCall, "up to 64 letters, digits, '-' and '_'")
		return ""
	}
	return call
}

// info puts what a call's info says into one object: hold, mute and streams.
func (m *members) info() json.RawMessage {
	o := object{buf: []byte{'{'}}
	if v := m.value(keyHold); v != nil {
		if v[0] != 't' && v[0] != 'f' {
			m.want(keyHold, "true or false")
		}
		o.raw("hold", v)
	}
	if v := m.value(keyMute); v != nil {
		v = m.payload(keyMute)
		ok := v[0] == '{'
		if ok {
			each(v, func(_ string, on json.RawMessage) { ok = ok && (on[0] == 't' || on[0] == 'f') })
		}
		if !ok {
			m.want(keyMute, "an object of true and false")
		}
		o.raw("mute", v)
	}
	if v := m.value(keyStreams); v != nil {
		v = m.payload(keyStreams)
		ok := v[0] == '{'
		if ok {
			each(v, func(_ string, stream json.RawMessage) { ok = ok && stream[0] == '{' })
		}
		if !ok {
			m.want(keyStreams, "an object of objects")
		}
		o.raw("streams", v)
	}
	return append(o.buf, '}')
}

func (m *members) resume() *Resume {
	if m.value(keyResume) == nil {
		return nil
	}
	v := m.payload(keyResume)
	r, ok := Resume{}, v[0] == '{'
	if ok {
		each(v, func(key string, value json.RawMessage) {
			switch {
			case key == "session" && r.Session == "" && value[0] == '"':
				r.Session = unquote(value)
			case key == "seq" && r.Seq == 0:
				ok = json.Unmarshal(value, &r.Seq) == nil && ok
			case key == "session" || key == "seq":
				ok = false
			}
		})
	}
	if !ok {
		m.want(keyResume, "a session and a seq")
		return nil
	}
	return &r
}
