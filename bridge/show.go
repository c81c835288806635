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
			b.tellAvailable(t, "")
		}
		return
	}
	b.noted(t, func() { b.goRound(t, now, false, false) })
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
