package bridge

import (
	"errors"
	"slices"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/jinglebridge/jinglebridge/web"
)

// What a person does with the own contact list (RFC 6121 §2.3, §3). It is answered when it
// is stored.

// Changes of contacts that a page may make: at once, and then by the second. Most of them go
// out to somebody.
const (
	asksBurst  = 30
	asksSecond = 0.5
)

const maxTitle, maxGroup = 100, 64 // characters

const maxGroups = 16 // of a contact, as pages may set

// fromOwner takes what a page says of contacts.
func (b *Bridge) fromOwner(t *tab, m web.Message) error {
	if !t.roster {
		return Failed(BadMessage, errors.New(`want "roster" in the caps of the login`))
	}
	if t.asks == nil {
		t.asks = rate.NewLimiter(asksSecond, asksBurst)
	}
	if !t.asks.AllowN(time.Now(), 1) {
		b.metrics.limited.WithLabelValues("roster_changes").Inc()
		return Failed(TooMuch, errors.New("too many changes of contacts; wait a little"))
	}
	name := m.Name
	switch {
	case m.Set != nil:
		name = m.Set.Name
	case m.Remove != "":
		name = m.Remove
	case m.Type == "roster":
		b.tellRoster(t, m)
		return nil
	}
	bare, err := b.contactNamed(t, name)
	if err != nil {
		return err
	}
	if t.user.account != nil {
		return b.decideAccount(t, m, bare)
	}
	return b.decide(t, m, bare)
}

// contactNamed finds whom a page means by a name.
func (b *Bridge) contactNamed(t *tab, name string) (string, error) {
	to, err := b.addressOf(name)
	switch {
	case err != nil:
		return "", Failed(NotFound, err)
	case t.user.is(to):
		return "", Failed(NotFound, errors.New("that is you"))
	}
	return b.bareOf(to), t.mayReach(to, b.cfg.Domain)
}

// decide changes one contact.
func (b *Bridge) decide(t *tab, m web.Message, bare string) error {
	u := t.user
	c := u.contacts[bare]
	if c == nil {
		if m.Remove != "" || m.Type == "unsubscribe" || m.Type == "unsubscribed" || m.Type == "unblock" {
			b.ok(t, m, "")
			return nil
		}
		if c = b.contact(u, bare); c == nil {
			return Failed(TooMuch, errors.New("the contact list is full"))
		}
	}
	defer b.tidy(u, c)
	before := *c
	switch {
	case m.Set != nil:
		b.setContact(c, m.Set)
		b.commit(t, m, c, before, nil)
	case m.Remove != "":
		b.removeContact(t, m, c)
	case m.Type == "subscribe":
		return b.askFor(t, m, c)
	case m.Type == "subscribed":
		return b.approve(t, m, c)
	case m.Type == "unsubscribe":
		c.to, c.asked = false, false
		b.gone(c)
		b.commit(t, m, c, before, func() { b.sayTo(u, "unsubscribe", c.bare, "") })
	case m.Type == "unsubscribed":
		b.withdraw(u, c, b.answered(t, m, nil, nil))
	case m.Type == "block":
		b.block(t, m, c)
	default:
		b.unblock(t, m, c)
	}
	return nil
}

// answered answers a page when what it wanted is stored, after what others hear of it; when
// it cannot be, that is undone.
func (b *Bridge) answered(t *tab, m web.Message, then, undo func()) func(error) {
	return func(err error) {
		switch {
		case err != nil:
			if undo != nil {
				undo()
			}
			b.refuse(&session{sock: t.sock, tab: t}, m, Failed(Internal, err))
			return
		case then != nil:
			then()
		}
		b.ok(t, m, "")
	}
}

// commit stores a contact that its owner has changed, or leaves it as it was.
func (b *Bridge) commit(t *tab, m web.Message, c *contact, before contact, then func()) {
	u := t.user
	b.keepContact(u, c, b.answered(t, m, func() {
		if u.contacts[c.bare] == c {
			b.paint(u, c)
			b.push(u, c)
		}
		if then != nil {
			then()
		}
	}, func() {
		c.to, c.asked, c.approved, c.listed, c.blocked = before.to, before.asked, before.approved, before.listed, before.blocked
		c.name, c.groups = before.name, before.groups
		b.tidy(u, c)
	}))
}

func (b *Bridge) setContact(c *contact, item *web.Item) {
	c.listed = true
	c.name, c.groups = titleOf(item), strings.Join(groupsOf(item), "\n")
}

func titleOf(item *web.Item) string { return clip(strings.TrimSpace(item.Title), maxTitle) }

func groupsOf(item *web.Item) (groups []string) {
	for _, group := range item.Groups {
		group = clip(strings.Join(strings.Fields(group), " "), maxGroup)
		if group != "" && !slices.Contains(groups, group) {
			groups = append(groups, group)
		}
	}
	return groups
}

// removeContact ends whatever there is with a contact (RFC 6121 §2.5.2). One that is blocked
// stays so.
func (b *Bridge) removeContact(t *tab, m web.Message, c *contact) {
	u, before := t.user, *c
	c.listed, c.approved, c.to, c.asked = false, false, false, false
	c.name, c.groups = "", ""
	b.gone(c)
	then := func() {
		if before.to || before.asked {
			b.sayTo(u, "unsubscribe", c.bare, "")
		}
	}
	if before.from || before.pending {
		b.withdraw(u, c, b.answered(t, m, then, nil))
		return
	}
	b.commit(t, m, c, before, then)
}

// askFor asks to see a contact's presence. When that is allowed already, perhaps the other
// side has lost it, and says it again.
func (b *Bridge) askFor(t *tab, m web.Message, c *contact) error {
	u, before := t.user, *c
	switch {
	case c.blocked:
		return errBlocked
	case b.isName(c.bare):
	case !b.mayCall(c.bare):
		return notCallable(c.bare)
	case !u.link.up:
		return Failed(Upstream, errors.New("the XMPP server cannot be reached at the moment"))
	}
	c.asked, c.listed = !c.to, true
	b.commit(t, m, c, before, func() { b.sayTo(u, "subscribe", c.bare, clip(m.Text, maxStatus)) })
	return nil
}

// approve lets a contact see us, or, when it has not asked yet, as soon as it asks (RFC 6121 §3.4).
func (b *Bridge) approve(t *tab, m web.Message, c *contact) error {
	if c.blocked {
		return errBlocked
	}
	u, before := t.user, *c
	if c.pending {
		c.from, c.listed = true, true
		b.setPending(u, c, false)
	} else {
		c.approved = !c.from
	}
	b.keepContact(u, c, b.answered(t, m, func() {
		if before.pending && c.from && u.contacts[c.bare] == c {
			b.shown(u, c)
			b.push(u, c)
		}
	}, func() {
		c.from, c.listed, c.approved = before.from, before.listed, before.approved
		b.setPending(u, c, before.pending)
		c.message = before.message
		b.tidy(u, c)
	}))
	return nil
}

var errBlocked = Failed(Forbidden, errors.New("you have blocked this contact"))

// block makes it look to a contact as if nobody were here, and us hear nothing of it, as
// XEP-0191 has it. Who may see whom stays as it is.
func (b *Bridge) block(t *tab, m web.Message, c *contact) {
	u, before := t.user, *c
	c.blocked, c.greeted = true, nil
	b.setPending(u, c, false)
	b.gone(c)
	if before.sees() {
		b.hide(u, c)
	} else {
		for _, jid := range before.greeted {
			b.sendPresence("unavailable", jid, c.bare)
		}
	}
	before.blocked = true // even if it cannot be stored
	b.commit(t, m, c, before, nil)
	b.paint(u, c)
}

func (b *Bridge) unblock(t *tab, m web.Message, c *contact) {
	u, before := t.user, *c
	c.blocked = false
	b.commit(t, m, c, before, func() {
		if !before.blocked {
			return
		}
		if c.sees() {
			b.show(u, c)
		}
		if c.to && !b.isName(c.bare) {
			b.sendPresence("probe", u.bare, c.bare)
		}
	})
}
