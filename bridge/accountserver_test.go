package bridge

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jinglebridge/jinglebridge/internal/auth"
	"github.com/jinglebridge/jinglebridge/internal/store"
)

// An account's server may be anybody's. What it makes up is for that account alone.

// withEve plays with an account logged in whose server is hostile; Bob is a name here.
func withEve(t *testing.T, test func(p *theatre)) {
	onStage(t, func(p *theatre) {
		p.scene(`set accounts`,
			`eve > {"type":"login","v":1,"name":"eve@evil.example","password":"secret","caps":["invite","roster","messages"]}`,
			`xmpp > <iq type='result' id='iq2' from='eve@evil.example' to='eve@evil.example/1'><query xmlns='jabber:iq:roster'/></iq>`)
		test(p)
		p.scene(`eve gone`)
	})
}

const eveHears = `to='eve@evil.example/1'`

func proposeTo(to, from, sid string) string {
	return fmt.Sprintf(`xmpp > <message type='chat' id='jm-propose-%[1]s' from='%[2]s' %[3]s><propose xmlns='urn:xmpp:jingle-message:0' id='%[1]s'><description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'/></propose></message>`, sid, from, to)
}

// heard says whether a browser or the server heard something with these parts since the last scene.
func (p *theatre) heardOf(line string, parts ...string) bool {
	p.t.Helper()
	p.hush()
	if err := p.play(line); err != nil {
		p.t.Fatal(err)
	}
	synctest.Wait()
	return slices.ContainsFunc(p.hush(), func(s string) bool {
		return !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(s, part) })
	})
}

func TestCallersThatAServerMakesUp(t *testing.T) {
	withEve(t, func(p *theatre) {
		for i := range 8 { // more than a caller may ring at once, and in a minute
			p.scene(proposeTo(eveHears, "romeo@montague.example/phone", fmt.Sprint("e", i)))
		}
		if !p.heardOf(proposeTo("to='bob@call.example.org'", "romeo@montague.example/phone", "r1"), "bob: ", `"invite"`) {
			t.Error("romeo does not ring at bob when another server uses his name")
		}
	})
}

func TestRequestsThatAServerMakesUp(t *testing.T) {
	withEve(t, func(p *theatre) {
		p.scene(`set seen_by ask`)
		for i := range maxAsking + 1 {
			who := fmt.Sprintf("e%d", i)
			p.scene(who+` > {"type":"login","v":1,"name":"`+who+`@evil.example","password":"secret","caps":["roster"]}`,
				fmt.Sprintf(`xmpp > <presence type='subscribe' from='romeo@montague.example' to='%s@evil.example/%d'/>`, who, i+2))
		}
		p.scene(`bob > {"type":"login","name":"Bob","v":1,"caps":["roster"]}`)
		if !p.heardOf(`xmpp > <presence type='subscribe' from='romeo@montague.example' to='bob@call.example.org'/>`, "bob: ", `"subscribe"`) {
			t.Error("romeo cannot ask bob when another server uses his name")
		}
		for i := range maxAsking + 1 {
			p.scene(fmt.Sprintf("e%d gone", i))
		}
	})
}

func TestContactsOfAccountsTakeNoRoom(t *testing.T) {
	withEve(t, func(p *theatre) {
		p.scene(`set rosters 5`,
			`xmpp > <presence type='subscribe' from='romeo@montague.example' to='absent@call.example.org'/>`)
		var items strings.Builder
		for i := range 50 {
			fmt.Fprintf(&items, `<item jid='c%d@evil.example' subscription='both'/>`, i)
		}
		p.scene(`xmpp > <iq type='set' id='push' from='eve@evil.example' ` + eveHears + `><query xmlns='jabber:iq:roster'>` + items.String() + `</query></iq>`)
		if u := p.b.users["absent"]; u == nil || u.contacts["romeo@montague.example"] == nil {
			t.Error("an account's contacts put those of a name out")
		}
		if n := len(p.b.users["eve@evil.example/1"].contacts); n != 5 {
			t.Errorf("%d contacts of eve are kept, want 5", n)
		}
		if !p.heardOf(`xmpp > <presence type='subscribe' from='romeo@montague.example' to='bob@call.example.org'/>`, `type='subscribed'`) {
			t.Error("there is no room for a contact of bob's")
		}
	})
}

func TestSilentDevicesOfAnAccountsContacts(t *testing.T) {
	withEve(t, func(p *theatre) {
		var items strings.Builder
		for i := range 40 {
			fmt.Fprintf(&items, `<item jid='c%d@evil.example' subscription='both'/>`, i)
		}
		p.scene(`xmpp > <iq type='set' id='push' from='eve@evil.example' ` + eveHears + `><query xmlns='jabber:iq:roster'>` + items.String() + `</query></iq>`)
		for i := range 40 {
			for d := range maxCapsOpenOf {
				p.scene(fmt.Sprintf(`xmpp > <presence from='c%d@evil.example/%d' %s><c xmlns='http://jabber.org/protocol/caps' node='n' ver='%d-%d' hash='sha-1'/></presence>`, i, d, eveHears, i, d))
			}
		}
		p.scene(`xmpp > <presence type='subscribe' from='juliet@example.org' to='bob@call.example.org'/>`)
		if !p.heardOf(`xmpp > <presence from='juliet@example.org/d' to='bob@call.example.org'><c xmlns='http://jabber.org/protocol/caps' node='n' ver='v' hash='sha-1'/></presence>`, "disco#info", "juliet@example.org/d") {
			t.Error("juliet's device is not asked what it can do")
		}
		p.b.do(func() {
			if n := p.b.users["eve@evil.example/1"].link.asking; n != maxCapsOpenAccount {
				t.Errorf("%d questions are open for eve, want %d", n, maxCapsOpenAccount)
			}
		})
		time.Sleep(16 * time.Second)
		synctest.Wait()
	})
}

// Whom a name sees, an account does not, nor may its server learn it by a call.
func TestDevicesOfOthersAreNotCalled(t *testing.T) {
	withEve(t, func(p *theatre) {
		p.scene(`xmpp > <presence type='subscribe' from='juliet@example.org' to='bob@call.example.org'/>`,
			`xmpp > <presence from='juliet@example.org/secret' to='bob@call.example.org'/>`)
		p.scene(fmt.Sprintf(`xmpp > <iq type='result' id='iq%d' from='juliet@example.org/secret' to='bob@call.example.org'><query xmlns='http://jabber.org/protocol/disco#info'><feature var='urn:xmpp:jingle:1'/><feature var='urn:xmpp:jingle:transports:ice-udp:1'/><feature var='urn:xmpp:jingle:apps:rtp:1'/><feature var='urn:xmpp:jingle:apps:dtls:0'/><feature var='urn:xmpp:jingle:apps:rtp:audio'/></query></iq>`, p.iqs))
		if len(p.b.directDevices(p.b.users["bob"], "juliet@example.org")) != 1 {
			t.Fatal("bob does not know juliet's device")
		}
		if jids := p.b.directDevices(p.b.users["eve@evil.example/1"], "juliet@example.org"); jids != nil {
			t.Errorf("eve's server is told to reach %v", jids)
		}
	})
}

// A server that binds one address twice: the second login has no session of its own.
func TestOneAddressForTwo(t *testing.T) {
	withEve(t, func(p *theatre) {
		p.mu.Lock()
		first := p.held["eve@evil.example/1"]
		delete(p.held, first.jid) // the next is /1 again
		p.mu.Unlock()
		if !p.heardOf(`two > {"type":"login","v":1,"name":"eve@evil.example","password":"secret"}`, "two: ", `"success":false`, `"upstream"`) {
			t.Error("two sessions have the same address")
		}
		p.mu.Lock()
		if second := p.held[first.jid]; second == first || !second.closed {
			t.Error("the second session is not closed")
		}
		p.held[first.jid] = first
		p.mu.Unlock()
		p.scene(`two gone`)
		if u := p.b.users["eve@evil.example/1"]; u == nil || len(u.tabs) != 1 || p.b.tabs[u.key] != u.tabs[0] {
			t.Error("the first session has lost its place")
		}
	})
}

// Whoever is being let in while we stop would stay online for those who see him.
func TestLoginsEndWithUs(t *testing.T) {
	for _, login := range []string{
		`{"type":"login","v":1,"name":"eve@evil.example","password":"secret"}`,
		`{"type":"login","v":1,"name":"carol"}`,
	} {
		onStage(t, func(p *theatre) {
			p.scene(`set accounts`, `xmpp > <presence type='subscribe' from='juliet@example.org' to='carol@call.example.org'/>`)
			p.mu.Lock()
			p.b.cfg.Auth = tardy{usher{}}
			p.mu.Unlock()
			p.scene(`eve > `+login, `shutdown`)
			p.hush()
			time.Sleep(2 * time.Second)
			synctest.Wait()
			for _, heard := range p.hush() {
				if strings.Contains(heard, "<presence") || strings.Contains(heard, `"success":true`) {
					t.Errorf("after the end: %s", heard)
				}
			}
			for _, u := range p.held {
				if !u.closed {
					t.Errorf("%s is still held", u.jid)
				}
			}
			p.scene(`eve gone`, `bob gone`)
		})
	}
}

// The name by which a page calls somebody who is away is his, however he is shown.
func TestATitleIsNoName(t *testing.T) {
	state := store.State{
		Names:    []store.Name{{Local: "juliet", Name: "Romeo Montague"}},
		Contacts: []store.Contact{{Local: "juliet", Bare: "bob@call.example.org", From: true, Listed: true}},
	}
	withDrawer(t, state, func(p *theatre, d *drawer) {
		name := p.b.nameOf("juliet@call.example.org")
		if to, err := p.b.addressOf(name); err != nil || to.local != "juliet" {
			t.Errorf("juliet is called by the name %q, which reaches %q, %v", name, to.local, err)
		}
		if u := p.b.users["juliet"]; u == nil || u.shown() != "Romeo Montague" {
			t.Errorf("juliet is not shown as she was: %+v", u)
		}
	})
}

// tardy takes a second.
type tardy struct{ Authenticator }

func (s tardy) Check(ctx context.Context, r auth.Request) (auth.Grant, error) {
	time.Sleep(time.Second)
	return s.Authenticator.Check(ctx, r)
}
