package bridge

import (
	"errors"
	"slices"
	"strconv"
	"time"

	"golang.org/x/time/rate"

	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/internal/element"
	"github.com/jinglebridge/jinglebridge/web"
)

// How somebody here is shown to those who have him as a contact.

// mood is what a page says of its person (RFC 6121 §4.7.2).
type mood struct {
	show     string // "" for available
	status   string
	priority int
	changes  *rate.Limiter // nil until the first: each change goes to all contacts
}

// A page may change its mind so often: at once, and then by the second.
const (
	moodBurst  = 5
	moodSecond = 0.2
)

const maxStatus = 200 // characters

// showOurs takes a page's own presence.
func (b *Bridge) showOurs(t *tab, m web.Message) error {
	show := m.Show
	if show == "available" {
		show = ""
	}
	switch {
	case m.Name != "":
		return Failed(Incompatible, errors.New("presence for one contact alone is not something this server does"))
	case show == "unavailable":
		return Failed(Incompatible, errors.New("being there unseen is not something this server does; log out"))
	case !slices.Contains([]string{"", "chat", "away", "xa", "dnd"}, show):
		return Failed(BadMessage, errors.New(`"show": want available, chat, away, xa or dnd`))
	}
	if t.mood.changes == nil {
		t.mood.changes = rate.NewLimiter(moodSecond, moodBurst)
	}
	if !t.mood.changes.AllowN(time.Now(), 1) {
		b.metrics.limited.WithLabelValues("presence").Inc()
		return Failed(TooMuch, errors.New("too many changes of presence; wait a little"))
	}
	t.mood.show, t.mood.status, t.mood.priority = show, clip(m.Status, maxStatus), m.Priority
	for _, there := range append(t.inRooms(), t.own) {
		b.showAgain(there)
	}
	b.ok(t, m, "")
	return nil
}

// showAgain tells everybody who may know how a tab is now.
func (b *Bridge) showAgain(t *tab) {
	if a := t.user.account; a != nil {
		if a.greeted {
			b.tellAvailable(t, "", t.looks())
		}
		return
	}
	b.noted(t, func() { b.goRound(t, now, false, false) })
	b.lookAround(t.user, false)
}

// looks is how the person of a tab is shown: as the page says or, when it says nothing, as in
// a call or not.
func (t *tab) looks() mood {
	if t.visitor != nil {
		return t.visitor.mood(t.mood)
	}
	m := t.mood
	if m.show == "" && m.status == "" && t.user.busy {
		m.show, m.status = "dnd", "on a call"
	}
	return m
}

// mind has those who are in a call shown as that or, when it is over, no more.
func (b *Bridge) mind(c *call) {
	for _, e := range []end{c.caller, c.callee} {
		e, ok := e.(*browserEnd)
		switch {
		case !ok:
		case e.tab.visitor != nil:
			b.soon(func() { b.mindVisitor(e.tab) })
		default:
			b.soon(func() { b.mindName(e.tab.own.user) })
		}
	}
}

func (b *Bridge) mindName(u *user) {
	busy := u.inCall()
	if busy == u.busy {
		return
	}
	u.busy = busy
	for _, t := range u.tabs {
		if t.mood.show == "" && t.mood.status == "" {
			b.showAgain(t)
		}
	}
}

// inCall says whether any tab of a name is in a call that was taken.
func (u *user) inCall() bool {
	for _, t := range u.tabs {
		for _, e := range t.ends {
			if (e.c.state == taken || e.c.state == active) && (e.c.caller == end(e) || e.c.callee == end(e)) {
				return true
			}
		}
	}
	return false
}

// append writes the mood into a presence that says available.
func (m *mood) append(w *element.Writer) {
	if m.show != "" {
		w.Leaf(component.NS, "show", m.show)
	}
	if m.status != "" {
		w.Leaf(component.NS, "status", m.status)
	}
	if m.priority != 0 {
		w.Leaf(component.NS, "priority", strconv.Itoa(m.priority))
	}
}
