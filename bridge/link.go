package bridge

import (
	"errors"
	"iter"
	"time"

	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/internal/element"
)

// link is a stream to an XMPP server as the loop sees it: the component's, which all names
// here speak on, or that of one account which a browser has logged in with.
type link struct {
	stream  Stream
	owner   *user // the account it is of; nil for the component's
	up      bool
	owed    []func() error // what waits for it to come back
	asking  int            // questions for caps without answer
	crowded int            // ends that wait for room in the queue or among the open requests
}

// maxOwed bounds what waits for a link to come back.
const maxOwed = 1024

// via is the link that this JID of ours speaks on.
func (b *Bridge) via(from string) *link {
	if u := b.users[from]; u != nil && u.account != nil {
		return u.link
	}
	if _, domain, _ := component.Split(from); domain != b.cfg.Domain {
		return &link{stream: nowhere{}} // an account that has logged out
	}
	return b.link
}

// nowhere is the stream of who has none any more.
type nowhere struct{}

func (nowhere) Send([]byte) error { return component.ErrDown }
func (nowhere) SendIQ(component.IQ, func(*component.Stanza, error)) error {
	return component.ErrDown
}

func (nowhere) AppendCaps(*element.Writer) {}

// linked: the server remembers nothing of us, so all is said again when it is back. Calls
// go on meanwhile: their media do not need the server.
func (b *Bridge) linked(l *link, up bool) {
	l.up = up
	if !up {
		b.linkLost(l)
		return
	}
	ours := l == b.link
	b.pace.resting = b.pace.resting || ours // until all stand in line: who is said anew is said once
	for u := range b.on(l) {
		b.onlineAgain(u)
	}
	b.pace.resting = b.pace.resting && !ours
	b.walk()
	owed := l.owed
	l.owed = nil
	for _, send := range owed {
		b.owe(l, send)
	}
}

func (b *Bridge) linkLost(l *link) {
	if l == b.link {
		b.pace.lost()
	}
	for _, x := range b.jingles {
		x.lostLink = x.lostLink || x.user.link == l
	}
	for u := range b.on(l) {
		for _, c := range u.contacts {
			b.gone(c)
			b.paint(u, c)
		}
		for _, t := range u.tabs {
			if !t.sock.Old() && t.seat == nil {
				t.sock.Send(b.upstreamError())
			}
		}
	}
}

// on are the users who speak on a link. When a server goes, all of its accounts lose theirs,
// and each looks at itself only.
func (b *Bridge) on(l *link) iter.Seq[*user] {
	return func(yield func(*user) bool) {
		if l.owner != nil {
			yield(l.owner)
			return
		}
		for _, u := range b.users {
			if u.link == l && !yield(u) {
				return
			}
		}
	}
}

// owe does what the peer must hear even if the link is down, or too much waits for it, at
// the moment: an end.
func (b *Bridge) owe(l *link, send func() error) {
	switch err := send(); {
	case errors.Is(err, component.ErrDown) && len(l.owed) < maxOwed:
		l.owed = append(l.owed, send)
	case errors.Is(err, component.ErrFull) && l.crowded < maxOwed:
		l.crowded++
		time.AfterFunc(time.Second, func() {
			b.do(func() {
				l.crowded--
				b.owe(l, send)
			})
		})
	}
}
