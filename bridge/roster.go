package bridge

import (
	"hash/maphash"
	"strings"
	"time"

	"github.com/jinglebridge/jinglebridge/web"
)

// What a page hears of the contacts of its person. Who decides about them, we or the server
// of an account, makes no difference here.

// paint tells the tabs how a contact is, as one state of all its devices.
func (b *Bridge) paint(u *user, c *contact) {
	m := b.painted(u, c)
	state := b.stateOf(m)
	first := c.told == 0 && m.Show == "unavailable"
	if state == c.told || first && !c.from && !c.to {
		return
	}
	c.told = state
	for _, t := range u.tabs {
		// Of a contact that is not there, the list says enough.
		if !t.sock.Old() && t.seat == nil && t.visitor == nil && !(first && t.roster) {
			t.sock.Send(m)
		}
	}
}

// stateOf makes what is told of a contact comparable, and small; it is never 0.
func (b *Bridge) stateOf(m web.Message) uint64 {
	var h maphash.Hash
	h.SetSeed(b.seed)
	for _, part := range append(m.Media, m.Show, m.Status, m.Title) {
		h.WriteString(part)
		h.WriteByte(0)
	}
	return h.Sum64() | 1
}

// itemOf is a contact as it stands in the list.
func (b *Bridge) itemOf(u *user, c *contact) web.Item {
	seen := b.painted(u, c)
	item := web.Item{
		Name: seen.Name, Title: c.name, Subscription: c.subscription(), Ask: c.asked, Blocked: c.blocked,
		Show: seen.Show, Status: seen.Status, Media: seen.Media,
	}
	if c.groups != "" {
		item.Groups = strings.Split(c.groups, "\n")
	}
	return item
}

// subscription is RFC 6121 §2.1.2.5.
func (c *contact) subscription() string {
	switch {
	case c.from && c.to:
		return "both"
	case c.from:
		return "from"
	case c.to:
		return "to"
	}
	return "none"
}

// push tells the tabs that have asked for the list what has become of a contact.
func (b *Bridge) push(u *user, c *contact) {
	item := web.Item{Name: b.nameOf(c.bare), Subscription: "remove"}
	there := c.inList() && u.contacts[c.bare] == c
	switch {
	case there:
		item = b.itemOf(u, c)
	case !c.shown:
		return
	}
	c.shown = false
	for _, t := range u.tabs {
		if t.listens && t.seat == nil {
			c.shown = there
			t.sock.Send(web.Message{Type: "roster", Items: []web.Item{item}, Push: true})
		}
	}
}

// A long list comes in parts: a queue that is full would end the session.
const (
	maxItems = 200
	itemsGap = 50 * time.Millisecond
)

// tellRoster answers who asks for the list.
func (b *Bridge) tellRoster(t *tab, m web.Message) {
	t.listens = true
	var list []*contact
	for _, c := range t.user.inOrder() {
		if c.inList() {
			list = append(list, c)
		}
	}
	first := min(len(list), maxItems)
	t.sock.Send(web.Message{Type: "roster", Items: b.itemsOf(t.user, list[:first]), More: len(list) > first, ID: m.ID})
	b.tellRest(t, list[first:])
}

// tellRest says in a moment who did not fit into the answer.
func (b *Bridge) tellRest(t *tab, list []*contact) {
	if len(list) == 0 {
		return
	}
	time.AfterFunc(itemsGap, func() {
		b.do(func() {
			if b.tabs[t.jid] != t {
				return
			}
			n := min(len(list), maxItems)
			t.sock.Send(web.Message{Type: "roster", Items: b.itemsOf(t.user, list[:n]), Push: true, More: len(list) > n, Last: len(list) == n})
			b.tellRest(t, list[n:])
		})
	})
}

func (b *Bridge) itemsOf(u *user, list []*contact) []web.Item {
	items := make([]web.Item, 0, len(list))
	for _, c := range list {
		if u.contacts[c.bare] == c && c.inList() { // still
			c.shown = true
			items = append(items, b.itemOf(u, c))
		}
	}
	return items
}

// tellPages passes on what a contact said about who may see whom.
func (b *Bridge) tellPages(u *user, c *contact, kind, text string) {
	for _, t := range u.tabs {
		b.tellWord(t, c, kind, text)
	}
}

func (b *Bridge) tellWord(t *tab, c *contact, kind, text string) {
	if t.roster && t.seat == nil && !c.blocked {
		t.sock.Send(web.Message{Type: kind, Name: b.nameOf(c.bare), Title: c.name, Text: text})
	}
}

// tellRequests tells who has just logged in who waits for an answer.
func (b *Bridge) tellRequests(t *tab) {
	for _, c := range t.user.inOrder() {
		if c.pending {
			b.tellWord(t, c, "subscribe", c.message)
		}
	}
}
