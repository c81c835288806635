package bridge

import (
	"strings"

	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/internal/store"
)

// contact is somebody in the contact list of one of ours (RFC 6121 §2): an XMPP user, or a
// name here.
type contact struct {
	bare     string
	from     bool     // may see us
	to       bool     // we may see it
	asked    bool     // our request to see it is out
	pending  bool     // it asks to see us, and waits for an answer
	approved bool     // may see us as soon as it asks (RFC 6121 §3.4)
	listed   bool     // put into the list by its owner
	blocked  bool     // neither seen nor heard
	safe     bool     // that it may see us is stored
	absent   bool     // its server says that no device of it is there
	watches  bool     // it sees all visitors of a page, which rings it
	kept     bool     // it is stored
	shown    bool     // pages have it in their list
	open     uint8    // questions for caps without answer
	greeted  []string // tabs that it sees without a subscription, because they called
	name     string
	groups   string // one to a line
	message  string // what its request says

	resources deviceList
	told      uint64 // hash of the last state told to the tabs; 0 for none
}

// sees says whether a contact is told who comes and goes.
func (c *contact) sees() bool { return (c.from && c.safe || c.watches) && !c.blocked }

// shows says whether what a contact says of itself is heard.
func (c *contact) shows() bool {
	return !c.blocked && (c.from || c.to || c.asked || c.listed || c.watches || len(c.greeted) > 0)
}

// inList says whether its owner has the contact in the list (RFC 6121 §2.1.2: who only asks
// is not).
func (c *contact) inList() bool { return c.from || c.to || c.asked || c.listed || c.blocked }

// matters says whether there is anything to remember of a contact.
func (c *contact) matters() bool {
	return c.inList() || c.pending || c.approved || c.watches || len(c.greeted) > 0
}

// contact finds or makes an entry of a list; nil when there is no room.
func (b *Bridge) contact(u *user, bare string) *contact {
	if c := u.contacts[bare]; c != nil {
		return c
	}
	if len(u.contacts) >= b.cfg.Limits.Roster || *b.counted(u) >= b.cfg.Limits.Rosters && !b.makeRoom(u) {
		b.metrics.limited.WithLabelValues("roster").Inc()
		return nil
	}
	*b.counted(u)++
	b.metrics.subscriptions.Inc()
	c := &contact{bare: strings.Clone(bare)}
	u.contacts[c.bare] = c
	return c
}

// counted is how many contacts there are of users of this kind: those of accounts are their
// servers', and take no room of those that we keep.
func (b *Bridge) counted(u *user) *int {
	if u.account != nil {
		return &b.borrowed
	}
	return &b.contacts
}

// makeRoom forgets the contacts of a name that is not here for one that is: a stranger can
// ask any number of absent names to be their contact. What a person has decided stays.
func (b *Bridge) makeRoom(u *user) bool {
	const looks = 100 // at names in no order; a search through all would be a stranger's to order
	looked := 0
	for _, other := range b.users {
		if looked++; len(u.tabs) == 0 || u.account != nil || looked > looks {
			break
		}
		if len(other.tabs) == 0 && len(other.contacts) > 0 && other.page == nil && !other.decided() {
			b.metrics.limited.WithLabelValues("rosters").Inc()
			b.disown(other)
			b.dropContacts(other)
			b.forget(other)
			return true
		}
	}
	return false
}

// decided says whether the owner of a list has made it what it is.
func (u *user) decided() bool {
	for _, c := range u.contacts {
		if c.listed || c.approved || c.blocked {
			return true
		}
	}
	return false
}

// disown tells those who are about to be forgotten, unless their next probe is enough to be
// known again.
func (b *Bridge) disown(u *user) {
	if b.learns(u) {
		return
	}
	for _, c := range u.contacts {
		if c.from {
			b.sayTo(u, "unsubscribed", c.bare, "")
		}
	}
}

// dropContacts forgets all contacts of a name.
func (b *Bridge) dropContacts(u *user) {
	n := len(u.contacts)
	b.metrics.subscriptions.Sub(float64(n))
	*b.counted(u) -= n
	for _, c := range u.contacts {
		b.gone(c)
		b.setPending(u, c, false)
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
	if c.matters() || u.contacts[c.bare] != c {
		return
	}
	b.gone(c)
	if c.kept {
		b.keep(store.DropContact{Local: u.key, Bare: c.bare}, b.kept)
	}
	delete(u.contacts, c.bare)
	*b.counted(u)--
	b.metrics.subscriptions.Dec()
	b.push(u, c)
	b.forget(u)
}

// gone forgets the devices of a contact.
func (b *Bridge) gone(c *contact) {
	c.absent, c.resources = false, nil
	if b.devices[c.bare] == c {
		delete(b.devices, c.bare)
	}
}

// setPending counts who waits for an answer, by whose request it is.
func (b *Bridge) setPending(u *user, c *contact, pending bool) {
	if pending == c.pending {
		return
	}
	if c.pending = pending; !pending {
		c.message = ""
	}
	switch {
	case u.account != nil: // its server could say so of anybody
		return
	case pending:
		b.askers[c.bare]++
		return
	}
	if b.askers[c.bare]--; b.askers[c.bare] == 0 {
		delete(b.askers, c.bare)
	}
}

// call gives a contact the name it says it has, unless its owner has given it one.
func (c *contact) call(nick string) {
	if nick != "" && (!c.listed || c.name == "") {
		c.name = strings.Clone(nick)
	}
}

func clip(s string, n int) string {
	r := []rune(s)
	return string(r[:min(len(r), n)])
}
