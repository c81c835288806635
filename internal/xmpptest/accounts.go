package xmpptest

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
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
	nsChannels = "urn:xmpp:sasl-cb:0"
)

// Accounts is a server for clients, played by a test: it does what is right but for what Edit
// makes of it. Every name has the same password.
type Accounts struct {
	Domain, Password string
	Certificate      *tls.Certificate // nil: no TLS
	Direct           bool             // TLS before the first word
	Mechanisms       []string         // SCRAM-SHA-256 when empty; SCRAM-SHA-256-PLUS and PLAIN are known, too
	Rounds           int              // 4096 when zero
	Salt             []byte           // a new one each time when nil, as of a server that keeps passwords

	// Edit changes what is said at a step, or sees that it is reached: "header" (each time),
	// "features", "proceed", "login" (the features under TLS), "challenge", "success",
	// "failure", "session" (the features after it) and "bind". Nil changes nothing; "" says nothing; what
	// ends with Cut ends the connection.
	Edit func(step, text string) string

	listener net.Listener
}

// Listen begins to listen on a free loopback port.
func (a *Accounts) Listen() (err error) {
	a.listener, err = net.Listen("tcp", "127.0.0.1:0")
	return err
}

// ListenFor is Listen for a test, which ends it.
func (a *Accounts) ListenFor(t TB) {
	t.Helper()
	if err := a.Listen(); err != nil {
		t.Fatalf("listen: %v", err)
	}
	t.Cleanup(func() { a.listener.Close() })
}

// Address is host:port.
func (a *Accounts) Address() string { return a.listener.Addr().String() }

// Close ends the listener; sessions go on.
func (a *Accounts) Close() error { return a.listener.Close() }

// Session is one client that has logged in, seen from its server.
type Session struct {
	JID  string // as bound
	User string
	*stream
	server *Accounts
	raw    net.Conn
	state  *tls.ConnectionState // nil without TLS
}

// Accept takes the next client and lets it in when it knows the password. A session without
// a JID is one of a client that went when it was let in.
func (a *Accounts) Accept() (*Session, error) {
	a.listener.(*net.TCPListener).SetDeadline(time.Now().Add(Wait))
	c, err := a.AcceptConn()
	if err != nil {
		return nil, err
	}
	s, err := a.Serve(c)
	if err != nil {
		c.Close()
	}
	return s, err
}

// AcceptConn takes the next connection, without a word.
func (a *Accounts) AcceptConn() (net.Conn, error) { return a.listener.Accept() }

// AcceptFor is Accept for a test, which closes the session at its end.
func (a *Accounts) AcceptFor(t TB) *Session {
	t.Helper()
	s, err := a.Accept()
	if err != nil {
		t.Fatalf("accept: %v", err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// Serve plays the server on a connection, up to the bound resource.
func (a *Accounts) Serve(c net.Conn) (*Session, error) {
	c.SetDeadline(time.Now().Add(Wait))
	s := &Session{server: a, raw: c}
	if a.Direct {
		if err := s.shield(); err != nil {
			return nil, err
		}
	} else {
		s.stream = newStream(c, nsClient)
	}
	for _, step := range []func() error{s.secure, s.authenticate, s.bind} {
		if err := step(); err != nil {
			if errors.Is(err, io.EOF) && s.User != "" {
				return s, nil
			}
			return nil, err
		}
	}
	c.SetDeadline(time.Time{})
	s.atEnd = func() {
		s.write("</stream:stream>")
		c.Close()
	}
	s.pump()
	return s, nil
}

func (s *Session) shield() error {
	c := tls.Server(s.raw, &tls.Config{Certificates: []tls.Certificate{*s.server.Certificate}, NextProtos: []string{"xmpp-client"}})
	if err := c.Handshake(); err != nil {
		return err
	}
	state := c.ConnectionState()
	s.state, s.stream = &state, newStream(c, nsClient)
	return nil
}

// tell says what belongs to a step, as edited.
func (s *Session) tell(step, text string) error {
	if s.server.Edit != nil {
		text = s.server.Edit(step, text)
	}
	said, cut := strings.CutSuffix(text, Cut)
	err := s.write(said)
	if cut {
		s.raw.Close()
		return errors.New("cut")
	}
	return err
}

// Cut, at the end of what Edit returns, ends the connection behind it.
const Cut = "\x00cut"

// answer opens the stream after the client has, and offers features.
func (s *Session) answer(step, features string) error {
	if _, err := s.header(Wait); err != nil {
		return err
	}
	err := s.tell("header", "<?xml version='1.0'?><stream:stream xmlns='"+nsClient+"' xmlns:stream='"+nsStreams+"' from='"+s.server.Domain+"' id='"+rand.Text()+"' version='1.0'>")
	if err != nil {
		return err
	}
	return s.tell(step, "<stream:features>"+features+"</stream:features>")
}

// secure makes TLS where there is a certificate, and the client asks for it.
func (s *Session) secure() error {
	if s.server.Certificate == nil || s.server.Direct {
		return nil
	}
	if err := s.answer("features", "<starttls xmlns='"+nsTLS+"'><required/></starttls>"); err != nil {
		return err
	}
	e, err := s.next(Wait)
	if err != nil {
		return err
	}
	if !e.Is(nsTLS, "starttls") {
		return fmt.Errorf("want starttls, got %s", e)
	}
	if err := s.tell("proceed", "<proceed xmlns='"+nsTLS+"'/>"); err != nil {
		return err
	}
	return s.shield()
}

func (s *Session) authenticate() error {
	mechanisms, channel := "", ""
	for _, m := range s.mechanisms() {
		mechanisms += "<mechanism>" + m + "</mechanism>"
		if strings.HasSuffix(m, "-PLUS") {
			channel = "<sasl-channel-binding xmlns='" + nsChannels + "'><channel-binding type='tls-exporter'/></sasl-channel-binding>"
		}
	}
	if err := s.answer("login", "<mechanisms xmlns='"+nsSASL+"'>"+mechanisms+"</mechanisms>"+channel); err != nil {
		return err
	}
	e, err := s.next(Wait)
	if err != nil {
		return err
	}
	if !e.Is(nsSASL, "auth") {
		return fmt.Errorf("want auth, got %s", e)
	}
	switch name := e.Attr("mechanism"); name {
	case "PLAIN":
		return s.plain(e)
	case "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS":
		return s.scram(name, e)
	}
	return s.refuse("invalid-mechanism")
}

func (s *Session) mechanisms() []string {
	if len(s.server.Mechanisms) == 0 {
		return []string{"SCRAM-SHA-256"}
	}
	return s.server.Mechanisms
}

func (s *Session) plain(auth element.Element) error {
	said, _ := base64.StdEncoding.DecodeString(auth.TrimmedText())
	fields := strings.Split(string(said), "\x00")
	if len(fields) != 3 || fields[2] != s.server.Password {
		return s.refuse("not-authorized")
	}
	s.User = fields[1]
	return s.tell("success", "<success xmlns='"+nsSASL+"'/>")
}

// refuse says a failure of SASL, and that one is not let in.
func (s *Session) refuse(condition string) error {
	s.tell("failure", "<failure xmlns='"+nsSASL+"'><"+condition+"/></failure>")
	s.next(Wait) // the client goes
	return errors.New("not let in: " + condition)
}

func (s *Session) bind() error {
	s.restart()
	if err := s.answer("session", "<bind xmlns='"+nsBind+"'/>"); err != nil {
		return err
	}
	e, err := s.next(Wait)
	if err != nil {
		return err
	}
	resource := e.Child(nsBind, "bind").Child(nsBind, "resource").TrimmedText()
	s.JID = s.User + "@" + s.server.Domain + "/" + resource
	return s.tell("bind", "<iq type='result' id='"+e.Attr("id")+"'><bind xmlns='"+nsBind+"'><jid>"+s.JID+"</jid></bind></iq>")
}

// Write sends any text.
func (s *Session) Write(text string) error { return s.write(text) }

// Next returns the next stanza of the client, io.EOF at the end of its stream. Requests to
// turn carbons on, and pings, are granted and not returned.
func (s *Session) Next() (element.Element, error) {
	for {
		e, err := s.next(Wait)
		asked := e.First()
		if err != nil || e.Attr("type") == "result" || !asked.Is("urn:xmpp:carbons:2", "enable") && !asked.Is("urn:xmpp:ping", "ping") {
			return e, err
		}
		from := ""
		if to := e.Attr("to"); to != "" {
			from = "' from='" + to
		}
		s.write("<iq type='result' id='" + e.Attr("id") + from + "'/>")
	}
}

// Raw returns the next stanza whatever it is.
func (s *Session) Raw() (element.Element, error) { return s.next(Wait) }

// NextFor is Next for a test.
func (s *Session) NextFor(t TB) element.Element {
	t.Helper()
	e, err := s.Next()
	if err != nil {
		t.Fatalf("next stanza: %v", err)
	}
	return e
}

// Close closes the connection, without a word.
func (s *Session) Close() error {
	if s.stream == nil {
		return nil
	}
	return s.close()
}
