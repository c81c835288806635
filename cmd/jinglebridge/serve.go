package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"github.com/jinglebridge/jinglebridge/bridge"
	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/internal/store"
	"github.com/jinglebridge/jinglebridge/jingle"
	"github.com/jinglebridge/jinglebridge/web"
)

// stopTime is how long a clean stop may take: the component alone may need five seconds
// to send what waits.
const stopTime = 10 * time.Second

// drainTime is how much of it the servers of accounts have.
const drainTime = 3 * time.Second

// parts are the rooms, joined.
type parts struct {
	cfg *Config
	log *slog.Logger

	link   *component.Component
	held   *component.Accounts // nil without any
	bridge *bridge.Bridge
	web    *web.Server
	admin  *admin
	store  *store.Store // nil without one

	listener, adminListener net.Listener // the second is nil without [admin] address
	lecterns                []*lectern
	tls                     *tls.Config // nil without [listen.tls]
	stopping                chan struct{}
}

// garbage is how much of it may gather before it is collected, in percent of what is in use. Most of
// that belongs to people who are only there: collecting it more often than usual is cheap.
const garbage = 30

// serve builds the parts, runs them until ctx or one of them ends, and stops the others.
func serve(ctx context.Context, c *Config, log *slog.Logger) error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
	}
	p, err := assemble(ctx, c, log)
	if err != nil {
		return err
	}
	p.announce()
	return p.run(ctx)
}

func assemble(ctx context.Context, c *Config, log *slog.Logger) (*parts, error) {
	p := &parts{cfg: c, log: log, stopping: make(chan struct{})}
	registry := newRegistry()
	x, w, b := c.XMPP, c.Web, c.Bridge
	x.Name, x.Version, x.Namespaces = "jinglebridge", version, []string{jingle.NS}
	b.Domain = x.Domain
	x.Address = func(name string) (string, error) {
		local, err := bridge.FoldName(name)
		return local + "@" + x.Domain, err
	}
	x.Log, w.Log, b.Log = log, log, log
	x.Metrics, w.Metrics, b.Metrics = registry, registry, registry
	var err error
	if p.link, err = component.New(x); err != nil {
		return nil, err
	}
	if c.proves() {
		if b.Auth, err = newAuth(c, log); err != nil {
			return nil, fmt.Errorf("auth: %w", err)
		}
	}
	if p.held, err = withAccounts(&b, c, registry, log); err != nil {
		return nil, err
	}
	if p.store, err = openStore(ctx, c.Store, &b, registry, log); err != nil {
		return nil, err
	}
	p.bridge = bridge.New(b, p.link)
	w.Handler, w.Visits = p.bridge, c.visits()
	p.admin = &admin{link: p.link.Up, twin: p.link.Twin, store: p.writable, now: time.Now, stopping: p.stopping, registry: registry}
	if p.web, err = web.New(w); err == nil {
		err = p.listen()
	}
	if err != nil {
		p.closeStore()
		return nil, err
	}
	return p, nil
}

// listen opens the sockets, so that READY means that browsers can come.
func (p *parts) listen() error {
	ln, err := net.Listen("tcp", p.cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen.address: %w", err)
	}
	p.listener = ln
	if p.cfg.Cert != "" {
		pair, err := newKeyPair(p.cfg.Cert, p.cfg.Key, p.log)
		if err != nil {
			p.closeListeners()
			return fmt.Errorf("listen.tls: %w", err)
		}
		p.tls = pair.config()
		p.listener = tls.NewListener(ln, p.tls)
	}
	if p.cfg.Admin != "" {
		if p.adminListener, err = net.Listen("tcp", p.cfg.Admin); err != nil {
			p.closeListeners()
			return fmt.Errorf("admin.address: %w", err)
		}
	}
	return p.openTutorials()
}

// closeListeners gives up what was opened, when not all could be.
func (p *parts) closeListeners() {
	p.listener.Close()
	if p.adminListener != nil {
		p.adminListener.Close()
	}
	for _, at := range p.lecterns {
		at.listener.Close()
	}
}

// writable says why the store keeps nothing just now.
func (p *parts) writable() error {
	if p.store == nil {
		return nil
	}
	return p.store.Writable()
}

func (p *parts) closeStore() {
	if p.store == nil {
		return
	}
	if err := p.store.Close(); err != nil {
		p.log.Error("store not closed well", "err", err)
	}
}

// announce says in one line where we listen and what we attach to.
func (p *parts) announce() {
	scheme := "http"
	if p.cfg.Cert != "" {
		scheme = "https"
	}
	args := []any{"page", scheme + "://" + p.listener.Addr().String() + "/", "domain", p.cfg.XMPP.Domain, "server", p.cfg.XMPP.Server, "version", version}
	if p.adminListener != nil {
		args = append(args, "admin", "http://"+p.adminListener.Addr().String()+"/")
	}
	p.log.Info("listening", args...)
	if p.cfg.XMPP.Insecure {
		p.log.Warn("xmpp.insecure_plaintext is set: who can read the network can attach as us", "server", p.cfg.XMPP.Server)
	}
	if p.adminListener != nil && !loopback(p.cfg.Admin) {
		p.log.Warn("metrics can be read from other machines", "address", p.cfg.Admin)
	}
	p.notify(daemon.SdNotifyReady + "\nSTATUS=attaching to " + p.cfg.XMPP.Server)
}

// notify tells systemd, if it started us and asked to be told.
func (p *parts) notify(state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		p.log.Warn("systemd cannot be told", "err", err)
	}
}

// run ends when ctx does, which is the ordinary way, or with the first part that fails.
func (p *parts) run(ctx context.Context) error {
	link, loop, web, admin := newTask("component"), newTask("bridge"), newTask("web"), newTask("admin")
	failed := make(chan error, 5) // room for each, so that none waits
	link.start(failed, func(ctx context.Context) error { return p.link.Run(ctx, p.bridge) })
	loop.start(failed, p.bridge.Run)
	web.start(failed, func(ctx context.Context) error { return p.web.Serve(ctx, p.listener) })
	tutorials := newTask("tutorial")
	tutorials.start(failed, p.serveTutorials)
	if p.adminListener != nil {
		admin.start(failed, func(ctx context.Context) error { return p.admin.serve(ctx, p.adminListener, p.log) })
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	p.log.Info("stopping")
	p.notify(daemon.SdNotifyStopping)
	close(p.stopping)

	// Nobody new comes in; calls end and `unavailable` goes out while the link is still
	// up; browsers hear 1012; what waits for the server is sent; then the loop may end.
	limit, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	web.stop(limit)
	tutorials.stop(limit)
	p.bridge.Shutdown(limit)
	p.dismiss(limit)
	p.web.Shutdown(limit)
	p.drain(limit)
	link.stop(limit)
	loop.stop(limit)
	admin.stop(limit)
	p.closeStore()
	if limit.Err() != nil {
		p.log.Warn("stopped before everything was said", "limit", stopTime)
	} else {
		p.log.Info("stopped")
	}
	return err
}

// drain lets the accounts say what they have to: that their calls end, and that they go. One
// server that does not listen keeps nobody here for long.
func (p *parts) drain(ctx context.Context) {
	if p.held == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, drainTime)
	defer cancel()
	p.held.Drain(ctx)
}

// task is a goroutine that ends when it is told to.
type task struct {
	name   string
	ctx    context.Context
	cancel context.CancelFunc
	ended  chan struct{} // nil when it was never started
}

func newTask(name string) *task {
	ctx, cancel := context.WithCancel(context.Background())
	return &task{name: name, ctx: ctx, cancel: cancel}
}

var errEnded = errors.New("it ended by itself")

// start runs f; if it ends before stop, failed hears of it. f ends with its context.
func (t *task) start(failed chan<- error, f func(context.Context) error) {
	t.ended = make(chan struct{})
	go func() {
		defer close(t.ended)
		err := f(t.ctx)
		if t.ctx.Err() == nil {
			if err == nil {
				err = errEnded
			}
			failed <- fmt.Errorf("%s: %w", t.name, err)
		}
	}()
}

// stop waits until f has ended, or for ctx.
func (t *task) stop(ctx context.Context) {
	t.cancel()
	if t.ended == nil {
		return
	}
	select {
	case <-t.ended:
	case <-ctx.Done():
	}
}
