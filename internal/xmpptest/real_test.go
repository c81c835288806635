//go:build integration

package xmpptest

import (
	"testing"
)

func TestIntegrationProsodyStartsAgain(t *testing.T) {
	p := ProsodyFor(t, ServerConfig{})
	pingOneself(t, p.Client)
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	pingOneself(t, p.Client)
	if err := p.Restart(); err != nil {
		t.Fatal(err)
	}
	pingOneself(t, p.Client)
}

func TestIntegrationEjabberdStarts(t *testing.T) {
	e := EjabberdFor(t, ServerConfig{})
	pingOneself(t, e.Client)
}

func pingOneself(t *testing.T, address string) {
	t.Helper()
	alice := LoginFor(t, address, "alice@localhost/test", "secret")
	if got, want := alice.JID, "alice@localhost/test"; got != want {
		t.Errorf("bound %q, want %q", got, want)
	}
	if err := alice.Ping(""); err != nil {
		t.Error(err)
	}
	bob := LoginFor(t, address, "bob@localhost/b", "secret")
	if err := bob.Send("<message to='alice@localhost/test' id='m1'><body>Hi</body></message>"); err != nil {
		t.Fatal(err)
	}
	got, err := alice.Next(Wait)
	if err != nil {
		t.Fatal(err)
	}
	if got.Name() != "message" || got.Attr("from") != bob.JID {
		t.Errorf("got %s, want a message from %s", got, bob.JID)
	}
}
