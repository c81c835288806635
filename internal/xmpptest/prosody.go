package xmpptest

import (
	"crypto/tls"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// ServerConfig says which server to start; the zero value is of use.
type ServerConfig struct {
	Domain     string            // of the accounts: "localhost"
	Users      map[string]string // name -> password: alice, bob, carol, password "secret"
	Components map[string]string // domain -> secret: "call." + Domain, Secret
	Extra      string            // more configuration: Lua before the first host, or YAML at the top level
	Directory  string            // where to keep everything: a new temporary one

	// Certificate makes clients speak TLS before they log in: nobody gets in without.
	Certificate *tls.Certificate
}

func (c ServerConfig) withDefaults() ServerConfig {
	if c.Domain == "" {
		c.Domain = "localhost"
	}
	if c.Users == nil {
		c.Users = map[string]string{"alice": "secret", "bob": "secret", "carol": "secret"}
	}
	if c.Components == nil {
		c.Components = map[string]string{"call." + c.Domain: Secret}
	}
	return c
}

func (c *ServerConfig) makeDirectory() (err error) {
	if c.Directory == "" {
		c.Directory, err = os.MkdirTemp("", "xmpptest-")
		return err
	}
	return os.MkdirAll(c.Directory, 0o700)
}

// Prosody is a private Prosody on free loopback ports, which it keeps over restarts.
// Clients may log in with SASL PLAIN without TLS, and pages of any origin may use its
// WebSocket.
type Prosody struct {
	process
	Client    string // host:port for clients
	Component string // tcp://host:port for components
	WebSocket string // ws://host:port/xmpp-websocket, for the domain as Host
}

// StartProsody starts one. Close it in the end.
func StartProsody(cfg ServerConfig) (*Prosody, error) {
	cfg = cfg.withDefaults()
	if err := cfg.makeDirectory(); err != nil {
		return nil, err
	}
	ports, err := freePorts(3)
	if err != nil {
		return nil, err
	}
	p := &Prosody{
		Client: local(ports[0]), Component: "tcp://" + local(ports[1]),
		WebSocket: "ws://" + local(ports[2]) + "/xmpp-websocket",
	}
	config := filepath.Join(cfg.Directory, "prosody.cfg.lua")
	p.dir, p.ports, p.patient = cfg.Directory, ports, 20*time.Second
	p.command = func() *exec.Cmd {
		return exec.Command("prosody", "--config", config, "-F")
	}
	if err := os.WriteFile(config, []byte(prosodyConfig(cfg, ports)), 0o600); err != nil {
		return nil, err
	}
	if err := writeAccounts(cfg); err != nil {
		return nil, err
	}
	if cfg.Certificate != nil {
		if err := writeCertificate(cfg.Directory, *cfg.Certificate); err != nil {
			return nil, err
		}
	}
	return p, p.Start()
}

// ProsodyFor is StartProsody for a test; its log is printed when the test fails.
func ProsodyFor(t TB, cfg ServerConfig) *Prosody {
	t.Helper()
	p, err := StartProsody(cfg)
	if err != nil {
		t.Fatalf("prosody: %v", err)
	}
	cleanUp(t, "prosody", p)
	return p
}

func prosodyConfig(cfg ServerConfig, ports []int) string {
	extraModules := ""
	if cfg.Certificate != nil {
		extraModules = `, "tls"`
	}
	var b strings.Builder
	fmt.Fprintf(&b, `daemonize = false
run_as_root = true
data_path = %[1]q
pidfile = %[2]q
log = { info = "*console" }
plugin_paths = {}
modules_enabled = { "roster", "saslauth", "disco", "ping", "pep", "carbons", "blocklist", "mam", "smacks", "vcard_legacy", "websocket", "time", "version"%[7]s }
modules_disabled = { "s2s", "posix" }
interfaces = { "127.0.0.1" }
c2s_ports = { %[3]d }
component_ports = { %[4]d }
component_interface = "127.0.0.1"
http_ports = { %[5]d }
http_interfaces = { "127.0.0.1" }
http_default_host = %[6]q
https_ports = {}
s2s_ports = {}
legacy_ssl_ports = {}
authentication = "internal_plain"
storage = "internal"
consider_websocket_secure = true
cross_domain_websocket = true
`, filepath.Join(cfg.Directory, "data"), filepath.Join(cfg.Directory, "pid"), ports[0], ports[1], ports[2], cfg.Domain, extraModules)
	b.WriteString(prosodyTLS(cfg) + cfg.Extra + "\n")
	fmt.Fprintf(&b, "VirtualHost %q\n", cfg.Domain)
	for _, domain := range slices.Sorted(maps.Keys(cfg.Components)) {
		fmt.Fprintf(&b, "Component %q\n  component_secret = %q\n  component_conflict_resolve = \"kick_old\"\n", domain, cfg.Components[domain])
	}
	return b.String()
}

func prosodyTLS(cfg ServerConfig) string {
	if cfg.Certificate == nil {
		return "c2s_require_encryption = false\nallow_unencrypted_plain_auth = true\n"
	}
	return fmt.Sprintf("c2s_require_encryption = true\nssl = { certificate = %q, key = %q }\n",
		filepath.Join(cfg.Directory, "cert.pem"), filepath.Join(cfg.Directory, "key.pem"))
}

// writeAccounts writes what prosodyctl adduser would, without starting it each time.
func writeAccounts(cfg ServerConfig) error {
	dir := filepath.Join(cfg.Directory, "data", prosodyEscape(cfg.Domain), "accounts")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for name, password := range cfg.Users {
		text := fmt.Sprintf("return {\n\t[\"password\"] = %q;\n};\n", password)
		if err := os.WriteFile(filepath.Join(dir, prosodyEscape(name)+".dat"), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// prosodyEscape writes a name as Prosody names its files.
func prosodyEscape(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02x", c)
		}
	}
	return b.String()
}
