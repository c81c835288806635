package bridge

import (
	"hash/maphash"
	"strings"

	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/internal/store"
	"github.com/jinglebridge/jinglebridge/web"
)

// contact is an XMPP user in the contact list of one of ours.
type contact struct {
	bare      string
	from      bool // sees us
	to        bool // we see it
	asked     bool // our request to see it is out
	absent    bool // its server says that no device of it is there
	greeted   bool // sees us without a subscription, because we called
	name      string
	resources deviceList
	kept      bool   // it is stored
	listed    bool   // in the contact list of an account, which its server keeps
	told      uint64 // hash of the last state told to the tabs; 0 for none
	open      int    // questions for caps without answer
}

// contact finds or makes an entry of a list; nil when there is no room.
func (b *Bridge) contact(u *user, bare string) *contact {
	if c := u.contacts[bare]; c != nil {
		return c
	}
	if len(u.contacts) >= b.cfg.Limits.Roster || b.contacts >= b.cfg.Limits.Rosters && !b.makeRoom(u) {
		b.metrics.limited.WithLabelValues("roster").Inc()
		return nil
	}
	b.contacts++
	b.metrics.subscriptions.Inc()
	c := &contact{bare: strings.Clone(bare)}
	u.contacts[c.bare] = c
	return c
}

// makeRoom forgets the contacts of a name that is not here for one that is: a stranger can
// ask any number of absent names to be their contact. Who has them in a list probes again.
func (b *Bridge) makeRoom(u *user) bool {
	const looks = 100 // at names in no order; a search through all would be a stranger's to order
	looked := 0
	for _, other := range b.users {
		if looked++; len(u.tabs) == 0 || looked > looks {
			break
		}
		if len(other.tabs) == 0 && len(other.contacts) > 0 && other.page == nil {
			b.metrics.limited.WithLabelValues("rosters").Inc()
			b.dropContacts(other)
			b.forget(other)
			return true
		}
	}
	return false
}

// dropContacts forgets all contacts of a name.
func (b *Bridge) dropContacts(u *user) {
	n := len(u.contacts)
	b.metrics.subscriptions.Sub(float64(n))
	b.contacts -= n
	for _, c := range u.contacts {
		b.gone(c)
		if c.kept {
			b.keep(store.DropContact{Local: u.key, Bare: c.bare}, b.kept)
		}
	}
	clear(u.contacts)
}

func (b *Bridge) known(local string, s *component.Stanza) *contact {
	u := b.users[local]
	if u == nil {
		return nil
	}
	return u.contacts[component.Bare(s.From)]
}

// tidy drops an entry that means nothing any more.
func (b *Bridge) tidy(u *user, c *contact) {
	if c.from || c.to || c.asked || c.greeted || c.listed || u.contacts[c.bare] != c {
		return
	}
	b.gone(c)
	if c.kept {
		b.keep(store.DropContact{Local: u.key, Bare: c.bare}, b.kept)
	}
	delete(u.contacts, c.bare)
	b.contacts--
	b.metrics.subscriptions.Dec()
	b.forget(u)
}

// gone forgets the devices of a contact.
func (b *Bridge) gone(c *contact) {
	c.absent, c.resources = false, nil
	if b.devices[c.bare] == c {
		delete(b.devices, c.bare)
	}
}

// paint tells the tabs how a contact is, as one state of all its devices.
func (b *Bridge) paint(u *user, c *contact) {
	m := web.Message{Type: "presence", Name: c.bare, Show: "unavailable", Title: c.name, Media: []string{}}
	if best := c.best(); best != nil {
		m.Show, m.Status = best.show, best.status
		m.Media = c.media()
	}
	state := b.stateOf(m)
	if state == c.told || c.told == 0 && m.Show == "unavailable" && !c.from && !c.to {
		return
	}
	c.told = state
	for _, t := range u.tabs {
		if !t.sock.Old() && t.seat == nil && t.visitor == nil {
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

// best is the device that a call would rather reach.
func (c *contact) best() *resource {
	var best *resource
	for _, r := range c.resources {
		if best == nil || r.rank() > best.rank() || r.rank() == best.rank() && r.jid < best.jid {
			best = r
		}
	}
	return best
}

func (r *resource) rank() int {
	rank := r.priority
	if r.caps != nil && r.caps.audio {
		rank += 1000
	}
	return rank
}

// media is what any of the devices can be called with. Before we know, or when the
// devices at hand cannot call, nothing is claimed.
func (c *contact) media() []string {
	audio, video := false, false
	for _, r := range c.resources {
		if r.caps != nil {
			audio = audio || r.caps.audio
			video = video || r.caps.video
		}
	}
	switch {
	case audio && video:
		return []string{"audio", "video"}
	case audio:
		return []string{"audio"}
	}
	return []string{}
}

func showOf(show string) string {
	for _, known := range []string{"chat", "away", "xa", "dnd"} {
		if show == known {
			return known // a part of a stanza would keep all of it
		}
	}
	return "available"
}

func orElse(s, other string) string {
	if s != "" {
		return strings.Clone(s)
	}
	return other
}

func clip(s string, n int) string {
	r := []rune(s)
	return string(r[:min(len(r), n)])
}
