package bridge

import (
	"errors"
	"strings"

	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/internal/element"
)

// The contacts of an account are kept by its server (RFC 6121 §2): we ask for them once,
// hear what changes, and ask it to change them.

const nsRoster = "jabber:iq:roster"

// fetchRoster asks for the whole list, then goes on, with it or without.
func (b *Bridge) fetchRoster(u *user, then func()) {
	iq := component.IQ{From: u.key, To: u.bare, Type: "get", Payload: []byte("<query xmlns='" + nsRoster + "'/>")}
	err := b.request(iq, func(answer *component.Stanza, err error) {
		switch {
		case b.users[u.key] != u || errors.Is(err, component.ErrDown):
			return // asked again when the link is back
		case err == nil && answer.Type == "result":
			b.wholeRoster(u, answer.Child(nsRoster, "query"))
		default:
			b.log.Info("an account's contacts are not told", "name", u.bare, "err", err)
		}
		then()
	})
	if err != nil {
		b.kept(err)
	}
}

// wholeRoster takes the list as it is now: who was removed while the link was down is in no push.
func (b *Bridge) wholeRoster(u *user, list element.Element) {
	there := map[string]bool{}
	for item := range list.Children() {
		there[component.Bare(item.Attr("jid"))] = true
		b.rosterItem(u, item)
	}
	for _, c := range u.inOrder() {
		if !there[c.bare] {
			b.rosterRemoved(u, c)
		}
	}
}

// rosterRemoved takes a contact from the list. One that asks, or is blocked, stays so.
func (b *Bridge) rosterRemoved(u *user, c *contact) {
	if !c.from && !c.to && !c.asked && !c.listed {
		return
	}
	c.from, c.safe, c.to, c.asked, c.listed = false, false, false, false, false
	b.gone(c)
	b.paint(u, c)
	b.push(u, c)
	b.tidy(u, c)
}

// rosterPushed takes a change of the list. Only the account's own server says such
// (RFC 6121 §2.1.6).
func (b *Bridge) rosterPushed(u *user, s *component.Stanza) {
	if s.Type != "set" || s.From != u.bare && s.From != u.key {
		b.metrics.rejected.WithLabelValues("roster_push").Inc()
		b.refuseIQ(s, faults[Unavailable].iq)
		return
	}
	b.result(s)
	for item := range s.First().Children() {
		b.rosterItem(u, item)
	}
}

// rosterItem takes one entry of the list as it is now.
func (b *Bridge) rosterItem(u *user, item element.Element) {
	bare := component.Bare(item.Attr("jid"))
	if !item.Is(nsRoster, "item") || bare == "" || bare == u.bare {
		return
	}
	subscription := item.Attr("subscription")
	if subscription == "remove" {
		if c := u.contacts[bare]; c != nil {
			b.rosterRemoved(u, c)
		}
		return
	}
	c := b.contact(u, bare)
	if c == nil {
		return // more than we keep
	}
	c.listed = true
	c.from = subscription == "from" || subscription == "both"
	c.safe = c.from
	c.to = subscription == "to" || subscription == "both"
	c.asked = item.Attr("ask") == "subscribe"
	c.name, c.groups = clip(strings.TrimSpace(item.Attr("name")), maxTitle), groupsIn(item)
	if c.from {
		b.setPending(u, c, false)
	}
	if !c.to {
		b.gone(c)
	}
	b.paint(u, c)
	b.push(u, c)
}

// groupsIn are the groups of an entry, one to a line.
func groupsIn(item element.Element) string {
	var groups []string
	for e := range item.Children() {
		if group := clip(e.TrimmedText(), maxGroup); e.Is(nsRoster, "group") && group != "" && !strings.Contains(group, "\n") && len(groups) < maxGroups {
			groups = append(groups, group)
		}
	}
	return strings.Join(groups, "\n")
}
