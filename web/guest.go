package web

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// Guest is a client that comes in by another door than the WebSockets here, and speaks another
// language, which somebody translates into messages of docs/protocol.md. The limits of
// WebSockets hold for it. Say is for one goroutine at a time, the rest for any.
type Guest struct {
	server *Server
	addr   netip.Addr
	local  bool // on this machine
	home   bool // and so is its page
	pace

	heard bool // by the Handler; of who speaks, and then of who parts

	mu                 sync.Mutex
	auth, saying, left bool
}

// ErrFlood says that a guest goes on after many refusals, and has to be shown out.
var ErrFlood = errors.New("too many messages")

// Admit lets a newcomer in whose page may connect, unless a limit is reached. With ok false it
// has answered the request. Who is let in has to Leave.
func (s *Server) Admit(w http.ResponseWriter, r *http.Request) (g *Guest, ok bool) {
	c := s.proxies.client(r)
	if code, reason, text := s.admit(r, c); code != 0 {
		s.refuse(w, r, c, code, reason, text)
		return nil, false
	}
	s.metrics.total.Inc()
	s.metrics.sessions[0].Inc()
	return &Guest{server: s, addr: c.addr, local: c.local, home: c.local && fromLoopback(r)}, true
}

// CheckOrigin says why the page that sent a request may not connect; nil when it may.
func (s *Server) CheckOrigin(r *http.Request) error {
	c := s.proxies.client(r)
	err := s.checkOrigin(r, c)
	if err != nil {
		s.refused(c, "origin", err.Error())
	}
	return err
}

// Addr is the client's address for logs and limits, without the port.
func (g *Guest) Addr() string { return g.addr.String() }

// Local says whether the client is on this machine, for all we can tell, and its page as well:
// a page of the web that is looked at here reaches a listener that lets any origin in.
func (g *Guest) Local() bool { return g.home }

// Say hands on one message of version 1 in the name of from, which is the guest as the Handler
// sees it. It may block, as Handler.Receive does. Of a message that was refused the error is a
// *ParseError, or ErrFlood; after Leave it is net.ErrClosed.
func (g *Guest) Say(from Sender, data []byte) error {
	if !g.begin() {
		return net.ErrClosed
	}
	defer g.end(from)
	s := g.server
	if err := g.Spend(); err != nil {
		return err
	}
	s.metrics.bytesIn.Add(float64(len(data)))
	m, err := g.parse(data)
	if err != nil {
		var bad *ParseError
		if errors.As(err, &bad) {
			s.metrics.refused.WithLabelValues(bad.Code).Inc()
		}
		return err
	}
	s.metrics.in[m.Type].Inc()
	g.heard = true
	s.handler.Receive(from, m)
	return nil
}

func (g *Guest) parse(data []byte) (Message, error) {
	if most := g.server.limits.MessageBytes; len(data) > most {
		g.server.limited("message_bytes")
		return Message{}, &ParseError{Code: codeBadMessage, Text: fmt.Sprintf("a message has at most %d bytes", most)}
	}
	m, err := Parse(data, false)
	if err == nil && m.Type == "login" {
		err = g.login()
	}
	return m, err
}

// begin and end are around what is said: who leaves meanwhile has gone when it is said.
func (g *Guest) begin() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.saying = !g.left
	return g.saying
}

func (g *Guest) end(from Sender) {
	g.mu.Lock()
	g.saying = false
	left := g.left
	g.mu.Unlock()
	if left {
		g.part(from)
	}
}

// Spend counts as a message what a guest said that is none for the Handler. Like Say it is
// for one goroutine at a time, and says when it was too much.
func (g *Guest) Spend() error {
	wait, ok := g.spend(g.server)
	switch {
	case ok:
		return nil
	case g.flooding():
		return ErrFlood
	}
	return &ParseError{Code: codeRateLimited, Text: "too many messages; wait " + wait.Round(time.Second/10).String()}
}

// login counts an attempt. A page of a tutorial logs in whenever it is loaded, and whoever writes
// one loads it often.
func (g *Guest) login() error {
	if g.local {
		return nil
	}
	if _, ok := g.server.addresses.login(g.addr, time.Now()); !ok {
		g.server.limited("logins")
		return &ParseError{Code: "too-many-attempts", Text: "too many logins from this address"}
	}
	return nil
}

// Told counts a message for the guest, by its type.
func (g *Guest) Told(kind string) {
	if counter := g.server.metrics.out[kind]; counter != nil {
		counter.Inc()
	}
}

// Accepted notes that the Handler took the guest's login.
func (g *Guest) Accepted() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.auth || g.left {
		return
	}
	g.auth = true
	g.server.addresses.accept(g.addr)
	g.server.metrics.sessions[0].Dec()
	g.server.metrics.sessions[1].Inc()
}

// Leave says that the guest has gone. The Handler hears it once, in the name of from, and
// after all that the guest said: when it speaks at this moment, by the goroutine that does.
func (g *Guest) Leave(from Sender) {
	g.mu.Lock()
	again := g.left
	g.left = true
	saying := g.saying
	g.mu.Unlock()
	if !again && !saying {
		g.part(from)
	}
}

// part tells the Handler, and takes the guest out of all counts. It is called once.
func (g *Guest) part(from Sender) {
	if g.heard {
		g.server.handler.Closed(from)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.server.addresses.leave(g.addr, g.auth)
	if g.auth {
		g.server.metrics.sessions[1].Dec()
	} else {
		g.server.metrics.sessions[0].Dec()
	}
}
