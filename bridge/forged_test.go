package bridge

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
)

// scene plays lines and hears nothing of what comes of them.
func (p *theatre) scene(lines ...string) {
	p.t.Helper()
	for _, line := range lines {
		p.hush()
		if err := p.play(line); err != nil {
			p.t.Fatalf("%s\n%v", line, err)
		}
		synctest.Wait()
	}
	p.hush()
}

// hush forgets what was said, but for who spoke last.
func (p *theatre) hush() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	heard := p.stanzas
	for _, stanza := range heard {
		if _, from, ok := strings.Cut(stanza, "from='"); ok {
			if from, _, _ = strings.Cut(from, "'"); strings.Contains(from, "/") {
				p.self = from
			}
		}
	}
	p.stanzas = nil
	for who, a := range p.browsers {
		for _, message := range a.heard {
			heard = append(heard, who+": "+message)
		}
		a.heard = nil
	}
	return heard
}

// onStage runs a test in a bridge with Bob logged in.
func onStage(t *testing.T, test func(p *theatre)) {
	synctest.Test(t, func(t *testing.T) {
		p := newStage(t)
		ctx, cancel := context.WithCancel(t.Context())
		go p.b.Run(ctx)
		defer func() { cancel(); synctest.Wait() }()
		p.b.HandleLink(true)
		p.scene(`bob > {"type":"login","name":"Bob","v":1,"caps":["invite"]}`)
		test(p)
		p.hush()
		p.curtain()
	})
}

const (
	saysPropose  = `xmpp > <message type='chat' id='1' from='juliet@example.org/phone' to='bob@call.example.org'><propose xmlns='urn:xmpp:jingle-message:0' id='sid1'><description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'/></propose></message>`
	saysAccept   = `bob > {"type":"accept","name":"juliet@example.org"}`
	saysInitiate = `xmpp > <iq type='set' id='q' from='juliet@example.org/phone' to='{to}'><jingle xmlns='urn:xmpp:jingle:1' action='session-initiate' sid='sid1'>{@conversations-audio-initiate.xml}</jingle></iq>`
	saysAnswer   = `bob > {"type":"answer","answer":{"type":"answer","sdp":"{@audio-answer.sdp}"},"name":"juliet@example.org"}`
	saysOffer    = `bob > {"type":"offer","offer":{"type":"offer","sdp":"{@audio-offer.sdp}"},"name":"juliet@example.org","call":"c1"}`
	saysInvite   = `bob > {"type":"invite","name":"juliet@example.org","call":"c1"}`
	saysProceed  = `xmpp > <message type='chat' from='juliet@example.org/phone' to='{to}'><proceed xmlns='urn:xmpp:jingle-message:0' id='sid1'/></message>`
	saysAccepted = `xmpp > <iq type='set' id='q' from='juliet@example.org/phone' to='{to}'><jingle xmlns='urn:xmpp:jingle:1' action='session-accept' sid='sid1'>{@conversations-audio-accept.xml}</jingle></iq>`
)

// moments are the stages of a call, in both directions.
var moments = map[string][]string{
	"she proposed": {saysPropose}, "he took it": {saysPropose, saysAccept},
	"she began": {saysPropose, saysAccept, saysInitiate}, "he answered": {saysPropose, saysAccept, saysInitiate, saysAnswer},
	"he proposed": {saysInvite}, "she took it": {saysInvite, saysProceed},
	"he began": {saysOffer, saysProceed}, "she answered": {saysOffer, saysProceed, saysAccepted},
}

var strangers = []string{"mallory@evil.example/phone", "juliet@example.com/phone", "juliet@example.org.evil.example/phone", "juliet@EXAMPLE.org/phone", "eve@call.example.org/phone", "example.org"}

// devices are hers, but not the one in the call.
var devices = []string{"juliet@example.org/tablet", "juliet@example.org/Phone", "juliet@example.org"}

// Whoever knows the sid of a call is not in it (XEP-0166 §12).
func TestForgedJingle(t *testing.T) {
	for moment, lines := range moments {
		t.Run(moment, func(t *testing.T) {
			onStage(t, func(p *theatre) {
				p.scene(lines...)
				for _, action := range actions {
					for _, from := range append(strangers, devices...) {
						if action != "session-initiate" { // that would be a call of its own
							p.forge(from, "{to}", fmt.Sprintf("<jingle xmlns='urn:xmpp:jingle:1' action='%s' sid='sid1' initiator='juliet@example.org/phone'>{@conversations-audio-accept.xml}<reason><success/></reason></jingle>", action))
						}
					}
					p.forge("juliet@example.org/phone", "bob@call.example.org/other", fmt.Sprintf("<jingle xmlns='urn:xmpp:jingle:1' action='%s' sid='sid1'>{@conversations-audio-accept.xml}</jingle>", action))
					p.forge("juliet@example.org/phone", "{to}", fmt.Sprintf("<jingle xmlns='urn:xmpp:jingle:1' action='%s'/>", action))
				}
			})
		})
	}
}

// forge sends a request that must be refused, and have no effect.
func (p *theatre) forge(from, to, payload string) {
	p.t.Helper()
	if strings.Contains(payload, "session-initiate") && to != "{to}" {
		p.b.cfg.CalledBy = []string{"contacts"}
		defer func() { p.b.cfg.CalledBy = []string{"anyone"} }()
	}
	before, to := p.calls(), strings.Replace(to, "{to}", p.self, 1)
	p.scene()
	if err := p.play(fmt.Sprintf("xmpp > <iq type='set' id='forged' from='%s' to='%s'>%s</iq>", from, to, payload)); err != nil {
		p.t.Fatal(err)
	}
	synctest.Wait()
	heard := p.hush()
	if len(heard) != 1 || !strings.Contains(heard[0], "type='error' id='forged'") {
		p.t.Errorf("%s from %s: got %q, want one error", payload, from, heard)
	}
	if after := p.calls(); after != before {
		p.t.Errorf("%s from %s: got %s, want no change of %s", payload, from, after, before)
	}
}

// calls tells how all calls stand.
func (p *theatre) calls() string {
	var out strings.Builder
	for c := range p.b.calls {
		fmt.Fprintf(&out, "%s offered=%v rang=%v early=%d heard=%d", c.state, c.offered, c.rang, len(c.early), len(c.heard))
	}
	for _, x := range p.b.jingles {
		fmt.Fprintf(&out, " session %s %s %d %v", x.self, x.peer, x.stage, x.senders)
	}
	for _, x := range p.b.proposals {
		fmt.Fprintf(&out, " proposal %s %s %d %v", x.bare, x.peer, x.stage, x.rings)
	}
	return out.String()
}

// Nor is whoever knows the id of a proposal; and one of her other devices has a say only
// in a proposal that she has not taken yet.
func TestForgedProposals(t *testing.T) {
	for moment, lines := range moments {
		t.Run(moment, func(t *testing.T) {
			onStage(t, func(p *theatre) {
				p.scene(lines...)
				wrong := strangers
				if moment != "he proposed" {
					wrong = append(wrong, devices[:2]...)
				}
				for _, kind := range []string{"ringing", "proceed", "accept", "reject", "retract", "finish"} {
					for _, from := range wrong {
						p.forgeMessage(from, "chat", fmt.Sprintf("<%s xmlns='urn:xmpp:jingle-message:0' id='sid1'/>", kind))
					}
				}
				for _, from := range wrong {
					p.forgeMessage(from, "error", "<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>")
					p.forgeMessage(from, "chat", "<received xmlns='urn:xmpp:receipts' id='jm-propose-sid1'/>")
				}
			})
		})
	}
}

func (p *theatre) forgeMessage(from, kind, payload string) {
	p.t.Helper()
	before := p.calls()
	for _, id := range []string{"jm-propose-sid1", "jm-proceed-sid1"} {
		if err := p.play(fmt.Sprintf("xmpp > <message type='%s' id='%s' from='%s' to='%s'>%s</message>", kind, id, from, p.self, payload)); err != nil {
			p.t.Fatal(err)
		}
		synctest.Wait()
		self := p.self
		heard := p.hush()
		p.self = self
		for _, said := range heard {
			if !strings.Contains(said, "<retract ") || !strings.Contains(said, "to='"+from+"'") {
				p.t.Errorf("%s from %s: got %q, want at most that it is over", payload, from, said)
			}
		}
	}
	if after := p.calls(); after != before && !strings.Contains(payload, "ringing") && !strings.Contains(payload, "received") {
		p.t.Errorf("%s from %s: got %s, want no change of %s", payload, from, after, before)
	}
}
