//go:build integration

package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/jinglebridge/jinglebridge/internal/element"
	"github.com/jinglebridge/jinglebridge/internal/xmpptest"
)

// TestIntegrationAccounts: a page that is an account rings beside the account's other client on
// both servers, and each stops when the other takes the call.
func TestIntegrationAccounts(t *testing.T) {
	t.Run("prosody", func(t *testing.T) {
		t.Parallel()
		p := xmpptest.ProsodyFor(t, xmpptest.ServerConfig{})
		besideOthers(t, p.Client, p.Component)
	})
	t.Run("ejabberd", func(t *testing.T) {
		t.Parallel()
		e := xmpptest.EjabberdFor(t, xmpptest.ServerConfig{})
		besideOthers(t, e.Client, e.Component)
	})
}

func besideOthers(t *testing.T, client, server string) {
	p := start(t, "xmpp.domain=call.localhost", "xmpp.server="+server,
		fmt.Sprintf(`account=[{domain = "localhost", server = %q}]`, client))
	line := p.until(t, "listening")
	p.until(t, "attached")
	go p.rest() // so that nothing waits for its log to be read; ends with the pipe

	phone := xmpptest.LoginFor(t, client, "alice@localhost/phone", "secret")
	bob := xmpptest.LoginFor(t, client, "bob@localhost/desk", "secret")
	phone.Send("<presence/><iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>")
	bob.Send("<presence/><presence type='subscribe' to='alice@localhost'/>")
	must(t, phone, "bob's wish", func(e element.Element) bool { return e.Attr("type") == "subscribe" })
	phone.Send("<presence type='subscribed' to='bob@localhost'/><presence type='subscribe' to='bob@localhost'/>")
	must(t, bob, "alice's wish", func(e element.Element) bool { return e.Attr("type") == "subscribe" })
	bob.Send("<presence type='subscribed' to='alice@localhost'/>")

	page := dial(t, line["page"].(string))
	page.SetReadDeadline(time.Now().Add(time.Minute))
	say(t, page, `{"type":"login","v":1,"name":"alice@localhost","password":"not it","caps":["invite"]}`)
	if refused := next(t, page, "login"); refused["code"] != "auth-failed" {
		t.Fatalf("a wrong password: got %v", refused)
	}
	say(t, page, `{"type":"login","v":1,"name":"alice@localhost","password":"secret","caps":["invite"]}`)
	if in := next(t, page, "login"); in["success"] != true || in["name"] != "alice@localhost" {
		t.Fatalf("login: got %v", in)
	}
	here := must(t, bob, "alice's page", func(e element.Element) bool {
		return e.Name() == "presence" && e.Attr("type") == "" && strings.HasPrefix(e.Attr("from"), "alice@localhost/jinglebridge-")
	}).Attr("from")
	if shown := next(t, page, "presence"); shown["name"] != "bob@localhost" {
		t.Errorf("the page is shown %v, want bob", shown)
	}

	// Taken on the phone: the page hears it.
	propose(bob, "alice@localhost", "sid-1")
	next(t, page, "invite")
	must(t, phone, "the call", proposal("propose", "sid-1"))
	phone.Send("<message type='chat' to='bob@localhost/desk'><proceed xmlns='urn:xmpp:jingle-message:0' id='sid-1'/><store xmlns='urn:xmpp:hints'/></message>")
	if end := next(t, page, "leave"); end["reason"] != "elsewhere" {
		t.Errorf("taken on the phone: the page hears %v", end)
	}
	must(t, bob, "the phone's yes", proposal("proceed", "sid-1"))

	// Taken on the page: the phone gets the copy that stops its ringing.
	propose(bob, "alice@localhost", "sid-2")
	next(t, page, "invite")
	must(t, phone, "the call", proposal("propose", "sid-2"))
	say(t, page, `{"type":"accept","name":"bob@localhost"}`)
	if yes := must(t, bob, "the page's yes", proposal("proceed", "sid-2")); yes.Attr("from") != here {
		t.Errorf("the call is taken by %s, want %s", yes.Attr("from"), here)
	}
	must(t, phone, "the copy of the page's yes", func(e element.Element) bool {
		forwarded := e.Child("urn:xmpp:carbons:2", "sent").Child("urn:xmpp:forward:0", "forwarded")
		return forwarded.Exists() && proposal("proceed", "sid-2")(forwarded.First())
	})

	page.Close()
	must(t, bob, "alice's page gone", func(e element.Element) bool {
		return e.Name() == "presence" && e.Attr("type") == "unavailable" && e.Attr("from") == here
	})
}

func propose(from *xmpptest.Client, to, sid string) {
	from.Send("<message type='chat' id='jm-propose-" + sid + "' to='" + to + "'><propose xmlns='urn:xmpp:jingle-message:0' id='" + sid + "'><description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'/></propose></message>")
}

func proposal(kind, sid string) func(element.Element) bool {
	return func(e element.Element) bool {
		return e.Name() == "message" && e.Child("urn:xmpp:jingle-message:0", kind).Attr("id") == sid
	}
}

// must waits for a stanza.
func must(t *testing.T, c *xmpptest.Client, what string, match func(element.Element) bool) element.Element {
	t.Helper()
	e, err := c.Until(xmpptest.Wait, match)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	return e
}

// next waits for a message of this type, past others.
func next(t *testing.T, ws *websocket.Conn, kind string) map[string]any {
	t.Helper()
	for {
		var m map[string]any
		_, raw, err := ws.ReadMessage()
		if err == nil {
			err = json.Unmarshal(raw, &m)
		}
		if err != nil {
			t.Fatalf("want %s: %v", kind, err)
		}
		if m["type"] == kind {
			return m
		}
	}
}
