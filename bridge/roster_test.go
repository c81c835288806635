package bridge

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jinglebridge/jinglebridge/internal/store"
)

var errDisk = errors.New("the disk is full")

const bobLogsIn = `bob > {"type":"login","name":"Bob","v":1,"caps":["roster","messages"]}`

// asking makes people who are not let in at once ask first.
func asking(p *theatre) { p.b.cfg.SeenBy = []string{"ask"} }

// What is stored needs no storing again, be the disk full or slow.
func TestSubscriptionAgain(t *testing.T) {
	state := store.State{Contacts: []store.Contact{{Local: "bob", Bare: "juliet@example.org", From: true, To: true}}}
	withDrawer(t, state, func(p *theatre, d *drawer) {
		p.b.HandleLink(true)
		d.refuse = errDisk
		if got, want := p.told(t, sheSubscribes), "<presence type='subscribed' from='bob@call.example.org' to='juliet@example.org'>"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

// One that is on its way to the disk is answered once, when it is there.
func TestSubscriptionAgainMeanwhile(t *testing.T) {
	withDrawer(t, store.State{}, func(p *theatre, d *drawer) {
		p.b.HandleLink(true)
		p.told(t, sheSubscribes)
		if got := p.told(t, sheSubscribes); got != "" {
			t.Errorf("told before it is stored: %s", got)
		}
		d.commit(t, errDisk, hers, hers)
		if got := p.told(t, ""); strings.Count(got, "type='error'") != 2 || strings.Contains(got, "subscribed") {
			t.Errorf("got %s, want both refused", got)
		}
		if n := len(p.b.users); n != 0 {
			t.Errorf("%d names are left", n)
		}
	})
}

// A request that waits for an answer outlives a restart, and its answer is stored first.
func TestRequestsAreKept(t *testing.T) {
	asks := store.PutContact{Local: "bob", Bare: "juliet@example.org", Pending: true, Message: "It is me"}
	withDrawer(t, store.State{}, func(p *theatre, d *drawer) {
		asking(p)
		p.b.HandleLink(true)
		const ask = `xmpp > <presence type='subscribe' from='juliet@example.org' to='bob@call.example.org'><status>It is me</status></presence>`
		p.told(t, ask)
		d.commit(t, errDisk, asks)
		if got := p.told(t, ""); !strings.Contains(got, "type='error'") || len(p.b.users) != 0 {
			t.Errorf("not stored: got %s, %d names", got, len(p.b.users))
		}
		p.told(t, ask)
		d.commit(t, nil, store.DropContact{Local: "bob", Bare: "juliet@example.org"}, asks)
		if got := p.told(t, ask); got != "" {
			t.Errorf("got %s", got)
		}
		d.commit(t, nil)
	})
	withDrawer(t, store.State{Contacts: []store.Contact{store.Contact(asks)}}, func(p *theatre, d *drawer) {
		asking(p)
		p.b.HandleLink(true)
		heardOnly(t, p.says(t, bobLogsIn), `bob: {"type":"login"`, `bob: {"type":"subscribe","name":"juliet@example.org","message":"It is me"}`)
		online := store.Online{JID: p.b.users["bob"].tabs[0].jid}
		const yes = `bob > {"type":"subscribed","name":"juliet@example.org","id":1}`
		if got := p.says(t, yes); len(got) != 0 {
			t.Errorf("acknowledged before it is stored: %s", got)
		}
		seen := store.PutContact{Local: "bob", Bare: "juliet@example.org", From: true, Listed: true}
		d.commit(t, errDisk, online, seen)
		heardOnly(t, p.hush(), `bob: {"type":"error","message":"something went wrong here","code":"internal","id":1,"name":"juliet@example.org"}`)
		p.says(t, yes)
		d.commit(t, nil, seen)
		heardOnly(t, p.hush(), `bob: {"type":"ok","id":1}`, "<presence * type='subscribed'", "<presence * from='"+online.JID+"'")
	})
}

// What a person has made of the list is there after a restart, and undone where it cannot be stored.
func TestListIsKept(t *testing.T) {
	withDrawer(t, store.State{}, func(p *theatre, d *drawer) {
		p.b.HandleLink(true)
		p.says(t, bobLogsIn)
		d.commit(t, nil, store.Online{JID: p.b.users["bob"].tabs[0].jid})
		p.says(t, `bob > {"type":"roster","set":{"name":"juliet@example.org","title":"Juliet","groups":["A","B"]},"id":1}`)
		set := store.PutContact{Local: "bob", Bare: "juliet@example.org", Listed: true, Title: "Juliet", Groups: "A\nB"}
		d.commit(t, errDisk, set)
		heardOnly(t, p.hush(), `bob: {"type":"error"`)
		if n := len(p.b.users["bob"].contacts); n != 0 {
			t.Errorf("%d contacts, want none", n)
		}
	})
	state := store.State{Contacts: []store.Contact{
		{Local: "bob", Bare: "juliet@example.org", Listed: true, Title: "Juliet", Groups: "A\nB"},
		{Local: "bob", Bare: "mallory@example.org", From: true, Blocked: true},
		{Local: "bob", Bare: "nurse@example.org", Approved: true},
		{Local: "bob", Bare: "romeo@example.org", Greeted: true},
	}, Online: []string{"bob@call.example.org/1"}}
	withDrawer(t, state, func(p *theatre, d *drawer) {
		asking(p)
		p.b.HandleLink(true)
		if got, want := p.told(t, ""), "<presence type='unavailable' from='bob@call.example.org/1' to='romeo@example.org'>"; got != want {
			t.Errorf("got %s, want only him told who was called by one that has gone: %s", got, want)
		}
		p.pong(t)
		d.commit(t, nil, store.Offline{JID: "bob@call.example.org/1"}, store.DropContact{Local: "bob", Bare: "romeo@example.org"})
		p.says(t, bobLogsIn)
		d.commit(t, nil, store.Online{JID: p.b.users["bob"].tabs[0].jid})
		if got := p.told(t, ""); got != "" {
			t.Errorf("got %s, want nobody told", got)
		}
		heardOnly(t, p.says(t, `bob > {"type":"roster","id":1}`), `bob: {"type":"roster","items":[`+
			`{"name":"juliet@example.org","title":"Juliet","groups":["A","B"],"subscription":"none","show":"unavailable","media":[]},`+
			`{"name":"mallory@example.org","subscription":"from","blocked":true,"show":"unavailable","media":[]}],"id":1}`)
		p.told(t, `xmpp > <presence type='subscribe' from='nurse@example.org' to='bob@call.example.org'/>`)
		d.commit(t, nil, store.PutContact{Local: "bob", Bare: "nurse@example.org", From: true, Approved: true})
		if got := p.told(t, ""); !strings.HasPrefix(got, "<presence type='subscribed' from='bob@call.example.org' to='nurse@example.org'>") {
			t.Errorf("approved before: got %s", got)
		}
	})
}

// Where all is kept, who probes is no contact for that.
func TestProbesTeachNothing(t *testing.T) {
	withDrawer(t, store.State{}, func(p *theatre, d *drawer) {
		p.b.HandleLink(true)
		got := p.told(t, `xmpp > <presence type='probe' from='juliet@example.org/phone' to='bob@call.example.org'/>`)
		if want := "<presence type='unsubscribed' from='bob@call.example.org' to='juliet@example.org'>"; got != want || len(p.b.users) != 0 {
			t.Errorf("got %s, want %s; %d names", got, want, len(p.b.users))
		}
		d.commit(t, nil)
	})
}

// Who asks and asks fills neither the list of one nor those of all.
func TestRequestsAreBounded(t *testing.T) {
	onStage(t, func(p *theatre) {
		asking(p)
		refused := 0
		ask := func(from, to string) {
			said := p.says(t, fmt.Sprintf(`xmpp > <presence type='subscribe' from='%s' to='%s@call.example.org'/>`, from, to))
			refused += strings.Count(strings.Join(said, ""), "resource-constraint")
		}
		for i := range maxPending + 10 {
			ask(fmt.Sprintf("m%d@evil.example", i), "bob")
		}
		if n := len(p.b.users["bob"].contacts); n != maxPending || refused != 10 {
			t.Errorf("%d wait for bob, %d were refused; want %d and 10", n, refused, maxPending)
		}
		refused = 0
		for i := range maxAsking + 10 {
			ask("mallory@evil.example", fmt.Sprint("name", i))
		}
		if n := p.b.askers["mallory@evil.example"]; n != maxAsking || refused != 10 {
			t.Errorf("one asks %d, %d were refused; want %d and 10", n, refused, maxAsking)
		}
		// A true contact can be made all the same, and each answer makes room.
		p.scene(`xmpp > <presence type='unsubscribe' from='mallory@evil.example' to='name0@call.example.org'/>`)
		if n := p.b.askers["mallory@evil.example"]; n != maxAsking-1 || p.b.users["name0"] != nil {
			t.Errorf("%d wait, want one less than %d, and nothing of the name", n, maxAsking)
		}
	})
}

// Nor does who adds name after name.
func TestAddingNamesIsBounded(t *testing.T) {
	onStage(t, func(p *theatre) {
		refused := 0
		for i := range addsPerSender + 10 {
			said := p.says(t, fmt.Sprintf(`xmpp > <presence type='subscribe' from='mallory@evil.example' to='name%d@call.example.org'/>`, i))
			refused += strings.Count(strings.Join(said, ""), "resource-constraint")
		}
		if len(p.b.users) != addsPerSender+1 || refused != 10 {
			t.Errorf("%d names are known, %d were refused; want %d and 10", len(p.b.users), refused, addsPerSender+1)
		}
		// One whose name is in use can be added, and who is known asks again.
		for _, to := range []string{"bob", "name0"} {
			if said := strings.Join(p.says(t, `xmpp > <presence type='subscribe' from='mallory@evil.example' to='`+to+`@call.example.org'/>`), "\n"); !strings.Contains(said, "type='subscribed'") {
				t.Errorf("%s: got %s", to, said)
			}
		}
	})
}

// Messages are bounded both ways, and by their length.
func TestMessagesAreBounded(t *testing.T) {
	onStage(t, func(p *theatre) {
		p.scene(`bob > {"type":"login","name":"Bob","v":1,"caps":["messages"]}`)
		write := func(from, body string) string {
			return strings.Join(p.says(t, fmt.Sprintf(`xmpp > <message type='chat' id='m' from='%s/x' to='bob@call.example.org'><body>%s</body></message>`, from, body)), "\n")
		}
		if got := write("juliet@example.org", strings.Repeat("ä", maxBody)); !strings.Contains(got, `bob: {"type":"message"`) {
			t.Errorf("got %.200s, want it handed over", got)
		}
		if got := write("juliet@example.org", strings.Repeat("ä", maxBody+1)); !strings.Contains(got, "policy-violation") || strings.Contains(got, "bob:") {
			t.Errorf("got %.200s, want it refused", got)
		}
		refused := 0
		for range writesPerSender {
			refused += strings.Count(write("mallory@evil.example", "Buy"), "resource-constraint")
		}
		if got := write("mallory@evil.example", "Buy"); refused != 0 || !strings.Contains(got, "resource-constraint") {
			t.Errorf("%d refused before the limit; beyond it got %s", refused, got)
		}
		for i := range writesPerName {
			write(fmt.Sprintf("m%d@evil.example", i), "Buy")
		}
		if got := write("m@evil.example", "Buy"); !strings.Contains(got, "resource-constraint") {
			t.Errorf("from many: got %s", got)
		}
		for range writesBurst {
			p.scene(`bob > {"type":"message","name":"juliet@example.org","body":"x"}`)
		}
		heardOnly(t, p.says(t, `bob > {"type":"message","name":"juliet@example.org","body":"x"}`), `bob: {"type":"error","message":"too many messages; wait a little","code":"rate-limited"`)
		if n := len(p.b.users["bob"].tabs[0].letters); n > maxLetters {
			t.Errorf("%d letters are remembered, want up to %d", n, maxLetters)
		}
	})
}

// A list that would not fit into a queue comes in parts, of what is still in it.
func TestLongListComesInParts(t *testing.T) {
	onStage(t, func(p *theatre) {
		p.scene(`bob > {"type":"login","name":"Bob","v":1,"caps":["roster"]}`)
		for i := range 2*maxItems + 10 {
			p.scene(fmt.Sprintf(`xmpp > <presence type='subscribe' from='c%03d@example.org' to='bob@call.example.org'/>`, i))
		}
		first := strings.Join(p.says(t, `bob > {"type":"roster","id":1}`), "\n")
		for _, verb := range []string{"unsubscribe", "unsubscribed"} { // the last one goes meanwhile
			p.scene(fmt.Sprintf(`xmpp > <presence type='%s' from='c%03d@example.org' to='bob@call.example.org'/>`, verb, 2*maxItems+9))
		}
		time.Sleep(3 * itemsGap)
		synctest.Wait()
		rest := p.hush()
		all := 0
		for _, part := range append(rest, first) {
			all += strings.Count(part, `"subscription":"from"`)
		}
		if n := strings.Count(first, `"subscription"`); n != maxItems || len(rest) != 2 || all != 2*maxItems+9 {
			t.Fatalf("%d at once, %d in %d parts; want %d, and all in 3", n, all, len(rest)+1, maxItems)
		}
		for i, want := range []string{`"more":true`, `"more":true`, `"more":false`} {
			if part := append([]string{first}, rest...)[i]; !strings.Contains(part, want) {
				t.Errorf("part %d: want %s in %.200s", i, want, part)
			}
		}
	})
}

// A page that changes its list without end is slowed down.
func TestListChangesAreBounded(t *testing.T) {
	onStage(t, func(p *theatre) {
		p.scene(`bob > {"type":"login","name":"Bob","v":1,"caps":["roster"]}`)
		for range asksBurst {
			p.scene(`bob > {"type":"roster"}`)
		}
		heardOnly(t, p.says(t, `bob > {"type":"subscribe","name":"juliet@example.org"}`), `bob: {"type":"error","message":"too many changes of contacts; wait a little","code":"rate-limited"`)
	})
}
