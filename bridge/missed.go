package bridge

import (
	"slices"
	"strings"
	"time"

	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/internal/store"
	"github.com/jinglebridge/jinglebridge/web"
)

// Calls that came while nobody was there to hear them are told at the next login.

// miss notes a call to a name that its caller may ring and that nobody is logged in with.
// Names that no contact knows are nobody's.
func (b *Bridge) miss(u *user, s *component.Stanza, media []string) {
	from := component.Bare(s.From)
	if u == nil || u.page != nil || len(u.tabs) > 0 || u.contacts[from] == nil || !u.contacts[from].inList() || !b.mayRing(u, from) || b.ringAllowance(u, from, time.Now()) != None {
		return
	}
	call := store.Call{
		Local: u.key, From: strings.Clone(from), Title: u.contacts[from].name, Media: strings.Join(media, " "), At: time.Now().UTC().Truncate(time.Second),
	}
	u.missed = append(u.missed, call)
	if len(u.missed) > store.MaxMissed {
		u.missed = slices.Delete(u.missed, 0, 1)
	}
	b.keep(store.Missed(call), b.kept)
}

// tellMissed tells whoever logs in, once, unless the page has no word for it.
func (b *Bridge) tellMissed(t *tab) {
	u := t.user
	if len(u.missed) == 0 || t.sock.Old() {
		return
	}
	for _, call := range u.missed {
		t.sock.Send(web.Message{Type: "missed", Name: call.From, Title: call.Title, Media: strings.Fields(call.Media), At: call.At.Unix()})
	}
	u.missed = nil
	b.keep(store.TakeMissed{Local: u.key}, b.kept)
}
