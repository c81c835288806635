package component

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/idna"
)

const (
	clientPort  = "5222"
	mostTargets = 6               // of a domain are tried
	targetWait  = 5 * time.Second // for one of them to accept
)

// accountDomain is a domain, and where and how its server is spoken to.
type accountDomain struct {
	name   string
	server *endpoint // as configured; nil: SRV records say
	secure *tls.Config
	direct *tls.Config // the same, for TLS at once

	entry chan struct{} // who logs in: a server that does not answer keeps no other domain's people waiting

	mu   sync.Mutex
	said complaint

	lookup func(ctx context.Context, service, proto, name string) (string, []*net.SRV, error)
}

func newAccountDomain(cfg AccountDomain) (*accountDomain, error) {
	addr, err := checkDomain(cfg.Domain)
	if err != nil {
		return nil, fmt.Errorf("account.domain %q: want a domain, such as example.org", cfg.Domain)
	}
	d := &accountDomain{name: addr.String(), lookup: net.DefaultResolver.LookupSRV, entry: make(chan struct{}, loginsAtOnce)}
	if cfg.Server != "" {
		server := cfg.Server
		if !strings.Contains(server, "://") {
			server = "tcp://" + server
		}
		e, err := parseEndpoint(server)
		if err != nil {
			return nil, fmt.Errorf("account.server %q: want host:port, tls://host:port or unix:///path", cfg.Server)
		}
		d.server = &e
	}
	ascii, err := idna.Lookup.ToASCII(d.name)
	if err != nil {
		return nil, fmt.Errorf("account.domain %q: %w", cfg.Domain, err)
	}
	// Whichever host answers, it has to prove that it speaks for the domain of the account
	// (RFC 7590 §3.4, RFC 6125 §6).
	d.secure = &tls.Config{ServerName: ascii, RootCAs: cfg.Roots, MinVersion: tls.VersionTLS12}
	d.direct = d.secure.Clone()
	d.direct.NextProtos = []string{"xmpp-client"} // XEP-0368 §3
	return d, nil
}

// enter waits for its turn to log in.
func (d *accountDomain) enter(ctx context.Context) (leave func(), err error) {
	select {
	case d.entry <- struct{}{}:
		return func() { <-d.entry }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// mayBePlain says whether a server that offers no TLS is spoken to all the same: one that
// was configured to be on this machine, and is.
func (d *accountDomain) mayBePlain(raw net.Conn) bool {
	return d.server != nil && d.server.loopback() && (d.server.network == "unix" || isLoopback(raw))
}

// targets are where the server may listen, the best first.
func (d *accountDomain) targets(ctx context.Context) ([]endpoint, error) {
	if d.server != nil {
		return []endpoint{*d.server}, nil
	}
	name := d.secure.ServerName
	direct, errDirect := d.records(ctx, "xmpps-client", name)
	plain, errPlain := d.records(ctx, "xmpp-client", name)
	records := append(direct, plain...)
	slices.SortStableFunc(records, func(a, b record) int { return cmp.Compare(a.priority, b.priority) })
	switch {
	case len(records) == 0 && errDirect == nil && errPlain == nil:
		return []endpoint{{"tcp", net.JoinHostPort(name, clientPort), name, false}}, nil
	case len(records) == 0:
		return nil, errors.Join(errDirect, errPlain)
	}
	targets := []endpoint{}
	for _, r := range records[:min(len(records), mostTargets)] {
		targets = append(targets, r.endpoint)
	}
	return targets, nil
}

type record struct {
	endpoint
	priority uint16
}

// errNotThere is a domain that says of itself that it has no such service (RFC 2782).
var errNotThere = errors.New("the domain says that it has no XMPP server for clients")

func (d *accountDomain) records(ctx context.Context, service, name string) ([]record, error) {
	_, found, err := d.lookup(ctx, service, "tcp", name)
	var dns *net.DNSError
	if errors.As(err, &dns) && dns.IsNotFound {
		return nil, nil
	}
	if err != nil && len(found) == 0 {
		return nil, err
	}
	var records []record
	for _, srv := range found {
		host := strings.TrimSuffix(srv.Target, ".")
		if host == "" {
			return nil, errNotThere
		}
		address := net.JoinHostPort(host, strconv.Itoa(int(srv.Port)))
		records = append(records, record{endpoint{"tcp", address, host, service == "xmpps-client"}, srv.Priority})
	}
	return records, nil
}

// connect finds a target that accepts, and makes TLS with it where that comes before any
// word. secure is nil where it does not.
func (d *accountDomain) connect(ctx context.Context) (raw net.Conn, secure *tls.Conn, err error) {
	targets, err := d.targets(ctx)
	if err != nil {
		return nil, nil, err
	}
	var failed []error
	for _, at := range targets {
		if raw, secure, err = d.try(ctx, at); err == nil {
			return raw, secure, nil
		}
		failed = append(failed, err)
	}
	return nil, nil, errors.Join(failed...)
}

func (d *accountDomain) try(ctx context.Context, at endpoint) (raw net.Conn, secure *tls.Conn, err error) {
	ctx, cancel := context.WithTimeout(ctx, targetWait)
	defer cancel()
	if raw, err = at.connect(ctx); err != nil || !at.tls {
		return raw, nil, err
	}
	secure, err = secured(ctx, raw, d.direct)
	return raw, secure, err
}

// complain tells the operator, and not at each login, why a domain's accounts cannot log in.
func (a *Accounts) complain(d *accountDomain, err error) {
	reason := reasonOf(err)
	a.metrics.downs.WithLabelValues(reason).Inc()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.said.reason == reason && time.Since(d.said.at) < complainAgain {
		return
	}
	d.said = complaint{reason, time.Now()}
	a.log.Warn("accounts cannot log in", "domain", d.name, "err", err, "advice", d.advice(reason))
}

// advice says what an operator can do about it.
func (d *accountDomain) advice(reason string) string {
	switch reason {
	case "certificate":
		return fmt.Sprintf("the server's certificate has to prove the name %q: give it one, or name its authority as ca_file of the [[account]]", d.name)
	case "plaintext":
		return "let the server offer TLS to its clients; without TLS only a server on this machine is spoken to, named as server of the [[account]]"
	case "dns":
		return "name the server of the [[account]], as host:port, where DNS does not"
	case "refused", "timeout":
		return "is the server running, and is that its port for clients (5222 by custom)?"
	case "host-unknown":
		return fmt.Sprintf("the server does not serve %q: look at domain and server of the [[account]]", d.name)
	case "policy-violation":
		return "the server shuts this address out, perhaps for passwords that people mistyped: ejabberd's mod_fail2ban needs an access rule that lets it in"
	}
	return ""
}
