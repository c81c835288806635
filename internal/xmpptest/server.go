package xmpptest

import (
	"crypto/sha1"
	"fmt"
	"net"
	"time"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

// NSComponent is the namespace of stanzas on a component's stream (XEP-0114 §3).
const NSComponent = "jabber:component:accept"

// Server is the server's end of component links, played by a test.
type Server struct {
	Domain, Secret string
	listener       net.Listener
}

// Listen makes a Server on a free loopback port.
func Listen(domain, secret string) (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	return &Server{domain, secret, l}, nil
}

// ListenFor is Listen for a test, which ends it.
func ListenFor(t TB, domain string) *Server {
	t.Helper()
	s, err := Listen(domain, Secret)
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// URL is what a component calls this server.
func (s *Server) URL() string { return "tcp://" + s.listener.Addr().String() }

// Close ends the listener; links go on.
func (s *Server) Close() error { return s.listener.Close() }

// Wait is how long a scripted end waits for anything.
const Wait = 10 * time.Second

// AcceptConn takes the next connection, without a word.
func (s *Server) AcceptConn() (net.Conn, error) {
	s.listener.(*net.TCPListener).SetDeadline(time.Now().Add(Wait))
	return s.listener.Accept()
}

// Accept takes the next component that attaches, and lets it in if it knows the secret.
func (s *Server) Accept() (*Link, error) {
	c, err := s.AcceptConn()
	if err != nil {
		return nil, err
	}
	l, err := Attach(c, s.Domain, s.Secret)
	if err != nil {
		c.Close()
	}
	return l, err
}

// AcceptFor is Accept for a test, which closes the link at its end.
func (s *Server) AcceptFor(t TB) *Link {
	t.Helper()
	l, err := s.Accept()
	if err != nil {
		t.Fatalf("accept: %v", err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// Link is one attached component, seen from the server.
type Link struct{ *stream }

// Attach plays the server in the handshake of XEP-0114 §3 on any connection. A wrong
// secret is answered with not-authorized.
func Attach(c net.Conn, domain, secret string) (*Link, error) {
	l := &Link{newStream(c, NSComponent)}
	if _, err := l.header(Wait); err != nil {
		return nil, err
	}
	const id = "scripted"
	err := l.write("<?xml version='1.0'?><stream:stream xmlns='" + NSComponent + "' xmlns:stream='" + nsStreams + "' from='" + domain + "' id='" + id + "'>")
	if err != nil {
		return nil, err
	}
	e, err := l.next(Wait)
	if err != nil {
		return nil, err
	}
	want := fmt.Sprintf("%x", sha1.Sum([]byte(id+secret)))
	if !e.Is(NSComponent, "handshake") || e.TrimmedText() != want {
		l.Write(StreamError("not-authorized") + "</stream:stream>")
		return nil, fmt.Errorf("handshake: got %s, want %q", e, want)
	}
	l.atEnd = func() { // as servers do
		l.write("</stream:stream>")
		c.Close()
	}
	l.pump()
	return l, l.write("<handshake/>")
}

// StreamError renders an error of the stream (RFC 6120 §4.9).
func StreamError(condition string) string {
	return "<stream:error><" + condition + " xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"
}

// Write sends any text.
func (l *Link) Write(text string) error { return l.write(text) }

// Next returns the next stanza that the component sent; io.EOF at the end of its stream.
// Its pings to itself, and its answers to them, are sent back to it and not returned.
func (l *Link) Next() (element.Element, error) { return l.NextWithin(Wait) }

// NextWithin is Next for who does not wait as long; see IsTimeout.
func (l *Link) NextWithin(limit time.Duration) (element.Element, error) {
	for {
		e, err := l.next(limit)
		if err != nil {
			return element.Element{}, err
		}
		answer := e.Attr("type") == "result" || e.Attr("type") == "error"
		if e.Name() == "iq" && e.Attr("from") != "" && e.Attr("from") == e.Attr("to") && (answer || e.Child("urn:xmpp:ping", "ping").Exists()) {
			l.write(e.String()) // an error shows when the next is read
			continue
		}
		return e, nil
	}
}

// NextFor is Next for a test.
func (l *Link) NextFor(t TB) element.Element {
	t.Helper()
	e, err := l.Next()
	if err != nil {
		t.Fatalf("next stanza: %v", err)
	}
	return e
}

// Raw returns the next stanza whatever it is, pings to itself too.
func (l *Link) Raw() (element.Element, error) { return l.next(Wait) }

// Close closes the connection, without a word.
func (l *Link) Close() error { return l.close() }
