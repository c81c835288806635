package bridge

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/internal/store"
)

// drawer is a store that commits when the test says so.
type drawer struct {
	mu     sync.Mutex
	queued []store.Change
	done   []func(error)
	refuse error
}

func (d *drawer) Do(c store.Change, done func(error)) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.refuse != nil {
		return d.refuse
	}
	d.queued, d.done = append(d.queued, c), append(d.done, done)
	return nil
}

// commit lets go what is queued, which must be this.
func (d *drawer) commit(t *testing.T, err error, want ...store.Change) {
	t.Helper()
	d.mu.Lock()
	queued, done := d.queued, d.done
	d.queued, d.done = nil, nil
	d.mu.Unlock()
	if len(queued) != len(want) || len(want) > 0 && !reflect.DeepEqual(queued, want) {
		t.Errorf("queued %+v, want %+v", queued, want)
	}
	for _, f := range done {
		f(err)
	}
	synctest.Wait()
}

// withDrawer plays with a bridge that keeps what it knows, after an earlier run left state.
func withDrawer(t *testing.T, state store.State, play func(p *theatre, d *drawer)) {
	synctest.Test(t, func(t *testing.T) {
		p, d := newStage(t), &drawer{}
		p.b.cfg.Store = d
		p.b.remember(state)
		ctx, cancel := context.WithCancel(t.Context())
		go p.b.Run(ctx)
		defer func() { cancel(); synctest.Wait() }()
		play(p, d)
	})
}

// pong answers what we asked of ourselves, as a server that brings it back.
func (p *theatre) pong(t *testing.T) {
	t.Helper()
	p.mu.Lock()
	var asked []func(*component.Stanza, error)
	for id, done := range p.pending {
		if strings.HasSuffix(id, " call.example.org") {
			asked = append(asked, done)
			delete(p.pending, id)
		}
	}
	p.mu.Unlock()
	if len(asked) == 0 {
		t.Error("nothing was asked")
	}
	for _, done := range asked {
		done(&component.Stanza{Type: "result"}, nil)
	}
	synctest.Wait()
}

// told is what presence goes out after a line ("" for nothing new), each shortened to what
// these tests are about.
func (p *theatre) told(t *testing.T, line string) string {
	t.Helper()
	if line != "" {
		if err := p.play(line); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Wait()
	var all []string
	for _, stanza := range p.hush() {
		stanza = strings.ReplaceAll(stanza, " xmlns='jabber:component:accept'", "")
		before, _, _ := strings.Cut(stanza, ">")
		if strings.HasPrefix(before, "<presence") {
			all = append(all, strings.TrimSuffix(before, "/")+">")
		}
	}
	return strings.Join(all, "\n")
}

const sheSubscribes = `xmpp > <presence type='subscribe' from='juliet@example.org' to='bob@call.example.org'/>`

var hers = store.PutContact{Local: "bob", Bare: "juliet@example.org", From: true, Asked: true}

// What is acknowledged is stored, and what is not stored is not acknowledged.
func TestSubscriptionIsKeptFirst(t *testing.T) {
	withDrawer(t, store.State{}, func(p *theatre, d *drawer) {
		p.b.HandleLink(true)
		if got := p.told(t, sheSubscribes); got != "" {
			t.Errorf("told before it is stored: %s", got)
		}
		d.commit(t, nil, hers)
		if got, want := p.told(t, ""), "<presence type='subscribed' from='bob@call.example.org' to='juliet@example.org'>\n<presence type='subscribe' from='bob@call.example.org' to='juliet@example.org'>"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		p.scene(`xmpp > <presence type='unsubscribe' from='juliet@example.org' to='bob@call.example.org'/>`)
		gone := hers
		gone.From = false
		d.commit(t, nil, gone)
	})
}

func TestSubscriptionThatCannotBeKept(t *testing.T) {
	full := errors.New("the disk is full")
	for _, how := range []string{"queue", "commit"} {
		withDrawer(t, store.State{}, func(p *theatre, d *drawer) {
			p.b.HandleLink(true)
			if how == "queue" {
				d.refuse = full
			}
			got := p.told(t, sheSubscribes)
			if how == "commit" {
				d.commit(t, full, hers)
				got = p.told(t, "")
			}
			if !strings.Contains(got, "type='error'") || strings.Contains(got, "subscribed") {
				t.Errorf("%s: got %s, want an error", how, got)
			}
			if n := len(p.b.users); n != 0 {
				t.Errorf("%s: %d names are left", how, n)
			}
			// A name that nobody needs to remember logs in all the same.
			if got := p.says(t, `bob > {"type":"login","name":"Bob","v":1}`); len(got) != 1 || !strings.Contains(got[0], `"success":true`) {
				t.Errorf("%s: got %s", how, got)
			}
		})
	}
}

// A tab is stored before anybody sees it, and forgotten after everybody was told.
func TestTabsAreKeptFirst(t *testing.T) {
	state := store.State{Contacts: []store.Contact{{Local: "bob", Bare: "juliet@example.org", From: true, To: true, Title: "Juliet"}}}
	withDrawer(t, state, func(p *theatre, d *drawer) {
		p.b.HandleLink(true)
		got := p.told(t, `bob > {"type":"login","name":"Bob","v":1}`)
		jid := p.b.users["bob"].tabs[0].jid
		if strings.Contains(got, jid) {
			t.Errorf("shown before it is stored: %s", got)
		}
		d.commit(t, nil, store.Online{JID: jid})
		if got, want := p.told(t, ""), fmt.Sprintf("<presence from='%s' to='juliet@example.org'>\n<presence type='probe' from='bob@call.example.org' to='juliet@example.org'>", jid); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if got, want := p.told(t, "bob gone"), fmt.Sprintf("<presence type='unavailable' from='%s' to='juliet@example.org'>", jid); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		d.commit(t, nil)
		p.pong(t)
		d.commit(t, nil, store.Offline{JID: jid})

		// One that goes before it is stored is seen by nobody, and not left behind.
		p.scene(`bob > {"type":"login","name":"Bob","v":1}`)
		jid = p.b.users["bob"].tabs[0].jid
		p.scene("bob gone")
		d.commit(t, nil, store.Online{JID: jid}, store.Offline{JID: jid})
		if got := p.told(t, ""); strings.Contains(got, "<presence from=") {
			t.Errorf("got %s", got)
		}
	})
}

// Whoever does not want to see a name any more is not shown a tab that was about to be.
func TestUnsubscribedMeanwhile(t *testing.T) {
	withDrawer(t, store.State{}, func(p *theatre, d *drawer) {
		p.b.HandleLink(true)
		p.told(t, `bob > {"type":"login","name":"Bob","v":1}`)
		jid := p.b.users["bob"].tabs[0].jid
		p.told(t, sheSubscribes)
		p.told(t, "xmpp > <presence type='unsubscribe' from='juliet@example.org' to='bob@call.example.org'/>")
		juliet := store.PutContact{Local: "bob", Bare: "juliet@example.org"}
		before := hers
		before.From = false
		d.commit(t, nil, store.Online{JID: jid}, hers, before)
		if got := p.told(t, ""); !strings.HasSuffix(got, "<presence type='unsubscribed' from='bob@call.example.org' to='juliet@example.org'>") || strings.Contains(got, jid) {
			t.Errorf("got %s, want her told unsubscribed, and of no tab", got)
		}
		d.commit(t, nil, juliet, store.DropContact{Local: "bob", Bare: "juliet@example.org"})
	})
}

// Who was there when the bridge was killed is told as gone as soon as it is back.
func TestGhosts(t *testing.T) {
	const ghost = "bob@call.example.org/ghost"
	state := store.State{
		Contacts: []store.Contact{{Local: "bob", Bare: "juliet@example.org", From: true}, {Local: "bob", Bare: "nurse@example.org", To: true}},
		Online:   []string{ghost, "eve@call.example.org/unknown"},
	}
	withDrawer(t, state, func(p *theatre, d *drawer) {
		p.b.HandleLink(true)
		if got, want := p.told(t, ""), "<presence type='unavailable' from='"+ghost+"' to='juliet@example.org'>"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		d.commit(t, nil, store.Offline{JID: "eve@call.example.org/unknown"}) // of whom nobody is to be told
		// What the server has perhaps not got is told again.
		p.b.HandleLink(false)
		p.b.HandleLink(true)
		if got := p.told(t, ""); !strings.Contains(got, ghost) {
			t.Errorf("got %s, want the ghost again", got)
		}
		p.pong(t)
		d.commit(t, nil, store.Offline{JID: ghost})
		p.b.HandleLink(false)
		p.b.HandleLink(true)
		if got := p.told(t, ""); got != "" {
			t.Errorf("told twice: %s", got)
		}
		d.commit(t, nil)
	})
}

// A call that comes while nobody is there is stored, and told at the next login, also after a
// restart; a stranger's is not.
func TestMissedCalls(t *testing.T) {
	state := store.State{
		Contacts: []store.Contact{{Local: "bob", Bare: "juliet@example.org", From: true, To: true, Title: "Juliet"}},
		Missed:   []store.Call{{Local: "bob", From: "nurse@example.org", Media: "audio", At: time.Unix(1_700_000_000, 0)}},
	}
	withDrawer(t, state, func(p *theatre, d *drawer) {
		p.b.HandleLink(true)
		propose := func(from string) string {
			return `xmpp > <message type='chat' id='1' from='` + from + `/phone' to='bob@call.example.org'><propose xmlns='urn:xmpp:jingle-message:0' id='` + from + `'><description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'/><description xmlns='urn:xmpp:jingle:apps:rtp:1' media='video'/></propose></message>`
		}
		p.scene(propose("juliet@example.org"), propose("mallory@evil.example"))
		now := time.Now().UTC().Truncate(time.Second)
		d.commit(t, nil, store.Missed{Local: "bob", From: "juliet@example.org", Title: "Juliet", Media: "audio video", At: now})
		heard := strings.Join(p.says(t, `bob > {"type":"login","name":"Bob","v":1}`), "\n")
		for _, want := range []string{
			`bob: {"type":"missed","name":"nurse@example.org","media":["audio"],"at":1700000000}`,
			fmt.Sprintf(`bob: {"type":"missed","name":"juliet@example.org","title":"Juliet","media":["audio","video"],"at":%d}`, now.Unix()),
		} {
			if !strings.Contains(heard, want) {
				t.Errorf("got %s, want %s", heard, want)
			}
		}
		d.commit(t, nil, store.Online{JID: p.b.users["bob"].tabs[0].jid}, store.TakeMissed{Local: "bob"})
		p.scene("bob gone")
		if heard := strings.Join(p.says(t, `bob > {"type":"login","name":"Bob","v":1}`), "\n"); strings.Contains(heard, "missed") {
			t.Errorf("told again: %s", heard)
		}
	})
}
