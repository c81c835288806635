package bridge

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/internal/auth"
	"github.com/jinglebridge/jinglebridge/jingle"
	"github.com/jinglebridge/jinglebridge/web"
)

// A visitor is a browser that has come to a page: nobody knows who it is, and all it can do
// is call the people of the page, and be called back by them.

// visitor is what a tab has that is one.
type visitor struct {
	nick   string
	came   time.Time
	called time.Time // last; zero for never
	onCall bool      // as it was told
	left   bool
}

const (
	maxNick     = 40 // characters
	visitorNick = "Visitor"
)

// shown is how a tab is shown to people. A nickname is what a stranger says: the page's title
// behind it says so.
func (t *tab) shown() string {
	if t.visitor == nil {
		return t.user.shown()
	}
	return fmt.Sprintf("%s (%s)", t.visitor.nick, t.user.shown())
}

// visitPage logs a browser in as a visitor.
func (b *Bridge) visitPage(s *session, m web.Message) {
	s.method = "page"
	u := b.pageOf(m.Page)
	if u == nil {
		b.refuseLogin(s, m, auth.Error{Code: auth.CodeBadName, Text: fmt.Sprintf("there is no page %q here", m.Page)})
		return
	}
	nick := plain(m.Name)
	if nick == "" {
		nick = visitorNick
	}
	if t := s.tab; t != nil && t.user == u && t.visitor.nick == nick {
		t.invites = canInvite(m)
		b.welcome(s, m, auth.Grant{Method: s.method})
		return
	}
	if why := b.noRoomFor(s, u); why != nil {
		b.refuseLogin(s, m, *why)
		return
	}
	if s.tab != nil {
		b.logout(s)
	}
	b.open(s, u, canInvite(m))
	s.tab.visitor = &visitor{nick: nick, came: time.Now()}
	b.visits[web.Network(s.sock.Addr())]++
	b.metrics.visitors.Inc()
	b.rejoin(u)
	b.welcome(s, m, auth.Grant{Method: s.method})
	b.online(s.tab)
}

// noRoomFor says why one more cannot visit this page.
func (b *Bridge) noRoomFor(s *session, u *user) *auth.Error {
	here, fromAddr := len(u.tabs), b.visits[web.Network(s.sock.Addr())]
	if t := s.tab; t != nil && t.visitor != nil { // it goes first
		fromAddr--
		if t.user == u {
			here--
		}
	}
	switch {
	case here >= b.cfg.Limits.VisitorsPerPage:
		b.metrics.limited.WithLabelValues("visitors_per_page").Inc()
		return &auth.Error{Code: codeFull, Text: "too many are waiting here; try again later", Retry: time.Minute}
	case fromAddr >= b.cfg.Limits.VisitorsPerAddr:
		b.metrics.limited.WithLabelValues("visitors_per_addr").Inc()
		return &auth.Error{Code: codeFull, Text: "too many are here from this address; try again later", Retry: time.Minute}
	}
	return nil
}

// codeFull refuses a login because there are too many.
const codeFull = "full"

// departed takes a visitor from the counts.
func (b *Bridge) departed(t *tab) {
	if t.visitor == nil {
		return
	}
	b.metrics.visitors.Dec()
	addr := web.Network(t.sock.Addr())
	if b.visits[addr]--; b.visits[addr] <= 0 {
		delete(b.visits, addr)
	}
}

// may says why a visitor cannot say something.
func (v *visitor) may(kind string) error {
	switch kind {
	case "invite", "offer", "answer", "candidate", "ringing", "accept", "leave", "info", "presence", "ice":
		return nil
	}
	return Failed(Forbidden, fmt.Errorf("visitors call the people of the page, and cannot say %q", kind))
}

// callPeople is a visitor that calls the people of the page.
func (b *Bridge) callPeople(t *tab, m web.Message, offer json.RawMessage) error {
	if err := b.mayCallPeople(t, m, time.Now()); err != nil {
		return err
	}
	if back := t.calledBack(); back != nil {
		return b.cross(t, m, back)
	}
	p := t.user.page
	h := &hunt{next: p.people, one: p.Order == "one", each: p.RingTime}
	h.xmpp = slices.ContainsFunc(p.people, func(to address) bool { return to.bare != "" })
	if h.xmpp && m.Media != nil {
		if m.Media = callMedia(m.Media); len(m.Media) == 0 {
			return Failed(Incompatible, errors.New("these people can be called with audio and video"))
		}
	}
	c := b.newCall(nil, m.Media)
	c.hunt = h
	me := b.newBrowserEnd(c, t, m.Call, jingle.Initiator)
	me.peer = t.user.name
	if m.Name != "" {
		me.peer = m.Name
	}
	c.caller = me
	if err := b.firstOffer(c, me, nil, offer); err != nil {
		me.release()
		return err
	}
	t.visitor.called = time.Now()
	b.ok(t, m, me.id)
	b.enter(c, t.user.bare)
	c.seek()
	return nil
}

// mayCallPeople checks limits first, so that refused attempts count.
func (b *Bridge) mayCallPeople(t *tab, m web.Message, now time.Time) error {
	if !t.calls.AllowN(now, 1) || !b.perAddr.allow(web.Network(t.sock.Addr()), now) || !b.perTarget.allow(t.jid, now) {
		b.metrics.limited.WithLabelValues("new_calls").Inc()
		return Failed(TooMuch, errCalls)
	}
	to, err := b.addressOf(m.Name)
	if m.Name != "" && (err != nil || to.local != t.user.key) || m.Room != "" {
		return Failed(Forbidden, fmt.Errorf("visitors of %q call its people, and nobody else", t.user.name))
	}
	for _, e := range t.ends {
		if e.c.caller == end(e) {
			return Failed(CallExists, errors.New("one call at a time"))
		}
	}
	if !b.perPage.allow(t.user.key, now) {
		b.metrics.limited.WithLabelValues("calls_per_page").Inc()
		return Failed(TooMuch, errors.New("too many call here just now; wait a little"))
	}
	return nil
}

// calledBack finds a call from the people of the page that rings at this visitor.
func (t *tab) calledBack() *browserEnd {
	for _, e := range t.inOrder() {
		if e.c.state == ringing && e.c.caller != end(e) {
			return e
		}
	}
	return nil
}

// visitorFor is whom somebody reaches who calls a page: the visitor with this full JID; for a
// bare one the visitor who called last of those who wait, or else who has waited longest.
func (b *Bridge) visitorFor(u *user, to string) []*tab {
	if component.Bare(to) != to {
		if t := b.tabs[to]; t != nil && t.user == u {
			return []*tab{t}
		}
		return nil
	}
	var best *tab
	for _, t := range u.tabs {
		if !t.inCall() && (best == nil || t.visitor.called.After(best.visitor.called) ||
			t.visitor.called.Equal(best.visitor.called) && t.visitor.came.Before(best.visitor.came)) {
			best = t
		}
	}
	if best == nil {
		return nil
	}
	return []*tab{best}
}

// inCall says whether a tab is in a call that somebody took.
func (t *tab) inCall() bool {
	for _, e := range t.ends {
		if e.tab == t && (e.c.state == taken || e.c.state == active) {
			return true
		}
	}
	return false
}

// mindVisitor shows that a visitor is in a call now, or is no more: each for itself.
func (b *Bridge) mindVisitor(t *tab) {
	if v := t.visitor; !v.left && !b.stopping && v.onCall != t.inCall() {
		v.onCall = !v.onCall
		b.showAgain(t)
	}
}

// mood is how a visitor is shown: a stranger does not get to write to all who see the page.
func (v *visitor) mood(said mood) mood {
	if v.onCall {
		return mood{show: "dnd", status: "on a call"}
	}
	return mood{show: said.show, status: "waiting"}
}
