package bridge

import (
	"cmp"
	"slices"

	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/web"
)

// Contacts that are names here. Who may see whom is the same as with XMPP users; presence is
// not sent and not kept, but looked at: each sees the other's tabs as they are.

// isName says whether a bare JID is that of a name here.
func (b *Bridge) isName(bare string) bool {
	local, domain, _ := component.Split(bare)
	return local != "" && domain == b.cfg.Domain
}

// isNeighbor says so of a contact of a name here.
func (u *user) isNeighbor(c *contact) bool {
	_, mine, _ := component.Split(u.bare)
	_, theirs, _ := component.Split(c.bare)
	return mine == theirs && u.account == nil
}

// nameOf is how a page knows the owner of a bare JID.
func (b *Bridge) nameOf(bare string) string {
	if !b.isName(bare) {
		return bare
	}
	local, _, _ := component.Split(bare)
	if u := b.users[local]; u != nil {
		return u.name
	}
	name, _ := b.spelled(local) // the same whether he is here or not: that is for those to know who may see him
	return name
}

// bareOf is the bare JID of an address.
func (b *Bridge) bareOf(to address) string {
	return cmp.Or(to.bare, to.local+"@"+b.cfg.Domain)
}

// look has a name look again how another one here is, when this turn is over.
func (b *Bridge) look(at *user, by string) {
	b.soon(func() {
		if v := b.users[b.ours(by)]; v != nil {
			if c := v.contacts[at.bare]; c != nil {
				b.paint(v, c)
			}
		}
	})
}

// lookAround has all names here that may see one look again, and, when it has just come, it
// at them.
func (b *Bridge) lookAround(u *user, come bool) {
	for _, c := range u.contacts {
		if !b.isName(c.bare) {
			continue
		}
		if c.from {
			b.look(u, c.bare)
		}
		if come {
			c.told = 0
			b.paint(u, c)
		}
	}
}

// presences are from the most to the least there.
var presences = []string{"chat", "", "dnd", "away", "xa"}

// tabOf is the tab by which a name here shows itself to another that may see it: that of the
// highest priority, of these the one that is most there; nil for none.
func (b *Bridge) tabOf(u *user, c *contact) *tab {
	v := b.users[b.ours(c.bare)]
	if v == nil || !c.to || v.contacts[u.bare] == nil || !v.contacts[u.bare].sees() || len(v.tabs) == 0 {
		return nil
	}
	return slices.MinFunc(v.tabs, func(a, b *tab) int {
		there := func(t *tab) int { return slices.Index(presences, t.looks().show) }
		return cmp.Or(cmp.Compare(b.mood.priority, a.mood.priority), cmp.Compare(there(a), there(b)))
	})
}

// painted is how a page is to see a contact.
func (b *Bridge) painted(u *user, c *contact) web.Message {
	m := web.Message{Type: "presence", Name: b.nameOf(c.bare), Show: "unavailable", Title: c.name, Media: []string{}}
	switch {
	case c.blocked:
	case u.isNeighbor(c): // an account sees names here as its server tells it
		if t := b.tabOf(u, c); t != nil {
			seen := t.looks()
			m.Show, m.Status, m.Media = cmp.Or(seen.show, "available"), seen.status, []string{"audio", "video"}
		}
	default:
		if best := c.best(); best != nil {
			m.Show, m.Status, m.Media = best.show, best.status, c.media()
		}
	}
	return m
}
