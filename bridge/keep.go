package bridge

import (
	"slices"
	"time"

	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/internal/store"
)

// What outlives a restart. The loop never waits for the disk: it says what to keep, and goes
// on, in another turn, with what may only follow when that is safe.

// Keeper takes changes to keep; store.Store is the real one.
type Keeper interface {
	// Do queues a change. Unless it returns an error, done is called once, in the order of Do.
	Do(c store.Change, done func(error)) error
}

// remember takes over what an earlier run left.
func (b *Bridge) remember(s store.State) {
	for _, n := range s.Names {
		b.spellings[n.Local] = n.Name
	}
	ghosts := map[string][]string{}
	for _, jid := range s.Online {
		local := b.ours(jid)
		ghosts[local] = append(ghosts[local], jid)
	}
	for _, k := range s.Contacts {
		u := b.user(k.Local)
		if c := b.contact(u, k.Bare); c != nil {
			c.from, c.to, c.asked, c.approved = k.From, k.To, k.Asked, k.Approved
			c.listed, c.blocked = k.Listed, k.Blocked
			c.name, c.groups = k.Title, k.Groups
			c.kept, c.safe = true, k.From
			b.setPending(u, c, k.Pending)
			c.message = k.Message
			if k.Greeted {
				c.greeted = slices.Clone(ghosts[k.Local])
			}
		}
	}
	for _, call := range s.Missed {
		if u := b.users[call.Local]; u != nil {
			u.missed = append(u.missed, call)
		}
	}
	for _, jid := range s.Online {
		b.bury(jid, b.users[b.ours(jid)])
	}
}

// keep stores a change; then, inside the loop, what may only follow when it is stored. Without
// a store that is at once.
func (b *Bridge) keep(change store.Change, then func(error)) {
	if b.cfg.Store == nil {
		then(nil)
		return
	}
	err := b.cfg.Store.Do(change, func(err error) {
		b.do(func() { then(err) })
	})
	if err != nil {
		then(err)
	}
}

// kept logs what could not be stored, and of which nobody waits to hear.
func (b *Bridge) kept(err error) {
	if err != nil {
		b.log.Warn("not stored", "err", err)
	}
}

// keepContact stores an entry of a contact list as it is now.
func (b *Bridge) keepContact(u *user, c *contact, then func(error)) {
	if u.account != nil { // its server keeps them
		then(nil)
		return
	}
	c.kept = true
	put := store.PutContact{
		Local: u.key, Bare: c.bare, From: c.from, To: c.to, Asked: c.asked, Pending: c.pending, Greeted: c.watches || len(c.greeted) > 0,
		Listed: c.listed, Approved: c.approved, Blocked: c.blocked, Title: c.name, Message: c.message, Groups: c.groups,
	}
	b.keep(put, func(err error) {
		if err == nil {
			c.safe = put.From
		}
		then(err)
	})
}

// noted lets a tab be told as available: first it is stored that it is, so that, whatever
// happens to us, somebody tells later that it is not.
func (b *Bridge) noted(t *tab, tell func()) {
	if b.cfg.Store == nil || t.noted == safe || t.user.account != nil {
		tell()
		return
	}
	t.telling = append(t.telling, tell)
	if t.noted == queued {
		return
	}
	t.noted = queued
	b.keep(store.Online{JID: t.jid}, func(err error) {
		b.kept(err) // a disk that is full keeps nobody from being seen
		t.noted = safe
		telling := t.telling
		t.telling = nil
		if b.tabs[t.jid] != t {
			return // gone already
		}
		for _, tell := range telling {
			tell()
		}
	})
}

// note is how far a tab is on its way into the store.
type note int

const (
	unnoted note = iota
	queued
	safe
)

// keepFor is how long the store remembers calls.
const keepFor = 90 * 24 * time.Hour

// prune has the store forget what is too old.
func (b *Bridge) prune() {
	b.keep(store.Prune{Before: time.Now().Add(-keepFor)}, b.kept)
}

// tryLater answers what could not be stored.
func tryLater() component.Error {
	e := stanzaError("wait", "resource-constraint")
	e.Text = "this cannot be remembered just now; try again later"
	return e
}
