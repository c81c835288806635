package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/time/rate"
)

// Server takes browsers in: WebSockets on / and /ws, the page everywhere else.
type Server struct {
	cfg       Config
	limits    Limits
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
	cfg = cfg.WithDefaults()
	s := &Server{
		cfg: cfg, limits: cfg.Limits, handler: cfg.Handler,
		addresses: newAddresses(cfg.Limits),
		servers:   make(map[*http.Server]struct{}),
		seldom:    rate.Sometimes{First: 20, Interval: time.Second},
	}
	s.wheel = newWheel(cfg.PingInterval, cfg.PongTimeout, s.addresses.sweep)
	s.buffers.New = func() any { b := make([]byte, 0, 2_048); return &b }
	// Compression is never negotiated: a read limit would count compressed bytes.
	s.upgrader = websocket.Upgrader{
		HandshakeTimeout: cfg.WriteTimeout,
		ReadBufferSize:   512, // what it holds longest is a header: big messages pass it by
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
	if s.pages, err = newPages(cfg.Page, cfg.Visits); err != nil {
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
	return s.ServeAs(ctx, ln, Listener{})
}

// Listener says what one listening socket serves. The zero value is the page and its WebSockets.
type Listener struct {
	Dialect   Dialect      // of WebSockets here; empty: the Server's
	Handler   http.Handler // instead of the page and its WebSockets; it asks Admit who may come in
	AnyOrigin bool         // pages of any origin may come; on loopback only, unless Config.AnyOrigin
}

// ServeAs is Serve for a listener that is not like the others.
func (s *Server) ServeAs(ctx context.Context, ln net.Listener, as Listener) error {
	if (s.origins.any || as.AnyOrigin) && !s.origins.wide && !isLoopback(ln.Addr()) {
		ln.Close()
		return fmt.Errorf(`listen.origins: "*" lets every web page in; on %s, which is not loopback, say listen.any_origin = true as well`, ln.Addr())
	}
	as.Dialect = cmp.Or(as.Dialect, s.cfg.Dialect)
	handler := http.Handler(s)
	if as.Handler != nil {
		handler = as.Handler
	}
	hs := &http.Server{
		Handler:           handler,
		BaseContext:       func(net.Listener) context.Context { return context.WithValue(context.Background(), listenerKey{}, &as) },
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

type listenerKey struct{}

// listener is the one that a request came in by.
func (s *Server) listener(r *http.Request) Listener {
	if l, ok := r.Context().Value(listenerKey{}).(*Listener); ok {
		return *l
	}
	return Listener{Dialect: s.cfg.Dialect} // not by Serve
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
