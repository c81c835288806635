// Package tutorial lets the pages of two Socket.IO tutorials call through the bridge: those
// of Google's WebRTC codelab (steps 04 to 06) and of "WebRTC for the Brave" (lesson 5). It
// puts their events into messages of docs/protocol.md, section 5, and back. It knows neither
// who else is in a room nor what a call is made of.
package tutorial

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/jinglebridge/jinglebridge/web"
	"github.com/jinglebridge/jinglebridge/web/socketio"
)

// Config says how a Server behaves. Web must be set.
type Config struct {
	Web   *web.Server // whose limits, origins and Handler are those of the pages, too
	Files string      // a directory that is served to everybody (codelab only); "" for none
	IP    string      // what a codelab page is told that asks for the server's address; "" as Server says

	SocketIO socketio.Config // its times and limits; Accept and CheckOrigin are set here
	Log      *slog.Logger
}

// Server is the http.Handler of one listener: Socket.IO below /socket.io/, files elsewhere.
//
// A codelab page that asks for the server's addresses is told Config.IP. Without it a page
// on this machine is told those of the network interfaces, and others nothing.
type Server struct {
	cfg      Config
	hello    string // what this port is for, to who looks for files
	files    *os.Root
	sockets  *socketio.Server
	dialect  func(*page) dialect
	pages    sync.Map // *page by the name it is logged in with
	messages sync.Pool
	newName  func() string
	networks func() ([]net.Addr, error)
}

// NewCodelab serves the pages of the codelab's steps 04, 05 and 06.
func NewCodelab(cfg Config) (*Server, error) {
	return newServer(cfg, newCodelab, "This port speaks Socket.IO as the server of the WebRTC codelab does, at /socket.io/. "+
		"Name a directory in the key tutorial.codelab_files, and its files are served here.")
}

// NewBrave serves the pages of "WebRTC for the Brave", lesson 5.
func NewBrave(cfg Config) (*Server, error) {
	if cfg.Files != "" {
		return nil, errors.New("tutorial.codelab_files: only the codelab's port has files")
	}
	return newServer(cfg, newBrave, `This port speaks Socket.IO as the server of "WebRTC for the Brave" does, at /socket.io/. `+
		"Its pages come from elsewhere: only the codelab's port has files, those of the key tutorial.codelab_files.")
}

func newServer(cfg Config, dialect func(*page) dialect, hello string) (*Server, error) {
	if cfg.Web == nil {
		return nil, errors.New("tutorial: no web.Server")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{cfg: cfg, hello: hello, dialect: dialect, newName: guestName, networks: net.InterfaceAddrs}
	s.messages.New = func() any { return new(message) }
	if cfg.Files != "" {
		root, err := os.OpenRoot(cfg.Files)
		if err != nil {
			return nil, fmt.Errorf("tutorial.codelab_files: %w", err)
		}
		s.files = root
	}
	sockets := cfg.SocketIO
	sockets.Accept = s.accept
	sockets.CheckOrigin = cfg.Web.CheckOrigin
	if sockets.Log == nil {
		sockets.Log = cfg.Log
	}
	s.sockets = socketio.New(sockets)
	return s, nil
}

// guestName is what a page is logged in as, for these tutorials have no names for people.
func guestName() string { return "guest" + strings.ToLower(rand.Text()[:8]) }

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/socket.io/") {
		s.sockets.ServeHTTP(w, r)
		return
	}
	s.serveFile(w, r)
}

// Shutdown sends the pages away, so that they come back, and returns when they have gone, or
// with ctx.
func (s *Server) Shutdown(ctx context.Context) {
	s.sockets.Shutdown(ctx)
	if s.files != nil {
		s.files.Close()
	}
}

func (s *Server) accept(w http.ResponseWriter, r *http.Request) (socketio.Client, bool) {
	guest, ok := s.cfg.Web.Admit(w, r)
	if !ok {
		return nil, false
	}
	return s.newPage(guest), true
}
