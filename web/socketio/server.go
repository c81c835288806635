package socketio

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"fmt"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

//go:embed socket.io.js
var script string

// Server takes Socket.IO clients in. It is an http.Handler for /socket.io/ and what is below.
type Server struct {
	cfg      Config
	upgrader websocket.Upgrader
	scratch  sync.Pool // of *scratch
	etag     string    // of the script

	mu      sync.Mutex
	sockets map[string]*Socket // by sid
	closed  bool               // no newcomers
	clients sync.WaitGroup     // whose Closed has not returned
}

// New makes a Server.
func New(cfg Config) *Server {
	s := &Server{cfg: cfg.withDefaults(), sockets: make(map[string]*Socket), etag: fmt.Sprintf(`"%.12x"`, sha256.Sum256([]byte(script)))}
	s.scratch.New = func() any { return new(scratch) }
	// Compression is never negotiated: a read limit would count compressed bytes.
	s.upgrader = websocket.Upgrader{
		HandshakeTimeout: s.cfg.WriteTimeout,
		ReadBufferSize:   1_024, // what it holds longest is a header: big messages pass it by
		WriteBufferPool:  new(sync.Pool),
		CheckOrigin:      func(*http.Request) bool { return true }, // ServeHTTP has checked
		Error:            func(w http.ResponseWriter, _ *http.Request, _ int, _ error) { badRequest(w) },
	}
	return s
}

// Shutdown lets nobody in any more, sends every client what is queued for it, and closes so
// that it comes back. It returns when all have gone; when ctx ends before, it hangs up. Who has
// no poll here can fetch the end only while requests are served, and is not waited for long.
func (s *Server) Shutdown(ctx context.Context) {
	s.mu.Lock()
	s.closed = true
	all := slices.Collect(maps.Values(s.sockets))
	s.mu.Unlock()
	for _, socket := range all {
		socket.restart()
	}
	gone := make(chan struct{})
	go func() { // ends with the last session
		s.clients.Wait()
		close(gone)
	}()
	select {
	case <-gone:
	case <-ctx.Done():
		for _, socket := range all {
			socket.end("shutdown")
		}
	}
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch path.Base(r.URL.Path) {
	case "socket.io.js", "socket.io.min.js":
		s.serveScript(w, r)
		return
	}
	if err := s.cfg.CheckOrigin(r); err != nil {
		refuse(w, http.StatusForbidden, 4, err.Error())
		return
	}
	allowOrigin(w.Header(), r)
	switch r.Method {
	case http.MethodOptions:
		w.WriteHeader(http.StatusNoContent)
	case http.MethodGet, http.MethodPost:
		s.serve(w, r)
	default:
		badRequest(w)
	}
}

// serve takes a request to the session that it is of.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	eio, transport, sid := query.Get("EIO"), query.Get("transport"), query.Get("sid")
	s.mu.Lock()
	socket := s.sockets[sid]
	s.mu.Unlock()
	switch get, ws := r.Method == http.MethodGet, websocket.IsWebSocketUpgrade(r); {
	case eio != "3" && eio != "4", query.Has("j"), // JSONP
		transport != "polling" && transport != "websocket", ws != (transport == "websocket"):
		badRequest(w)
	case sid == "" && get:
		s.open(w, r, int(eio[0]-'0'), ws)
	case sid == "":
		badRequest(w)
	case socket == nil:
		refuse(w, http.StatusBadRequest, 1, "Session ID unknown")
	case eio != fmt.Sprint(socket.version):
		badRequest(w)
	case ws:
		socket.upgrade(w, r)
	case !socket.polls():
		badRequest(w)
	case get:
		socket.get(w)
	default:
		socket.post(w, r)
	}
}

// open begins a session.
func (s *Server) open(w http.ResponseWriter, r *http.Request, version int, ws bool) {
	client, ok := s.cfg.Accept(w, r)
	if !ok {
		return
	}
	socket := s.add(version, client)
	if socket == nil {
		refuse(w, http.StatusServiceUnavailable, 4, "Shutting down")
		client.Closed()
		return
	}
	if !ws {
		socket.begin(`["websocket"]`)
		socket.get(w)
	} else if conn := socket.handshake(w, r); conn == nil || !socket.adopt(conn) {
		socket.end("no WebSocket")
		if conn != nil {
			conn.Close()
		}
	} else {
		socket.begin("[]")
		// net/http's handler returns, and its goroutine and buffers are free.
		go socket.read(conn)
	}
}

// add makes a session, unless the server is shutting down.
func (s *Server) add(version int, client Client) *Socket {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	socket := newSocket(s, version, client)
	s.sockets[socket.sid] = socket
	s.clients.Add(1)
	return socket
}

func (s *Server) remove(socket *Socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sockets, socket.sid)
}

// refuse answers in the form of Engine.IO's own server, with its codes: 1 is an unknown
// session, 3 a bad request, 4 one that is forbidden.
func refuse(w http.ResponseWriter, status, code int, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"code":%d,"message":%s}`, code, quote(text))
}

func badRequest(w http.ResponseWriter) { refuse(w, http.StatusBadRequest, 3, "Bad request") }

// allowOrigin lets a page ask, and read the answer (Fetch standard, "CORS protocol"). Clients
// of 2.x send credentials, so "*" would not do.
func allowOrigin(header http.Header, r *http.Request) {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return
	}
	header.Set("Access-Control-Allow-Origin", origin)
	header.Set("Access-Control-Allow-Credentials", "true")
	header.Add("Vary", "Origin")
	if r.Method == http.MethodOptions {
		header.Set("Access-Control-Allow-Headers", "Content-Type")
	}
}

// serveScript serves the client script to any page: it is public, and loads no secret.
func (s *Server) serveScript(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", "text/javascript; charset=utf-8")
	header.Set("Cache-Control", "no-cache")
	header.Set("ETag", s.etag)
	header.Set("Cross-Origin-Resource-Policy", "cross-origin")
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(script))
}
