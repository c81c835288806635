package bridge

import (
	"slices"
	"time"
)

// hunt is how a call finds one of several people: all at once, or one after the other. The
// first who takes it has it; when nobody does, the caller hears the best of their ranks.
type hunt struct {
	next []address     // whom it has not rung at yet
	one  bool          // one after the other
	each time.Duration // how long
	xmpp bool          // XMPP users are among them
	why  Fault         // why nobody has taken it so far

	early bool  // the caller was asked for its offer before anybody took the call
	forks []end // cannot ring before they have the offer
	fed   []end // have it, and ring
}

// asked says whether the caller was asked for its offer already.
func (h *hunt) asked() bool { return h != nil && h.early }

// offered says whether somebody has the offer, so that it cannot be another any more.
func (h *hunt) offered() bool { return h != nil && len(h.fed) > 0 }

// has says whether this end may answer without having taken the call.
func (h *hunt) has(e end) bool { return h != nil && slices.Contains(h.fed, e) }

// ranks are what the caller hears when nobody takes the call, the best last: that somebody
// could have taken it, but did not, says more than that another was not there.
var ranks = []Fault{None, Unavailable, Incompatible, Busy, Declined, NoAnswer}

// note takes in why one of them does not take the call. That somebody cannot be called, and
// why, is between the page and its people.
func (h *hunt) note(f Fault) {
	switch {
	case h == nil:
		return
	case f == TooMuch:
		f = Busy
	case f == NoTransport:
		f = Incompatible
	case !slices.Contains(ranks, f):
		f = Unavailable
	}
	if slices.Index(ranks, f) > slices.Index(ranks, h.why) {
		h.why = f
	}
}

// has says whether this end is still in the call.
func (c *call) has(e end) bool {
	return c.state != ended && (e == c.caller || e == c.callee || slices.Contains(c.rung, e))
}

// oneOfSeveral says that the call goes on without this end.
func (c *call) oneOfSeveral(e end) bool { return c.hunt != nil && e != c.caller && e != c.callee }

// seek rings at those who are next; when there is nobody left, the call is over.
func (c *call) seek() {
	h := c.hunt
	for len(h.next) > 0 {
		people := h.next
		if h.one {
			people = people[:1]
		}
		h.next = h.next[len(people):]
		c.unpend()
		c.busy = false
		c.rung = c.people(people)
		if len(c.rung) == 0 {
			continue
		}
		c.b.countRung(c)
		c.arm(h.each, NoAnswer)
		if err := c.invite(); err == nil {
			return // it rings, or went on from there
		}
	}
	if h.why == None {
		h.why = Unavailable
	}
	c.finish(nil, h.why, "")
}

// without goes on when one of several does not take the call.
func (c *call) without(e end, f Fault) {
	if !slices.Contains(c.rung, e) {
		return // it was told that it is over
	}
	gone := func(o end) bool { return o == e }
	c.rung = slices.DeleteFunc(c.rung, gone)
	c.hunt.forks = slices.DeleteFunc(c.hunt.forks, gone)
	c.hunt.fed = slices.DeleteFunc(c.hunt.fed, gone)
	c.hunt.note(f)
	if len(c.rung) == 0 {
		c.seek()
	}
}

// unanswered: those it rings at had their time.
func (c *call) unanswered(f Fault) {
	rung := c.rung
	c.rung, c.hunt.forks, c.hunt.fed = nil, nil, nil
	c.hunt.note(f)
	for _, e := range rung {
		e.over(NoAnswer, "")
	}
	c.seek()
}

// lose ends the part of an end that has failed; of one of several, the others go on.
func (c *call) lose(e end, f Fault, text string) {
	switch {
	case !c.has(e):
	case c.oneOfSeveral(e):
		e.over(f, "")
		c.leave(e, f, "")
	default:
		c.finish(nil, f, text)
	}
}

// drop does so for an error.
func (c *call) drop(e end, err error) {
	if !c.oneOfSeveral(e) {
		c.fail(err)
		return
	}
	c.log.Info("one of several fails", "to", e.who(), "err", err)
	c.lose(e, faultOf(err), "")
}

// fork is one of several that cannot ring without an offer.
func (c *call) fork(e end) {
	c.hunt.forks = append(c.hunt.forks, e)
	if c.offer == nil && !c.hunt.early {
		c.hunt.early = true
		c.caller.taken(e, true)
	}
	c.feed()
}

// feed gives the offer to those who wait for it. It is kept for whoever takes the call.
func (c *call) feed() {
	for c.offer != nil && c.callee == nil && len(c.hunt.forks) > 0 {
		e := c.hunt.forks[0]
		c.hunt.forks = c.hunt.forks[1:]
		d, err := c.offerFor(e)
		if err == nil {
			err = e.offer(d)
		}
		if err != nil {
			c.drop(e, err)
			continue
		}
		c.hunt.fed = append(c.hunt.fed, e)
	}
}

// offerFor is the offer, read anew for an XMPP user: each is made fit for its reader.
func (c *call) offerFor(e end) (*description, error) {
	me, browser := c.caller.(*browserEnd)
	if _, xmpp := e.(*xmppEnd); !xmpp || !browser {
		return c.offer, nil
	}
	return me.hear("offer", c.offer.raw)
}

// choose makes one of several that has the offer, and answers it, the callee.
func (c *call) choose(e end) {
	c.settle(e)
	c.offered, c.offer = true, nil
	me, browser := c.caller.(*browserEnd)
	if x, xmpp := e.(*xmppEnd); xmpp && browser {
		me.local, me.lines = x.local, x.local // of all that were made of it, this one is answered
	}
}
