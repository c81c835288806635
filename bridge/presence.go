package bridge

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/internal/element"
	"github.com/jinglebridge/jinglebridge/jingle"
	"github.com/jinglebridge/jinglebridge/web"
)

// Who sees whom. A component is the server of its users (RFC 6121): it keeps their contact
// lists, answers probes, and says who comes and goes. The XMPP server remembers none
// of it, so all is said again after every attach.

// contact is an XMPP user in the contact list of one of ours.
type contact struct {
	bare      string
	from      bool // sees us
	to        bool // we see it
	asked     bool // our request to see it is out
	greeted   bool // sees us without a subscription, because we called
	name      string
	resources map[string]*resource // by full JID
	told      string               // last state told to the tabs
}

// resource is one device of a contact.
type resource struct {
	jid      string
	show     string
	status   string
	priority int
	node     string // caps
	caps     *caps  // nil while not known
	since    time.Time
}

const maxResources = 32

func (b *Bridge) fromPresence(s *component.Stanza) {
	if component.Bare(s.To) == b.cfg.Domain {
		b.domainPresence(s)
		return
	}
	local := b.ourLocal(s.To)
	if local == "" {
		if s.Type == "subscribe" || s.Type == "probe" {
			b.sendPresence("unsubscribed", component.Bare(s.To), component.Bare(s.From))
		}
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
	c.from = true
	c.name = orElse(nickOf(s), c.name)
	b.sendPresence("subscribed", u.bare, c.bare)
	for _, t := range u.tabs {
		b.announce(t, c.bare)
	}
	if !c.to && !c.asked {
		// Seeing its devices is what tells whom we can call, and how.
		c.asked = true
		b.sendPresence("subscribe", u.bare, c.bare)
	}
	b.paint(u, c)
}

func (b *Bridge) subscribed(local string, s *component.Stanza) {
	if c := b.known(local, s); c != nil {
		c.to, c.asked = true, false
	}
}

func (b *Bridge) unsubscribe(local string, s *component.Stanza) {
	u := b.users[local]
	from := component.Bare(s.From)
	b.sendPresence("unsubscribed", local+"@"+b.cfg.Domain, from)
	if u == nil || u.contacts[from] == nil {
		return
	}
	for _, t := range u.tabs {
		b.sendPresence("unavailable", t.jid, from)
	}
	u.contacts[from].from = false
	b.tidy(u, u.contacts[from])
}

func (b *Bridge) unsubscribed(local string, s *component.Stanza) {
	c := b.known(local, s)
	if c == nil {
		return
	}
	c.to, c.asked = false, false
	clear(c.resources)
	b.paint(b.users[local], c)
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
			clear(c.resources)
		} else {
			delete(c.resources, s.From)
			b.vanished(s.From)
		}
		b.paint(u, c)
		return
	}
	if component.Bare(s.From) == s.From {
		return // nothing that could be called
	}
	r := c.resources[s.From]
	if r == nil {
		if len(c.resources) >= maxResources {
			b.metrics.limited.WithLabelValues("resources").Inc()
			return
		}
		r = &resource{jid: strings.Clone(s.From)}
		c.resources[r.jid] = r
	}
	r.since = time.Now()
	r.show = showOf(s.Child(component.NS, "show").TrimmedText())
	r.status = clip(s.Child(component.NS, "status").TrimmedText(), 200)
	r.priority, _ = strconv.Atoi(s.Child(component.NS, "priority").TrimmedText())
	c.name = orElse(nickOf(s), c.name)
	b.learnCaps(u, c, r, s.Child(nsCaps, "c"))
	b.paint(u, c)
}

func showOf(show string) string {
	switch show {
	case "chat", "away", "xa", "dnd":
		return strings.Clone(show)
	}
	return "available"
}

// presenceBounced: the contact's server says that there is no such contact any more.
func (b *Bridge) presenceBounced(local string, s *component.Stanza) {
	c := b.known(local, s)
	if c == nil {
		return
	}
	switch component.ErrorOf(s).Condition {
	case "gone", "item-not-found", "remote-server-not-found":
		clear(c.resources)
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
	b.stream.AppendCaps(&w)
	w.End()
	b.send(w.Bytes())
}

// online tells everybody who may know that a tab is here, and asks who is there.
func (b *Bridge) online(t *tab) {
	for _, c := range t.user.contacts {
		if c.from || c.greeted {
			b.announce(t, c.bare)
		}
		if c.to || c.from {
			b.sendPresence("probe", t.user.bare, c.bare)
		}
		c.told = ""
		b.paint(t.user, c)
	}
}

func (b *Bridge) offline(t *tab) {
	for _, c := range t.user.contacts {
		if c.from || c.greeted {
			b.sendPresence("unavailable", t.jid, c.bare)
		}
		if c.greeted && len(t.user.tabs) <= 1 {
			c.greeted = false
			b.tidy(t.user, c)
		}
	}
}

// greet shows a tab to somebody it calls who does not have it in a list, so that the
// device can see what it is called by (XEP-0353 §3.1).
func (b *Bridge) greet(u *user, self, bare string) {
	c := b.contact(u, bare)
	if c == nil || c.from || c.greeted {
		return
	}
	c.greeted = true
	if t := b.tabs[self]; t != nil {
		b.announce(t, bare)
	}
}

// announce says that a tab is online, always from its full JID.
func (b *Bridge) announce(t *tab, to string) {
	var w element.Writer
	w.Start(component.NS, "presence")
	w.Attr("from", t.jid)
	w.Attr("to", to)
	b.stream.AppendCaps(&w)
	w.Leaf(nsNick, "nick", t.user.name)
	w.End()
	b.metrics.presence.Inc()
	b.send(w.Bytes())
}

func (b *Bridge) sendPresence(kind, from, to string) {
	var w element.Writer
	w.Start(component.NS, "presence")
	w.Attr("type", kind)
	w.Attr("from", from)
	w.Attr("to", to)
	w.End()
	b.metrics.presence.Inc()
	b.send(w.Bytes())
}

// contact finds or makes an entry of a list; nil when there is no room.
func (b *Bridge) contact(u *user, bare string) *contact {
	if c := u.contacts[bare]; c != nil {
		return c
	}
	if len(u.contacts) >= b.cfg.Limits.Roster || b.contacts >= b.cfg.Limits.Rosters {
		b.metrics.limited.WithLabelValues("roster").Inc()
		return nil
	}
	b.contacts++
	b.metrics.subscriptions.Inc()
	c := &contact{bare: strings.Clone(bare), resources: map[string]*resource{}}
	u.contacts[c.bare] = c
	return c
}

func (b *Bridge) known(local string, s *component.Stanza) *contact {
	u := b.users[local]
	if u == nil {
		return nil
	}
	return u.contacts[component.Bare(s.From)]
}

// tidy drops an entry that means nothing any more.
func (b *Bridge) tidy(u *user, c *contact) {
	if c.from || c.to || c.asked || c.greeted || u.contacts[c.bare] != c {
		return
	}
	delete(u.contacts, c.bare)
	b.contacts--
	b.metrics.subscriptions.Dec()
	b.forget(u)
}

// paint tells the tabs how a contact is, as one state of all its devices.
func (b *Bridge) paint(u *user, c *contact) {
	m := web.Message{Type: "presence", Name: c.bare, Show: "unavailable", Title: c.name, Media: []string{}}
	if best := c.best(); best != nil {
		m.Show, m.Status = best.show, best.status
		m.Media = c.media()
	}
	state := m.Show + "\x00" + m.Status + "\x00" + m.Title + "\x00" + strings.Join(m.Media, " ")
	if state == c.told || c.told == "" && m.Show == "unavailable" && !c.from && !c.to {
		return
	}
	c.told = state
	for _, t := range u.tabs {
		if !t.sock.Old() {
			t.sock.Send(m)
		}
	}
}

// best is the device that a call would rather reach.
func (c *contact) best() *resource {
	var best *resource
	for _, r := range c.resources {
		if best == nil || r.rank() > best.rank() || r.rank() == best.rank() && r.jid < best.jid {
			best = r
		}
	}
	return best
}

func (r *resource) rank() int {
	rank := r.priority
	if r.caps != nil && r.caps.audio {
		rank += 1000
	}
	return rank
}

// media is what any of the devices can be called with. Before we know, or when the
// devices at hand cannot call, nothing is claimed.
func (c *contact) media() []string {
	audio, video := false, false
	for _, r := range c.resources {
		if r.caps != nil {
			audio = audio || r.caps.audio
			video = video || r.caps.video
		}
	}
	switch {
	case audio && video:
		return []string{"audio", "video"}
	case audio:
		return []string{"audio"}
	}
	return []string{}
}

// vanished: a peer's device went offline in a call. Its media may well go on (a phone that
// changes networks), so it gets a moment, and is then asked.
func (b *Bridge) vanished(peer string) {
	for key, x := range b.jingles {
		if key.peer != peer || x.stage < initiated || x.asking {
			continue
		}
		x.asking = true
		time.AfterFunc(b.vanish, func() { b.do(func() { x.stillThere() }) })
	}
}

// stillThere pings the session (XEP-0166 §6.8: a session-info without payload).
func (x *xmppEnd) stillThere() {
	x.asking = false
	if x.c.state == ended || !x.b.up || x.back() {
		return
	}
	_ = x.ping(func(answer *component.Stanza, err error) {
		if x.c.state == ended || errors.Is(err, component.ErrDown) || err == nil && answer.Type == "result" {
			return
		}
		if f, _ := errorOr(answer, err); f == Unavailable || f == NotFound || f == NoCall {
			x.over(Gone, "")
			x.c.finish(x, Gone, "")
		}
	})
}

// back says whether the peer's device is online again.
func (x *xmppEnd) back() bool {
	c := x.user.contacts[x.bare]
	return c != nil && c.resources[x.peer] != nil
}

func (x *xmppEnd) ping(done func(*component.Stanza, error)) error {
	return x.tell(&jingle.Jingle{Action: jingle.SessionInfo}, done)
}

func errorOr(answer *component.Stanza, err error) (Fault, string) {
	if err != nil {
		return faultOf(err), ""
	}
	if component.ErrorOf(answer).App == "unknown-session" {
		return NoCall, ""
	}
	return faultOfError(answer)
}

func orElse(s, other string) string {
	if s != "" {
		return strings.Clone(s)
	}
	return other
}

func clip(s string, n int) string {
	r := []rune(s)
	return string(r[:min(len(r), n)])
}
