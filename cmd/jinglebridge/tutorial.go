package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"

	"github.com/jinglebridge/jinglebridge/web"
	"github.com/jinglebridge/jinglebridge/web/socketio"
	"github.com/jinglebridge/jinglebridge/web/tutorial"
)

// listeners are the places where pages of tutorials are served, by key.
func (t *Tutorial) listeners() []*lectern {
	return []*lectern{
		{key: "tutorial.learning_webrtc", address: t.LearningWebRTC, dialect: web.UnrecognizedCommand},
		{key: "tutorial.tutorialspoint", address: t.Tutorialspoint, dialect: web.CommandNotFound},
		{key: "tutorial.brave", address: t.Brave, socketIO: tutorial.NewBrave},
		{key: "tutorial.codelab", address: t.Codelab, socketIO: tutorial.NewCodelab, files: t.CodelabFiles},
	}
}

// lectern is one address for the pages of one tutorial.
type lectern struct {
	key, address string
	dialect      web.Dialect // of plain WebSockets
	socketIO     func(tutorial.Config) (*tutorial.Server, error)
	files        string

	listener net.Listener
	server   *tutorial.Server // nil for plain WebSockets
}

// openTutorials opens the sockets of the tutorials that are asked for.
func (p *parts) openTutorials() error {
	for _, at := range p.cfg.Tutorial.listeners() {
		if at.address == "" {
			continue
		}
		var err error
		if at.socketIO != nil {
			w := p.cfg.Web
			at.server, err = at.socketIO(tutorial.Config{Web: p.web, Files: at.files, IP: p.cfg.Tutorial.IP, Log: p.log, SocketIO: socketio.Config{
				PingInterval: w.PingInterval, WriteTimeout: w.WriteTimeout,
				MaxPayload: w.Limits.MessageBytes, QueueMessages: w.Limits.QueueMessages, QueueBytes: w.Limits.QueueBytes,
			}})
		}
		if err == nil {
			at.listener, err = net.Listen("tcp", at.address)
		}
		if err != nil {
			p.closeListeners()
			return fmt.Errorf("%s: %w", at.key, err)
		}
		if p.tls != nil && !loopback(at.address) {
			at.listener = tls.NewListener(at.listener, p.tls)
		}
		p.lecterns = append(p.lecterns, at)
		p.log.Info("listening for tutorial pages", "key", at.key, "address", at.listener.Addr().String())
	}
	return nil
}

// serve ends when ctx does. On loopback pages of any origin may come, from files as well.
func (at *lectern) serve(ctx context.Context, p *parts) error {
	l := web.Listener{Dialect: at.dialect, AnyOrigin: loopback(at.address) && !p.cfg.Web.BehindProxy}
	if at.server != nil {
		l.Handler = http.Handler(at.server)
	}
	return p.web.ServeAs(ctx, at.listener, l)
}

// dismiss sends the pages of all tutorials away at once: each may be waited for.
func (p *parts) dismiss(ctx context.Context) {
	var all sync.WaitGroup
	for _, at := range p.lecterns {
		if at.server != nil {
			all.Go(func() { at.server.Shutdown(ctx) })
		}
	}
	all.Wait()
}

// serveTutorials ends when ctx does, or with the first listener that fails.
func (p *parts) serveTutorials(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, len(p.lecterns))
	for _, at := range p.lecterns {
		go func() { ended <- at.serve(ctx, p) }()
	}
	var err error
	for range p.lecterns {
		if err = errors.Join(err, <-ended); err != nil {
			stop()
		}
	}
	if err == nil {
		<-ctx.Done() // there may be none
	}
	return err
}
