package component

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

const (
	nsTLS      = "urn:ietf:params:xml:ns:xmpp-tls"
	nsSASL     = "urn:ietf:params:xml:ns:xmpp-sasl"
	nsBind     = "urn:ietf:params:xml:ns:xmpp-bind"
	nsChannels = "urn:xmpp:sasl-cb:0"

	loginDepth, loginElements = 16, 1000 // of what a server says before it lets in
)

// login is one client's stream while it is negotiated (RFC 6120 §4 to §7). It reads by the
// bounded reader that the session goes on with, and what a server may say is bounded in all.
type login struct {
	*credentials
	raw    net.Conn
	conn   *conn
	left   *io.LimitedReader
	in     *framer
	secure *tls.ConnectionState // nil without TLS
	plain  bool                 // the server may do without TLS
}

// authenticate connects and proves who it is; the stream is to be opened anew then. All of
// it ends with ctx, which has a time limit.
func (a *Accounts) authenticate(ctx context.Context, who *credentials) (*login, error) {
	who.secret.mu.Lock()
	defer who.secret.mu.Unlock()
	l := &login{credentials: who}
	if err := a.negotiate(ctx, l); err != nil {
		if l.raw != nil {
			l.raw.Close()
		}
		if errors.Is(err, ErrCredentials) || errors.Is(ctx.Err(), context.Canceled) {
			return nil, err
		}
		a.complain(who.domain, err)
		return nil, fmt.Errorf("%w: %w", ErrUpstream, err)
	}
	return l, nil
}

func (a *Accounts) negotiate(ctx context.Context, l *login) error {
	raw, secure, err := l.domain.connect(ctx)
	if err != nil {
		return err
	}
	l.raw, l.plain = raw, l.domain.mayBePlain(raw)
	limit, _ := ctx.Deadline()
	raw.SetDeadline(limit)
	stop := context.AfterFunc(ctx, func() { raw.Close() })
	defer stop()
	if secure != nil {
		l.under(secure)
	} else {
		l.over(raw)
	}
	features, err := l.open()
	if err != nil {
		return err
	}
	if l.secure == nil {
		if features, err = l.startTLS(ctx, features); err != nil {
			return err
		}
	}
	return a.prove(ctx, l, features)
}

// over reads and writes on c from now on.
func (l *login) over(c net.Conn) {
	l.conn = newConn(c)
	l.left = &io.LimitedReader{R: l.conn, N: greetingSize}
	l.in = newFramer(l.left, greetingSize, accountBuffer)
}

// under reads and writes under TLS from now on.
func (l *login) under(c *tls.Conn) {
	state := c.ConnectionState()
	l.secure = &state
	l.over(c)
}

// errNoTLS: whoever is in between may have taken the offer out (RFC 7590 §3.1).
var errNoTLS = errors.New("the server offers no TLS")

// startTLS makes TLS if it is offered (RFC 6120 §5), and insists on it beyond this machine.
func (l *login) startTLS(ctx context.Context, features element.Element) (element.Element, error) {
	if !features.Child(nsTLS, "starttls").Exists() {
		if l.plain {
			return features, nil
		}
		return element.Element{}, errNoTLS
	}
	if err := l.say("<starttls xmlns='" + nsTLS + "'/>"); err != nil {
		return element.Element{}, err
	}
	e, err := l.next()
	if err != nil {
		return element.Element{}, err
	}
	if !e.Is(nsTLS, "proceed") {
		return element.Element{}, errors.New("starttls: the server does not proceed")
	}
	// What came with it is nobody's word, and must not count as said under TLS.
	if l.ahead() {
		return element.Element{}, errAhead
	}
	secure, err := secured(ctx, l.raw, l.domain.secure)
	if err != nil {
		return element.Element{}, fmt.Errorf("starttls: %w", err)
	}
	l.under(secure)
	return l.open()
}

// open begins a stream (RFC 6120 §4.2) and returns the features that the server offers in it.
func (l *login) open() (element.Element, error) {
	if l.ahead() {
		return element.Element{}, errAhead
	}
	err := l.say("<?xml version='1.0'?><stream:stream to='" + l.domain.name + "' version='1.0' xml:lang='en' xmlns='" + nsClient + "' xmlns:stream='" + nsStreams + "'>")
	if err != nil {
		return element.Element{}, err
	}
	l.in = newFramer(l.left, greetingSize, accountBuffer)
	if err := l.header(); err != nil {
		return element.Element{}, err
	}
	e, err := l.next()
	if err != nil {
		return element.Element{}, err
	}
	if !e.Is(nsStreams, "features") {
		return element.Element{}, fmt.Errorf("want the stream's features, got <%.40s>", e.Name())
	}
	return e, nil
}

// header reads up to the end of the stream's start tag.
func (l *login) header() error {
	var tag []byte
	for quote := byte(0); ; {
		c, err := l.conn.ReadByte()
		if err != nil {
			return err
		}
		switch {
		case len(tag) == 0 && c != '<':
			if !isSpace(c) {
				return fmt.Errorf("%w: %q before the stream", errFraming, c)
			}
			continue
		case len(tag) == headSize:
			return errEndless
		}
		tag = append(tag, c)
		switch {
		case quote == 0 && (c == '\'' || c == '"'):
			quote = c
		case c == quote:
			quote = 0
		case quote == 0 && c == '>' && strings.HasPrefix(string(tag), "<?xml"):
			tag = tag[:0]
		case quote == 0 && c == '>':
			return checkHeader(tag)
		}
	}
}

// checkHeader wants <stream:stream>; a server says there nothing that we would believe.
func checkHeader(tag []byte) error {
	e, err := element.Parse(append(tag[:len(tag)-1:len(tag)-1], "/>"...), "", element.Limits{Depth: 1, Elements: 50})
	if err != nil || !e.Is(nsStreams, "stream") {
		return fmt.Errorf("%w: want a stream", errFraming)
	}
	return nil
}

var (
	errAhead   = errors.New("the server speaks before it is asked")
	errEndless = errors.New("the server's greeting does not end")
)

// ahead says whether the server has said more than it was asked for.
func (l *login) ahead() bool {
	return strings.TrimSpace(string(l.in.buf[l.in.pos:l.in.end])) != "" || strings.TrimSpace(string(l.conn.buf)) != ""
}

// next reads the next element of the negotiation. Its errors hold no word of the server's:
// one that is hostile could say the password there.
func (l *login) next() (element.Element, error) {
	f, err := l.in.next()
	switch {
	case l.left.N <= 0 || f.cut:
		return element.Element{}, errEndless
	case err != nil:
		return element.Element{}, wordless(err)
	}
	text := "<x xmlns:stream='" + nsStreams + "'>" + string(f.data) + "</x>"
	e, err := element.Parse([]byte(text), NS, element.Limits{Depth: loginDepth, Elements: loginElements})
	if err != nil {
		return element.Element{}, errFraming
	}
	if e = e.First(); e.Is(nsStreams, "error") {
		return element.Element{}, wordless(readStreamError(f.data))
	}
	return e, nil
}

// wordless takes out of an error what the server said freely.
func wordless(err error) error {
	var s streamError
	switch {
	case errors.Is(err, errFraming):
		return errFraming
	case !errors.As(err, &s):
		return err
	case streamConditions[s.condition]:
		return streamError{condition: s.condition}
	}
	return streamError{condition: "undefined-condition"}
}

func (l *login) say(text string) error {
	_, err := io.WriteString(l.conn.Conn, text)
	return err
}

// bind asks for a resource (RFC 6120 §7) and returns the JID that was bound.
func (l *login) bind(resource string) (string, error) {
	if _, err := l.open(); err != nil {
		return "", err
	}
	if err := l.say("<iq type='set' id='bind'><bind xmlns='" + nsBind + "'><resource>" + resource + "</resource></bind></iq>"); err != nil {
		return "", err
	}
	e, err := l.next()
	if err != nil {
		return "", err
	}
	if e.Name() != "iq" || e.Attr("id") != "bind" || e.Attr("type") != "result" {
		return "", fmt.Errorf("bind: refused: %.40q", ErrorOf(stanzaOf(e)).Condition)
	}
	jid := strings.Clone(e.Child(nsBind, "bind").Child(nsBind, "jid").TrimmedText())
	if _, _, r := Split(jid); r == "" || !soundJID(jid) || foldJID(Bare(jid)) != foldJID(l.bare) {
		return "", fmt.Errorf("bind: the server calls us %.100q", jid)
	}
	return jid, nil
}

// session hands over what a session goes on with; the login is of no use then.
func (l *login) session(limit int) (*conn, *framer) {
	l.raw.SetDeadline(time.Time{})
	l.in.r, l.in.max = l.conn, limit
	return l.conn, l.in
}
