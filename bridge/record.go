package bridge

import (
	"cmp"
	"strings"
	"time"

	"github.com/jinglebridge/jinglebridge/internal/store"
)

// record keeps what an operator can look up of a call that has ended: who, when, and how; never
// what the two told each other.
func (c *call) record(reason string) {
	if c.b.cfg.Store == nil {
		return
	}
	to := c.called
	if c.callee != nil {
		to = addressOfEnd(c.callee)
	}
	c.b.keep(store.CallRecord{
		ID: c.id, Direction: c.direction, From: addressOfEnd(c.caller), To: to, Media: strings.Join(c.media, " "),
		Began: c.began, Answered: c.answered, Ended: time.Now(), Reason: reason,
	}, c.b.kept)
}

// addressOfEnd is the bare JID of who is at an end, be it in a room or under his own name.
func addressOfEnd(e end) string {
	if at, ok := e.(*browserEnd); ok {
		return at.tab.own.user.bare
	}
	return e.who()
}

// spelled is how a name is written, and shown, whose owner is not here; its local part knows no
// capitals. A title is no name: who calls it would reach somebody else, of that name.
func (b *Bridge) spelled(local string) (name, title string) {
	shown := cmp.Or(b.spellings[local], unescape(local))
	if same, err := localOf(shown); err != nil || same != local {
		return unescape(local), shown
	}
	return shown, ""
}

// spell keeps how somebody who has proved a name is shown, for when nobody is logged in with it.
func (b *Bridge) spell(u *user, method string) {
	shown := u.shown()
	if b.spellings[u.key] == "" && len(b.spellings) >= b.cfg.Limits.Rosters {
		return // tokens may name somebody else each time
	}
	if u.account != nil || cmp.Or(b.spellings[u.key], unescape(u.key)) == shown {
		return
	}
	b.spellings[u.key] = shown
	b.keep(store.PutName{Local: u.key, Name: shown, Method: method}, b.kept)
}
