package bridge

import (
	"context"
	"strings"

	"golang.org/x/time/rate"

	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/internal/auth"
	"github.com/jinglebridge/jinglebridge/jingle"
	"github.com/jinglebridge/jinglebridge/web"
)

// A browser that logs in with an XMPP account is one more device of it: it has the
// account's contacts and presence, speaks on a stream of its own, and its calls ring
// beside those of the other devices. It is a user with one tab, known by its full JID.

// Accounts logs in with XMPP accounts at their own servers; component.Accounts is the real one.
type Accounts interface {
	// Login takes a bare JID and a password, and holds the session. An error that is
	// auth.ErrWrongPassword is the server's no; any other means that nobody said.
	Login(ctx context.Context, jid, password string) (Account, error)
	// Check does so without a session.
	Check(ctx context.Context, jid, password string) error
}

// Account is the session of one account (RFC 6120 §7); component.Account is the real one.
type Account interface {
	Stream
	JID() string                      // full, as the server bound it
	Start(h component.AccountHandler) // says HandleLink(true), and from then on stanzas come, each for JID
	Close()                           // ends the stream, without waiting
}

var _ Account = (*component.Account)(nil)

// account is what a user has that is an account; the rest is as with all users.
type account struct {
	session Account
	greeted bool          // its presence is out
	rings   *rate.Limiter // calls to it
}

// door is where what comes on an account's stream enters.
type door struct {
	b *Bridge
	u *user
}

func (d *door) HandleStanza(s *component.Stanza) {
	d.b.do(func() {
		if s.Name() == "iq" {
			d.b.sorry = func() { d.b.refuseIQ(s, faults[Internal].iq) }
		}
		d.b.fromAccount(d.u, s)
	})
}

func (d *door) HandleLink(up bool) {
	d.b.do(func() {
		if d.b.users[d.u.key] == d.u {
			d.b.linked(d.u.link, up)
		}
	})
}

func (d *door) HandleEnd(err error) { d.b.do(func() { d.b.accountEnded(d.u, err) }) }

// isAccount says whether a name is that of an XMPP account elsewhere.
func (b *Bridge) isAccount(name string) bool {
	_, domain, found := strings.Cut(name, "@")
	return found && !strings.EqualFold(domain, b.cfg.Domain)
}

// AccountNamespaces are the payloads of requests to accounts that are answered here.
func AccountNamespaces() []string { return []string{jingle.NS, nsRoster, nsBlocking} }

// loginTo has an account's password checked, and opens its session if it will be itself. What
// is opened is the caller's to close.
func (b *Bridge) loginTo(held *Account, jid, password string) func(context.Context) error {
	_, domain, _ := strings.Cut(jid, "@")
	switch {
	case b.cfg.Accounts == nil:
		return nil
	case strings.EqualFold(domain, b.cfg.AsNames):
		return func(ctx context.Context) error { return b.cfg.Accounts.Check(ctx, jid, password) }
	}
	return func(ctx context.Context) error {
		session, err := b.cfg.Accounts.Login(ctx, jid, password)
		*held = session
		return err
	}
}

// hold logs a browser in as the account whose session this is.
func (b *Bridge) hold(s *session, m web.Message, g auth.Grant, held Account) {
	bare := component.Bare(held.JID())
	if t := s.tab; t != nil && t.user.account != nil && t.user.bare == bare { // said again: the one we have will do
		held.Close()
		t.invites = canInvite(m)
		b.welcome(s, m, g)
		return
	}
	if b.users[held.JID()] != nil { // two could not be told apart
		held.Close()
		b.refuseLogin(s, m, auth.Error{Code: "upstream", Text: "the account's server gives the same address twice"})
		return
	}
	if s.tab != nil {
		b.logout(s)
	}
	u := &user{
		key: held.JID(), bare: bare, name: bare, title: g.Title, link: &link{stream: held},
		account: &account{session: held, rings: perMinute(ringsOfAccount)}, contacts: map[string]*contact{},
	}
	u.link.owner = u
	b.users[u.key] = u
	b.metrics.accounts.Inc()
	b.open(s, u, canInvite(m))
	u.link.up = true // Start says so again, and brings it online
	b.welcome(s, m, g)
	held.Start(&door{b, u})
}

// letGo ends the session of an account whose browser has gone.
func (b *Bridge) letGo(u *user) {
	b.dropContacts(u)
	u.account.session.Close()
	delete(b.users, u.key)
	b.metrics.accounts.Dec()
}

// accountEnded: the server has thrown the account out, and would again.
func (b *Bridge) accountEnded(u *user, err error) {
	if b.users[u.key] != u {
		return
	}
	b.log.Info("account ended", "name", u.bare, "err", err)
	b.linked(u.link, false)
	for _, t := range u.tabs {
		t.sock.Close(closeExpired, "the account's server has ended the session")
		b.closed(t.sock)
		return // it has one tab
	}
}

// is says whether an address is that of this user.
func (u *user) is(to address) bool {
	if u.account != nil {
		return to.bare == u.bare
	}
	return to.local != "" && to.local == u.key
}

// fromAccount takes a stanza on the stream of an account. Its server promises who it is
// from; that it is for this session, component has seen to.
func (b *Bridge) fromAccount(u *user, s *component.Stanza) {
	if b.users[u.key] != u {
		return // logged out meanwhile
	}
	switch s.Name() {
	case "iq":
		switch s.First().Space() {
		case nsRoster:
			b.rosterPushed(u, s)
		case nsBlocking:
			b.blockPushed(u, s)
		default:
			b.fromIQ(s)
		}
	case "message":
		b.accountMessage(u, s)
	case "presence":
		b.accountPresence(u, s)
	}
}

// accountOnline asks for the contacts, and then shows the browser to them (RFC 6121 §2.2:
// in this order the presence of contacts comes after the contacts).
func (b *Bridge) accountOnline(t *tab) {
	u := t.user
	u.account.greeted = false
	if t.roster {
		b.fetchBlocked(u)
	}
	b.fetchRoster(u, func() {
		u.account.greeted = true
		b.tellAvailable(t, "", t.looks())
	})
}
