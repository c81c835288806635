package bridge

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/time/rate"

	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/internal/element"
	"github.com/jinglebridge/jinglebridge/web"
)

// What people write to each other (RFC 6121 §5). Nothing is kept: who is not there, or has no
// page that shows messages, is told to the sender as that.

const (
	nsSID = "urn:xmpp:sid:0"
	nsEME = "urn:xmpp:eme:0"

	maxBody = 4000 // characters

	// What one XMPP user may write in a minute, and what a name may be written.
	writesPerSender, writesPerName = 60, 300

	// What a page may write: at once, and then by the second.
	writesBurst  = 20
	writesSecond = 1

	maxLetters = 64 // of a page, of which it may yet hear
)

// letter is a message of a page that is on its way.
type letter struct {
	stanza string // its id there
	to     string // bare JID
	name   string // and as the page says it
	id     json.RawMessage
}

// writtenTo is a message of an XMPP user to one of ours. Without a body it is a sign that
// somebody types, or has read: the pages have none.
func (b *Bridge) writtenTo(s *component.Stanza) {
	body := s.Child(component.NS, "body").Text()
	if s.Type == "groupchat" || s.Type == "headline" || body == "" {
		return
	}
	from := component.Bare(s.From)
	u := b.users[b.ours(s.To)]
	if u != nil && u.account != nil {
		b.writtenToAccount(u, s, body)
		return
	}
	var readers []*tab
	if u != nil && b.mayRing(u, from) {
		readers = u.readers()
	}
	switch {
	case len(readers) == 0:
		e := faults[Unavailable].iq
		e.Text = "nobody reads messages here at the moment"
		b.refuseIQ(s, e)
	case !b.perWriter.allow("by "+from, time.Now()) || !b.perReader.allow("to "+u.key, time.Now()):
		b.metrics.limited.WithLabelValues("messages").Inc()
		b.refuseIQ(s, full("too many messages"))
	case encrypted(s):
		e := stanzaError("modify", "not-acceptable")
		e.Text = "encrypted messages cannot be read here; please write without encryption"
		b.refuseIQ(s, e)
	case utf8.RuneCountInString(body) > maxBody:
		e := stanzaError("modify", "policy-violation")
		e.Text = fmt.Sprintf("want at most %d characters", maxBody)
		b.refuseIQ(s, e)
	default:
		b.hand(u, s, body, readers)
		b.confirm(s, readers[0])
	}
}

// readers are the tabs that show messages.
func (u *user) readers() []*tab {
	var all []*tab
	for _, t := range u.tabs {
		if t.reads && t.seat == nil {
			all = append(all, t)
		}
	}
	return all
}

// hand gives a message to the pages.
func (b *Bridge) hand(u *user, s *component.Stanza, body string, readers []*tab) {
	from := component.Bare(s.From)
	m := web.Message{
		Type: "message", Name: b.nameOf(from), Title: nickOf(s), Body: strings.Clone(body), Mid: b.midOf(s), At: sentAt(s),
	}
	if c := u.contacts[from]; c != nil && c.name != "" {
		m.Title = c.name
	}
	for _, t := range readers {
		t.sock.Send(m)
	}
}

// confirm says that a page has a message, to who wants to know (XEP-0184).
func (b *Bridge) confirm(s *component.Stanza, by *tab) {
	if s.ID != "" && s.Child(nsReceipts, "request").Exists() {
		_ = b.sendReceipt(by.jid, s.From, s.ID)
	}
}

// midOf is what tells a message that comes again from another (XEP-0359).
func (b *Bridge) midOf(s *component.Stanza) string {
	if id := s.Child(nsSID, "origin-id").Attr("id"); id != "" {
		return clip(id, 200)
	}
	if s.ID != "" {
		return clip(s.ID, 200)
	}
	return b.newID()
}

// sentAt is when a message was written that was held back on its way (XEP-0203); 0 for now.
func sentAt(s *component.Stanza) int64 {
	sent, err := time.Parse(time.RFC3339, s.Child(nsDelay, "delay").Attr("stamp"))
	if err != nil {
		return 0
	}
	return max(0, sent.Unix())
}

// encrypted says whether the body only tells that there is something else to read
// (XEP-0380), which we cannot: OMEMO, OpenPGP, OTR.
func encrypted(s *component.Stanza) bool {
	return s.Child(nsEME, "encryption").Exists() ||
		s.Child("eu.siacs.conversations.axolotl", "encrypted").Exists() ||
		s.Child("urn:xmpp:omemo:2", "encrypted").Exists() ||
		s.Child("urn:xmpp:openpgp:0", "openpgp").Exists() ||
		s.Child("jabber:x:encrypted", "x").Exists()
}

// write takes a message of a page to a person.
func (b *Bridge) write(t *tab, m web.Message) error {
	to, err := b.mayWrite(t, m)
	if err != nil {
		return err
	}
	bare := b.bareOf(to)
	if to.bare == "" {
		return b.writeHere(t, m, bare, to)
	}
	l := letter{stanza: b.newID(), to: bare, name: m.Name, id: m.ID}
	if err := t.user.link.stream.Send(b.letterOf(t, m, l)); err != nil {
		return err
	}
	if len(t.letters) == maxLetters {
		t.letters = append(t.letters[:0], t.letters[1:]...)
	}
	t.letters = append(t.letters, l)
	b.sent(t, m)
	return nil
}

func (b *Bridge) mayWrite(t *tab, m web.Message) (address, error) {
	if t.writes == nil {
		t.writes = rate.NewLimiter(writesSecond, writesBurst)
	}
	if !t.writes.AllowN(time.Now(), 1) {
		b.metrics.limited.WithLabelValues("messages").Inc()
		return address{}, Failed(TooMuch, errors.New("too many messages; wait a little"))
	}
	to, err := b.addressOf(m.Name)
	switch {
	case m.Body == "":
		return to, Failed(BadMessage, errors.New("want a body in the message"))
	case err != nil:
		return to, Failed(NotFound, err)
	case t.user.is(to):
		return to, Failed(NotFound, errors.New("that is you"))
	case t.user.blocks(b.bareOf(to)):
		return to, errBlocked
	case to.bare != "" && t.user.account == nil && !b.mayCall(to.bare):
		return to, notCallable(to.bare)
	case to.bare != "" && !t.user.link.up:
		return to, Failed(Upstream, errors.New("the XMPP server cannot be reached at the moment"))
	}
	return to, t.mayReach(to, b.cfg.Domain)
}

// blocks says whether somebody is blocked.
func (u *user) blocks(bare string) bool {
	c := u.contacts[bare]
	return c != nil && c.blocked
}

// letterOf is a message as XMPP wants it, with the wish for a receipt.
func (b *Bridge) letterOf(t *tab, m web.Message, l letter) []byte {
	var w element.Writer
	b.startMessage(&w, "chat", l.stanza, t.jid, l.to)
	w.Leaf(component.NS, "body", m.Body)
	wantReceipt(&w)
	w.Empty(nsSID, "origin-id", "id", l.stanza)
	if c := t.user.contacts[l.to]; c == nil || !c.sees() { // it cannot know yet (XEP-0172 §4.4)
		w.Leaf(nsNick, "nick", t.user.shown())
	}
	w.End()
	return w.Bytes()
}

// writeHere is a message from one name here to another.
func (b *Bridge) writeHere(t *tab, m web.Message, bare string, to address) error {
	u := b.users[to.local]
	var readers []*tab
	if u != nil && b.mayBeReached(u, t) {
		readers = u.readers()
	}
	if len(readers) == 0 {
		return Failed(Unavailable, fmt.Errorf("%q reads no messages at the moment", m.Name))
	}
	out := web.Message{Type: "message", Name: t.own.user.name, Title: t.user.shown(), Body: m.Body, Mid: b.newID()}
	for _, other := range readers {
		other.sock.Send(out)
	}
	b.sent(t, m)
	if m.ID != nil && t.reads {
		t.sock.Send(web.Message{Type: "receipt", Name: m.Name, ID: m.ID})
	}
	return nil
}

// sent answers who wrote, and shows it to the other tabs, as carbons do (XEP-0280).
func (b *Bridge) sent(t *tab, m web.Message) {
	b.ok(t, m, "")
	for _, other := range t.user.readers() {
		if other.desk != t.desk {
			other.sock.Send(web.Message{Type: "message", Name: m.Name, Body: m.Body, Mid: b.newID(), Sent: true})
		}
	}
}

// letterTo takes from a tab's letters the one that somebody answers; only who got it may.
func (b *Bridge) letterTo(s *component.Stanza, id string) (*tab, letter, bool) {
	u := b.users[b.ours(s.To)]
	if u == nil {
		return nil, letter{}, false
	}
	for _, t := range u.tabs {
		i := slices.IndexFunc(t.letters, func(l letter) bool { return l.stanza == id && l.to == component.Bare(s.From) })
		if i >= 0 && t.seat == nil {
			l := t.letters[i]
			t.letters = slices.Delete(t.letters, i, i+1)
			return t, l, true
		}
	}
	return nil, letter{}, false
}

// arrived: a device of the other side has the message.
func (b *Bridge) arrived(s *component.Stanza, id string) {
	if t, l, ok := b.letterTo(s, id); ok && t.reads && l.id != nil {
		t.sock.Send(web.Message{Type: "receipt", Name: l.name, ID: l.id})
	}
}

// returned: a message has come back.
func (b *Bridge) returned(s *component.Stanza) {
	t, l, ok := b.letterTo(s, s.ID)
	if !ok {
		return
	}
	f, text := faultOfError(s)
	if faults[f].code == "" || f == Internal {
		f = Unavailable
	}
	if text == "" {
		text = "this message could not be delivered"
	}
	b.refuse(&session{sock: t.sock, tab: t}, web.Message{Type: "message", Name: l.name, ID: l.id}, Failed(f, errors.New(text)))
}
