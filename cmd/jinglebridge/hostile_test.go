//go:build integration

package main

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/jinglebridge/jinglebridge/internal/element"
	clients "github.com/jinglebridge/jinglebridge/internal/readers"
	"github.com/jinglebridge/jinglebridge/internal/xmpptest"
	"github.com/jinglebridge/jinglebridge/web/webtest"
)

// TestIntegrationHostile sends everything hostile that we know through the whole daemon
// on both servers, from accounts and from browsers, while two people talk. The link is
// never lost, nothing panics, and their call goes on.
func TestIntegrationHostile(t *testing.T) {
	t.Run("prosody", func(t *testing.T) {
		t.Parallel()
		p := xmpptest.ProsodyFor(t, xmpptest.ServerConfig{})
		hostile(t, p.Client, p.Component, false)
	})
	t.Run("ejabberd", func(t *testing.T) {
		t.Parallel()
		e := xmpptest.EjabberdFor(t, xmpptest.ServerConfig{})
		hostile(t, e.Client, e.Component, true)
	})
}

// besieged is a daemon under attack, and two people who use it.
type besieged struct {
	page, admin string
	bob, eve    *websocket.Conn
	witness     *xmpptest.Client
	said        int
}

func hostile(t *testing.T, client, server string, ejabberd bool) {
	p := start(t, "xmpp.domain=call.localhost", "xmpp.server="+server, "policy.call=localhost",
		"limits.logins_per_minute=100000", "limits.messages_per_second=100000", "limits.message_burst=100000",
		"limits.new_calls_per_addr=100000", "limits.new_calls_per_session=100000", "limits.new_calls_per_target=100000",
		"limits.stanzas_per_jid=100000", "limits.stanzas_per_jid_burst=100000", "limits.stanzas_per_domain=100000", "limits.stanzas_per_domain_burst=100000")
	line := p.until(t, "listening")
	p.until(t, "attached")
	go p.rest() // so that nothing waits for its log to be read; ends with the pipe
	b := &besieged{page: line["page"].(string), admin: line["admin"].(string)}
	b.witness = xmpptest.LoginFor(t, client, "bob@localhost/witness", "secret")
	b.call(t)

	stanzas := b.fromAccounts(t, xmpptest.Attack{Address: client, Account: "alice@localhost", Password: "secret", To: "call.localhost", User: b.victim(t), Ejabberd: ejabberd})
	frames := b.fromBrowsers(t)
	b.stands(t, "all of it")
	t.Logf("%d stanzas and %d frames", stanzas, frames)
	if stanzas < 100 || frames < 100 {
		t.Errorf("got %d stanzas and %d frames, want 100 of each at least", stanzas, frames)
	}
}

// call makes the call that nobody may disturb.
func (b *besieged) call(t *testing.T) {
	b.bob, b.eve = dial(t, b.page), dial(t, b.page)
	for name, ws := range map[string]*websocket.Conn{"bob": b.bob, "eve": b.eve} {
		ws.SetReadDeadline(time.Time{})
		say(t, ws, `{"type":"login","name":"`+name+`"}`)
		hear(t, ws)
	}
	say(t, b.bob, `{"type":"offer","offer":{"type":"offer","sdp":"v=0"},"name":"eve"}`)
	hear(t, b.eve)
	say(t, b.eve, `{"type":"answer","answer":{"type":"answer","sdp":"v=0"},"name":"bob"}`)
	hear(t, b.bob)
}

// victim logs somebody in and returns the full JID that the witness, a contact, sees.
func (b *besieged) victim(t *testing.T) string {
	ws := dial(t, b.page)
	ws.SetReadDeadline(time.Time{})
	say(t, ws, `{"type":"login","name":"victim","v":1,"caps":["invite"]}`)
	hear(t, ws)
	go func() { // what the victim gets is not looked at, but read; ends with the socket
		for {
			if _, _, err := ws.ReadMessage(); err != nil {
				return
			}
		}
	}()
	b.witness.Send("<presence/><presence type='subscribe' to='victim@call.localhost'/>")
	e, err := b.witness.Until(xmpptest.Wait, func(e element.Element) bool {
		return e.Name() == "presence" && e.Attr("type") == "" && strings.HasPrefix(e.Attr("from"), "victim@call.localhost/")
	})
	if err != nil {
		t.Fatalf("the victim's presence: %v", err)
	}
	return e.Attr("from")
}

func (b *besieged) fromAccounts(t *testing.T, attack xmpptest.Attack) int {
	attack.Heard = func(e element.Element) {
		if e.Attr("type") == "error" {
			return // maybe ejabberd's own, which has the attacker's words in it
		}
		for _, client := range clients.All() {
			for _, objection := range client.Objections(e) {
				t.Errorf("%s objects: %s in\n%.2000s", client.Name, objection, e)
			}
		}
	}
	n := 0
	return attack.Run(t, func(h xmpptest.Hostile) {
		if n++; n%25 == 0 {
			b.stands(t, h.Name)
		}
	})
}

func (b *besieged) fromBrowsers(t *testing.T) int {
	frames := webtest.Hostile("localhost")
	var ws *websocket.Conn
	for i, f := range frames {
		if ws == nil {
			ws = dial(t, b.page)
			say(t, ws, fmt.Sprintf(`{"type":"login","name":"attacker %d","v":1,"caps":["invite"]}`, i))
		}
		if _, err := ws.NetConn().Write(f.Wire()); err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		if !served(ws, fmt.Sprint("after ", i)) {
			ws.Close()
			ws = nil
		}
		if i%50 == 49 {
			b.stands(t, f.Name)
		}
	}
	return len(frames)
}

// served says whether a browser's next message is answered.
func served(ws *websocket.Conn, id string) bool {
	ping := fmt.Sprintf(`{"type":"ping","id":%q}`, id)
	if ws.WriteMessage(websocket.TextMessage, []byte(ping)) != nil {
		return false
	}
	ws.SetReadDeadline(time.Now().Add(xmpptest.Wait))
	for {
		_, text, err := ws.ReadMessage()
		if err != nil {
			return false
		}
		if strings.Contains(string(text), id) {
			return true
		}
	}
}

var (
	linkUps = regexp.MustCompile(`(?m)^jinglebridge_xmpp_link_ups_total 1$`)
	panics  = regexp.MustCompile(`(?m)^jinglebridge_\w*panics_total(\{.*\})? [^0]`)
)

// stands wants the link never lost, no panic, the call alive, and new people served.
func (b *besieged) stands(t *testing.T, after string) {
	t.Helper()
	code, metrics := get(t, b.admin+"metrics")
	if code != http.StatusOK || !linkUps.MatchString(metrics) {
		t.Fatalf("after %s: the link was lost", after)
	}
	if bug := panics.FindString(metrics); bug != "" {
		t.Fatalf("after %s: %s", after, bug)
	}
	if err := b.witness.Ping("call.localhost"); err != nil {
		t.Fatalf("after %s: an account: %v", after, err)
	}
	b.said++
	one := fmt.Sprintf(`{"type":"candidate","candidate":{"candidate":"%d"}}`, b.said)
	say(t, b.bob, strings.TrimSuffix(one, "}")+`,"name":"eve"}`)
	b.eve.SetReadDeadline(time.Now().Add(xmpptest.Wait))
	if got := hear(t, b.eve); got != one {
		t.Fatalf("after %s: the call: got %s, want %s", after, got, one)
	}
	ws := dial(t, b.page)
	defer ws.Close()
	say(t, ws, fmt.Sprintf(`{"type":"login","name":"new %d"}`, b.said))
	if got := hear(t, ws); got != `{"type":"login","success":true}` {
		t.Fatalf("after %s: a newcomer got %s", after, got)
	}
}
