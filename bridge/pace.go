package bridge

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/internal/element"
	"github.com/jinglebridge/jinglebridge/internal/store"
)

// Presence that goes to many at once: when somebody with a thousand contacts comes or goes,
// when the link is back, when we stop. It goes out in slices: behind each, a ping to ourselves
// takes the same way through the server, and when it is back the server has worked the slice
// off. Then we rest for as long as that took. So a call that begins meanwhile waits behind one
// slice at most, whatever the server can do, and the server has half of its time for others.

// round is the way of one tab through its contacts: each is told that it is here, or has gone.
type round struct {
	jid   string
	tab   *tab // nil: it has gone
	probe bool // ask who is there, too
	paint bool // and show its page how they are
	again bool // what is told has changed on the way

	begun bool
	to    []*contact
	next  int // in to
	over  bool
}

// pace is what is still to be said to many.
type pace struct {
	lanes [2][]*round
	turns int
	gone  int // contacts in rounds of tabs that have gone

	slice   int // stanzas that go out at once
	left    int // of this slice
	resting bool
	links   int      // counts them: what is late of an earlier one means nothing
	hurry   bool     // nobody calls any more
	buried  []*round // of tabs that have gone: told by us, and perhaps not yet by the server
	proving []*round // those of them that a ping is behind
	idle    []func() // wait until all is said, or the link is lost
}

// Lanes: what somebody does now goes before what is only said again. Each still moves.
const (
	now = iota
	anew
)

const (
	sliceLeast, sliceFirst, sliceMost = 100, 200, 2000
	// A slice that the server works off faster is too small, slower too big.
	sliceFast, sliceSlow = 40 * time.Millisecond, 100 * time.Millisecond
	longestRest          = time.Second
	// crowdWait is how long to leave a full queue alone.
	crowdWait = time.Second
	// stride is how many contacts of one round are told before another's turn.
	stride = 50
)

func newPace() pace { return pace{slice: sliceFirst, left: sliceFirst} }

// goRound tells everybody who may know how a tab is now.
func (b *Bridge) goRound(t *tab, lane int, probe, paint bool) {
	r := t.round
	switch {
	case r == nil:
		r = &round{jid: t.jid, tab: t}
		t.round = r
		b.pace.add(lane, r)
	case r.begun:
		r.again = true
	}
	r.probe, r.paint = r.probe || probe, r.paint || paint
	b.walk()
}

// depart tells whoever saw a tab that it has gone.
func (b *Bridge) depart(t *tab) {
	if t.round != nil {
		t.round.over = true
		t.round = nil
	}
	switch {
	case t.told:
		b.bury(t.jid, t.user)
		b.walk()
	case t.noted != unnoted:
		b.keep(store.Offline{JID: t.jid}, b.kept)
	}
}

// bury begins the round that tells of one that is not here any more.
func (b *Bridge) bury(jid string, u *user) {
	r := &round{jid: jid, begun: true}
	if u != nil {
		r.to = u.watchers(jid)
	}
	if b.pace.gone+len(r.to) > b.cfg.Limits.Rosters {
		b.metrics.limited.WithLabelValues("departures").Inc()
		return // in the store it is still here, and is seen to after a restart
	}
	b.pace.gone += len(r.to)
	b.pace.add(now, r)
}

// watchers are the XMPP users who see a tab of a name.
func (u *user) watchers(jid string) []*contact {
	var all []*contact
	for _, c := range u.inOrder() {
		if !u.isNeighbor(c) && (c.sees() || slices.Contains(c.greeted, jid)) {
			all = append(all, c)
		}
	}
	return all
}

// inOrder lists the contacts of a name.
func (u *user) inOrder() []*contact {
	return slices.SortedFunc(maps.Values(u.contacts), func(a, b *contact) int { return cmp.Compare(a.bare, b.bare) })
}

// walk goes on with the rounds, as far as the server keeps up.
func (b *Bridge) walk() {
	p := &b.pace
	for b.link.up && !p.resting {
		lane, r := p.turn()
		if r == nil {
			p.done()
			return
		}
		err := b.step(r)
		switch {
		case err != nil: // full, or just lost
			p.lanes[lane] = append([]*round{r}, p.lanes[lane]...)
			p.resting = true
			b.wakeAfter(crowdWait)
		case r.next < len(r.to):
			p.add(lane, r)
		default:
			b.finish(lane, r)
		}
		if err == nil && p.left <= 0 {
			b.rest()
		}
	}
}

// step tells the next few contacts.
func (b *Bridge) step(r *round) error {
	if !r.begun {
		r.begun, r.to = true, r.tab.user.inOrder()
	}
	for n := 0; n < stride && r.next < len(r.to) && b.pace.left > 0; n++ {
		if err := b.visit(r, r.to[r.next]); err != nil {
			return err
		}
		r.next++
	}
	return nil
}

func (b *Bridge) visit(r *round, c *contact) error {
	t := r.tab
	switch {
	case t == nil:
		return b.say(presenceOf("unavailable", r.jid, c.bare))
	case t.user.contacts[c.bare] != c, b.isName(c.bare):
		return nil // no contact any more, or none of XMPP
	}
	if as, may := r.moodFor(c); may {
		if err := b.say(b.available(t, c.bare, as)); err != nil {
			return err
		}
		t.told = true
	}
	if question := b.question(t.user, c); r.probe && question != nil {
		if err := b.say(question); err != nil {
			return err
		}
	}
	if r.paint {
		c.told = 0
		b.paint(t.user, c)
	}
	return nil
}

// moodFor is what a contact may see of a tab; not ok: nothing. Whom it has greeted hears it when
// all is said anew, but of no changes.
func (r *round) moodFor(c *contact) (as mood, ok bool) {
	if c.sees() {
		return r.tab.looks(), true
	}
	return mood{}, r.paint && slices.Contains(c.greeted, r.jid)
}

// say sends a stanza of a slice; an error says that it has to wait.
func (b *Bridge) say(stanza []byte) error {
	b.pace.left--
	b.metrics.presence.Inc()
	err := b.link.stream.Send(stanza)
	if errors.Is(err, component.ErrFull) || errors.Is(err, component.ErrDown) {
		return err
	}
	if err != nil {
		b.log.Warn("stanza not sent", "err", err)
	}
	return nil
}

// finish ends a round that everybody has heard of.
func (b *Bridge) finish(lane int, r *round) {
	switch {
	case r.tab == nil:
		b.pace.gone -= len(r.to)
		b.buried(r)
	case r.again:
		*r = round{jid: r.jid, tab: r.tab}
		b.pace.add(lane, r)
	default:
		r.tab.round = nil
	}
}

// question asks a contact who is there; nil when there is nothing to ask. Of whom has not
// answered our request we ask for that again: the answer may have been lost with the link, and a
// server takes a probe for one that it has to refuse. Where nothing outlives a restart, who may
// see us probably shows himself, too.
func (b *Bridge) question(u *user, c *contact) []byte {
	switch {
	case c.blocked:
		return nil
	case c.asked:
		return stanzaOf("subscribe", u.bare, c.bare, u.nick(), "")
	case c.to || c.from && b.cfg.Store == nil:
		return presenceOf("probe", u.bare, c.bare)
	}
	return nil
}

// rest waits until the server has worked off what it was sent.
func (b *Bridge) rest() {
	p := &b.pace
	p.resting = true
	link, began := p.links, time.Now()
	var w element.Writer
	w.Empty("urn:xmpp:ping", "ping")
	err := b.request(component.IQ{From: b.cfg.Domain, To: b.cfg.Domain, Type: "get", Payload: w.Bytes()}, func(*component.Stanza, error) {
		if p.links != link {
			return
		}
		took := time.Since(began)
		p.adapt(took)
		b.wakeAfter(min(took, longestRest))
	})
	if err != nil {
		b.wakeAfter(crowdWait)
	}
}

// adapt makes the slices as big as the server likes them.
func (p *pace) adapt(took time.Duration) {
	switch {
	case took > sliceSlow:
		p.slice = max(sliceLeast, p.slice/2)
	case took < sliceFast:
		p.slice = min(sliceMost, p.slice*2)
	}
}

// wakeAfter goes on with the next slice in a while; at once when nobody is there to be kept waiting.
func (b *Bridge) wakeAfter(d time.Duration) {
	link := b.pace.links
	wake := func() {
		p := &b.pace
		if p.links == link {
			p.resting, p.left = false, p.slice
			b.walk()
		}
	}
	if d < crowdWait && (b.pace.hurry || b.pace.empty() || len(b.tabs) == 0) {
		wake()
		return
	}
	time.AfterFunc(d, func() { b.do(wake) })
}

// turn takes the next round off its lane.
func (p *pace) turn() (lane int, r *round) {
	p.turns++
	lane = now
	if p.turns%4 == 0 {
		lane = anew
	}
	for range p.lanes {
		for len(p.lanes[lane]) > 0 {
			r, p.lanes[lane] = p.lanes[lane][0], p.lanes[lane][1:]
			if !r.over {
				return lane, r
			}
		}
		lane = now + anew - lane
	}
	return lane, nil
}

func (p *pace) add(lane int, r *round) { p.lanes[lane] = append(p.lanes[lane], r) }

func (p *pace) empty() bool { return len(p.lanes[now])+len(p.lanes[anew]) == 0 }

// done tells those who wait for it that nothing is left to say.
func (p *pace) done() {
	idle := p.idle
	p.idle = nil
	for _, f := range idle {
		f()
	}
}

// lost forgets what is said anew when the link is back, and how far the rest has come.
func (p *pace) lost() {
	var gone []*round
	for _, lane := range p.lanes {
		for _, r := range lane {
			switch {
			case r.over:
			case r.tab == nil:
				r.next = 0
				gone = append(gone, r)
			default:
				r.tab.round = nil
			}
		}
	}
	for _, r := range append(p.proving, p.buried...) {
		r.next = 0
		p.gone += len(r.to)
		gone = append(gone, r)
	}
	p.proving, p.buried = nil, nil
	p.lanes = [2][]*round{now: gone}
	p.links++
	p.resting, p.left = false, p.slice
	p.done()
}

// whenSaid calls f when all that is owed has been said, or cannot be.
func (b *Bridge) whenSaid(f func()) {
	if !b.link.up {
		f()
		return
	}
	b.pace.idle = append(b.pace.idle, f)
	b.walk()
}
