package bridge

import "github.com/jinglebridge/jinglebridge/component"

// accountPresence takes the presence that an account's server lets through to it. It decides
// there who sees whom; subscriptions change by roster pushes.
func (b *Bridge) accountPresence(u *user, s *component.Stanza) {
	if component.Bare(s.From) == u.bare {
		return // its other devices
	}
	switch s.Type {
	case "subscribe":
		b.wishOf(u, s)
	case "subscribed", "unsubscribe", "unsubscribed": // what follows from it is pushed
		if c := u.contacts[component.Bare(s.From)]; c != nil {
			b.tellPages(u, c, s.Type, "")
		}
	case "", "unavailable":
		b.seen(u.key, s)
	case "error":
		if c := u.contacts[component.Bare(s.From)]; c != nil {
			b.gone(c)
			b.paint(u, c)
		}
	}
}

// wishOf is somebody who asks to see the account; its server tells again at the next login.
func (b *Bridge) wishOf(u *user, s *component.Stanza) {
	c := b.contact(u, component.Bare(s.From))
	if c == nil || c.from || c.blocked || c.pending {
		return
	}
	c.call(nickOf(s))
	b.setPending(u, c, true)
	c.message = clip(s.Child(component.NS, "status").TrimmedText(), maxStatus)
	b.tellPages(u, c, "subscribe", c.message)
}
