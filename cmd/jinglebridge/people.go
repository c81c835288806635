package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/jinglebridge/jinglebridge/bridge"
	"github.com/jinglebridge/jinglebridge/internal/auth"
	"github.com/jinglebridge/jinglebridge/internal/store"
)

// newAuth is who checks logins, with names that are the same for it as for the bridge.
func newAuth(c *Config, log *slog.Logger) (*auth.Auth, error) {
	a := c.Auth
	a.Anonymous, a.AccountDomains, a.Fold, a.Log = c.Bridge.Anonymous, c.accountDomains(), bridge.FoldName, log
	return auth.New(a)
}

// openStore takes over what an earlier run has left; nil without [store] path.
func openStore(ctx context.Context, path string, b *bridge.Config, registry *prometheus.Registry, log *slog.Logger) (*store.Store, error) {
	if path == "" {
		return nil, nil
	}
	s, err := store.Open(path, log)
	if err != nil {
		return nil, fmt.Errorf("store.path: %w", err)
	}
	if b.State, err = s.Load(ctx); err != nil {
		s.Close()
		return nil, fmt.Errorf("store.path: %w", err)
	}
	b.Store = s
	registry.MustRegister(s)
	return s, nil
}
