package bridge

import (
	"cmp"
	"slices"
	"time"

	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/web"
)

// Who may ring whom, and how often.

// Policy says what a name lets others do: lists of JIDs, of domains, and of the words below.
// A nil list says nothing.
type Policy struct {
	// SeenBy are those who may see the name as soon as they ask for it; "anyone". The
	// others wait for an answer, as all do with "ask".
	SeenBy []string
	// CalledBy are those who may ring it, and write to it; "anyone", "contacts".
	CalledBy []string
}

// Person is a name with a policy of its own.
type Person struct {
	Name string
	Policy
}

// policiesOf are those that names have of their own, by local part.
func policiesOf(cfg Config) map[string]Policy {
	all := map[string]Policy{}
	for _, p := range cfg.People {
		if local, err := localOf(p.Name); err == nil {
			all[local] = p.Policy
		}
	}
	return all
}

// policyOf is what holds for a name.
func (b *Bridge) policyOf(u *user) Policy {
	if u.page != nil { // whom it hides from was refused before (hides)
		return Policy{SeenBy: []string{"anyone"}}
	}
	p := b.policies[u.key]
	if p.SeenBy == nil {
		p.SeenBy = b.cfg.SeenBy
	}
	if p.SeenBy == nil && b.cfg.Anonymous { // names that are anybody's have nothing to hide
		p.SeenBy = []string{"anyone"}
	}
	if p.CalledBy == nil {
		p.CalledBy = b.cfg.CalledBy
	}
	return p
}

// lets says whether somebody is among those.
func (b *Bridge) lets(those []string, u *user, bare string) bool {
	_, domain, _ := component.Split(bare)
	return slices.ContainsFunc(those, func(one string) bool {
		switch one {
		case "anyone", bare, domain:
			return true
		case "contacts":
			c := u.contacts[bare]
			return c != nil && (c.from || c.to)
		}
		return false
	})
}

// learns says whether a probe is enough to be a contact: where nothing outlives a restart, and
// anybody may see a name, that is how its contacts are known again.
func (b *Bridge) learns(u *user) bool {
	return b.cfg.Store == nil && slices.Contains(b.policyOf(u).SeenBy, "anyone")
}

// mayRing says whether somebody may ring at one of ours, or write to it.
func (b *Bridge) mayRing(u *user, bare string) bool {
	if c := u.contacts[bare]; c != nil && c.blocked {
		return false
	}
	if u.page != nil {
		return u.page.lets(b, u.page.CalledBy, bare)
	}
	return b.lets(b.policyOf(u).CalledBy, u, bare)
}

// ringAllowance says why a stranger must not ring just now; None when he may.
func (b *Bridge) ringAllowance(u *user, bare string, now time.Time) Fault {
	if u.account != nil { // who calls is what its server says: nobody else is to suffer for it
		return b.accountAllowance(u, now)
	}
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

// ringsOfAccount is for how many callers together an account rings in a minute.
const ringsOfAccount = 10

func (b *Bridge) accountAllowance(u *user, now time.Time) Fault {
	if !u.account.rings.AllowN(now, 1) {
		b.metrics.limited.WithLabelValues("rings_per_account").Inc()
		return Busy
	}
	if b.pending["to "+u.key] >= b.cfg.Limits.PendingPerCallee {
		b.metrics.limited.WithLabelValues("pending_per_callee").Inc()
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
	b.countUntilSettled(c, "to "+x.user.key)
	if x.user.account == nil {
		b.countUntilSettled(c, "by "+x.bare)
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
	if u.account != nil {
		return nil // its server would learn of devices that it may not see
	}
	return b.devices[bare]
}
