package bridge

import (
	"slices"

	"github.com/jinglebridge/jinglebridge/web"
)

// Two people who call each other at the same moment want one call. Between browsers the
// first one is it; with XMPP users the one with the lower id (XEP-0353 §4.1).

// glare is the error of a call that crossed another one.
type glare struct{ call string }

func (g *glare) Error() string { return "they are calling you at this moment" }

// crossing finds a call from there that rings here while we call there.
func (t *tab) crossing(to address) *browserEnd {
	for _, e := range t.ends {
		if e.c.state == ringing && e.c.caller != end(e) && e.c.answersTo(to) {
			return e
		}
	}
	return nil
}

func (c *call) answersTo(to address) bool {
	switch caller := c.caller.(type) {
	case *browserEnd:
		return caller.tab.user.is(to)
	case *xmppEnd:
		return to.bare != "" && caller.bare == to.bare
	}
	return false
}

// cross: two people call each other. The call that was first is the one they want.
func (b *Bridge) cross(t *tab, m web.Message, first *browserEnd) error {
	if first.tab.seat == nil {
		first.room = m.Room
	}
	if t.invites {
		first.c.take(first)
	}
	return Failed(Glare, &glare{first.id})
}

// crossed finds a call of ours to a person who calls us at the same moment with the same
// media. The lower id wins (XEP-0353 §4.1): won says that ours does; otherwise lost is ours.
func (b *Bridge) crossed(u *user, tabs []*tab, bare, sid string, media []string) (lost *call, won bool) {
	for c := range b.calls {
		ours := c.toward(bare)
		crosses := ours != nil && ours.user == u && ours.stage < accepted
		if u.page != nil {
			crosses = c.ofVisitor(tabs) && (crosses || c.callee == nil && u.page.rings(b, bare))
		}
		if !crosses || c.state != ringing && c.state != taken || !sameMedia(c.media, media) {
			continue
		}
		if ours != nil && ours.sid < sid {
			return nil, true
		}
		return c, false
	}
	return nil, false
}

// ofVisitor says whether one of these visitors made this call: it is for any of the page's
// people, and another visitor's is none of theirs.
func (c *call) ofVisitor(tabs []*tab) bool {
	e, ok := c.caller.(*browserEnd)
	return ok && slices.Contains(tabs, e.tab)
}

// toward gives the XMPP end of a browser's call to this person.
func (c *call) toward(bare string) *xmppEnd {
	for _, e := range c.callees() {
		if x, ok := e.(*xmppEnd); ok && x.bare == bare {
			return x
		}
	}
	return nil
}

func sameMedia(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

// yield drops our call for one of theirs; the page hears of it by takeCrossed.
func (b *Bridge) yield(ours *call, bare string) {
	theirs := ours.toward(bare)
	for _, e := range ours.callees() {
		if e == end(theirs) {
			e.over(Glare, "")
		} else {
			e.over(Elsewhere, "")
		}
	}
	ours.caller.release()
	ours.close(Glare, "")
}

// takeCrossed: the person of this tab wanted this very call, so it is taken.
func (b *Bridge) takeCrossed(c *call, e *browserEnd) {
	if e.tab.invites {
		m := messageOf(e)
		m.Room = e.room
		b.refuse(&session{sock: e.tab.sock, tab: e.tab}, m, Failed(Glare, &glare{e.id}))
		c.take(e)
	}
}
