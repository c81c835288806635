package component

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

const (
	nsStreams     = "http://etherx.jabber.org/streams"
	nsStreamError = "urn:ietf:params:xml:ns:xmpp-streams"
	nsClient      = "jabber:client"
)

// receive reads stanzas until their stream ends, and returns why. Only what stands directly
// in the stream can end it, and that comes from the server alone.
func (s *stream) receive(in *framer, h Handler) error {
	limits := element.Limits{Depth: s.limits.Depth, Elements: s.limits.Tokens}
	for {
		f, err := in.next()
		if err != nil {
			return err
		}
		if streamLevel(f.data) {
			return readStreamError(f.data)
		}
		s.take(f, limits, h)
	}
}

// take makes a stanza of a frame, and delivers it if it is one.
func (s *stream) take(f frame, limits element.Limits, h Handler) {
	if f.cut {
		s.refuse(f, "too-big", tooBig)
		return
	}
	e, err := element.Parse(f.data, NS, limits)
	switch {
	case errors.Is(err, element.ErrTooDeep):
		s.refuse(f, "too-deep", tooBig)
	case errors.Is(err, element.ErrTooMany):
		s.refuse(f, "too-many-elements", tooBig)
	case err != nil:
		s.refuse(f, "malformed", badRequest)
	default:
		stanza := stanzaOf(e)
		stanza.Size = len(f.data)
		s.deliver(stanza, h)
	}
}

// streamLevel says whether an element directly in the stream is the stream's own. Its
// prefix is the one that all servers use (RFC 6120 §4.8.5).
func streamLevel(b []byte) bool { return strings.HasPrefix(string(b[:min(len(b), 8)]), "<stream:") }

func readStreamError(b []byte) error {
	text := "<x xmlns:stream='" + nsStreams + "'>" + string(b) + "</x>"
	e, err := element.Parse([]byte(text), NS, element.Limits{Depth: 8, Elements: 100})
	if err != nil || !e.First().Is(nsStreams, "error") {
		return fmt.Errorf("%w: %q", errFraming, b[:min(len(b), 80)])
	}
	s := streamError{condition: "undefined-condition"}
	for child := range e.First().Children() {
		switch {
		case child.Space() != nsStreamError:
		case child.Name() == "text":
			s.text = child.Text()
		default:
			s.condition = child.Name()
		}
	}
	return s
}

func stanzaOf(e element.Element) *Stanza {
	return &Stanza{Element: e, Type: e.Attr("type"), ID: e.Attr("id"), From: e.Attr("from"), To: e.Attr("to")}
}

// isStanza says whether e is one, whichever kind of stream its writer thought of.
func isStanza(e element.Element) bool {
	space := e.Space()
	return kindOf([]byte(e.Name())) != "" && (space == NS || space == nsClient || space == "jabber:server")
}

// admit checks what is not our server's promise: kind and addresses. It says why not.
func (c *Component) admit(s *Stanza) string {
	switch {
	case !isStanza(s.Element):
		return "unknown-element"
	case s.From == "":
		return "no-from"
	}
	// ejabberd delivers the domain as its user typed it; ours must go out as the server
	// knows it. It also delivers other components' stanzas unless global_routes is false.
	_, domain, _ := Split(s.To)
	if domain != c.domain {
		if !strings.EqualFold(domain, c.domain) {
			return "not-for-us"
		}
		at := len(Bare(s.To)) - len(domain)
		s.To = s.To[:at] + c.domain + s.To[at+len(domain):]
	}
	return ""
}

// deliver takes one stanza to whom it concerns.
func (s *stream) deliver(in *Stanza, h Handler) {
	if reason := s.role.admit(in); reason != "" {
		s.metrics.reject(reason)
		return
	}
	s.metrics.in[in.Name()].Inc()
	if s.role.keeps(in) {
		return
	}
	answer := in.Name() == "iq" && (in.Type == "result" || in.Type == "error")
	if answer {
		s.deliverAnswer(in)
		return
	}
	if limit := s.remotes.over(in.From, costOf(in), time.Now()); limit != "" {
		s.metrics.limited(limit)
		if in.Name() == "iq" && in.ID != "" {
			s.sendError(in, tooMuch)
		}
		return
	}
	if in.Name() == "iq" && !s.isOurs(in) {
		return
	}
	s.handle(in, h)
}

// deliverAnswer finds the request that was waiting; what nobody waits for is dropped
// and never answered.
func (s *stream) deliverAnswer(in *Stanza) {
	done := s.iqs.take(asked{in.ID, foldJID(in.From)})
	if done == nil {
		s.metrics.reject("unasked-answer")
		return
	}
	defer s.caught("answer")
	defer s.inHandler()()
	done(in, nil)
}

// isOurs answers a get or set and returns false, unless the Handler wants it.
func (s *stream) isOurs(iq *Stanza) bool {
	query := iq.First()
	switch {
	case iq.ID == "":
		s.metrics.reject("no-id") // there is nothing to answer to (RFC 6120 §8.1.3)
	case iq.Type != "get" && iq.Type != "set":
		s.metrics.reject("iq-type")
		s.sendError(iq, badRequest)
	case !query.Exists() || !onlyChild(iq.Element):
		s.metrics.reject("iq-payload")
		s.sendError(iq, badRequest) // RFC 6120 §8.2.3: exactly one child
	case s.claimed[query.Space()]:
		return true
	default:
		s.answer(iq, query)
	}
	return false
}

func onlyChild(e element.Element) bool {
	n := 0
	for range e.Children() {
		n++
	}
	return n == 1
}

// handle gives a stanza to the Handler. A panic there costs this stanza only.
func (s *stream) handle(in *Stanza, h Handler) {
	done := false
	defer func() {
		if !done && in.Name() == "iq" {
			s.sendError(in, broken)
		}
	}()
	defer s.caught("HandleStanza")
	defer s.inHandler()()
	h.HandleStanza(in)
	done = true
}

// inHandler notes that the reader is away, until the function it returns is called.
func (s *stream) inHandler() (back func()) {
	s.busy.Store(true)
	return func() {
		s.free.Store(int64(time.Since(s.born)))
		s.busy.Store(false)
	}
}

// caught, deferred, ends a panic of the Handler.
func (s *stream) caught(where string) {
	if p := recover(); p != nil {
		s.metrics.panics.Inc()
		s.log.Error("panic", "in", where, "err", fmt.Sprint(p), "stack", string(debug.Stack()))
	}
}

// refuse drops a stanza that is too big, too deep or broken, and tells its sender when
// that is allowed. Its start tag is all there is, or all that is safe to look at.
func (s *stream) refuse(f frame, reason string, e Error) {
	s.metrics.reject(reason)
	in := headOf(f)
	if in == nil || s.role.admit(in) != "" || in.ID == "" {
		return
	}
	wanted := in.Name() == "iq" && (in.Type == "get" || in.Type == "set") ||
		in.Name() == "message" && (in.Type == "" || in.Type == "normal" || in.Type == "chat")
	if !wanted {
		return
	}
	if limit := s.remotes.over(in.From, costOf(in), time.Now()); limit != "" {
		s.metrics.limited(limit)
		return
	}
	s.sendError(in, e)
}

// headOf makes an empty stanza of a start tag, or returns nil.
func headOf(f frame) *Stanza {
	if f.head < 2 || f.head > headSize {
		return nil
	}
	tag := strings.TrimSuffix(string(f.data[:f.head-1]), "/") + "/>"
	e, err := element.Parse([]byte(tag), NS, element.Limits{Depth: 1, Elements: 100})
	if err != nil {
		return nil
	}
	return stanzaOf(e)
}
