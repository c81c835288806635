//go:build integration

package main

import (
	"strings"
	"testing"
	"time"

	"github.com/jinglebridge/jinglebridge/internal/element"
	"github.com/jinglebridge/jinglebridge/internal/xmpptest"
)

// TestIntegrationPages: a visitor rings at two people of a page on both servers, who may see
// and call back.
func TestIntegrationPages(t *testing.T) {
	t.Run("prosody", func(t *testing.T) {
		t.Parallel()
		p := xmpptest.ProsodyFor(t, xmpptest.ServerConfig{})
		visited(t, p.Client, p.Component)
	})
	t.Run("ejabberd", func(t *testing.T) {
		t.Parallel()
		e := xmpptest.EjabberdFor(t, xmpptest.ServerConfig{})
		visited(t, e.Client, e.Component)
	})
}

func visited(t *testing.T, client, server string) {
	p := start(t, "xmpp.domain=call.localhost", "xmpp.server="+server, "auth.anonymous=false",
		`page=[{ name = "frontdoor", title = "Door", ring = ["alice@localhost", "bob@localhost"] }]`)
	line := p.until(t, "listening")
	p.until(t, "attached")
	go p.rest() // so that nothing waits for its log to be read; ends with the pipe

	phone := xmpptest.LoginFor(t, client, "alice@localhost/phone", "secret")
	desk := xmpptest.LoginFor(t, client, "bob@localhost/desk", "secret")
	for _, c := range []*xmpptest.Client{phone, desk} {
		c.Send("<presence/>")
		must(t, c, "its own presence", func(e element.Element) bool { return e.Name() == "presence" })
	}

	ws := dial(t, line["page"].(string))
	ws.SetReadDeadline(time.Now().Add(time.Minute))
	say(t, ws, `{"type":"login","v":1,"page":"frontdoor","name":"Anna","caps":["invite"]}`)
	anna := next(t, ws, "login")["jid"].(string)
	shown := func(status string) func(element.Element) bool {
		return func(e element.Element) bool {
			return e.Name() == "presence" && e.Attr("from") == anna && strings.Contains(e.String(), status)
		}
	}
	for _, c := range []*xmpptest.Client{phone, desk} {
		must(t, c, "Anna, whom nobody has in a list", shown("Anna (Door)"))
	}

	// Both ring. Alice declines, Bob takes it.
	say(t, ws, `{"type":"invite","call":"c1","media":["audio"]}`)
	sid := ringing(t, phone)
	answerProposal(phone, anna, sid, "reject", "<reason xmlns='urn:xmpp:jingle:1'><decline/></reason>")
	sid = ringing(t, desk)
	answerProposal(desk, anna, sid, "ringing", "")
	next(t, ws, "ringing")
	answerProposal(desk, anna, sid, "proceed", "")
	next(t, ws, "accept")
	must(t, phone, "Anna in a call", shown("on a call"))
	say(t, ws, `{"type":"leave","call":"c1"}`)
	must(t, desk, "the end", proposal("retract", sid))
	must(t, desk, "Anna, who waits again", shown("waiting"))

	// Alice takes the next: it stops at Bob's.
	say(t, ws, `{"type":"invite","call":"c2","media":["audio"]}`)
	sid = ringing(t, phone)
	answerProposal(phone, anna, sid, "proceed", "")
	must(t, desk, "that it is taken", proposal("retract", ringing(t, desk)))
	next(t, ws, "accept")
	say(t, ws, `{"type":"leave","call":"c2"}`)
	must(t, phone, "the end", proposal("retract", sid))

	// Bob calls the page, and reaches her; he may also call her own address.
	for to, sid := range map[string]string{"frontdoor@call.localhost": "back-1", anna: "back-2"} {
		propose(desk, to, sid)
		if call := next(t, ws, "invite"); call["name"] != "frontdoor" || call["title"] != "Door" {
			t.Errorf("called back at %s: the visitor hears %v", to, call)
		}
		say(t, ws, `{"type":"accept","name":"frontdoor"}`)
		must(t, desk, "the visitor's yes", proposal("proceed", sid))
		say(t, ws, `{"type":"leave"}`)
		must(t, desk, "the end", proposal("reject", sid))
	}

	ws.Close()
	for _, c := range []*xmpptest.Client{phone, desk} {
		must(t, c, "Anna gone", func(e element.Element) bool {
			return e.Name() == "presence" && e.Attr("type") == "unavailable" && e.Attr("from") == anna
		})
	}
}

// ringing waits for a proposal, and gives its id.
func ringing(t *testing.T, c *xmpptest.Client) string {
	t.Helper()
	e := must(t, c, "a call", func(e element.Element) bool {
		return e.Child("urn:xmpp:jingle-message:0", "propose").Exists()
	})
	return e.Child("urn:xmpp:jingle-message:0", "propose").Attr("id")
}

func answerProposal(c *xmpptest.Client, to, sid, kind, inside string) {
	c.Send("<message type='chat' to='" + to + "'><" + kind + " xmlns='urn:xmpp:jingle-message:0' id='" + sid + "'>" + inside + "</" + kind + "><store xmlns='urn:xmpp:hints'/></message>")
}
