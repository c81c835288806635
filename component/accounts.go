package component

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"mellium.im/xmpp/jid"
)

// AccountsConfig says whose accounts may log in. Zero limits take the defaults.
type AccountsConfig struct {
	Domains []AccountDomain

	Name, Version string   // what XEP-0092 answers
	Namespaces    []string // payloads of IQ get and set that the Handler answers; all others are answered here
	Features      []string // what disco#info says beyond what every full JID of ours does
	Most          int      // sessions held at once: 5000
	MostOfOne     int      // of them, those of one account: 20
	Limits        Limits   // of each session; what may wait to be sent, and who is remembered, is less than a component's

	Log     *slog.Logger
	Metrics prometheus.Registerer // nil: counted, not registered
}

// AccountDomain is a domain whose accounts may log in.
type AccountDomain struct {
	Domain string
	// Server is host:port, tls://host:port (TLS at once, XEP-0368), unix:///path, or "" to
	// ask the domain's SRV records (RFC 6120 §3.2).
	Server string
	Roots  *x509.CertPool // who may certify the domain; nil: whom the system trusts
}

// Errors of Check and Login, and of an account's end.
var (
	// ErrCredentials: there is no such account, or it has another password.
	ErrCredentials = errors.New("wrong name or password")
	// ErrDomain: the domain is none of AccountsConfig.Domains.
	ErrDomain = errors.New("accounts of this domain cannot log in here")
	// ErrUpstream: its server could not be asked, or not safely.
	ErrUpstream = errors.New("the account's server cannot be asked")
	// ErrReplaced: the server gave the session's address to another one.
	ErrReplaced = errors.New("another session took this one's place")
)

const (
	loginsAtOnce  = 16 // in one domain; others wait: a server that comes back is not stormed
	hashesAtOnce  = 2  // each takes a core
	mostAccounts  = 5000
	mostOfOne     = 20
	maxPassword   = 1023      // bytes; more is no password anywhere
	accountBuffer = 512       // of a reader that waits
	accountQueue  = 512 << 10 // bytes that may wait to be sent
)

// Accounts logs in accounts of other servers. Its methods may be called by several
// goroutines at once.
type Accounts struct {
	*manners
	domains map[string]*accountDomain
	names   []string // of domains, in the order of the configuration
	most    int64
	held    atomic.Int64
	ofOne   int           // most of one account
	left    chan struct{} // one of those held has gone
	hashing chan struct{} // who hashes a password
	timing  accountTiming

	mu   sync.Mutex
	each map[string]int // sessions held, by bare JID
}

// accountTiming is what tests shorten.
type accountTiming struct {
	login    time.Duration // for all of a login
	look     time.Duration // between two looks whether the link lives
	idle     time.Duration // after which the server is asked
	pingWait time.Duration // for its answer
	flush    time.Duration // to send what waits at the end
	retry    func(r *retries, reason string, up time.Duration) time.Duration
}

var usualAccountTiming = accountTiming{
	login: 15 * time.Second, look: 10 * time.Second, idle: 30 * time.Second, pingWait: 31 * time.Second, flush: 5 * time.Second,
	retry: (*retries).after,
}

// NewAccounts checks the configuration. Nothing is connected to before somebody logs in.
func NewAccounts(cfg AccountsConfig) (*Accounts, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Name == "" {
		cfg.Name = "jinglebridge"
	}
	if cfg.Most <= 0 {
		cfg.Most = mostAccounts
	}
	if cfg.MostOfOne <= 0 {
		cfg.MostOfOne = mostOfOne
	}
	a := &Accounts{
		manners: newManners(cfg.Name, cfg.Version, cfg.Namespaces, clientInfo(cfg.Name, cfg.Features), accountLimits(cfg.Limits), cfg.Log),
		domains: map[string]*accountDomain{}, most: int64(cfg.Most), ofOne: cfg.MostOfOne, each: map[string]int{}, timing: usualAccountTiming,
		left: make(chan struct{}, 1), hashing: make(chan struct{}, hashesAtOnce),
	}
	for _, d := range cfg.Domains {
		domain, err := newAccountDomain(d)
		if err != nil {
			return nil, err
		}
		if a.domains[domain.name] != nil {
			return nil, fmt.Errorf("account.domain %q is there twice", d.Domain)
		}
		a.domains[domain.name] = domain
		a.names = append(a.names, domain.name)
	}
	var err error
	a.metrics, err = newMetrics(cfg.Metrics, "accounts", nil)
	return a, err
}

// accountLimits are a session's: one person sends less than a component.
func accountLimits(l Limits) Limits {
	for _, f := range []struct {
		field *int
		value int
	}{{&l.QueueBytes, accountQueue}, {&l.QueueStanzas, 2000}, {&l.OpenIQs, 64}, {&l.Remotes, 500}} {
		if *f.field <= 0 {
			*f.field = f.value
		}
	}
	return l.WithDefaults()
}

// ReadRoots reads the certificates of a PEM file, for AccountDomain.Roots.
func ReadRoots(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s: want certificates in PEM", file)
	}
	return roots, nil
}

// Domains are those whose accounts may log in.
func (a *Accounts) Domains() []string { return a.names }

// Check says whether an account has this password: it logs in, opens no session, and goes.
// The error is ErrCredentials, ErrDomain or ErrUpstream, or that of ctx.
func (a *Accounts) Check(ctx context.Context, jid, password string) error {
	who, err := a.whoIs(jid, password)
	if err != nil {
		return err
	}
	defer who.secret.forget()
	leave, err := who.domain.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	limited, cancel := context.WithTimeout(ctx, a.timing.login)
	defer cancel()
	l, err := a.authenticate(limited, who)
	if err != nil {
		return said(ctx, err)
	}
	_ = l.say(streamEnd) // who has proven it has, whatever becomes of the farewell
	l.conn.Close()
	return nil
}

// Login opens a session of an account, with a resource that nobody can guess. Nothing is
// delivered before Start. Who is given an Account closes it. The errors are those of Check.
func (a *Accounts) Login(ctx context.Context, jid, password string) (*Account, error) {
	who, err := a.whoIs(jid, password)
	if err != nil {
		return nil, err
	}
	if !a.take(who.bare) {
		return nil, fmt.Errorf("%w: %w", ErrUpstream, ErrFull)
	}
	s := newAccount(a, who, "jinglebridge-"+strings.ToLower(rand.Text()[:16]))
	if err := s.first(ctx); err != nil {
		s.release()
		return nil, err
	}
	return s, nil
}

// take makes room for one more session of an account; false when there is none.
func (a *Accounts) take(bare string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.held.Load() >= a.most:
		a.metrics.limited("accounts")
		return false
	case a.each[bare] >= a.ofOne:
		a.metrics.limited("sessions_of_account")
		return false
	}
	a.held.Add(1)
	a.each[bare]++
	return true
}

// give takes a session off the books.
func (a *Accounts) give(bare string) {
	a.mu.Lock()
	if a.each[bare]--; a.each[bare] == 0 {
		delete(a.each, bare)
	}
	a.mu.Unlock()
	a.held.Add(-1)
}

// Drain waits until every session that was closed has said goodbye to its server, or cannot; or
// for ctx.
func (a *Accounts) Drain(ctx context.Context) {
	for a.held.Load() > 0 {
		select {
		case <-a.left:
		case <-ctx.Done():
			return
		}
	}
}

// said returns the error of a context that ended, which is nobody's fault, or err.
func said(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// credentials are who logs in where, and with what.
type credentials struct {
	bare, local string
	domain      *accountDomain
	secret      *secret
}

// whoIs refuses what cannot be an account of ours before its server is troubled.
func (a *Accounts) whoIs(address, password string) (*credentials, error) {
	parsed, err := jid.Parse(address)
	if err != nil || parsed.Localpart() == "" || parsed.Resourcepart() != "" || !soundJID(parsed.String()) {
		return nil, fmt.Errorf("%w: %q is no account", ErrCredentials, address)
	}
	domain := a.domains[strings.ToLower(parsed.Domainpart())]
	if domain == nil {
		return nil, fmt.Errorf("%w: %q", ErrDomain, parsed.Domainpart())
	}
	if password == "" || len(password) > maxPassword || strings.ContainsFunc(password, isControl) {
		return nil, fmt.Errorf("%w: not a password", ErrCredentials)
	}
	return &credentials{
		bare: parsed.Localpart() + "@" + domain.name, local: parsed.Localpart(),
		domain: domain, secret: newSecret(password),
	}, nil
}
