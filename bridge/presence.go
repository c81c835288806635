package bridge

import (
	"strconv"
	"strings"

	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/internal/element"
)

// Who sees whom. A component is the server of its users (RFC 6121): it keeps their contact
// lists, answers probes, and says who comes and goes. The XMPP server remembers none
// of it, so all is said again after every attach.

func (b *Bridge) fromPresence(s *component.Stanza) {
	if component.Bare(s.To) == b.cfg.Domain {
		b.domainPresence(s)
		return
	}
	local := b.ours(s.To)
	if local == "" {
		if s.Type == "subscribe" || s.Type == "probe" {
			b.sendPresence("unsubscribed", component.Bare(s.To), component.Bare(s.From))
		}
		return
	}
	if (s.Type == "subscribe" || s.Type == "probe") && b.hides(local, component.Bare(s.From)) {
		b.sendPresence("unsubscribed", component.Bare(s.To), component.Bare(s.From))
		return
	}
	switch s.Type {
	case "subscribe":
		b.subscribe(local, s)
	case "subscribed":
		b.subscribed(local, s)
	case "unsubscribe":
		b.unsubscribe(local, s)
	case "unsubscribed":
		b.unsubscribed(local, s)
	case "probe":
		b.probed(local, s)
	case "", "unavailable":
		b.seen(local, s)
	case "error":
		b.presenceBounced(local, s)
	}
}

// subscribe is approved at once: a name here is a public address (config: policy).
// It may come again with each login of the contact, and is then approved again.
func (b *Bridge) subscribe(local string, s *component.Stanza) {
	u := b.user(local)
	c := b.contact(u, component.Bare(s.From))
	if c == nil {
		e := faults[TooMuch].iq
		e.Text = "the contact list is full"
		b.refuseIQ(s, e)
		b.forget(u)
		return
	}
	before := *c
	c.from = true
	c.name = orElse(nickOf(s), c.name)
	ask := !c.to && !c.asked
	c.asked = c.asked || ask
	b.keepContact(u, c, func(err error) {
		if err != nil {
			b.kept(err)
			c.from, c.asked = before.from, before.asked
			b.refuseIQ(s, tryLater())
			b.tidy(u, c)
			return
		}
		b.subscribedTo(u, c, ask)
	})
}

// subscribedTo says that a contact may see a name, and shows it to him.
func (b *Bridge) subscribedTo(u *user, c *contact, ask bool) {
	b.sendPresence("subscribed", u.bare, c.bare)
	for _, t := range u.tabs {
		b.announce(t, c.bare)
	}
	if ask { // seeing its devices is what tells whom we can call, and how
		b.askToSee(u, c)
	}
	b.paint(u, c)
}

// askToSee says who asks (XEP-0172 §4.2), when the address does not say it but for capitals.
func (b *Bridge) askToSee(u *user, c *contact) {
	var w element.Writer
	w.Start(component.NS, "presence")
	w.Attr("type", "subscribe")
	w.Attr("from", u.bare)
	w.Attr("to", c.bare)
	if local, _, _ := component.Split(u.bare); !strings.EqualFold(u.shown(), local) {
		w.Leaf(nsNick, "nick", u.shown())
	}
	w.End()
	b.metrics.presence.Inc()
	b.send(u.bare, w.Bytes())
}

func (b *Bridge) subscribed(local string, s *component.Stanza) {
	if c := b.known(local, s); c != nil {
		c.to, c.asked = true, false
		b.keepContact(b.users[local], c, b.kept)
	}
}

// unsubscribe: first it sees nobody any more, then that is kept, and then it hears so.
func (b *Bridge) unsubscribe(local string, s *component.Stanza) {
	u := b.users[local]
	bare, from := local+"@"+b.cfg.Domain, component.Bare(s.From)
	if u == nil || u.contacts[from] == nil {
		b.sendPresence("unsubscribed", bare, from)
		return
	}
	for _, t := range u.tabs {
		b.sendPresence("unavailable", t.jid, from)
	}
	c := u.contacts[from]
	c.from = false
	b.keepContact(u, c, func(err error) {
		if err != nil {
			b.kept(err)
			b.refuseIQ(s, tryLater())
		} else {
			b.sendPresence("unsubscribed", bare, c.bare)
		}
		b.tidy(u, c)
	})
}

func (b *Bridge) unsubscribed(local string, s *component.Stanza) {
	c := b.known(local, s)
	if c == nil {
		return
	}
	c.to, c.asked = false, false
	b.gone(c)
	b.paint(b.users[local], c)
	b.keepContact(b.users[local], c, b.kept)
	b.tidy(b.users[local], c)
}

// probed: whoever probes has us in his list; that is how a restarted bridge learns its
// contacts again.
func (b *Bridge) probed(local string, s *component.Stanza) {
	u := b.user(local)
	c := b.contact(u, component.Bare(s.From))
	if c == nil {
		b.forget(u)
		return
	}
	learned := !c.from
	c.from = true
	if learned {
		b.keepContact(u, c, b.kept)
	}
	if len(u.tabs) == 0 {
		b.sendPresence("unavailable", u.bare, s.From)
		return
	}
	for _, t := range u.tabs {
		b.announce(t, s.From)
	}
	if learned && !c.to {
		b.sendPresence("probe", u.bare, c.bare)
	}
}

// seen is a contact's device that comes, changes or goes.
func (b *Bridge) seen(local string, s *component.Stanza) {
	c := b.known(local, s)
	if c == nil {
		return
	}
	u := b.users[local]
	if s.Type == "unavailable" {
		if component.Bare(s.From) == s.From {
			b.gone(c)
		} else {
			c.resources.leave(s.From)
			if len(c.resources) == 0 {
				b.gone(c)
			}
			b.vanished(s.From)
		}
		c.absent = len(c.resources) == 0
		b.paint(u, c)
		return
	}
	if component.Bare(s.From) == s.From {
		return // nothing that could be called
	}
	r := c.resources.of(s.From)
	if r == nil {
		r = c.resources.come(s.From)
	}
	if r == nil {
		b.metrics.limited.WithLabelValues("resources").Inc()
		return
	}
	if u.account == nil { // whom an account sees is nobody else's business
		b.devices[c.bare] = c
	}
	b.arrivals++
	r.since = b.arrivals
	r.show = showOf(s.Child(component.NS, "show").TrimmedText())
	r.status = clip(s.Child(component.NS, "status").TrimmedText(), 200)
	r.priority, _ = strconv.Atoi(s.Child(component.NS, "priority").TrimmedText())
	c.name = orElse(nickOf(s), c.name)
	b.learnCaps(u, c, r, s.Child(nsCaps, "c"))
	b.paint(u, c)
}

// presenceBounced: the contact's server says that there is no such contact any more.
func (b *Bridge) presenceBounced(local string, s *component.Stanza) {
	c := b.known(local, s)
	if c == nil {
		return
	}
	switch component.ErrorOf(s).Condition {
	case "gone", "item-not-found", "remote-server-not-found":
		b.gone(c)
		c.from, c.to, c.asked, c.greeted = false, false, false, false
		b.paint(b.users[local], c)
		b.tidy(b.users[local], c)
	}
}

// domainPresence: the component itself is a contact, too, for those who like to see
// whether it runs (XEP-0100 §4).
func (b *Bridge) domainPresence(s *component.Stanza) {
	from := component.Bare(s.From)
	switch s.Type {
	case "subscribe":
		b.sendPresence("subscribed", b.cfg.Domain, from)
		b.announceDomain(s.From)
	case "unsubscribe":
		b.sendPresence("unsubscribed", b.cfg.Domain, from)
	case "probe":
		b.announceDomain(s.From)
	}
}

func (b *Bridge) announceDomain(to string) {
	var w element.Writer
	w.Start(component.NS, "presence")
	w.Attr("from", b.cfg.Domain)
	w.Attr("to", to)
	b.link.stream.AppendCaps(&w)
	w.End()
	b.send(b.cfg.Domain, w.Bytes())
}

// online tells everybody who may know that a tab is here, and asks who is there.
func (b *Bridge) online(t *tab) {
	if t.user.account != nil {
		b.accountOnline(t)
		return
	}
	b.noted(t, func() { b.goRound(t, now, true, true) })
}

// onlineAgain does so for all tabs of a name, when its server has forgotten them.
func (b *Bridge) onlineAgain(u *user) {
	for i, t := range u.tabs {
		if u.account != nil {
			b.accountOnline(t)
			return // it has one
		}
		b.noted(t, func() { b.goRound(t, anew, i == 0, true) })
	}
}

func (b *Bridge) offline(t *tab) {
	if t.user.account != nil {
		b.send(t.jid, []byte("<presence xmlns='"+component.NS+"' type='unavailable'/>"))
		return
	}
	b.depart(t)
	for _, c := range t.user.contacts {
		if c.greeted && len(t.user.tabs) <= 1 {
			c.greeted = false
			b.tidy(t.user, c)
		}
	}
}

// greet shows a tab to somebody it calls who does not have it in a list, so that the
// device can see what it is called by (XEP-0353 §3.1).
func (b *Bridge) greet(u *user, self, bare string) {
	if u.account != nil {
		return // its server decides who sees it
	}
	c := b.contact(u, bare)
	if c == nil || c.from || c.greeted {
		return
	}
	c.greeted = true
	b.keepContact(u, c, b.kept)
	if t := b.tabs[self]; t != nil {
		b.announce(t, bare)
	}
}

// announce says that a tab is online, always from its full JID.
func (b *Bridge) announce(t *tab, to string) {
	b.noted(t, func() {
		if c := t.user.contacts[component.Bare(to)]; c != nil && (c.from || c.greeted) { // still
			b.tellAvailable(t, to)
		}
	})
}

func (b *Bridge) tellAvailable(t *tab, to string) {
	t.told = true
	b.metrics.presence.Inc()
	b.send(t.jid, b.available(t, to))
}

func (b *Bridge) available(t *tab, to string) []byte {
	var w element.Writer
	w.Start(component.NS, "presence")
	w.Attr("from", t.jid)
	w.AttrIf("to", to) // none: to all who may know
	looks := t.mood
	if t.visitor != nil {
		looks = t.visitor.mood(t.mood)
	}
	looks.append(&w)
	t.user.link.stream.AppendCaps(&w)
	w.Leaf(nsNick, "nick", t.shown())
	w.End()
	return w.Bytes()
}

func (b *Bridge) sendPresence(kind, from, to string) {
	b.metrics.presence.Inc()
	b.send(from, presenceOf(kind, from, to))
}

func presenceOf(kind, from, to string) []byte {
	var w element.Writer
	w.Start(component.NS, "presence")
	w.Attr("type", kind)
	w.Attr("from", from)
	w.Attr("to", to)
	w.End()
	return w.Bytes()
}
