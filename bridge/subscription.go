package bridge

import (
	"strings"
	"time"

	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/internal/element"
)

// Who may see whom: what contacts ask for and decide (RFC 6121 §3). What our own people do is
// in roster.go. Whatever is said twice changes nothing the second time (RFC 6121 A).

// word is what a contact says about who may see whom.
type word struct {
	kind   string // subscribe, subscribed, unsubscribe, unsubscribed
	from   string // bare JID
	nick   string
	text   string
	refuse func(component.Error)
}

// wordOf reads one that comes from XMPP.
func (b *Bridge) wordOf(s *component.Stanza) word {
	return word{
		kind: s.Type, from: component.Bare(s.From), nick: nickOf(s), text: s.Child(component.NS, "status").TrimmedText(),
		refuse: func(e component.Error) { b.refuseIQ(s, e) },
	}
}

// hear takes a contact's word.
func (b *Bridge) hear(local string, w word) {
	if w.kind == "subscribe" {
		b.subscribe(local, w)
		return
	}
	u := b.users[local]
	var c *contact
	if u != nil {
		c = u.contacts[w.from]
	}
	switch {
	case w.kind == "unsubscribe" && (c == nil || !c.from && !c.pending):
		// For a server that thinks otherwise; names that are nobody's say the same.
		if !b.isName(w.from) {
			b.sendWord("unsubscribed", local+"@"+b.cfg.Domain, w.from, "", "")
		}
	case c == nil:
	case w.kind == "unsubscribe":
		b.withdraw(u, c, func(err error) {
			if err != nil {
				w.refuse(tryLater())
			}
		})
		b.tellPages(u, c, w.kind, "")
	case w.kind == "subscribed" && c.asked:
		c.to, c.asked = true, false
		b.changed(u, c)
		b.tellPages(u, c, w.kind, "")
	case w.kind == "unsubscribed" && (c.to || c.asked):
		c.to, c.asked = false, false
		b.gone(c)
		b.changed(u, c)
		b.tellPages(u, c, w.kind, "")
	}
}

// subscribe is somebody who wants to see a name. It may come again with each of his logins.
func (b *Bridge) subscribe(local string, w word) {
	if b.hides(local, w.from) {
		w.refuse(faults[Forbidden].iq)
		return
	}
	u := b.user(local)
	c := b.contact(u, w.from)
	if c == nil {
		w.refuse(full("the contact list is full"))
		b.forget(u)
		return
	}
	switch {
	case c.blocked: // as from a name that nobody uses, and nobody answers
	case c.from && c.safe:
		b.shown(u, c)
	case c.from, c.approved:
		b.grant(u, c, w)
	case !b.lets(b.policyOf(u).SeenBy, u, c.bare):
		b.await(u, c, w)
	case len(u.tabs) == 0 && !c.matters() && !b.perAdder.allow(w.from, time.Now()):
		b.metrics.limited.WithLabelValues("subscriptions_per_sender").Inc()
		w.refuse(full("too many names at once"))
		b.tidy(u, c)
	default:
		b.grant(u, c, w)
	}
}

// grant lets a contact see a name, when that is stored.
func (b *Bridge) grant(u *user, c *contact, w word) {
	c.call(w.nick)
	c.from = true
	b.setPending(u, c, false)
	ask := !c.to && !c.asked && !c.approved
	c.asked = c.asked || ask
	b.keepContact(u, c, func(err error) {
		switch {
		case err != nil:
			b.kept(err)
			c.from = c.safe
			c.asked = c.asked && !ask
			w.refuse(tryLater())
			b.tidy(u, c)
		case u.contacts[c.bare] != c:
		case !c.from: // taken back meanwhile
			if ask {
				c.asked = false
				b.changed(u, c)
			}
		default:
			b.shown(u, c)
			if ask { // seeing its devices is what tells whom we can call, and how
				b.sayTo(u, "subscribe", c.bare, "")
			}
			b.paint(u, c)
			b.push(u, c)
		}
	})
}

// shown says that a contact may see a name, and shows it.
func (b *Bridge) shown(u *user, c *contact) {
	b.sayTo(u, "subscribed", c.bare, "")
	b.show(u, c)
}

// show tells a contact which tabs of a name are here.
func (b *Bridge) show(u *user, c *contact) {
	if b.isName(c.bare) {
		b.look(u, c.bare)
		return
	}
	for _, t := range u.tabs {
		b.announce(t, c.bare)
	}
}

// await keeps a request until somebody answers it.
func (b *Bridge) await(u *user, c *contact, w word) {
	if c.pending {
		return
	}
	if b.crowded(u, c) {
		b.metrics.limited.WithLabelValues("pending_subscriptions").Inc()
		w.refuse(full("too many requests wait for an answer"))
		b.tidy(u, c)
		return
	}
	c.call(w.nick)
	b.setPending(u, c, true)
	c.message = clip(strings.Clone(w.text), maxStatus)
	b.keepContact(u, c, func(err error) {
		switch {
		case u.contacts[c.bare] != c || !c.pending:
		case err != nil:
			b.kept(err)
			b.setPending(u, c, false)
			w.refuse(tryLater())
			b.tidy(u, c)
		default:
			b.tellPages(u, c, "subscribe", c.message)
		}
	})
}

// Requests that wait: for the answer of one name, and of one who asks many.
const maxPending, maxAsking = 100, 50

// addsPerSender is how many names that are not here, and let him, one may add in a minute:
// lists of names that nobody has are a stranger's to fill.
const addsPerSender = 100

func (b *Bridge) crowded(u *user, c *contact) bool {
	waiting := 0
	for _, other := range u.contacts {
		if other.pending {
			waiting++
		}
	}
	return waiting >= maxPending || b.askers[c.bare] >= maxAsking
}

// withdraw keeps a contact from seeing a name: first it sees nobody any more, then that is
// stored, and then it hears so. Were it told before, somebody could stay online for it, should we
// be killed meanwhile. What follows is told if that cannot be stored.
func (b *Bridge) withdraw(u *user, c *contact, then func(error)) {
	saw := c.sees()
	c.from, c.approved = false, false
	b.setPending(u, c, false)
	if saw {
		b.hide(u, c)
	}
	b.keepContact(u, c, func(err error) {
		if again := u.contacts[c.bare]; err == nil && (again == nil || !again.from) {
			b.sayTo(u, "unsubscribed", c.bare, "")
		}
		b.kept(err)
		then(err)
	})
	b.push(u, c)
	b.tidy(u, c)
}

// hide tells a contact that nobody is here.
func (b *Bridge) hide(u *user, c *contact) {
	if b.isName(c.bare) {
		b.look(u, c.bare)
		return
	}
	for _, t := range u.tabs {
		b.sendPresence("unavailable", t.jid, c.bare)
	}
}

// changed stores what needs nobody's waiting, and shows it.
func (b *Bridge) changed(u *user, c *contact) {
	b.paint(u, c)
	b.push(u, c)
	b.keepContact(u, c, b.kept)
	b.tidy(u, c)
}

// sayTo tells a contact what has become of who may see whom: an XMPP user by a stanza, a name
// here when this turn is over.
func (b *Bridge) sayTo(u *user, kind, bare, text string) {
	if !b.isName(bare) {
		b.sendWord(kind, u.bare, bare, u.nick(), text)
		return
	}
	w := word{kind: kind, from: u.bare, nick: u.shown(), text: text}
	w.refuse = func(component.Error) { b.soon(func() { b.hear(u.key, word{kind: "unsubscribed", from: bare}) }) }
	b.soon(func() { b.hear(b.ours(bare), w) })
}

func (b *Bridge) sendWord(kind, from, to, nick, text string) {
	b.metrics.presence.Inc()
	b.send(from, stanzaOf(kind, from, to, nick, text))
}

// stanzaOf is a word from bare JID to bare JID (RFC 6121 §3.1.2) and, of who asks, what he is
// called (XEP-0172 §4.2).
func stanzaOf(kind, from, to, nick, text string) []byte {
	var w element.Writer
	w.Start(component.NS, "presence")
	w.Attr("type", kind)
	w.Attr("from", from)
	w.Attr("to", to)
	if text != "" {
		w.Leaf(component.NS, "status", text)
	}
	if kind == "subscribe" && nick != "" {
		w.Leaf(nsNick, "nick", nick)
	}
	w.End()
	return w.Bytes()
}

// nick is how a name is shown; "" when its address says so, but for capitals.
func (u *user) nick() string {
	if local, _, _ := component.Split(u.bare); strings.EqualFold(u.shown(), local) {
		return ""
	}
	return u.shown()
}

// full refuses what there is no room for.
func full(text string) component.Error {
	e := faults[TooMuch].iq
	e.Text = text
	return e
}
