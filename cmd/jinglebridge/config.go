package main

import (
	"time"

	"github.com/jinglebridge/jinglebridge/bridge"
	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/internal/auth"
	"github.com/jinglebridge/jinglebridge/web"
)

// Config is what config.toml, the environment and the flags say together, in the words
// of the rooms that will take it.
type Config struct {
	XMPP     component.Config
	Web      web.Config
	Bridge   bridge.Config
	Auth     auth.Config
	Tutorial Tutorial
	Accounts []Account

	Store string // file

	SecretFile string
	Listen     string
	Cert, Key  string
	Admin      string

	Level, Format string
}

// Tutorial says where the pages of which tutorial are served; "" is nowhere.
type Tutorial struct {
	LearningWebRTC, Tutorialspoint, Brave, Codelab string // addresses

	CodelabFiles string // folder
	IP           string // what a page hears of the server's address
}

// defaults is what an empty config.toml means: what the rooms do when they are told
// nothing. The file at the top of the repository has the same values, and a test compares them.
func defaults() *Config {
	return &Config{
		XMPP: component.Config{
			Server:   "tcp://127.0.0.1:5347",
			Contacts: map[string][]string{},
			Limits:   component.Limits{}.WithDefaults(),
		},
		Web:    web.Config{}.WithDefaults(),
		Bridge: bridge.Config{ICETTL: 24 * time.Hour}.WithDefaults(),
		Auth:   auth.Config{JWT: auth.JWTConfig{Leeway: time.Minute, NameClaim: "sub", TitleClaim: "name"}},
		Listen: "127.0.0.1:8080",
		Admin:  "127.0.0.1:9095",
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

const (
	most = 1 << 30 // where only nonsense is refused
	day  = 24 * time.Hour
)

// keys is every key there is, in the order of config.toml.
func (c *Config) keys() []key {
	x, w, b, a, t := &c.XMPP, &c.Web, &c.Bridge, &c.Auth, &c.Tutorial
	return append([]key{
		{path: "xmpp.domain", value: text{&x.Domain, domainName}},
		{path: "xmpp.server", value: text{&x.Server, serverURL}},
		{path: "xmpp.secret", value: text{&x.Secret, nil}, secret: true},
		{path: "xmpp.secret_file", value: text{&c.SecretFile, nil}},
		{path: "xmpp.insecure_plaintext", value: truth{&x.Insecure}},
		{path: "xmpp.contact", value: contacts{&x.Contacts}},

		{path: "listen.address", value: text{&c.Listen, listenAddress}},
		{path: "listen.origins", value: list{&w.Origins, origin}},
		{path: "listen.any_origin", value: truth{&w.AnyOrigin}},
		{path: "listen.behind_proxy", value: truth{&w.BehindProxy}},
		{path: "listen.trusted_proxies", value: list{&w.TrustedProxies, network}},
		{path: "listen.error_dialect", value: choice[web.Dialect]{&w.Dialect, []web.Dialect{web.UnrecognizedCommand, web.CommandNotFound}}},
		{path: "listen.strict", value: truth{&b.StrictOld}},
		{path: "listen.tls.cert", value: text{&c.Cert, nil}},
		{path: "listen.tls.key", value: text{&c.Key, nil}},

		{path: "admin.address", value: text{&c.Admin, orNothing(listenAddress)}},

		{path: "auth.anonymous", value: truth{&b.Anonymous}},
		{path: "auth.password_file", value: text{&a.PasswordFile, nil}},
		{path: "auth.guest_key_file", value: text{&a.GuestKeyFile, nil}},
		{path: "auth.jwt.key_file", value: text{&a.JWT.KeyFile, nil}},
		{path: "auth.jwt.jwks", value: text{&a.JWT.JWKS, nil}},
		{path: "auth.jwt.issuer", value: text{&a.JWT.Issuer, nil}},
		{path: "auth.jwt.audience", value: list{&a.JWT.Audience, anything}},
		{path: "auth.jwt.algorithms", value: list{&a.JWT.Algorithms, anything}},
		{path: "auth.jwt.leeway", value: span{&a.JWT.Leeway, 0, 10 * time.Minute}},
		{path: "auth.jwt.name_claim", value: text{&a.JWT.NameClaim, nil}},
		{path: "auth.jwt.title_claim", value: text{&a.JWT.TitleClaim, nil}},

		{path: "account", value: tables[Account]{&c.Accounts, newAccount, accountKeys}},

		{path: "store.path", value: text{&c.Store, nil}},

		{path: "policy.call", value: list{&b.Call, callee}},
		{path: "policy.called_by", value: whom{&b.CalledBy, []string{"anyone", "contacts"}}},
		{path: "policy.seen_by", value: whom{&b.SeenBy, []string{"", "anyone", "ask"}}},
		{path: "policy.old_pages", value: choice[string]{&b.OldPages, []string{"contacts", "anyone", "nobody"}}},
		{path: "policy.user", value: tables[bridge.Person]{&b.People, func() bridge.Person { return bridge.Person{} }, personKeys}},

		{path: "page", value: tables[bridge.Page]{&b.Pages, bridge.NewPage, pageKeys}},

		{path: "tutorial.learning_webrtc", value: text{&t.LearningWebRTC, orNothing(listenAddress)}},
		{path: "tutorial.tutorialspoint", value: text{&t.Tutorialspoint, orNothing(listenAddress)}},
		{path: "tutorial.brave", value: text{&t.Brave, orNothing(listenAddress)}},
		{path: "tutorial.codelab", value: text{&t.Codelab, orNothing(listenAddress)}},
		{path: "tutorial.codelab_files", value: text{&t.CodelabFiles, nil}},
		{path: "tutorial.ip", value: text{&t.IP, orNothing(ipAddress)}},

		{path: "ice.servers", value: iceServers{&b.ICEServers}},
		{path: "ice.ttl", value: span{&b.ICETTL, time.Minute, 30 * day}},

		{path: "call.ring_timeout_in", value: span{&b.RingIn, 5 * time.Second, 10 * time.Minute}},
		{path: "call.ring_timeout_out", value: span{&b.RingOut, 5 * time.Second, 10 * time.Minute}},
		{path: "call.setup_timeout", value: span{&b.Setup, 5 * time.Second, 5 * time.Minute}},
	}, c.limits()...)
}

// limits are the keys whose default is right for nearly everybody, and the log.
func (c *Config) limits() []key {
	x, w, l, b := &c.XMPP.Limits, &c.Web, &c.Web.Limits, &c.Bridge.Limits
	return []key{
		{path: "limits.calls_per_session", value: count{&b.CallsPerSession, 1, most}},
		{path: "limits.new_calls_per_target", value: count{&b.NewCallsPerTarget, 1, most}},
		{path: "limits.new_calls_per_session", value: count{&b.NewCallsPerSession, 1, most}},
		{path: "limits.new_calls_per_addr", value: count{&b.NewCallsPerAddr, 1, most}},
		{path: "limits.rings_per_caller", value: count{&b.RingsPerCaller, 1, most}},
		{path: "limits.pending_per_callee", value: count{&b.PendingPerCallee, 1, most}},
		{path: "limits.pending_per_sender", value: count{&b.PendingPerSender, 1, most}},
		{path: "limits.candidates", value: count{&b.Candidates, 1, 10_000}},
		{path: "limits.roster", value: count{&b.Roster, 1, most}},
		{path: "limits.rosters", value: count{&b.Rosters, 1, most}},
		{path: "limits.visitors_per_page", value: count{&b.VisitorsPerPage, 1, most}},
		{path: "limits.visitors_per_addr", value: count{&b.VisitorsPerAddr, 1, most}},
		{path: "limits.calls_per_page", value: count{&b.CallsPerPage, 1, most}},
		{path: "limits.room_members", value: count{&b.RoomMembers, 1, bridge.MaxRoomMembers}},
		{path: "limits.rooms", value: count{&b.Rooms, 1, most}},
		{path: "limits.rooms_per_session", value: count{&b.RoomsPerSession, 1, most}},

		{path: "limits.sockets", value: count{&l.Sockets, 1, most}},
		{path: "limits.sockets_per_addr", value: count{&l.SocketsPerAddr, 1, most}},
		{path: "limits.waiting_per_addr", value: count{&l.WaitingPerAddr, 1, most}},
		{path: "limits.requests_per_addr", value: count{&l.RequestsPerAddr, 1, most}},
		{path: "limits.logins_per_minute", value: count{&l.LoginsPerMinute, 1, most}},
		{path: "limits.login_timeout", value: span{&w.LoginTimeout, 0, day}},
		{path: "limits.header_timeout", value: span{&w.HeaderTimeout, time.Second, time.Hour}},
		{path: "limits.write_timeout", value: span{&w.WriteTimeout, time.Second, time.Hour}},
		{path: "limits.ping_interval", value: span{&w.PingInterval, time.Second, time.Hour}},
		{path: "limits.pong_timeout", value: span{&w.PongTimeout, time.Second, time.Hour}},
		{path: "limits.message_bytes", value: count{&l.MessageBytes, 1024, 1 << 24}},
		{path: "limits.messages_per_second", value: count{&l.MessagesPerSecond, 1, most}},
		{path: "limits.message_burst", value: count{&l.MessageBurst, 1, most}},
		{path: "limits.queue_messages", value: count{&l.QueueMessages, 1, most}},
		{path: "limits.queue_bytes", value: count{&l.QueueBytes, 1024, most}},

		{path: "limits.stanzas_per_jid", value: ratio{&x.PerJID}},
		{path: "limits.stanzas_per_jid_burst", value: count{&x.JIDBurst, 1, most}},
		{path: "limits.stanzas_per_domain", value: ratio{&x.PerDomain}},
		{path: "limits.stanzas_per_domain_burst", value: count{&x.DomainBurst, 1, most}},
		{path: "limits.remotes", value: count{&x.Remotes, 1, most}},
		{path: "limits.stanza_in_bytes", value: count{&x.StanzaIn, 10_000, 1 << 24}},
		{path: "limits.stanza_in_depth", value: count{&x.Depth, 8, 1000}},
		{path: "limits.stanza_in_tokens", value: count{&x.Tokens, 100, most}},
		{path: "limits.stanza_out_bytes", value: count{&x.StanzaOut, 10_000, 1 << 24}},
		{path: "limits.open_iqs", value: count{&x.OpenIQs, 1, most}},
		{path: "limits.send_queue_bytes", value: count{&x.QueueBytes, 1 << 20, most}},
		{path: "limits.send_queue_stanzas", value: count{&x.QueueStanzas, 100, most}},

		{path: "log.level", value: choice[string]{&c.Level, []string{"debug", "info", "warn", "error"}}},
		{path: "log.format", value: choice[string]{&c.Format, []string{"auto", "text", "json"}}},
	}
}
