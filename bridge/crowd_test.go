package bridge

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jinglebridge/jinglebridge/component"
)

// crowded is a stream whose table of open requests is full.
type crowded struct {
	*theatre
	full atomic.Bool
}

func (s *crowded) SendIQ(iq component.IQ, done func(*component.Stanza, error)) error {
	if s.full.Load() && done != nil {
		return component.ErrFull
	}
	return s.theatre.SendIQ(iq, done)
}

// An end for which there is no room is said later: a client that never hears it rings on.
func TestEndsAreSaidWhenThereIsRoom(t *testing.T) {
	onStage(t, func(p *theatre) {
		p.scene(saysInvite, saysProceed, saysOffer)
		stream := &crowded{theatre: p}
		stream.full.Store(true)
		p.b.link.stream = stream
		if err := p.play(`bob > {"type":"leave","call":"c1"}`); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if heard := strings.Join(p.hush(), "\n"); strings.Contains(heard, "session-terminate") {
			t.Fatalf("terminated although there was no room:\n%s", heard)
		}
		time.Sleep(2500 * time.Millisecond)
		stream.full.Store(false)
		time.Sleep(time.Second)
		synctest.Wait()
		if heard := strings.Join(p.hush(), "\n"); strings.Count(heard, "session-terminate") != 1 {
			t.Errorf("got %q, want one session-terminate", heard)
		}
	})
}

// A peer that answers nothing does not use up the requests that all calls share.
func TestASilentPeerKeepsFewRequestsOpen(t *testing.T) {
	onStage(t, func(p *theatre) {
		p.scene(saysInvite, saysProceed, saysOffer)
		for i := range 80 {
			p.scene(fmt.Sprintf(`bob > {"type":"candidate","call":"c1","candidate":{"candidate":"candidate:1 1 udp 1 192.0.2.1 %d typ host","sdpMLineIndex":0}}`, 1000+i))
		}
		p.mu.Lock()
		waiting := 0
		for _, done := range p.pending {
			if done != nil {
				waiting++
			}
		}
		p.mu.Unlock()
		if p.iqs < 80 || waiting > maxOpen {
			t.Errorf("%d requests, %d of them wait for an answer; want 80 and at most %d", p.iqs, waiting, maxOpen)
		}
		time.Sleep(16 * time.Second)
		synctest.Wait()
		for x := range p.b.calls {
			if open := x.toward("juliet@example.org").open; open != 0 {
				t.Errorf("%d are taken for open when all are too late", open)
			}
		}
	})
}

func TestQuestionsForCapsAreBounded(t *testing.T) {
	onStage(t, func(p *theatre) {
		p.scene(`xmpp > <presence type='subscribe' from='juliet@example.org' to='bob@call.example.org'/>`)
		before := p.iqs
		for i := range 50 {
			p.scene(fmt.Sprintf(`xmpp > <presence from='juliet@example.org/d' to='bob@call.example.org'><c xmlns='http://jabber.org/protocol/caps' node='n' ver='%d' hash='sha-1'/></presence>`, i))
		}
		if asked := p.iqs - before; asked != maxCapsOpenOf {
			t.Errorf("asked %d times, want %d", asked, maxCapsOpenOf)
		}
		time.Sleep(16 * time.Second)
		synctest.Wait()
		p.scene(`xmpp > <presence from='juliet@example.org/d' to='bob@call.example.org'><c xmlns='http://jabber.org/protocol/caps' node='n' ver='49' hash='sha-1'/></presence>`)
		if asked := p.iqs - before; asked != maxCapsOpenOf+1 || p.b.link.asking != 1 {
			t.Errorf("asked %d times, %d open; want one more than %d, and 1", asked, p.b.link.asking, maxCapsOpenOf)
		}
	})
}

// Candidates that wait must not be more than a browser's queue holds.
func TestEarlyCandidatesAreBoundedInBytes(t *testing.T) {
	onStage(t, func(p *theatre) {
		p.scene(saysInvite)
		for range 50 {
			p.scene(`bob > {"type":"candidate","call":"c1","candidate":{"a":"` + strings.Repeat("x", 1000) + `","b":"` + strings.Repeat("x", 1000) + `","c":"` + strings.Repeat("x", 1000) + `"}}`)
		}
		for c := range p.b.calls {
			size := 0
			for _, early := range c.early[c.caller] {
				size += len(early.raw)
			}
			if size == 0 || size > maxEarly {
				t.Errorf("%d bytes are kept, want up to %d", size, maxEarly)
			}
		}
	})
}

// Who has a network has all its addresses.
func TestCallsAreCountedByNetwork(t *testing.T) {
	onStage(t, func(p *theatre) {
		p.b.perTarget.perMinute = 1000
		for tab := range 4 {
			who := fmt.Sprint("guest", tab)
			p.browsers[who] = &actor{house: &p.house, mu: &p.mu, old: true, addr: fmt.Sprintf("2001:db8:1:2::%d", tab)}
			p.scene(who + ` > {"type":"login","name":"` + who + `","v":1}`)
			for range 10 {
				p.scene(who + ` > {"type":"invite","name":"nobody"}`)
			}
		}
		if got := p.house.counter(t, "jinglebridge_limited_total"); got != 10 {
			t.Errorf("of 40 calls from one /64 %v were too many, want 10", got)
		}
	})
}

// A description is kept as long as its call, so nobody may make it big.
func TestJingleIsBoundedInBytes(t *testing.T) {
	onStage(t, func(p *theatre) {
		p.hush()
		big := "<x>" + strings.Repeat("x", maxJingle) + "</x>"
		err := p.play(`xmpp > <iq type='set' id='big' from='juliet@example.org/web' to='{tab}'><jingle xmlns='urn:xmpp:jingle:1' action='session-initiate' sid='s1'>` + big + `{@stanzajs-audio-initiate.xml}</jingle></iq>`)
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		heard := strings.Join(p.hush(), "\n")
		if !strings.Contains(heard, "resource-constraint") || strings.Contains(heard, "invite") || len(p.b.calls) != 0 {
			t.Errorf("got %s, want it refused", clip(heard, 1000))
		}
	})
}

// Another name is not another allowance of calls.
func TestCallsAreCountedBySocket(t *testing.T) {
	onStage(t, func(p *theatre) {
		p.b.perTarget.perMinute = 1000
		for range p.b.cfg.Limits.NewCallsPerSession {
			p.scene(`bob > {"type":"invite","name":"nobody"}`)
		}
		p.scene(`bob > {"type":"login","name":"Robert","v":1,"caps":["invite"]}`)
		if err := p.play(`bob > {"type":"invite","name":"nobody"}`); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if err := p.play(`bob < {"type":"error","message":"*","code":"rate-limited","retry":20,"name":"nobody"}`); err != nil {
			t.Error(err)
		}
	})
}
