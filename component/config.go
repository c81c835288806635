package component

import (
	"errors"
	"fmt"
	"strings"

	"mellium.im/xmpp/jid"
)

const minSecret = 16

// knownSecrets stand in examples all over the web, so they keep nobody out.
var knownSecrets = map[string]bool{
	"secret": true, "changeme": true, "change-me": true, "change_me": true, "password": true, "component": true,
	"component_secret": true, "component-secret": true, "mysecret": true, "mycomponentsecret": true,
	"test": true, "admin": true, "prosody": true, "ejabberd": true, "xmpp": true, "jinglebridge": true, "123456": true,
}

func checkDomain(domain string) (jid.JID, error) {
	addr, err := jid.Parse(strings.ToLower(domain))
	if domain == "" || err != nil || addr.Localpart() != "" || addr.Resourcepart() != "" || !soundJID(addr.String()) {
		return jid.JID{}, fmt.Errorf("xmpp.domain %q: want a domain, such as call.example.org", domain)
	}
	return addr, nil
}

// checkSecurity refuses what lets others listen or attach: XEP-0114 sends one SHA-1 of
// the secret over the wire, to be guessed at leisure, and does not encrypt by itself.
func checkSecurity(cfg Config, server endpoint) error {
	secret := strings.ToLower(cfg.Secret)
	switch {
	case cfg.Secret == "":
		return errors.New("xmpp.secret: want the component's secret; make one with: openssl rand -hex 16")
	case cfg.Insecure:
		return nil
	case knownSecrets[secret]:
		return errors.New("xmpp.secret is a word of the manuals: take another (openssl rand -hex 16), or set xmpp.insecure_plaintext = true")
	case server.loopback():
		return nil
	case !server.tls:
		return fmt.Errorf("xmpp.server %q: plain TCP beyond loopback shows every call and lets the secret be guessed: use tls://, a server on loopback, or set xmpp.insecure_plaintext = true", cfg.Server)
	case len(cfg.Secret) < minSecret:
		return fmt.Errorf("xmpp.secret has %d bytes, and %s is not on this machine: want %d or more (openssl rand -hex 16), or set xmpp.insecure_plaintext = true", len(cfg.Secret), server.host, minSecret)
	}
	return nil
}
