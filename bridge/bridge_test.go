package bridge

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/web"
)

// secondTab logs a browser in under a name that is taken: nobody may, yet, but the calls
// are made for it.
func (p *theatre) secondTab(who string) {
	a := &actor{house: &p.house, mu: &p.mu}
	p.browsers[who] = a
	p.b.do(func() {
		s := &session{sock: a}
		p.b.sessions[a] = s
		p.b.open(s, p.b.user("bob"), true)
	})
	synctest.Wait()
}

// heardOnly checks what was heard, in any order.
func heardOnly(t *testing.T, heard []string, want ...string) {
	t.Helper()
	for _, text := range want {
		i := slices.IndexFunc(heard, func(got string) bool { return like("*"+text+"*", got) })
		if i < 0 {
			t.Errorf("got %q, want %s", heard, text)
			continue
		}
		heard = slices.Delete(heard, i, i+1)
	}
	if len(heard) > 0 {
		t.Errorf("got %q, too", heard)
	}
}

// A call rings at all tabs of a name. One that declines leaves the others ringing; one that
// takes it has it, and the others are told so.
func TestTwoTabs(t *testing.T) {
	onStage(t, func(p *theatre) {
		p.secondTab("eve")
		p.secondTab("zed")
		if err := p.play(saysPropose); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		heardOnly(t, p.hush(), `bob: {"type":"invite"`, `eve: {"type":"invite"`, `zed: {"type":"invite"`)
		for _, step := range []struct {
			line string
			want []string
		}{
			{`eve > {"type":"ringing","name":"juliet@example.org"}`, []string{"<ringing "}},
			{`zed > {"type":"ringing","name":"juliet@example.org"}`, nil},
			{`zed > {"type":"leave","name":"juliet@example.org","reason":"decline"}`, nil},
			{`eve > {"type":"accept","name":"juliet@example.org"}`, []string{"<proceed ", `bob: {"type":"leave","name":"juliet@example.org","call":"*","reason":"elsewhere"}`}},
			{saysAccept, []string{`bob: {"type":"error","message":"there is no such call; it has ended, or somebody else took it"`}},
			{saysInitiate, []string{"type='result' id='q'", `eve: {"type":"offer"`}},
			{`bob > {"type":"leave"}`, nil},
			{`eve gone`, []string{"action='session-terminate'*<gone/>", "<finish "}},
		} {
			if err := p.play(step.line); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			heardOnly(t, p.hush(), step.want...)
		}
		// All decline, or go: the caller hears of the last one.
		p.scene(saysPropose)
		p.scene(`zed gone`)
		if err := p.play(`bob > {"type":"leave","reason":"busy"}`); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		heardOnly(t, p.hush(), "<reject *<busy/>")
	})
}

// A bug costs one turn of the loop, is counted, and not more.
func TestTurnFails(t *testing.T) {
	onStage(t, func(p *theatre) {
		p.b.do(func() { panic("this is a test") })
		p.scene(`bob > {"type":"ice"}`)
		if n := p.house.counter(t, "jinglebridge_panics_total"); n != 1 {
			t.Errorf("got %v failed turns, want 1", n)
		}
		p.house.failures = 1
	})
}

// Who asked for what fails is told so, once.
func TestFailedTurnsAreAnswered(t *testing.T) {
	onStage(t, func(p *theatre) {
		rejected, newSID := p.b.metrics.rejected, p.b.newSID
		p.b.metrics.rejected, p.b.newSID = nil, func() string { panic("this is a test") }
		p.hush()
		for _, line := range []string{
			`xmpp > <iq type='set' id='q' from='juliet@example.org/phone' to='{tab}'><jingle xmlns='urn:xmpp:jingle:1'/></iq>`,
			`xmpp < <iq type='error' id='q' from='*' to='juliet@example.org/phone'><error type='cancel'><internal-server-error xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`,
			`bob > {"type":"invite","id":7,"name":"juliet@example.org"}`,
			`bob < {"type":"error","id":7,"message":"something went wrong here","code":"internal","name":"juliet@example.org"}`,
		} {
			if err := p.play(line); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			synctest.Wait()
		}
		p.b.metrics.rejected, p.b.newSID = rejected, newSID
		newID := p.b.newID
		p.b.newID = func() string { panic("this is a test") }
		// This one fails after its answer, which is the only one (curtain_test.go).
		p.scene(`xmpp > <iq type='set' id='q2' from='juliet@example.org/phone' to='{tab}'><jingle xmlns='urn:xmpp:jingle:1' action='session-initiate' sid='s1'>{@stanzajs-audio-initiate.xml}</jingle></iq>`)
		p.b.newID = newID
		p.house.failures = 3
		clear(p.b.jingles)
		for _, tab := range p.b.tabs {
			clear(tab.ends)
		}
	})
}

// After the loop has ended every door opens on nothing, and none waits.
func TestDoorsAfterTheEnd(t *testing.T) {
	p := newStage(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.b.Run(ctx); err != nil {
		t.Errorf("got %v", err)
	}
	for range 2 * cap(p.b.todo) {
		p.b.HandleStanza(&component.Stanza{})
		p.b.HandleLink(true)
		p.b.Receive(&actor{}, web.Message{})
		p.b.Closed(&actor{})
	}
	p.b.Shutdown(context.Background())
}

func TestShutdownGivesUp(t *testing.T) {
	p := newStage(t) // its loop does not run
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	p.b.Shutdown(ctx)
}

func TestIDs(t *testing.T) {
	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	b := New(Config{Domain: "call.example.org"}, nopStream{})
	seen := map[string]bool{}
	for range 1000 {
		if sid := b.newSID(); !uuid.MatchString(sid) || seen[sid] {
			t.Fatalf("sid %q is no UUID of version 4, or not new", sid)
		} else {
			seen[sid] = true
		}
		if id := b.newID(); len(id) != 16 || seen[id] || strings.Trim(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != "" {
			t.Fatalf("id %q is odd, or not new", id)
		} else {
			seen[id] = true
		}
	}
}

func TestNoAnonymousLogin(t *testing.T) {
	onStage(t, func(p *theatre) {
		p.b.cfg.Anonymous = false
		if err := p.play(`eve > {"type":"login","name":"Eve","v":1,"id":1}`); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		heardOnly(t, p.hush(), `{"type":"login","success":false,"code":"auth-required","message":"*","methods":[],"id":1}`)
	})
}

// An id that could not be kept or repeated begins nothing.
func TestBadIDs(t *testing.T) {
	onStage(t, func(p *theatre) {
		for _, sid := range []string{"", strings.Repeat("x", 257), "a&#x7f;b", "a&#10;b"} {
			line := strings.ReplaceAll(saysPropose, "sid1", sid)
			if err := p.play(line); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			heardOnly(t, p.hush())
			p.self = p.b.users["bob"].tabs[0].jid
			if err := p.play(strings.ReplaceAll(saysInitiate, "sid1", sid)); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			heardOnly(t, p.hush(), "<bad-request ")
		}
	})
}
