package xmpptest

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Ejabberd is a private ejabberd on free loopback ports, which it keeps over restarts.
// It takes some nine seconds to start. Never feed it deeply nested XML or a resource of
// U+200D alone: version 23.01 does not survive them (the hostile list knows which).
type Ejabberd struct {
	process
	Client    string // host:port for clients
	Component string // tcp://host:port for components
}

// ErlLibs is where Debian keeps ejabberd's libraries.
const ErlLibs = "/usr/lib/x86_64-linux-gnu"

// StartEjabberd starts one without Erlang's distribution, so that it needs no epmd.
// Close it in the end.
func StartEjabberd(cfg ServerConfig) (*Ejabberd, error) {
	cfg = cfg.withDefaults()
	if err := cfg.makeDirectory(); err != nil {
		return nil, err
	}
	ports, err := freePorts(2)
	if err != nil {
		return nil, err
	}
	e := &Ejabberd{Client: local(ports[0]), Component: "tcp://" + local(ports[1])}
	e.dir, e.ports, e.patient = cfg.Directory, ports, 60*time.Second
	config, spool := filepath.Join(cfg.Directory, "ejabberd.yml"), filepath.Join(cfg.Directory, "spool")
	err = errors.Join(os.MkdirAll(spool, 0o700), os.WriteFile(config, []byte(ejabberdConfig(cfg, ports)), 0o600))
	if err != nil {
		return nil, err
	}
	if cfg.Certificate != nil {
		if err := writeCertificate(cfg.Directory, *cfg.Certificate); err != nil {
			return nil, err
		}
	}
	e.command = func() *exec.Cmd {
		// What ejabberdctl does, but in the foreground. A private home holds the cookie.
		cmd := exec.Command("erl", "-noinput", "-mnesia", "dir", fmt.Sprintf("%q", spool), "-s", "ejabberd", "-eval", registerAll(cfg))
		cmd.Dir = cfg.Directory
		cmd.Env = append(os.Environ(), "HOME="+cfg.Directory, "ERL_LIBS="+ErlLibs, "EJABBERD_CONFIG_PATH="+config,
			"EJABBERD_LOG_PATH="+filepath.Join(cfg.Directory, "ejabberd.log"), "SPOOL_DIR="+spool)
		return cmd
	}
	return e, e.startRegistered()
}

const registered = "all accounts are registered"

// startRegistered starts it and waits until its accounts are there too.
func (e *Ejabberd) startRegistered() error {
	if err := e.Start(); err != nil {
		return err
	}
	for deadline := time.Now().Add(e.patient); !strings.Contains(e.Log(), registered); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("ejabberd has no accounts after %v:\n%s", e.patient, tail(e.Log(), 30))
		}
	}
	return nil
}

// EjabberdFor is StartEjabberd for a test; its log is printed when the test fails.
func EjabberdFor(t TB, cfg ServerConfig) *Ejabberd {
	t.Helper()
	e, err := StartEjabberd(cfg)
	if err != nil {
		t.Fatalf("ejabberd: %v", err)
	}
	cleanUp(t, "ejabberd", e)
	return e
}

// registerAll is the Erlang that makes the accounts; ones that are there stay.
func registerAll(cfg ServerConfig) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(cfg.Users)) {
		fmt.Fprintf(&b, "ejabberd_auth:try_register(<<%q>>, <<%q>>, <<%q>>), ", name, cfg.Domain, cfg.Users[name])
	}
	return b.String() + fmt.Sprintf("io:format(\"~n%s~n\").", registered)
}

func ejabberdConfig(cfg ServerConfig, ports []int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `hosts: [%[1]q]
loglevel: info
auth_method: internal
disable_sasl_mechanisms: []
listen:
  - port: %[2]d
    ip: "127.0.0.1"
    module: ejabberd_c2s
    max_stanza_size: 262144
    starttls: %[4]v
    starttls_required: %[4]v
  - port: %[3]d
    ip: "127.0.0.1"
    module: ejabberd_service
    global_routes: false
    hosts:
`, cfg.Domain, ports[0], ports[1], cfg.Certificate != nil)
	for _, domain := range slices.Sorted(maps.Keys(cfg.Components)) {
		fmt.Fprintf(&b, "      %q:\n        password: %q\n", domain, cfg.Components[domain])
	}
	b.WriteString(`modules:
  mod_roster: {}
  mod_disco: {}
  mod_ping: {}
  mod_carboncopy: {}
  mod_vcard: {}
  mod_caps: {}
  mod_offline: {}
`)
	if cfg.Certificate != nil {
		fmt.Fprintf(&b, "certfiles: [%q]\n", filepath.Join(cfg.Directory, "both.pem"))
	}
	b.WriteString(cfg.Extra)
	return b.String()
}
