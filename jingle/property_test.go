package jingle

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/jinglebridge/jinglebridge/internal/readers"
)

// TestProperty: whatever a browser may legally say keeps its meaning through Jingle and
// back, from either side of a session; a second time changes nothing; and so does every answer to it.
func TestProperty(t *testing.T) {
	t.Parallel()
	directions := map[string]string{}
	for _, row := range rowsOf(answeredDirections) {
		directions[row["offer"]+" "+row["answer"]] = row["heard"]
	}
	for seed := range uint64(300) {
		for _, local := range []Role{Initiator, Responder} {
			g := generator{Rand: rand.New(rand.NewPCG(seed, 5)), local: local, answered: directions}
			offer := g.offer()
			text := g.sdp(offer)
			heard := g.round(t, offer, text)
			if t.Failed() {
				t.Fatalf("seed %d, %s offers\n%s", seed, local, text)
			}
			answer := g.answer(heard)
			reply := g.sdp(answer)
			if g.reply(t, answer, reply); t.Failed() {
				t.Fatalf("seed %d, %s offers\n%s\nanswered\n%s", seed, local, text, reply)
			}
		}
	}
}

// round checks the translation of an offer, and tells what the other side hears.
func (g *generator) round(t *testing.T, m model, text string) model {
	d := fromSDP(t, text, g.local)
	g.means(t, d, m, g.local)
	heard := parse(t, g.stanza(t, d, true)).Description
	g.mine, g.heard = d, heard
	out := toSDP(t, heard, SDPFor{Local: g.local.Other()})
	again := fromSDP(t, out, g.local)
	same(t, again, heard)
	j := &Jingle{Action: g.action(true), SID: "s1", Description: again}
	if second := toSDP(t, parse(t, unchecked(j, Common)).Description, SDPFor{Local: g.local.Other()}); second != out {
		t.Errorf("not stable: got\n%s\nwant\n%s", second, out)
	}
	var mids []string
	for i := range heard.Contents {
		mids = append(mids, heard.Contents[i].MID())
	}
	other := m.heard(mids)
	if len(other.bundle) == 0 {
		other.bundle = mids[:1] // of one, toward a browser
	}
	g.means(t, again, other, g.local)
	return other
}

// reply checks the translation of an answer, which the other side gave to what it heard.
func (g *generator) reply(t *testing.T, m model, reply string) {
	mine, heard := g.mine, g.heard
	d := fromSDP(t, reply, g.local.Other())
	g.means(t, d, m, g.local.Other())
	if err := d.Answers(heard); err != nil {
		t.Errorf("refused: %v", err)
		return
	}
	subset(t, d, heard)
	out := toSDP(t, parse(t, g.stanza(t, d, false)).Description, SDPFor{Local: g.local, Offer: mine})
	back := fromSDP(t, out, g.local.Other())
	if len(back.Contents) != len(mine.Contents) {
		t.Errorf("got %d m-lines, want %d", len(back.Contents), len(mine.Contents))
		return
	}
	lines := m.lines
	for i := range mine.Contents {
		want, got := &mine.Contents[i], &back.Contents[i]
		if got.Media != want.Media || got.MID() != want.MID() || got.Absent != want.Absent {
			t.Errorf("m-line %d is %s %s, absent %v", i, got.Media, got.MID(), got.Absent)
		}
		if !got.Absent {
			wantLines(t, section(t, out, want.MID()), "a=setup:"+m.setup, "a="+g.answered[sendersOf(want.Senders).sdp(g.local)+" "+lines[0].direction])
			lines = lines[1:]
		}
	}
	subset(t, back, mine)
}

// action is how the role that offers or answers does so.
func (g *generator) action(offer bool) Action {
	switch {
	case offer && g.local == Responder:
		return ContentAdd
	case offer:
		return SessionInitiate
	case g.local == Responder:
		return ContentAccept
	}
	return SessionAccept
}

// stanza is an offer or an answer as it is said.
func (g *generator) stanza(t *testing.T, d *Description, offer bool) string {
	j := &Jingle{Action: g.action(offer), SID: "s1", Description: d}
	if offer {
		for i := range d.Contents {
			if d.Contents[i].Creator = "initiator"; g.local == Responder {
				d.Contents[i].Creator = "responder"
			}
		}
		return write(t, j, Common)
	}
	// An answer may be of a codec that not every app offers; the rules for all hold still.
	xml := unchecked(j, Common)
	for _, objection := range readers.Only(readers.Subset)[0].ObjectionsTo(xml) {
		t.Errorf("a reader objects: %s in\n%s", objection, xml)
	}
	return xml
}

// means wants a description to be what the model says.
func (g *generator) means(t *testing.T, d *Description, m model, by Role) {
	var bundle []string
	for i, l := range m.lines {
		c := &d.Contents[i]
		if c.Absent != (l.media == "application") || c.Media != l.media || c.MID() != l.mid {
			t.Errorf("m-line %d is %s %s, absent %v, want %s %s", i, c.Media, c.MID(), c.Absent, l.media, l.mid)
		}
		if slices.Contains(m.bundle, l.mid) && !c.Absent {
			bundle = append(bundle, c.Name)
		}
		if c.Absent {
			continue
		}
		senders, _ := fromAttribute(l.direction, by)
		if c.Senders != senders.String() {
			t.Errorf("%s: got senders %s, want %s", l.mid, c.Senders, senders)
		}
		if c.Ufrag != l.ufrag || c.Pwd != l.pwd || c.Fingerprint != l.fingerprint || c.Setup != m.setup || c.AllowMixed != m.mixed {
			t.Errorf("%s: got the transport %+v, want %+v", l.mid, c, l)
		}
		if len(c.Candidates) != l.candidates || len(c.Extensions) != len(l.usable()) || len(c.Sources) != len(l.sources) {
			t.Errorf("%s: got %d candidates, %d extensions, %d sources, want %+v", l.mid, len(c.Candidates), len(c.Extensions), len(c.Sources), l)
		}
		g.codecs(t, c, l)
	}
	slices.Sort(bundle)
	if got := slices.Sorted(slices.Values(d.Bundle)); !slices.Equal(got, bundle) {
		t.Errorf("got the bundle %q, want %q", got, bundle)
	}
}

// codecs wants the payload types of a content to be those that can be passed on.
func (g *generator) codecs(t *testing.T, c *Content, l mlineModel) {
	got, want := map[int]string{}, map[int]string{}
	for _, p := range c.Payloads {
		got[p.ID] = fmt.Sprintf("%s/%d/%d", p.Name, p.Clock, p.Channels)
		if strings.EqualFold(p.Name, "rtx") {
			got[p.ID] += " apt=" + p.param("apt")
		}
	}
	for _, p := range l.payloads {
		if passed(p.name) && passed(p.of) {
			want[p.id] = fmt.Sprintf("%s/%d/%d", p.name, p.clock, max(p.channels, 1))
			if p.name == "rtx" {
				want[p.id] += fmt.Sprintf(" apt=%d", p.apt)
			}
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got the codecs %v, want %v", l.mid, got, want)
	}
}
