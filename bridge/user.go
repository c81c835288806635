package bridge

import (
	"cmp"
	"crypto/rand"
	"maps"
	"slices"
	"time"

	"golang.org/x/time/rate"

	"github.com/jinglebridge/jinglebridge/internal/store"
	"github.com/jinglebridge/jinglebridge/web"
)

// user is a name here, of a person or of a room: an XMPP contact for the others. It
// outlives its tabs while somebody has it in a contact list.
type user struct {
	key      string // local part of the JID; of an account that is held, its full JID
	link     *link
	account  *account // that a browser holds; nil for a name here
	name     string   // as its owner typed it
	title    string   // how to show who it is; "" for as the name
	bare     string
	tabs     []*tab
	room     bool                // the tabs are its members
	page     *page               // the tabs are its visitors; nil for all others
	contacts map[string]*contact // by bare JID
	busy     bool                // shown as in a call
	missed   []store.Call        // calls that came while nobody was here, oldest first
}

// tab is one browser under one name, its own or that of a room, and one resource of it.
type tab struct {
	*desk
	user    *user
	jid     string   // full
	seat    *seat    // in a room; nil under its own name
	visitor *visitor // of a page; nil for all others

	noted   note     // that it is told as available
	telling []func() // what waits for that
	told    bool     // somebody was told
	round   *round   // what it has still to tell; nil for nothing
}

// desk is what a browser has, whichever names it goes by.
type desk struct {
	sock    web.Sender
	own     *tab                   // under its own name
	seats   map[string]*tab        // in rooms, by local part; nil before the first
	proven  bool                   // it has proved to be who it is
	only    []string               // whom a guest may call; nil: policy decides
	invites bool                   // its page can be asked before it gets an offer
	roster  bool                   // it has a contact list
	listens bool                   // it has asked for it, and hears of changes
	reads   bool                   // it shows messages
	letters []letter               // what it wrote, and may yet hear of
	asks    *rate.Limiter          // changes of contacts; nil until the first
	writes  *rate.Limiter          // messages to people; nil until the first
	ends    map[string]*browserEnd // its calls, by the id it knows them by; nil before the first
	past    []string               // ids of calls that ended
	calls   *rate.Limiter          // of the socket, whatever its name
	mood    mood                   // how its person wants to be shown
	words   *rate.Limiter          // bytes it may tell the others in rooms; nil until it tells something
}

// session is what the bridge keeps of a socket; tab is nil before login.
type session struct {
	sock     web.Sender
	tab      *tab
	calls    *rate.Limiter // new calls of this socket; nil before login
	checking bool          // a login is being checked
	method   string        // of the last login: "none", "password", "token"
	expiry   *time.Timer   // of the login; nil when it does not end
}

// self is the JID that speaks for the name, not for one of its tabs.
func (u *user) self() string {
	if u.account != nil {
		return u.key
	}
	return u.bare
}

// lets says whether somebody may see a user.
func (u *user) lets(bare string) bool {
	c := u.contacts[bare]
	return c != nil && c.from && !c.blocked
}

// address is how XMPP users know a tab: by its name, but for a visitor and a device.
func (t *tab) address() string {
	if t.visitor != nil || t.user.account != nil {
		return t.jid
	}
	return t.user.bare
}

// shown is how a name is shown to people.
func (u *user) shown() string { return cmp.Or(u.title, u.name) }

func (b *Bridge) upstreamError() web.Message {
	return web.Message{Type: "error", Code: "upstream", Text: "the XMPP server cannot be reached at the moment; calls that run go on"}
}

func (b *Bridge) user(local string) *user {
	u := b.users[local]
	if u == nil {
		u = &user{key: local, link: b.link, bare: local + "@" + b.cfg.Domain, contacts: map[string]*contact{}}
		u.name, u.title = b.spelled(local)
		b.users[local] = u
	}
	return u
}

func (b *Bridge) open(s *session, u *user, invites bool) {
	if s.calls == nil {
		s.calls = perMinute(b.cfg.Limits.NewCallsPerSession)
	}
	d := &desk{sock: s.sock, invites: invites, calls: s.calls}
	d.own = b.newTab(d, u)
	s.tab = d.own
}

func (b *Bridge) newTab(d *desk, u *user) *tab {
	t := &tab{desk: d, user: u, jid: u.bare + "/" + rand.Text()[:10]}
	switch {
	case u.account != nil:
		t.jid = u.key
	case u.page != nil:
		t.jid = u.bare + "/visitor-" + rand.Text()[:10]
	}
	u.tabs = append(u.tabs, t)
	b.tabs[t.jid] = t
	return t
}

// removeTab takes a tab from its name, which may then be nobody's.
func (b *Bridge) removeTab(t *tab) {
	u := t.user
	u.tabs = slices.DeleteFunc(u.tabs, func(other *tab) bool { return other == t })
	u.room = u.room && len(u.tabs) > 0
	delete(b.tabs, t.jid)
	b.departed(t)
	b.forget(u)
}

// logout ends a tab: its calls first, since clients end a call silently when the
// contact goes offline.
func (b *Bridge) logout(s *session) {
	t := s.tab
	if t == nil {
		return
	}
	b.expire(s, time.Time{})
	if t.visitor != nil {
		t.visitor.left = true
	}
	for _, e := range t.inOrder() {
		e.c.leave(e, Gone, "")
	}
	for _, seat := range t.inRooms() {
		b.vacate(seat, Gone)
	}
	b.offline(t)
	b.removeTab(t)
	s.tab = nil
}

// forget drops a user that nobody uses and nobody watches.
func (b *Bridge) forget(u *user) {
	if len(u.tabs) > 0 {
		return
	}
	if u.account != nil {
		b.letGo(u)
		return
	}
	if len(u.contacts) > 0 || u.page != nil {
		return
	}
	if len(u.missed) > 0 { // of those who were its contacts; else strangers could fill the list of names
		u.missed = nil
		b.keep(store.TakeMissed{Local: u.key}, b.kept)
	}
	delete(b.users, u.key)
}

// inOrder lists the calls of a browser as they began.
func (t *desk) inOrder() []*browserEnd {
	return slices.SortedFunc(maps.Values(t.ends), func(a, b *browserEnd) int {
		return cmp.Or(a.c.began.Compare(b.c.began), cmp.Compare(a.id, b.id))
	})
}

// end finds the call a message is about: by its id, else by the other's name, as the
// tutorials' pages say it, and the room, else the only one there is.
func (t *desk) end(m web.Message) *browserEnd {
	if m.Call != "" {
		return t.ends[m.Call]
	}
	var found *browserEnd
	for _, e := range t.ends {
		if m.Name != "" && !e.calls(m.Name) || m.Room != "" && !e.metIn(m.Room) {
			continue
		}
		if found == nil || e.c.began.After(found.c.began) {
			found = e
		}
	}
	return found
}

func perMinute(n int) *rate.Limiter { return rate.NewLimiter(rate.Limit(float64(n)/60), n) }
