package component

import (
	"strings"
	"testing"
)

func TestNewRefuses(t *testing.T) {
	const long = "0123456789abcdef"
	for _, test := range []struct{ domain, server, secret, want string }{
		{"", "tcp://localhost:5347", long, "xmpp.domain"},
		{"a@call.example.org", "tcp://localhost:5347", long, "xmpp.domain"},
		{"call.example.org/x", "tcp://localhost:5347", long, "xmpp.domain"},
		{"call.example.org' id='x", "tcp://localhost:5347", long, "xmpp.domain"},
		{domain, "", long, "xmpp.server"},
		{domain, "localhost:5347", long, "xmpp.server"},
		{domain, "tcp://localhost", long, "xmpp.server"},
		{domain, "http://localhost:5347", long, "xmpp.server"},
		{domain, "unix://socket", long, "xmpp.server"},
		{domain, "tcp://localhost:5347", "", "xmpp.secret"},
		{domain, "tcp://localhost:5347", "secret", "xmpp.secret"},
		{domain, "unix:///run/prosody", "ChangeMe", "xmpp.secret"},
		{domain, "tcp://192.0.2.1:5347", long, "insecure_plaintext = true"},
		{domain, "tcp://xmpp.example.org:5347", long, "insecure_plaintext = true"},
		{domain, "tls://xmpp.example.org:5347", "short", "openssl rand"},
	} {
		_, err := New(Config{Domain: test.domain, Server: test.server, Secret: test.secret})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: got %v, want it to name %s", test, err, test.want)
		}
		if err != nil && test.secret != "" && strings.Contains(err.Error(), test.secret) && test.secret != "secret" {
			t.Errorf("%+v: the error shows the secret: %v", test, err)
		}
	}
}

func TestNewTakes(t *testing.T) {
	for _, cfg := range []Config{
		{Domain: domain, Server: "tcp://localhost:5347", Secret: "short"},
		{Domain: domain, Server: "tcp://127.1.2.3:5347", Secret: "short"},
		{Domain: domain, Server: "tcp://[::1]:5347", Secret: "short"},
		{Domain: "Call.Example.ORG", Server: "unix:///run/prosody.sock", Secret: "short"},
		{Domain: domain, Server: "tls://xmpp.example.org:5347", Secret: "0123456789abcdef"},
		{Domain: domain, Server: "tcp://prosody:5347", Secret: "secret", Insecure: true},
	} {
		c, err := New(cfg)
		if err != nil {
			t.Errorf("%+v: %v", cfg, err)
		} else if c.domain != domain {
			t.Errorf("%+v: got domain %q, want %q", cfg, c.domain, domain)
		}
	}
}
