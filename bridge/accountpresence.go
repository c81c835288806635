package bridge

import "github.com/jinglebridge/jinglebridge/component"

// accountPresence takes the presence that an account's server lets through to it. It decides
// there who sees whom; subscriptions change by roster pushes.
func (b *Bridge) accountPresence(u *user, s *component.Stanza) {
	if component.Bare(s.From) == u.bare {
		return // its other devices
	}
	switch s.Type {
	case "", "unavailable":
		b.seen(u.key, s)
	case "error":
		if c := u.contacts[component.Bare(s.From)]; c != nil {
			b.gone(c)
			b.paint(u, c)
		}
	}
}
