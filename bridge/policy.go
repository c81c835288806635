package bridge

import (
	"cmp"
	"slices"
	"time"

	"github.com/jinglebridge/jinglebridge/web"
)

// Who may ring whom, and how often.

// mayRing says whether an XMPP user may ring at one of ours.
func (b *Bridge) mayRing(u *user, bare string) bool {
	if u.page != nil {
		return u.page.lets(b, u.page.CalledBy, bare)
	}
	if b.cfg.CalledBy != "contacts" {
		return true
	}
	contact := u.contacts[bare]
	return contact != nil && (contact.from || contact.to)
}

// ringAllowance says why a stranger must not ring just now; None when he may.
func (b *Bridge) ringAllowance(u *user, bare string, now time.Time) Fault {
	if !b.perCaller.allow(bare, now) {
		b.metrics.limited.WithLabelValues("rings_per_caller").Inc()
		return Busy
	}
	if b.pending["to "+u.key] >= b.cfg.Limits.PendingPerCallee {
		b.metrics.limited.WithLabelValues("pending_per_callee").Inc()
		return Busy
	}
	if b.pending["by "+bare] >= b.cfg.Limits.PendingPerSender {
		b.metrics.limited.WithLabelValues("pending_per_sender").Inc()
		return Busy
	}
	return None
}

// countPending counts a call among those that ring, until it is taken or over.
func (b *Bridge) countPending(c *call) {
	x, ok := c.caller.(*xmppEnd)
	if !ok {
		return
	}
	for _, key := range []string{"to " + x.user.key, "by " + x.bare} {
		b.countUntilSettled(c, key)
	}
}

func (b *Bridge) countUntilSettled(c *call, key string) {
	b.pending[key]++
	c.settled = append(c.settled, func() {
		if b.pending[key]--; b.pending[key] <= 0 {
			delete(b.pending, key)
		}
	})
}

// unpend runs what waits for the ringing to end.
func (c *call) unpend() {
	for _, done := range c.settled {
		done()
	}
	c.settled = nil
}

func messageOf(e *browserEnd) web.Message { return web.Message{Name: e.peer, Call: e.id} }

// directDevices lists the devices of a contact that must be called without a proposal:
// those that can call, best first, if none of them knows proposals.
func (b *Bridge) directDevices(u *user, bare string) []string {
	contact := b.present(u, bare)
	if contact == nil {
		return nil
	}
	var able []*resource
	for _, r := range contact.resources {
		if r.caps == nil || !r.caps.audio {
			continue
		}
		if r.caps.proposals {
			return nil
		}
		able = append(able, r)
	}
	slices.SortFunc(able, func(a, b *resource) int {
		if a.priority != b.priority {
			return b.priority - a.priority
		}
		return cmp.Compare(b.since, a.since) // the newest first
	})
	jids := make([]string, 0, 3)
	for _, r := range able[:min(3, len(able))] {
		jids = append(jids, r.jid)
	}
	return jids
}

// present finds the contact that knows the devices of an XMPP user: the one of u, or that of
// anybody here. Guests have names that nobody can have added, and may call him all the same.
func (b *Bridge) present(u *user, bare string) *contact {
	if c := u.contacts[bare]; c != nil && len(c.resources) > 0 {
		return c
	}
	return b.devices[bare]
}
