package bridge

import (
	"slices"
	"strconv"

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
	case "subscribe", "subscribed", "unsubscribe", "unsubscribed":
		b.hear(local, b.wordOf(s))
	case "probe":
		b.probed(local, s)
	case "", "unavailable":
		b.seen(local, s)
	case "error":
		b.presenceBounced(local, s)
	}
}

// probed: somebody asks who is here (RFC 6121 §4.3). Who may not know hears the same of every
// name, there or not.
func (b *Bridge) probed(local string, s *component.Stanza) {
	u := b.user(local)
	defer b.forget(u) // unless it is somebody
	c := u.contacts[component.Bare(s.From)]
	if (c == nil || !c.from && !c.blocked && !c.pending) && b.learns(u) {
		b.learn(u, s)
		return
	}
	switch {
	case c != nil && c.sees():
		b.answerProbe(u, s.From)
	case c != nil && c.blocked && c.from:
		b.sendPresence("unavailable", component.Bare(s.To), s.From)
	case c != nil && (c.pending || c.from): // will hear when it is decided, or stored
	default:
		b.sendPresence("unsubscribed", component.Bare(s.To), component.Bare(s.From))
	}
}

func (b *Bridge) answerProbe(u *user, to string) {
	if len(u.tabs) == 0 {
		b.sendPresence("unavailable", u.bare, to)
		return
	}
	for _, t := range u.tabs {
		b.announce(t, to)
	}
}

// learn makes a contact of who probes: he has us in his list.
func (b *Bridge) learn(u *user, s *component.Stanza) {
	c := b.contact(u, component.Bare(s.From))
	if c == nil {
		b.forget(u)
		return
	}
	c.from, c.safe = true, true
	b.answerProbe(u, s.From)
	if len(u.tabs) > 0 && !c.to {
		b.sendPresence("probe", u.bare, c.bare)
	}
	b.push(u, c)
}

// seen is a contact's device that comes, changes or goes.
func (b *Bridge) seen(local string, s *component.Stanza) {
	c := b.known(local, s)
	if c == nil || !c.shows() {
		return
	}
	u := b.users[local]
	if s.Type == "unavailable" {
		b.seenGo(u, c, s.From)
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
	r.status = clip(s.Child(component.NS, "status").TrimmedText(), maxStatus)
	r.priority, _ = strconv.Atoi(s.Child(component.NS, "priority").TrimmedText())
	c.call(nickOf(s))
	b.learnCaps(u, c, r, s.Child(nsCaps, "c"))
	b.paint(u, c)
}

// seenGo: from a bare JID it is all devices that have gone.
func (b *Bridge) seenGo(u *user, c *contact, device string) {
	c.resources.leave(device)
	if device == c.bare || len(c.resources) == 0 {
		b.gone(c)
	}
	if device != c.bare {
		b.vanished(u.link, device)
	}
	c.absent = len(c.resources) == 0
	b.paint(u, c)
}

// presenceBounced: what we said to a contact came back. There is no such user, and all is
// forgotten; or he cannot be reached, or has blocked us (XEP-0191 §3.3), which looks the same
// here: nobody is there, until he says that he is.
func (b *Bridge) presenceBounced(local string, s *component.Stanza) {
	c := b.known(local, s)
	if c == nil {
		return
	}
	u := b.users[local]
	b.gone(c)
	switch component.ErrorOf(s).Condition {
	case "gone", "item-not-found":
		c.from, c.to, c.asked, c.approved, c.greeted = false, false, false, false, nil
		b.setPending(u, c, false)
		b.changed(u, c)
	default:
		b.paint(u, c)
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
	b.lookAround(t.user, true)
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
		var w element.Writer
		w.Empty(component.NS, "presence", "type", "unavailable", "from", t.jid)
		b.send(t.jid, w.Bytes())
		return
	}
	b.depart(t)
	b.lookAround(t.user, false)
}

// greet shows a tab to somebody it calls who may not see it otherwise, so that the device
// can see what it is called by (XEP-0353 §3.1).
func (b *Bridge) greet(u *user, self, bare string) {
	if u.account != nil {
		return // its server decides who sees it
	}
	c := b.contact(u, bare)
	if c == nil || c.sees() || slices.Contains(c.greeted, self) {
		return
	}
	c.greeted = append(c.greeted, self)
	b.keepContact(u, c, b.kept)
	if t := b.tabs[self]; t != nil { // how its person is, is no business of his
		b.noted(t, func() {
			if slices.Contains(c.greeted, self) { // still
				b.tellAvailable(t, bare, mood{})
			}
		})
	}
}

// takeLeave takes that back when they have no call any more (RFC 6121 §4.6.3).
func (b *Bridge) takeLeave(u *user, bare string) {
	c := u.contacts[bare]
	if c == nil || len(c.greeted) == 0 || b.talks(u, bare) {
		return
	}
	for _, self := range slices.Clone(c.greeted) {
		if b.tabs[self] == nil {
			continue // its going is told anyway
		}
		if !c.sees() {
			b.owe(u.link, func() error { return u.link.stream.Send(presenceOf("unavailable", self, bare)) })
		}
		b.ungreet(u, c, self)
	}
}

// ungreet notes that a contact has no presence of a tab any more but by what it may see.
func (b *Bridge) ungreet(u *user, c *contact, self string) {
	i := slices.Index(c.greeted, self)
	over := c.watches && len(u.tabs) == 0
	if i < 0 && !over {
		return
	}
	if c.watches = c.watches && !over; i >= 0 {
		c.greeted = slices.Delete(c.greeted, i, i+1)
	}
	if c.matters() {
		b.keepContact(u, c, b.kept)
	}
	b.tidy(u, c)
}

// talks says whether a name has a call with an XMPP user.
func (b *Bridge) talks(u *user, bare string) bool {
	for c := range b.calls {
		for _, e := range append(slices.Clone(c.rung), c.caller, c.callee) {
			if x, ok := e.(*xmppEnd); ok && x.user == u && x.bare == bare {
				return true
			}
		}
	}
	return false
}

// announce says that a tab is online, always from its full JID.
func (b *Bridge) announce(t *tab, to string) {
	b.noted(t, func() {
		if c := t.user.contacts[component.Bare(to)]; c != nil && c.sees() { // still
			b.tellAvailable(t, to, t.looks())
		}
	})
}

func (b *Bridge) tellAvailable(t *tab, to string, as mood) {
	t.told = true
	b.metrics.presence.Inc()
	b.send(t.jid, b.available(t, to, as))
}

func (b *Bridge) available(t *tab, to string, as mood) []byte {
	var w element.Writer
	w.Start(component.NS, "presence")
	w.Attr("from", t.jid)
	w.AttrIf("to", to) // none: to all who may know
	as.append(&w)
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
