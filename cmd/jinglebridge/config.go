package main

import (
	"time"

	"github.com/jinglebridge/jinglebridge/bridge"
	"github.com/jinglebridge/jinglebridge/component"
)

// Config is what config.toml, the environment and the flags say together, in the words
// of the rooms that will take it.
type Config struct {
	XMPP       component.Config
	SecretFile string

	Listen      listenConfig
	BehindProxy bool
	Cert, Key   string

	Admin string

	Bridge bridge.Config

	Level, Format string
}

type listenConfig struct {
	Address        string
	Origins        []string
	AnyOrigin      bool
	TrustedProxies []string
}

// defaults is what an empty config.toml means. The file at the top of the repository
// has the same values.
func defaults() *Config {
	return &Config{
		XMPP: component.Config{
			Server:   "tcp://127.0.0.1:5347",
			Contacts: map[string][]string{},
		},
		Listen: listenConfig{Address: "127.0.0.1:8080"},
		Admin:  "127.0.0.1:9095",
		Bridge: bridge.Config{
			CalledBy: "anyone",
			OldPages: "contacts",
			ICETTL:   24 * time.Hour,
			RingIn:   45 * time.Second,
			RingOut:  60 * time.Second,
			Setup:    30 * time.Second,
			Limits: bridge.Limits{
				CallsPerSession:   4,
				NewCallsPerTarget: 3, NewCallsPerSession: 10, NewCallsPerAddr: 30,
				PendingPerCallee: 5, PendingPerSender: 2,
				Candidates: 100,
				Roster:     1000,
			},
		},
		Level:  "info",
		Format: "auto",
	}
}

// A key is one line of config.toml.
type key struct {
	path   string
	value  value
	secret bool
}

// keys is every key there is, in the order of config.toml.
func (c *Config) keys() []key {
	x, l, b, m := &c.XMPP, &c.Listen, &c.Bridge, &c.Bridge.Limits
	return []key{
		{path: "xmpp.domain", value: text{&x.Domain, domainName}},
		{path: "xmpp.server", value: text{&x.Server, serverURL}},
		{path: "xmpp.secret", value: text{&x.Secret, nil}, secret: true},
		{path: "xmpp.secret_file", value: text{&c.SecretFile, nil}},
		{path: "xmpp.insecure_plaintext", value: truth{&x.Insecure}},
		{path: "xmpp.contact", value: contacts{&x.Contacts}},

		{path: "listen.address", value: text{&l.Address, listenAddress}},
		{path: "listen.origins", value: list{&l.Origins, origin}},
		{path: "listen.any_origin", value: truth{&l.AnyOrigin}},
		{path: "listen.behind_proxy", value: truth{&c.BehindProxy}},
		{path: "listen.trusted_proxies", value: list{&l.TrustedProxies, network}},
		{path: "listen.strict", value: truth{&b.StrictOld}},
		{path: "listen.tls.cert", value: text{&c.Cert, nil}},
		{path: "listen.tls.key", value: text{&c.Key, nil}},

		{path: "admin.address", value: text{&c.Admin, orNothing(listenAddress)}},

		{path: "auth.anonymous", value: truth{&b.Anonymous}},

		{path: "policy.call", value: list{&b.Call, callee}},
		{path: "policy.called_by", value: choice{&b.CalledBy, []string{"anyone", "contacts"}}},
		{path: "policy.old_pages", value: choice{&b.OldPages, []string{"contacts", "anyone", "nobody"}}},

		{path: "ice.servers", value: iceServers{&b.ICEServers}},
		{path: "ice.ttl", value: span{&b.ICETTL, time.Minute, 30 * 24 * time.Hour}},

		{path: "call.ring_timeout_in", value: span{&b.RingIn, 5 * time.Second, 10 * time.Minute}},
		{path: "call.ring_timeout_out", value: span{&b.RingOut, 5 * time.Second, 10 * time.Minute}},
		{path: "call.setup_timeout", value: span{&b.Setup, 5 * time.Second, 5 * time.Minute}},

		{path: "limits.calls_per_session", value: count{&m.CallsPerSession, 1, 1000}},
		{path: "limits.new_calls_per_target", value: count{&m.NewCallsPerTarget, 1, 100_000}},
		{path: "limits.new_calls_per_session", value: count{&m.NewCallsPerSession, 1, 100_000}},
		{path: "limits.new_calls_per_address", value: count{&m.NewCallsPerAddr, 1, 100_000}},
		{path: "limits.pending_per_callee", value: count{&m.PendingPerCallee, 1, 1000}},
		{path: "limits.pending_per_sender", value: count{&m.PendingPerSender, 1, 1000}},
		{path: "limits.candidates", value: count{&m.Candidates, 1, 1000}},
		{path: "limits.roster", value: count{&m.Roster, 1, 100_000}},

		{path: "log.level", value: choice{&c.Level, []string{"debug", "info", "warn", "error"}}},
		{path: "log.format", value: choice{&c.Format, []string{"auto", "text", "json"}}},
	}
}
