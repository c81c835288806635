package socketio

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
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
	sessions *sessions
	upgrader websocket.Upgrader
	scratch  sync.Pool // of *scratch
	etag     string    // of the script
}

// New makes a Server.
func New(cfg Config) *Server {
	sum := sha256.Sum256([]byte(script))
	s := &Server{cfg: cfg.withDefaults(), etag: `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`}
	s.sessions = newSessions(s.cfg)
	s.scratch.New = newScratch
	// Compression is never negotiated: a read limit would count compressed bytes.
	s.upgrader = websocket.Upgrader{
		HandshakeTimeout: s.cfg.WriteTimeout,
		ReadBufferSize:   1_024, // what it holds longest is a header: big messages pass it by
		WriteBufferPool:  new(sync.Pool),
		CheckOrigin:      func(*http.Request) bool { return true }, // ServeHTTP has checked
		Error:            func(w http.ResponseWriter, _ *http.Request, _ int, _ error) { refuse(w, badRequest) },
	}
	return s
}

// Shutdown lets nobody in any more, sends every client what is queued for it, and closes so
// that it comes back. It returns when all have gone; when ctx ends before, it hangs up.
// Requests must still be served meanwhile, as who polls has yet to fetch the end.
func (s *Server) Shutdown(ctx context.Context) {
	all := s.sessions.close()
	for _, socket := range all {
		socket.restart()
	}
	select {
	case <-s.sessions.empty:
		return
	case <-time.After(lastPoll):
	case <-ctx.Done():
	}
	for _, socket := range all {
		socket.unheard()
	}
	select {
	case <-s.sessions.empty:
		return
	case <-ctx.Done():
	}
	for _, socket := range all {
		socket.end("shutdown")
	}
}

// lastPoll is how long a client that is not polling may take to come for its last packet. By
// then the listener is mostly closed, and it cannot.
const lastPoll = time.Second

// refusal is an HTTP error in the words of Engine.IO's own server, as far as it has them.
type refusal struct {
	status  int
	code    int
	message string
}

var (
	unknownTransport = refusal{http.StatusBadRequest, 0, "Transport unknown"}
	unknownSession   = refusal{http.StatusBadRequest, 1, "Session ID unknown"}
	badMethod        = refusal{http.StatusBadRequest, 2, "Bad handshake method"}
	badRequest       = refusal{http.StatusBadRequest, 3, "Bad request"}
	tooSlow          = refusal{http.StatusRequestTimeout, 3, "Request body too slow"}
	tooLarge         = refusal{http.StatusRequestEntityTooLarge, 3, "Request body too large"}
	badVersion       = refusal{http.StatusBadRequest, 5, "Unsupported protocol version"}
	shuttingDown     = refusal{http.StatusServiceUnavailable, 4, "Shutting down"}
)

func forbidden(err error) refusal { return refusal{http.StatusForbidden, 4, err.Error()} }

func refuse(w http.ResponseWriter, r refusal) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(r.status)
	w.Write(append(appendString(fmt.Appendf(nil, `{"code":%d,"message":`, r.code), r.message), '}'))
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if name := strings.TrimPrefix(r.URL.Path, "/socket.io/"); name == "socket.io.js" || name == "socket.io.min.js" {
		s.serveScript(w, r)
		return
	}
	if err := s.cfg.CheckOrigin(r); err != nil {
		refuse(w, forbidden(err))
		return
	}
	allowOrigin(w.Header(), r.Header.Get("Origin"))
	if r.Method == http.MethodOptions {
		preflight(w)
		return
	}
	query := r.URL.Query()
	socket, err := s.find(r, query)
	switch {
	case err != nil:
		refuse(w, *err)
	case socket == nil:
		s.open(w, r, query)
	case websocket.IsWebSocketUpgrade(r):
		socket.upgrade(w, r)
	case r.Method == http.MethodGet:
		socket.get(w, r)
	default:
		socket.post(w, r)
	}
}

// find checks a request in the order of the original and returns the session it is of, nil
// when it asks for a new one.
func (s *Server) find(r *http.Request, query url.Values) (*Socket, *refusal) {
	transport := query.Get("transport")
	if transport != "polling" && transport != "websocket" || query.Has("j") { // JSONP
		return nil, &unknownTransport
	}
	misfit := (transport == "websocket") != websocket.IsWebSocketUpgrade(r)
	sid := query.Get("sid")
	if sid == "" {
		switch {
		case r.Method != http.MethodGet:
			return nil, &badMethod
		case misfit:
			return nil, &badRequest
		case version(query) == 0:
			return nil, &badVersion
		}
		return nil, nil
	}
	socket := s.sessions.get(sid)
	switch {
	case socket == nil:
		return nil, &unknownSession
	case misfit, socket.version != version(query), r.Method != http.MethodGet && r.Method != http.MethodPost:
		return nil, &badRequest
	}
	return socket, nil
}

// version is Engine.IO's, 0 when we do not speak it.
func version(query url.Values) int8 {
	switch query.Get("EIO") {
	case "3":
		return 3
	case "4":
		return 4
	}
	return 0
}

// open begins a session.
func (s *Server) open(w http.ResponseWriter, r *http.Request, query url.Values) {
	client, ok := s.cfg.Accept(w, r)
	if !ok {
		return
	}
	socket := newSocket(s, version(query), client)
	if !s.sessions.add(socket) {
		refuse(w, shuttingDown)
		client.Closed()
		return
	}
	if query.Get("transport") == "websocket" {
		socket.websocket(w, r)
		return
	}
	socket.send(socket.hello(`["websocket"]`))
	if socket.version == 3 && socket.enter() {
		socket.connect() // Engine.IO 4 waits to be asked
		socket.exit()
	}
	socket.get(w, r)
}

// hello is the first packet of a session, with the transports it may be moved to as JSON.
func (s *Socket) hello(upgrades string) []byte {
	cfg := &s.server.cfg
	b := fmt.Appendf(nil, `%c{"sid":"%s","upgrades":%s,"pingInterval":%d,"pingTimeout":%d`, engineOpen,
		s.sid, upgrades, cfg.PingInterval.Milliseconds(), cfg.PingTimeout.Milliseconds())
	if s.version == 4 {
		b = fmt.Appendf(b, `,"maxPayload":%d`, cfg.MaxPayload)
	}
	return append(b, '}')
}

func (s *Server) upgrade(w http.ResponseWriter, r *http.Request) (*websocket.Conn, error) {
	conn, err := s.upgrader.Upgrade(w, r, nil)
	if err == nil {
		conn.SetReadLimit(int64(s.cfg.MaxPayload))
	}
	return conn, err
}

// allowOrigin lets a page read the answer (Fetch standard, "CORS protocol"). Clients of 2.x
// send credentials, so "*" would not do.
func allowOrigin(header http.Header, origin string) {
	if origin == "" {
		return
	}
	header.Set("Access-Control-Allow-Origin", origin)
	header.Set("Access-Control-Allow-Credentials", "true")
	header.Add("Vary", "Origin")
}

func preflight(w http.ResponseWriter) {
	w.Header().Set("Access-Control-Allow-Methods", "GET, POST")
	w.Header().Set("Access-Control-Allow-Headers", "Content-Type")
	w.Header().Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
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
