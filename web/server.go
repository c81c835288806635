package web

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"github.com/jinglebridge/jinglebridge/web/page"
)

// Dialect is the text of the error that old clients get for a message of unknown type. The
// two tutorials differ in it.
type Dialect string

// The dialects; the type or "undefined" follows after a colon.
const (
	UnrecognizedCommand Dialect = "Unrecognized command"
	CommandNotFound     Dialect = "Command not found"
)

// Config says who may connect and what is served. Zero durations and limits take the defaults.
type Config struct {
	Handler Handler

	Origins        []string // scheme://host[:port] of the pages that may connect, "null", "*"; empty: those we serve
	AnyOrigin      bool     // "*" holds for listeners beyond loopback, too
	BehindProxy    bool     // a reverse proxy is before us; X-Forwarded-… of TrustedProxies is believed
	TrustedProxies []string // addresses and networks; empty: loopback
	Dialect        Dialect  // UnrecognizedCommand when empty

	LoginTimeout  time.Duration // 60 s; on loopback 10 min, as tutorial pages connect first and ask for the name then
	HeaderTimeout time.Duration // 5 s for an HTTP request's header
	WriteTimeout  time.Duration // 5 s for a browser to take a message
	PingInterval  time.Duration // 25 s
	PongTimeout   time.Duration // 10 s; at most PingInterval
	Limits        Limits

	Page    fs.FS // the files to serve; nil: those of package page
	Log     *slog.Logger
	Metrics prometheus.Registerer // nil: counted, not registered
}

func (c Config) withDefaults() Config {
	for _, d := range []struct {
		time  *time.Duration
		value time.Duration
	}{
		{&c.HeaderTimeout, 5 * time.Second}, {&c.WriteTimeout, 5 * time.Second},
		{&c.PingInterval, 25 * time.Second}, {&c.PongTimeout, 10 * time.Second},
	} {
		if *d.time <= 0 {
			*d.time = d.value
		}
	}
	if c.Dialect == "" {
		c.Dialect = UnrecognizedCommand
	}
	if c.Page == nil {
		c.Page = page.Files
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	c.Limits = c.Limits.withDefaults()
	return c
}

// Server takes browsers in: WebSockets on / and /ws, the page everywhere else.
type Server struct {
	cfg       Config
	limits    Limits
	dialect   Dialect
	handler   Handler
	origins   origins
	proxies   proxies
	addresses *addresses
	metrics   *metrics
	pages     *pages
	wheel     *wheel
	upgrader  websocket.Upgrader
	buffers   sync.Pool // of *[]byte, for messages being read
	seldom    rate.Sometimes

	mu      sync.Mutex
	servers map[*http.Server]struct{} // of Serve
	stopped bool                      // Shutdown was called
}

// New makes a Server. The error names the key of the configuration that is wrong.
func New(cfg Config) (*Server, error) {
	cfg = cfg.withDefaults()
	s := &Server{
		cfg: cfg, limits: cfg.Limits, dialect: cfg.Dialect, handler: cfg.Handler,
		addresses: newAddresses(cfg.Limits),
		servers:   make(map[*http.Server]struct{}),
		seldom:    rate.Sometimes{First: 20, Interval: time.Second},
	}
	s.wheel = newWheel(cfg.PingInterval, cfg.PongTimeout, s.addresses.sweep)
	s.buffers.New = func() any { b := make([]byte, 0, 2_048); return &b }
	// Compression is never negotiated: a read limit would count compressed bytes.
	s.upgrader = websocket.Upgrader{
		HandshakeTimeout: cfg.WriteTimeout,
		ReadBufferSize:   1_024, // what it holds longest is a header: big messages pass it by
		WriteBufferPool:  new(sync.Pool),
		CheckOrigin:      func(*http.Request) bool { return true }, // admit has checked
		Error:            s.handshakeError,
	}
	if cfg.Handler == nil {
		return nil, errors.New("web: no Handler")
	}
	if cfg.Dialect != UnrecognizedCommand && cfg.Dialect != CommandNotFound {
		return nil, fmt.Errorf("listen.error_dialect: %q: want %q or %q", cfg.Dialect, UnrecognizedCommand, CommandNotFound)
	}
	var err error
	if s.origins, err = newOrigins(cfg.Origins, cfg.AnyOrigin); err != nil {
		return nil, err
	}
	if s.proxies, err = newProxies(cfg.BehindProxy, cfg.TrustedProxies); err != nil {
		return nil, err
	}
	if s.pages, err = newPages(cfg.Page); err != nil {
		return nil, err
	}
	if s.metrics, err = newMetrics(cfg.Metrics); err != nil {
		return nil, err
	}
	return s, nil
}

// Serve answers on a listener until ctx ends or Shutdown is called; then it returns nil, and
// sessions go on until Shutdown closes them. It may be called for several listeners.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	if s.origins.any && !s.origins.wide && !isLoopback(ln.Addr()) {
		ln.Close()
		return fmt.Errorf(`listen.origins: "*" lets every web page in; on %s, which is not loopback, say listen.any_origin = true as well`, ln.Addr())
	}
	hs := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: s.cfg.HeaderTimeout,
		ReadTimeout:       2 * s.cfg.HeaderTimeout,
		WriteTimeout:      30 * time.Second, // for a page over a slow link; WebSockets have their own
		IdleTimeout:       30 * time.Second,
		MaxHeaderBytes:    16 << 10,
		ConnState:         s.connState,
		ErrorLog:          slog.NewLogLogger(s.cfg.Log.Handler(), slog.LevelDebug),
	}
	if !s.serving(hs) {
		ln.Close()
		return nil
	}
	stop := context.AfterFunc(ctx, func() { hs.Close() })
	defer stop()
	err := hs.Serve(ln)
	s.mu.Lock()
	delete(s.servers, hs)
	s.mu.Unlock()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

func (s *Server) serving(hs *http.Server) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.stopped {
		s.servers[hs] = struct{}{}
	}
	return !s.stopped
}

// Shutdown lets nobody in any more, sends every browser what is queued for it, closes with
// 1012 and returns when all have gone. When ctx ends before, it hangs up.
func (s *Server) Shutdown(ctx context.Context) {
	s.mu.Lock()
	s.stopped = true
	for hs := range s.servers {
		hs.Close() // hijacked connections, which WebSockets are, are not its own
	}
	s.mu.Unlock()
	sessions := s.wheel.close()
	for _, session := range sessions {
		session.Close(websocket.CloseServiceRestart, "restart")
	}
	select {
	case <-s.wheel.empty:
		return
	case <-ctx.Done():
	}
	for _, session := range sessions {
		session.giveUp(websocket.CloseServiceRestart)
	}
}

// connState bounds how many HTTP connections one address keeps open without upgrading them.
// What a proxy opens is its own affair.
func (s *Server) connState(conn net.Conn, state http.ConnState) {
	addr, unix := peerAddr(conn.RemoteAddr().String())
	if unix || s.proxies.trust(addr) {
		return
	}
	switch state {
	case http.StateNew:
		if !s.addresses.request(addr, 1) {
			s.limited("requests_per_addr")
			conn.Close()
		}
	case http.StateHijacked, http.StateClosed:
		s.addresses.request(addr, -1)
	}
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	socket := r.URL.Path == "/ws" || r.URL.Path == "/" && websocket.IsWebSocketUpgrade(r)
	if !socket {
		s.pages.serve(w, r)
		return
	}
	c := s.proxies.client(r)
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

// admit decides on an upgrade, and counts the socket if it may come in.
func (s *Server) admit(r *http.Request, c client) (code int, reason, text string) {
	if !websocket.IsWebSocketUpgrade(r) || !r.ProtoAtLeast(1, 1) {
		return http.StatusUpgradeRequired, "handshake", "this is a WebSocket"
	}
	if err := s.origins.check(r, c); err != nil {
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

// start begins a session. Once it returns, so does net/http's handler, whose goroutine and
// buffers are then free.
func (s *Server) start(conn *websocket.Conn, c client, r *http.Request) {
	session := &Session{server: s, conn: conn, addr: c.addr}
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
	s.metrics.refused.WithLabelValues(reason).Inc()
	s.seldom.Do(func() {
		s.cfg.Log.Warn("browser refused", "addr", c.addr.String(), "reason", reason, "err", text)
	})
	switch code {
	case http.StatusUpgradeRequired:
		w.Header().Set("Upgrade", "websocket")
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		w.Header().Set("Retry-After", "10")
	}
	http.Error(w, text, code)
}

func (s *Server) handshakeError(w http.ResponseWriter, r *http.Request, code int, err error) {
	w.Header().Set("Sec-WebSocket-Version", "13")
	s.refuse(w, r, s.proxies.client(r), code, "handshake", err.Error())
}
