// Package component is a link to an XMPP server: that of a component (XEP-0114), and
// those of accounts that log in as clients do (RFC 6120). It knows XMPP and nothing of
// browsers, calls or SDP.
//
// mellium.im/xmpp makes the component's handshake; then the stream is read and written
// here, by the stanza: nothing that a stranger sends ends the link.
package component

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"mellium.im/xmpp/jid"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

// NS is the namespace of stanzas on a component stream (XEP-0114 §3).
const NS = "jabber:component:accept"

// Config says where to attach and as whom. Zero limits take the defaults.
type Config struct {
	Domain   string // the component's JID
	Server   string // tcp://host:port, tls://host:port or unix:///path
	Secret   string
	Insecure bool // allow plain TCP beyond loopback, and short secrets

	Name, Version string              // what XEP-0092 answers
	Contacts      map[string][]string // XEP-0157, e.g. "abuse": {"mailto:…"}
	// Address makes the JID of a name that a person types (XEP-0100); nil: nobody is asked.
	Address    func(name string) (string, error)
	Namespaces []string // payloads of IQ get and set that the Handler answers; all others are answered here
	Limits     Limits

	Log     *slog.Logger
	Metrics prometheus.Registerer // nil: counted, not registered
}

// Handler takes what arrives; bridge.Bridge is the real one. Both methods are called
// from one goroutine in the order of the stream, and may block: the server then waits.
type Handler interface {
	// HandleStanza takes every message and presence, and each IQ get or set whose
	// payload is in Config.Namespaces; such an IQ must be answered exactly once.
	HandleStanza(*Stanza)
	// HandleLink says that the link came up, or went down; each is said once in turn.
	HandleLink(up bool)
}

// Stanza is one IQ, message or presence. From and To are as the server gave them,
// which is not always what package jid accepts; compare them as opaque strings. To is
// in our domain, written as Config.Domain is. Stanzas and what is in them share
// memory: clone a string that is to be kept.
type Stanza struct {
	element.Element        // its Name is "iq", "message" or "presence"
	Type            string // as written; "" for presence that says available
	ID, From, To    string
	Size            int // bytes; a string that is kept of a stanza keeps all of it
}

// Errors of Send and SendIQ.
var (
	ErrDown    = errors.New("the link to the XMPP server is down")
	ErrFull    = errors.New("too much is waiting to be sent to the XMPP server")
	ErrTooBig  = errors.New("the stanza is bigger than servers accept")
	ErrTimeout = errors.New("no answer in time")
)

// Component is the link. Make it with New, run it with Run.
type Component struct {
	stream
	cfg     Config // limits with their defaults; set by New, as all up to self
	addr    jid.JID
	domain  string // addr, as a string
	server  endpoint
	timing  timing
	connect func(context.Context) (net.Conn, error)
	roots   *x509.CertPool // nil: the system's

	domainInfo, accountInfo info

	self *selfPing

	mu     sync.Mutex
	proven time.Time
	twin   time.Time // when a twin was last seen
}

// timing is what tests shorten.
type timing struct {
	handshake time.Duration // for the server to let us in
	ping      time.Duration // between two pings to ourselves
	pingWait  time.Duration // for one to come back
	flush     time.Duration // to send what waits at the end
	retry     func(r *retries, reason string, up time.Duration) time.Duration
}

// A ping every 8 s, looked at every 8 s, that may take 31 s: a dead link is found
// within 40 s, and a server that is stopped for 30 s is not taken for dead.
var usualTiming = timing{
	handshake: 15 * time.Second, ping: 8 * time.Second, pingWait: 31 * time.Second, flush: 5 * time.Second,
	retry: (*retries).after,
}

// New checks the configuration and makes a Component that is not attached yet.
func New(cfg Config) (*Component, error) {
	addr, err := checkDomain(cfg.Domain)
	if err != nil {
		return nil, err
	}
	server, err := parseEndpoint(cfg.Server)
	if err != nil {
		return nil, fmt.Errorf("xmpp.server %w", err)
	}
	if err := checkSecurity(cfg, server); err != nil {
		return nil, err
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Name == "" {
		cfg.Name = "jinglebridge"
	}
	cfg.Limits = cfg.Limits.WithDefaults()
	c := &Component{
		cfg: cfg, addr: addr, domain: addr.String(), server: server, timing: usualTiming,
		domainInfo: domainInfo(cfg), accountInfo: accountInfo(), self: newSelfPing(),
	}
	manners := newManners(cfg.Name, cfg.Version, cfg.Namespaces, userInfo(cfg.Name), cfg.Limits, cfg.Log)
	c.stream = newStream(manners, c, newRemotes(cfg.Limits, c.domain))
	c.connect = func(ctx context.Context) (net.Conn, error) { return c.server.dial(ctx, cfg.Insecure, c.roots) }
	c.metrics, err = newMetrics(cfg.Metrics, "xmpp", c.out.length)
	return c, err
}

// Up says whether the link is attached, and when it was last proven by an answered ping.
func (c *Component) Up() (up bool, proven time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.out.up(), c.proven
}
