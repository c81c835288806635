package web

import (
	"errors"
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
	local  bool
	pace

	mu                sync.Mutex
	auth, heard, left bool
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
	return &Guest{server: s, addr: c.addr, local: c.local}, true
}

// CheckOrigin says why the page that sent a request may not connect; nil when it may.
func (s *Server) CheckOrigin(r *http.Request) error { return s.checkOrigin(r, s.proxies.client(r)) }

// Addr is the client's address for logs and limits, without the port.
func (g *Guest) Addr() string { return g.addr.String() }

// Local says whether the client is on this machine, for all we can tell.
func (g *Guest) Local() bool { return g.local }

// Say hands on one message of version 1 in the name of from, which is the guest as the Handler
// sees it. It may block, as Handler.Receive does. Of a message that was refused the error is a
// *ParseError, or ErrFlood.
func (g *Guest) Say(from Sender, data []byte) error {
	s := g.server
	if wait, ok := g.spend(s); !ok {
		if g.flooding() {
			return ErrFlood
		}
		return &ParseError{Code: codeRateLimited, Text: "too many messages; wait " + wait.Round(time.Second/10).String()}
	}
	s.metrics.bytesIn.Add(float64(len(data)))
	m, err := Parse(data, false)
	if err == nil && m.Type == "login" {
		err = g.login()
	}
	if err != nil {
		var bad *ParseError
		if errors.As(err, &bad) {
			s.metrics.refused.WithLabelValues(bad.Code).Inc()
		}
		return err
	}
	s.metrics.in[m.Type].Inc()
	g.mu.Lock()
	g.heard = true
	g.mu.Unlock()
	s.handler.Receive(from, m)
	return nil
}

func (g *Guest) login() error {
	if _, ok := g.server.addresses.login(g.addr, time.Now()); !ok {
		g.server.limited("logins")
		return &ParseError{Code: "too-many-attempts", Text: "too many logins from this address"}
	}
	return nil
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

// Leave says that the guest has gone. The Handler hears it once, in the name of from.
func (g *Guest) Leave(from Sender) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.left {
		return
	}
	g.left = true
	if g.heard {
		g.mu.Unlock()
		g.server.handler.Closed(from)
		g.mu.Lock()
	}
	g.server.addresses.leave(g.addr, g.auth)
	if g.auth {
		g.server.metrics.sessions[1].Dec()
	} else {
		g.server.metrics.sessions[0].Dec()
	}
}
