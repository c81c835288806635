package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/jinglebridge/jinglebridge/bridge"
	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/internal/auth"
)

// Account is a domain whose XMPP accounts may log in.
type Account struct {
	Domain, Server, CAFile string
	As                     string // "itself" or "name"
}

func newAccount() Account { return Account{As: "itself"} }

// accountKeys are the keys of one [[account]].
func accountKeys(a *Account) []key {
	return []key{
		{path: "domain", value: text{&a.Domain, domainName}},
		{path: "as", value: choice[string]{&a.As, []string{"itself", "name"}}},
		{path: "server", value: text{&a.Server, nil}},
		{path: "ca_file", value: text{&a.CAFile, nil}},
	}
}

// accountDomains are all domains of [[account]].
func (c *Config) accountDomains() []string {
	var all []string
	for _, a := range c.Accounts {
		all = append(all, a.Domain)
	}
	return all
}

// checkAccounts wants each [[account]] to be one that can log in.
func (l *loader) checkAccounts() {
	named, met := "", map[string]bool{}
	for i, a := range l.cfg.Accounts {
		switch {
		case met[a.Domain]:
			l.refuseIn("account", i, "domain", "%s is there already", a.Domain)
		case a.Domain == "":
			l.refuseIn("account", i, "", `want a domain, such as "example.org"`)
			return
		case a.Domain == l.cfg.XMPP.Domain:
			l.refuseIn("account", i, "domain", "names of %s are ours and have no accounts; want the domain of the XMPP server, such as \"example.org\"", a.Domain)
		case a.As == "name" && named != "":
			l.refuseIn("account", i, "as", "alice@%s and alice@%s would both be alice here; want \"itself\" for all but one", named, a.Domain)
		case a.As == "name":
			named = a.Domain
		}
		met[a.Domain] = true
		if _, err := newAccounts(l.cfg.Accounts[i:i+1], component.Limits{}, nil, nil); err != nil {
			// Its errors begin with the key they are about.
			at, why, _ := strings.Cut(strings.TrimPrefix(err.Error(), "account."), " ")
			l.refuseIn("account", i, strings.TrimSuffix(at, ":"), "%s", why)
		}
	}
}

// newAccounts is who logs in accounts; nil when there are none.
func newAccounts(domains []Account, limits component.Limits, registry prometheus.Registerer, log *slog.Logger) (*component.Accounts, error) {
	if len(domains) == 0 {
		return nil, nil
	}
	cfg := component.AccountsConfig{
		Name: "jinglebridge", Version: version, Namespaces: bridge.AccountNamespaces(), Metrics: registry, Log: log,
		// Of one account's stream, the same may come as of the component's; less may wait.
		Limits: component.Limits{
			PerJID: limits.PerJID, JIDBurst: limits.JIDBurst, PerDomain: limits.PerDomain, DomainBurst: limits.DomainBurst,
			StanzaIn: limits.StanzaIn, Depth: limits.Depth, Tokens: limits.Tokens, StanzaOut: limits.StanzaOut,
		},
	}
	for _, a := range domains {
		var roots *x509.CertPool
		if a.CAFile != "" {
			var err error
			if roots, err = component.ReadRoots(a.CAFile); err != nil {
				return nil, fmt.Errorf("account.ca_file: %w", err)
			}
		}
		cfg.Domains = append(cfg.Domains, component.AccountDomain{Domain: a.Domain, Server: a.Server, Roots: roots})
	}
	return component.NewAccounts(cfg)
}

// withAccounts tells the bridge who logs in accounts, and how they appear.
func withAccounts(b *bridge.Config, c *Config, registry prometheus.Registerer, log *slog.Logger) (*component.Accounts, error) {
	all, err := newAccounts(c.Accounts, c.XMPP.Limits, registry, log)
	if err != nil || all == nil {
		return nil, err
	}
	b.Accounts = accounts{all}
	for _, a := range c.Accounts {
		if a.As == "name" {
			b.AsNames = a.Domain
		}
	}
	return all, nil
}

// accounts are component.Accounts in the words of bridge and auth.
type accounts struct{ all *component.Accounts }

func (a accounts) Check(ctx context.Context, jid, password string) error {
	return wrongPassword(a.all.Check(ctx, jid, password))
}

func (a accounts) Login(ctx context.Context, jid, password string) (bridge.Account, error) {
	held, err := a.all.Login(ctx, jid, password)
	if err != nil {
		return nil, wrongPassword(err)
	}
	return held, nil
}

func wrongPassword(err error) error {
	if errors.Is(err, component.ErrCredentials) {
		return auth.ErrWrongPassword
	}
	return err
}
