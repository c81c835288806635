package web

import (
	"net/http"
	"time"

	"github.com/gorilla/websocket"
)

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	socket := r.URL.Path == "/ws" || r.URL.Path == "/" && websocket.IsWebSocketUpgrade(r)
	if !socket {
		s.pages.serve(w, r)
		return
	}
	c := s.proxies.client(r)
	if !websocket.IsWebSocketUpgrade(r) || !r.ProtoAtLeast(1, 1) {
		s.refuse(w, r, c, http.StatusUpgradeRequired, "handshake", "this is a WebSocket")
		return
	}
	if code, reason, text := s.admit(r, c); code != 0 {
		s.refuse(w, r, c, code, reason, text)
		return
	}
	conn, err := s.upgrader.Upgrade(w, r, nil)
	if err != nil {
		s.addresses.leave(c.addr, false)
		return
	}
	s.start(conn, c, r)
}

// admit decides on a newcomer, and counts it if it may come in.
func (s *Server) admit(r *http.Request, c client) (code int, reason, text string) {
	if err := s.checkOrigin(r, c); err != nil {
		return http.StatusForbidden, "origin", err.Error()
	}
	switch limit := s.addresses.enter(c.addr); limit {
	case "":
		return 0, "", ""
	case "sockets":
		s.limited(limit)
		return http.StatusServiceUnavailable, limit, "too many browsers; limits.sockets"
	default:
		s.limited(limit)
		return http.StatusTooManyRequests, limit, "too many WebSockets of this address; limits." + limit
	}
}

func (s *Server) checkOrigin(r *http.Request, c client) error {
	if s.listener(r).AnyOrigin && (s.origins.wide || onLoopback(r)) {
		return nil
	}
	return s.origins.check(r, c)
}

// start begins a session. Once it returns, so does net/http's handler, whose goroutine and
// buffers are then free.
func (s *Server) start(conn *websocket.Conn, c client, r *http.Request) {
	session := &Session{server: s, conn: conn, addr: c.addr, dialect: s.listener(r).Dialect}
	conn.SetReadLimit(int64(s.limits.MessageBytes))
	conn.SetPingHandler(session.onPing)
	conn.SetPongHandler(session.onPong)
	wait := s.cfg.LoginTimeout
	if wait <= 0 {
		wait = time.Minute
		if onLoopback(r) && !c.proxied {
			wait = 10 * time.Minute
		}
	}
	conn.SetReadDeadline(time.Now().Add(wait))
	s.metrics.total.Inc()
	s.metrics.sessions[0].Inc()
	if !s.wheel.add(session) {
		conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseServiceRestart, "restart"), time.Now().Add(time.Second))
		conn.Close()
		s.forget(session)
		return
	}
	s.cfg.Log.Debug("browser connected", "addr", session.Addr())
	go session.read()
}

// remove forgets a session whose reader ends.
func (s *Server) remove(session *Session) {
	code := s.forget(session)
	s.cfg.Log.Debug("browser gone", "addr", session.Addr(), "code", code)
	s.wheel.remove(session)
}

// forget takes a session out of all counts and returns the code it ended with.
func (s *Server) forget(session *Session) int {
	session.mu.Lock()
	auth, code := session.auth, session.code
	session.mu.Unlock()
	s.addresses.leave(session.addr, auth)
	if auth {
		s.metrics.sessions[1].Dec()
	} else {
		s.metrics.sessions[0].Dec()
	}
	s.metrics.closed(code)
	return code
}

// fill adds to a login what the bridge does not know.
func (s *Server) fill(l Login) *Login {
	if l.Ping == 0 {
		l.Ping = int((s.cfg.PingInterval + time.Second - 1) / time.Second)
	}
	if l.Max == 0 {
		l.Max = s.limits.MessageBytes
	}
	return &l
}

func (s *Server) limited(limit string) { s.metrics.limited.WithLabelValues(limit).Inc() }

// refuse answers an upgrade that may not be.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, c client, code int, reason, text string) {
	s.refused(c, reason, text)
	switch code {
	case http.StatusUpgradeRequired:
		w.Header().Set("Upgrade", "websocket")
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		w.Header().Set("Retry-After", "10")
	}
	http.Error(w, text, code)
}

// refused counts somebody who may not come in, and logs him unless there are too many.
func (s *Server) refused(c client, reason, text string) {
	s.metrics.refused.WithLabelValues(reason).Inc()
	s.seldom.Do(func() {
		s.cfg.Log.Warn("browser refused", "addr", c.addr.String(), "reason", reason, "err", text)
	})
}

func (s *Server) handshakeError(w http.ResponseWriter, r *http.Request, code int, err error) {
	w.Header().Set("Sec-WebSocket-Version", "13")
	s.refuse(w, r, s.proxies.client(r), code, "handshake", err.Error())
}
