package bridge

import (
	"fmt"
	"testing"
	"time"
)

func TestMeters(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	ms := newMeters(3)
	for i, want := range []bool{true, true, true, false, false} {
		if got := ms.allow("a", now); got != want {
			t.Errorf("attempt %d: got %v, want %v", i+1, got, want)
		}
	}
	if !ms.allow("b", now) {
		t.Error("somebody else is refused")
	}
	if now = now.Add(21 * time.Second); !ms.allow("a", now) || ms.allow("a", now) {
		t.Error("after a third of a minute: want one more")
	}
	now = now.Add(time.Hour)
	for i, want := range []bool{true, true, true, false} {
		if got := ms.allow("a", now); got != want {
			t.Errorf("after an hour, attempt %d: got %v, want %v", i+1, got, want)
		}
	}
}

// A flood of keys is bounded in memory, shares one allowance, and does not take it from
// those who were there before.
func TestMetersOfAFlood(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	ms := newMeters(3)
	for i := range maxMeters {
		if !ms.allow(fmt.Sprint("bot", i), now) {
			t.Fatalf("key %d is refused", i)
		}
	}
	allowed := 0
	for i := range 1000 {
		if ms.allow(fmt.Sprint("late", i), now) {
			allowed++
		}
	}
	if allowed != 30 || len(ms.byKey) != maxMeters {
		t.Errorf("of 1000 in the crowd %d are allowed, %d keys are kept; want 30 and %d", allowed, len(ms.byKey), maxMeters)
	}
	if !ms.allow("bot1", now) {
		t.Error("one who was there before is refused")
	}
	now = now.Add(2 * time.Minute)
	if !ms.allow("new", now) || len(ms.byKey) != 1 {
		t.Errorf("two minutes later %d keys are kept, want 1", len(ms.byKey))
	}
}

// What one call, one tab and the bridge keep is bounded.
func TestBounds(t *testing.T) {
	onStage(t, func(p *theatre) {
		p.scene(saysInvite)
		for i := range 200 {
			p.scene(fmt.Sprintf(`xmpp > <message type='chat' from='juliet@example.org/d%d' to='{to}'><ringing xmlns='urn:xmpp:jingle-message:0' id='sid1'/></message>`, i))
		}
		for _, x := range p.b.proposals {
			if len(x.rings) > 64 {
				t.Errorf("%d ringing devices are kept", len(x.rings))
			}
		}
		for range 300 {
			p.scene(`bob > {"type":"candidate","candidate":{"candidate":"x"},"call":"c1"}`)
		}
		for c := range p.b.calls {
			if n := len(c.early[c.caller]); n != p.b.cfg.Limits.Candidates {
				t.Errorf("%d early candidates are kept, want %d", n, p.b.cfg.Limits.Candidates)
			}
		}
		p.scene(`xmpp > <presence type='subscribe' from='juliet@example.org' to='bob@call.example.org'/>`)
		for i := range 100 {
			p.scene(fmt.Sprintf(`xmpp > <presence from='juliet@example.org/d%d' to='bob@call.example.org'/>`, i))
		}
		if n := len(p.b.users["bob"].contacts["juliet@example.org"].resources); n != maxResources {
			t.Errorf("%d devices of a contact are kept, want %d", n, maxResources)
		}
		p.b.perTarget.perMinute, p.b.perCaller.perMinute = 1000, 1000
		for i := range 100 {
			p.scene(fmt.Sprintf(`xmpp > <message type='chat' id='1' from='r%d@example.org/x' to='bob@call.example.org'><propose xmlns='urn:xmpp:jingle-message:0' id='s'><description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'/></propose></message>`, i),
				fmt.Sprintf(`xmpp > <message type='chat' id='1' from='r%d@example.org/x' to='bob@call.example.org'><retract xmlns='urn:xmpp:jingle-message:0' id='s'/></message>`, i))
		}
		for _, tab := range p.b.tabs {
			if len(tab.past) != pastCalls {
				t.Errorf("%d past calls are kept, want %d", len(tab.past), pastCalls)
			}
		}
		p.scene("link down")
		for range 2 * maxOwed {
			p.b.owe(p.b.link, func() error { return p.Send(nil) })
		}
		if len(p.b.link.owed) != maxOwed {
			t.Errorf("%d ends are owed, want %d", len(p.b.link.owed), maxOwed)
		}
		p.b.link.owed = nil
		p.scene("link up", "bob gone")
	})
}
