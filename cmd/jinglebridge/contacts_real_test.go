//go:build integration

package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/jinglebridge/jinglebridge/internal/element"
	"github.com/jinglebridge/jinglebridge/internal/xmpptest"
)

// TestIntegrationContacts: somebody adds a name on both servers, is let in, sees it come, in a
// call, and go, writes to it, and all is as it was after a restart.
func TestIntegrationContacts(t *testing.T) {
	t.Run("prosody", func(t *testing.T) {
		t.Parallel()
		p := xmpptest.ProsodyFor(t, xmpptest.ServerConfig{})
		befriended(t, p.Client, p.Component)
	})
	t.Run("ejabberd", func(t *testing.T) {
		t.Parallel()
		e := xmpptest.EjabberdFor(t, xmpptest.ServerConfig{})
		befriended(t, e.Client, e.Component)
	})
}

// home is a bridge with a store, and where its page is.
func home(t *testing.T, server, store string) (*process, string) {
	p := start(t, "xmpp.domain=call.localhost", "xmpp.server="+server, "store.path="+store, "policy.seen_by=ask")
	page := p.until(t, "listening")["page"].(string)
	p.until(t, "attached")
	go p.rest() // so that nothing waits for its log to be read; ends with the pipe
	return p, page
}

// comes logs Bob in.
func comes(t *testing.T, page string) (ws *websocket.Conn, jid string) {
	ws = dial(t, page)
	ws.SetReadDeadline(time.Now().Add(time.Minute))
	say(t, ws, `{"type":"login","v":1,"name":"Bob","caps":["invite","roster","messages"]}`)
	return ws, next(t, ws, "login")["jid"].(string)
}

// hears waits for a message with this value.
func hears(t *testing.T, ws *websocket.Conn, kind, key, value string) {
	t.Helper()
	for next(t, ws, kind)[key] != value {
	}
}

// from matches presence of the name of this kind, with this in it.
func from(name, kind, inside string) func(element.Element) bool {
	return func(e element.Element) bool {
		bare, _, _ := strings.Cut(e.Attr("from"), "/")
		return e.Name() == "presence" && bare == name && e.Attr("type") == kind && strings.Contains(e.String(), inside)
	}
}

func befriended(t *testing.T, client, server string) {
	store := filepath.Join(t.TempDir(), "store.db")
	p, page := home(t, server, store)
	alice := xmpptest.LoginFor(t, client, "alice@localhost/phone", "secret")
	alice.Send("<iq type='get' id='r0'><query xmlns='jabber:iq:roster'/></iq><presence/>") // only who has the list hears of requests
	must(t, alice, "its own presence", func(e element.Element) bool { return e.Name() == "presence" })

	// She asks before he is there.
	alice.Send("<presence type='subscribe' to='bob@call.localhost'/>")
	alice.Send("<message type='chat' id='early' to='bob@call.localhost'><body>There?</body></message>")
	must(t, alice, "that nobody reads", func(e element.Element) bool { return e.Attr("id") == "early" && e.Attr("type") == "error" })
	ws, bob := comes(t, page)
	hears(t, ws, "subscribe", "name", "alice@localhost")
	say(t, ws, `{"type":"roster"}`)
	say(t, ws, `{"type":"subscribed","name":"alice@localhost","id":1}`)
	next(t, ws, "ok")
	must(t, alice, "that she is let in", from(bob, "subscribed", ""))
	must(t, alice, "Bob", from(bob, "", "Bob"))
	say(t, ws, `{"type":"subscribe","name":"alice@localhost","message":"And I?","id":2}`)
	must(t, alice, "that he asks, too", from(bob, "subscribe", "And I?"))
	alice.Send("<presence type='subscribed' to='" + bob + "'/>")
	hears(t, ws, "subscribed", "name", "alice@localhost")
	hears(t, ws, "presence", "show", "available")

	// In a call, and out of it.
	say(t, ws, `{"type":"invite","name":"alice@localhost","call":"c1","media":["audio"]}`)
	propose := must(t, alice, "his call", func(e element.Element) bool {
		return e.Child("urn:xmpp:jingle-message:0", "propose").Exists()
	})
	answerProposal(alice, propose.Attr("from"), propose.Child("urn:xmpp:jingle-message:0", "propose").Attr("id"), "proceed", "")
	must(t, alice, "Bob in a call", from(bob, "", "on a call"))
	say(t, ws, `{"type":"leave","call":"c1"}`)
	must(t, alice, "Bob, free again", from(bob, "", ""))

	// They write to each other.
	alice.Send("<message type='chat' id='m1' to='" + bob + "'><body>Hello</body><request xmlns='urn:xmpp:receipts'/></message>")
	hears(t, ws, "message", "body", "Hello")
	must(t, alice, "that he has it", func(e element.Element) bool { return e.Child("urn:xmpp:receipts", "received").Attr("id") == "m1" })
	say(t, ws, `{"type":"message","name":"alice@localhost","body":"Hi","id":"m2"}`)
	m2 := must(t, alice, "his answer", func(e element.Element) bool { return strings.Contains(e.String(), "Hi") && e.Name() == "message" })
	alice.Send("<message type='chat' to='" + m2.Attr("from") + "'><received xmlns='urn:xmpp:receipts' id='" + m2.Attr("id") + "'/></message>")
	hears(t, ws, "receipt", "id", "m2")

	// The bridge is restarted: both know each other still.
	p.stop()
	must(t, alice, "Bob gone", from(bob, "unavailable", ""))
	if code := p.wait(t); code != 0 {
		t.Errorf("ended with %d", code)
	}
	_, page = home(t, server, store)
	ws, _ = comes(t, page)
	must(t, alice, "Bob back", from(bob, "", "Bob"))
	hears(t, ws, "presence", "show", "available")
	say(t, ws, `{"type":"roster","id":1}`)
	items := next(t, ws, "roster")["items"].([]any)
	if len(items) != 1 || items[0].(map[string]any)["subscription"] != "both" {
		t.Errorf("got %v, want Alice, both", items)
	}

	// Blocked, she sees nobody; unblocked, him again. Then she takes him from her list.
	say(t, ws, `{"type":"block","name":"alice@localhost"}`)
	must(t, alice, "nobody", from(bob, "unavailable", ""))
	alice.Send("<message type='chat' id='m3' to='" + bob + "'><body>Hello?</body></message>")
	must(t, alice, "that nobody reads", func(e element.Element) bool { return e.Attr("id") == "m3" && e.Attr("type") == "error" })
	say(t, ws, `{"type":"unblock","name":"alice@localhost"}`)
	must(t, alice, "Bob again", from(bob, "", "Bob"))
	alice.Send("<iq type='set' id='r1'><query xmlns='jabber:iq:roster'><item jid='" + bob + "' subscription='remove'/></query></iq>")
	hears(t, ws, "unsubscribe", "name", "alice@localhost")
	must(t, alice, "Bob gone", from(bob, "unavailable", ""))
}
