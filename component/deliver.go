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
)

// receive reads the stream until it ends, and returns why. Only what stands directly
// in the stream can end it, and that comes from the server alone.
func (c *Component) receive(conn *conn, h Handler) error {
	in := newFramer(conn, c.cfg.Limits.StanzaIn)
	limits := element.Limits{Depth: c.cfg.Limits.Depth, Elements: c.cfg.Limits.Tokens}
	for {
		f, err := in.next()
		if err != nil {
			return err
		}
		if streamLevel(f.data) {
			return readStreamError(f.data)
		}
		if f.cut {
			c.refuse(f, "too-big", tooBig)
			continue
		}
		e, err := element.Parse(f.data, NS, limits)
		switch {
		case errors.Is(err, element.ErrTooDeep):
			c.refuse(f, "too-deep", tooBig)
		case errors.Is(err, element.ErrTooMany):
			c.refuse(f, "too-many-elements", tooBig)
		case err != nil:
			c.refuse(f, "malformed", badRequest)
		default:
			s := stanzaOf(e)
			s.Size = len(f.data)
			c.deliver(s, h)
		}
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

// admit checks what is not our server's promise: kind and addresses. It says why not.
func (c *Component) admit(s *Stanza) string {
	switch {
	case kindOf([]byte(s.Name())) == "" || s.Space() != NS && s.Space() != "jabber:client" && s.Space() != "jabber:server":
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
func (c *Component) deliver(s *Stanza, h Handler) {
	if reason := c.admit(s); reason != "" {
		c.metrics.reject(reason)
		return
	}
	c.metrics.in[s.Name()].Inc()
	if c.isSelfPing(s) {
		return
	}
	answer := s.Name() == "iq" && (s.Type == "result" || s.Type == "error")
	if answer {
		c.deliverAnswer(s)
		return
	}
	if limit := c.remotes.over(s.From, time.Now()); limit != "" {
		c.metrics.limited(limit)
		if s.Name() == "iq" && s.ID != "" {
			c.sendError(s, tooMuch)
		}
		return
	}
	if s.Name() == "iq" && !c.isOurs(s) {
		return
	}
	c.handle(s, h)
}

// deliverAnswer finds the request that was waiting; what nobody waits for is dropped
// and never answered.
func (c *Component) deliverAnswer(s *Stanza) {
	done := c.iqs.take(asked{s.ID, foldJID(s.From)})
	if done == nil {
		c.metrics.reject("unasked-answer")
		return
	}
	defer c.caught("answer")
	defer c.inHandler()()
	done(s, nil)
}

// isOurs answers a get or set and returns false, unless the Handler wants it.
func (c *Component) isOurs(iq *Stanza) bool {
	query := iq.First()
	switch {
	case iq.ID == "":
		c.metrics.reject("no-id") // there is nothing to answer to (RFC 6120 §8.1.3)
	case iq.Type != "get" && iq.Type != "set":
		c.metrics.reject("iq-type")
		c.sendError(iq, badRequest)
	case !query.Exists() || !onlyChild(iq.Element):
		c.metrics.reject("iq-payload")
		c.sendError(iq, badRequest) // RFC 6120 §8.2.3: exactly one child
	case c.claimed[query.Space()]:
		return true
	default:
		c.answer(iq, query)
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
func (c *Component) handle(s *Stanza, h Handler) {
	done := false
	defer func() {
		if !done && s.Name() == "iq" {
			c.sendError(s, broken)
		}
	}()
	defer c.caught("HandleStanza")
	defer c.inHandler()()
	h.HandleStanza(s)
	done = true
}

// inHandler notes that the reader is away, until the function it returns is called.
func (c *Component) inHandler() (back func()) {
	c.busy.Store(true)
	return func() {
		c.free.Store(int64(time.Since(c.born)))
		c.busy.Store(false)
	}
}

// caught, deferred, ends a panic of the Handler.
func (c *Component) caught(where string) {
	if p := recover(); p != nil {
		c.metrics.panics.Inc()
		c.log.Error("panic", "in", where, "err", fmt.Sprint(p), "stack", string(debug.Stack()))
	}
}

// refuse drops a stanza that is too big, too deep or broken, and tells its sender when
// that is allowed. Its start tag is all there is, or all that is safe to look at.
func (c *Component) refuse(f frame, reason string, e Error) {
	c.metrics.reject(reason)
	s := headOf(f)
	if s == nil || c.admit(s) != "" || s.ID == "" {
		return
	}
	wanted := s.Name() == "iq" && (s.Type == "get" || s.Type == "set") ||
		s.Name() == "message" && (s.Type == "" || s.Type == "normal" || s.Type == "chat")
	if !wanted {
		return
	}
	if limit := c.remotes.over(s.From, time.Now()); limit != "" {
		c.metrics.limited(limit)
		return
	}
	c.sendError(s, e)
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
