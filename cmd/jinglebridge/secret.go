package main

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// masked stands where a secret would.
const masked = `"********"`

// newSecret is 32 letters and digits, 160 bits: enough for the key of guest links, too.
func newSecret() string { return rand.Text() + rand.Text()[:6] }

// findSecret settles xmpp.secret: said directly, in xmpp.secret_file, or handed over by
// systemd's LoadCredential=component_secret:….
func (l *loader) findSecret(environ []string) {
	said, file := l.found["xmpp.secret"], l.found["xmpp.secret_file"]
	hasSaid, hasFile := l.cfg.XMPP.Secret != "", l.cfg.SecretFile != ""
	switch {
	case hasSaid && hasFile && said.kind == file.kind:
		l.refuse(file, "xmpp.secret_file: want either secret or secret_file, not both")
	case hasFile && (!hasSaid || file.kind > said.kind):
		l.readSecret(l.cfg.SecretFile, file)
	case hasSaid && said.kind == fromFile:
		l.checkMode(said)
	case hasSaid:
	default:
		if name := credential(environ); name != "" {
			l.readSecret(name, source{kind: fromCredential, name: name})
		}
	}
	if len(l.cfg.Bridge.ICEServers) > 0 && hasCredential(l.cfg.Bridge.ICEServers) {
		l.checkMode(l.found["ice.servers"])
	}
}

// credential is the secret among systemd's credentials, "" without one.
func credential(environ []string) string {
	for _, entry := range environ {
		if dir, ok := strings.CutPrefix(entry, "CREDENTIALS_DIRECTORY="); ok && dir != "" {
			name := filepath.Join(dir, "component_secret")
			if _, err := os.Stat(name); err == nil {
				return name
			}
		}
	}
	return ""
}

func (l *loader) readSecret(name string, said source) {
	data, err := os.ReadFile(name)
	if err != nil {
		l.refuse(said, "xmpp.secret_file: %v", err)
		return
	}
	secret := strings.TrimRight(string(data), "\r\n")
	switch {
	case secret == "" || strings.ContainsAny(secret, "\r\n"):
		l.refuse(said, "xmpp.secret_file: want one line in %s, the secret", name)
		return
	case said.kind != fromCredential && openToAll(name):
		l.refuse(said, "xmpp.secret_file: everybody on this machine may read %s; run: chmod o= %s", name, name)
		return
	}
	l.cfg.XMPP.Secret = secret
	l.found["xmpp.secret"] = source{kind: said.kind, name: name}
}

// checkMode refuses a config.toml with a secret inside that everybody may read.
func (l *loader) checkMode(said source) {
	if said.kind == fromFile && openToAll(said.name) {
		l.refuse(said, "everybody on this machine may read the secret in here; run: chmod o= %s", said.name)
	}
}

// openToAll says whether others may read or change a file. Docker and Podman hand secrets
// over in /run/secrets as 0444, where only the container sees them.
func openToAll(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().Perm()&0o006 != 0 && !strings.HasPrefix(name, "/run/secrets/")
}

// show writes the configuration as a config.toml, with where each value came from.
func (l *loader) show() string {
	var b strings.Builder
	table := ""
	inOrder := slices.SortedStableFunc(slices.Values(l.keys), func(a, b key) int { // TOML wants what is in no table first
		return cmp.Compare(min(1, len(tableOf(a.path))), min(1, len(tableOf(b.path))))
	})
	for _, k := range inOrder {
		if t := tableOf(k.path); t != table {
			fmt.Fprintf(&b, "%s[%s]\n", map[bool]string{true: "\n"}[b.Len() > 0], t)
			table = t
		}
		v := k.value.String()
		if k.secret && v != `""` {
			v = masked
		}
		fmt.Fprintf(&b, "%-40s # %s\n", lastPart(k.path)+" = "+v, l.found[k.path])
	}
	return b.String()
}
