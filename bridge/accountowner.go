package bridge

import (
	"errors"

	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/internal/element"
	"github.com/jinglebridge/jinglebridge/web"
)

// What a person does with the contact list of an account: its server is asked to do it, and
// the page hears of it by what the server then says to all devices.

const nsBlocking = "urn:xmpp:blocking"

// decideAccount changes one contact of an account.
func (b *Bridge) decideAccount(t *tab, m web.Message, bare string) error {
	u := t.user
	if !u.link.up {
		return Failed(Upstream, errors.New("the account's server cannot be reached at the moment"))
	}
	switch {
	case m.Set != nil:
		return b.askServer(t, m, rosterSet(bare, m.Set))
	case m.Remove != "":
		var w element.Writer
		w.Start(nsRoster, "query")
		w.Empty(nsRoster, "item", "jid", bare, "subscription", "remove")
		w.End()
		return b.askServer(t, m, w.Bytes())
	case m.Type == "block" || m.Type == "unblock":
		var w element.Writer
		w.Start(nsBlocking, m.Type)
		w.Empty(nsBlocking, "item", "jid", bare)
		w.End()
		return b.askServer(t, m, w.Bytes())
	}
	if c := u.contacts[bare]; c != nil && (m.Type == "subscribed" || m.Type == "unsubscribed") {
		b.setPending(u, c, false)
		b.tidy(u, c)
	}
	text := ""
	if m.Type == "subscribe" {
		text = clip(m.Text, maxStatus)
	}
	b.metrics.presence.Inc()
	if err := u.link.stream.Send(stanzaOf(m.Type, u.key, bare, u.nick(), text)); err != nil {
		return err
	}
	b.ok(t, m, "")
	return nil
}

// rosterSet is an entry as its owner wants it (RFC 6121 §2.3.1).
func rosterSet(bare string, item *web.Item) []byte {
	var w element.Writer
	w.Start(nsRoster, "query")
	w.Start(nsRoster, "item")
	w.Attr("jid", bare)
	w.AttrIf("name", titleOf(item))
	for _, group := range groupsOf(item) {
		w.Leaf(nsRoster, "group", group)
	}
	w.End()
	w.End()
	return w.Bytes()
}

// askServer has an account's server do something, and tells the page when it has.
func (b *Bridge) askServer(t *tab, m web.Message, payload []byte) error {
	return b.request(component.IQ{From: t.jid, To: t.user.bare, Type: "set", Payload: payload}, func(answer *component.Stanza, err error) {
		if err == nil && answer.Type == "error" {
			f, text := faultOfError(answer)
			if text == "" {
				text = "the account's server does not do this"
			}
			err = Failed(f, errors.New(text))
		}
		switch {
		case b.tabs[t.jid] != t:
		case err != nil:
			b.refuse(&session{sock: t.sock, tab: t}, m, err)
		default:
			b.ok(t, m, "")
		}
	})
}

// fetchBlocked asks whom the account has blocked (XEP-0191 §3.2). Many servers know; one that
// does not has nobody blocked.
func (b *Bridge) fetchBlocked(u *user) {
	iq := component.IQ{From: u.key, To: u.bare, Type: "get", Payload: []byte("<blocklist xmlns='" + nsBlocking + "'/>")}
	err := b.request(iq, func(answer *component.Stanza, err error) {
		if err == nil && answer.Type == "result" && b.users[u.key] == u {
			list := answer.Child(nsBlocking, "blocklist")
			still := map[string]bool{}
			for item := range list.Children() {
				still[item.Attr("jid")] = true
			}
			for _, c := range u.inOrder() {
				if !still[c.bare] { // unblocked while the link was down
					b.markBlocked(u, c, false)
				}
			}
			b.setBlocked(u, list, true)
		}
	})
	if err != nil {
		b.kept(err)
	}
}

// blockPushed takes a change of whom the account has blocked. Only its server says such.
func (b *Bridge) blockPushed(u *user, s *component.Stanza) {
	change := s.First()
	if s.Type != "set" || s.From != u.bare && s.From != u.key {
		b.metrics.rejected.WithLabelValues("block_push").Inc()
		b.refuseIQ(s, faults[Unavailable].iq)
		return
	}
	b.result(s)
	if blocked := change.Name() == "block"; blocked || change.First().Exists() {
		b.setBlocked(u, change, blocked)
		return
	}
	for _, c := range u.inOrder() { // an unblock without items means all (XEP-0191 §3.5)
		b.markBlocked(u, c, false)
	}
}

func (b *Bridge) setBlocked(u *user, list element.Element, blocked bool) {
	for item := range list.Children() {
		bare := item.Attr("jid")
		if local, _, resource := component.Split(bare); local == "" || resource != "" || bare == u.bare {
			continue // a domain, a device: not what a list of people shows
		}
		if c := u.contacts[bare]; c != nil || blocked {
			if c = b.contact(u, bare); c != nil {
				b.markBlocked(u, c, blocked)
			}
		}
	}
}

func (b *Bridge) markBlocked(u *user, c *contact, blocked bool) {
	if c.blocked == blocked {
		return
	}
	c.blocked = blocked
	b.gone(c)
	b.paint(u, c)
	b.push(u, c)
	b.tidy(u, c)
}
