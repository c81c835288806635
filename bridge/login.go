package bridge

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jinglebridge/jinglebridge/internal/auth"
	"github.com/jinglebridge/jinglebridge/internal/store"
	"github.com/jinglebridge/jinglebridge/web"
)

// Who a browser is.

// Authenticator says who may log in as whom; auth.Auth is the real one.
type Authenticator interface {
	// Methods are the ways to log in: "none", "password", "token".
	Methods() []string
	// Check says what a login proves. It may take its time. An *auth.Error tells the page why not.
	Check(ctx context.Context, r auth.Request) (auth.Grant, error)
}

// loginTime is how long checking a login may take.
const loginTime = 20 * time.Second

// Close codes of a socket whose login has ended (docs/protocol.md).
const (
	closeReplaced = 4001
	closeExpired  = 4002
)

// login gives a socket a name. On a socket that has one it renews or renames.
func (b *Bridge) login(s *session, m web.Message) {
	switch {
	case b.stopping:
		b.refuseLogin(s, m, errStopping)
	case s.checking:
		b.refuseLogin(s, m, auth.Error{Code: auth.CodeTooMany, Text: "one login at a time"})
	case m.Page != "":
		b.visitPage(s, m)
	case b.cfg.Auth != nil:
		b.check(s, m)
	case !b.cfg.Anonymous:
		s.method = "none"
		b.refuseLogin(s, m, auth.Error{Code: auth.CodeAuthRequired, Text: "nobody can log in here yet (the server's config.toml, [auth])"})
	default:
		s.method = "none"
		b.admit(s, m, auth.Grant{Method: s.method, Name: m.Name})
	}
}

var errStopping = auth.Error{Code: "upstream", Text: "the server restarts"}

// check has a login checked outside of the loop.
func (b *Bridge) check(s *session, m web.Message) {
	s.checking, s.method = true, "none"
	switch {
	case m.Token != "":
		s.method = "token"
	case m.Password != "":
		s.method = "password"
	}
	request := auth.Request{Name: m.Name, Password: m.Password, Token: m.Token, Addr: s.sock.Addr()}
	var held Account
	if s.method == "password" && b.isAccount(m.Name) {
		s.method = "xmpp"
		request.Account = b.loginTo(&held, m.Name, m.Password)
	}
	m.Password, m.Token = "", ""
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), loginTime)
		defer cancel()
		grant, err := b.cfg.Auth.Check(ctx, request)
		b.do(func() { b.checked(s, m, grant, held, err) })
	}()
}

func (b *Bridge) checked(s *session, m web.Message, g auth.Grant, held Account, err error) {
	if held != nil && (b.sessions[s.sock] != s || err != nil || b.stopping) {
		held.Close()
	}
	var refused *auth.Error
	switch {
	case b.sessions[s.sock] != s: // gone meanwhile
	case b.stopping: // whoever came online now would stay so for his contacts
		s.checking = false
		b.refuseLogin(s, m, errStopping)
	case errors.As(err, &refused):
		b.log.Debug("login refused", "err", err)
		s.checking = false
		b.refuseLogin(s, m, *refused)
	case err != nil:
		b.log.Warn("login cannot be checked", "err", err)
		s.checking = false
		b.refuseLogin(s, m, auth.Error{Code: "upstream", Text: "logins cannot be checked just now"})
	case g.Once != "":
		b.once(s, m, g)
	case held != nil:
		s.checking = false
		b.hold(s, m, g, held)
	default:
		if local, _, account := strings.Cut(g.Name, "@"); account && g.Method == "xmpp" {
			g.Name = unescape(local) // of the domain whose accounts are names here
		}
		s.checking = false
		b.admit(s, m, g)
	}
}

// once lets in by a link that counts once, when it is stored that it was used.
func (b *Bridge) once(s *session, m web.Message, g auth.Grant) {
	b.keep(store.UseOnce{ID: g.Once, Until: g.Until}, func(err error) {
		s.checking = false
		if err == nil && b.cfg.Store == nil {
			err = b.useOnce(g)
		}
		switch {
		case b.sessions[s.sock] != s:
		case b.stopping:
			b.refuseLogin(s, m, errStopping)
		case errors.Is(err, store.ErrUsed):
			b.refuseLogin(s, m, auth.Error{Code: auth.CodeForbidden, Text: "this link has been used already"})
		case err != nil:
			b.kept(err)
			b.refuseLogin(s, m, auth.Error{Code: "upstream", Text: "this link cannot be taken just now"})
		default:
			b.admit(s, m, g)
		}
	})
}

// useOnce remembers a link without a store: as long as we run, and as long as it is good.
func (b *Bridge) useOnce(g auth.Grant) error {
	now := time.Now()
	for id, until := range b.used {
		if !until.IsZero() && until.Before(now) {
			delete(b.used, id)
		}
	}
	if _, again := b.used[g.Once]; again {
		return store.ErrUsed
	}
	b.used[g.Once] = g.Until
	return nil
}

// admit logs in who has proved what there was to prove.
func (b *Bridge) admit(s *session, m web.Message, g auth.Grant) {
	local, err := localOf(g.Name)
	if err != nil {
		b.refuseLogin(s, m, auth.Error{Code: auth.CodeBadName, Text: "this name cannot be used: " + err.Error()})
		return
	}
	if u := b.users[local]; u != nil && u.page != nil {
		b.refuseLogin(s, m, auth.Error{Code: "name-taken", Text: "this is the name of a page"})
		return
	}
	if s.tab != nil && s.tab.user.key == local && !s.sock.Old() {
		s.tab.invites = canInvite(m)
		b.welcome(s, m, g)
		return
	}
	if why := b.taken(s, b.users[local], g); why != "" {
		b.refuseLogin(s, m, auth.Error{Code: "name-taken", Text: why})
		return
	}
	if s.tab != nil {
		b.logout(s)
	}
	u := b.user(local)
	u.name, u.title = g.Name, g.Title
	if g.Multi {
		b.spell(u, g.Method)
	}
	b.open(s, u, canInvite(m))
	b.welcome(s, m, g)
	b.online(s.tab)
	b.tellMissed(s.tab)
	b.tellRequests(s.tab)
}

// taken says why a name cannot be had; "" when it can. Whoever proves that it is his may be
// there several times, and those who took it without go.
func (b *Bridge) taken(s *session, u *user, g auth.Grant) string {
	switch {
	case u == nil || len(u.tabs) == 0:
		return ""
	case u.room:
		return "this is the name of a room"
	case !g.Multi:
		return "somebody is logged in with this name"
	}
	for _, t := range slices.Clone(u.tabs) {
		if !t.proven && t.sock != s.sock { // who has proved it now is not somebody else
			t.sock.Close(closeReplaced, "this name is somebody else's")
			b.closed(t.sock)
		}
	}
	return ""
}

// canInvite: a v1 client is asked before it gets an offer unless its caps leave it out.
func canInvite(m web.Message) bool { return hasCap(m, "invite") }

func hasCap(m web.Message, what string) bool { return m.V == 1 && slices.Contains(m.Caps, what) }

func (b *Bridge) refuseLogin(s *session, m web.Message, why auth.Error) {
	b.metrics.logins.WithLabelValues(cmp.Or(s.method, "none"), why.Code).Inc()
	s.sock.Send(web.Message{Type: "login", ID: m.ID, Login: &web.Login{
		Code: why.Code, Text: why.Text, Methods: b.methods(), Retry: why.Retry.Round(time.Second).Seconds(),
	}})
}

func (b *Bridge) methods() []string {
	switch {
	case b.cfg.Auth != nil:
		return b.cfg.Auth.Methods()
	case b.cfg.Anonymous:
		return []string{"none"}
	}
	return []string{}
}

func (b *Bridge) welcome(s *session, m web.Message, g auth.Grant) {
	b.metrics.logins.WithLabelValues(g.Method, "ok").Inc()
	s.tab.proven, s.tab.only = g.Multi, b.callees(g.Call)
	s.tab.roster, s.tab.reads = hasCap(m, "roster"), hasCap(m, "messages")
	b.expire(s, g.Until)
	expires := int64(0)
	if !g.Until.IsZero() {
		expires = g.Until.Unix()
	}
	name, title, caps := s.tab.user.name, "", []string{"invite", "rooms", "roster", "messages"}
	if v := s.tab.visitor; v != nil {
		name, title, caps = v.nick, s.tab.user.shown(), []string{"invite"}
		s.tab.roster, s.tab.reads = false, false
	}
	s.sock.Send(web.Message{Type: "login", Name: name, Title: title, ID: m.ID, Login: &web.Login{
		Success: true, JID: s.tab.address(), Session: rand.Text(), Expires: expires,
		Caps: caps, IceServers: b.cfg.ICEServers, TTL: int(b.cfg.ICETTL / time.Second),
	}})
	if !s.tab.user.link.up {
		s.sock.Send(b.upstreamError())
	}
}

// expire closes the socket when what it logged in with ends, unless it is renewed before.
func (b *Bridge) expire(s *session, until time.Time) {
	if s.expiry != nil {
		s.expiry.Stop()
		s.expiry = nil
	}
	if until.IsZero() {
		return
	}
	var timer *time.Timer
	timer = time.AfterFunc(time.Until(until), func() {
		b.do(func() {
			if s.expiry == timer {
				s.sock.Close(closeExpired, "the login has ended")
				b.closed(s.sock)
			}
		})
	})
	s.expiry = timer
}

// callees are whom a guest's link names, as bare JIDs: it may have them as people type them.
// Who may call anybody has nil.
func (b *Bridge) callees(names []string) []string {
	if names == nil {
		return nil
	}
	bare := make([]string, 0, len(names))
	for _, name := range names {
		if to, err := b.addressOf(name); err == nil {
			bare = append(bare, b.bareOf(to))
		}
	}
	return bare
}

// mayReach says why a guest may not call somebody; nil for who is no guest.
func (t *tab) mayReach(to address, domain string) error {
	jid := cmp.Or(to.bare, to.local+"@"+domain)
	if t.only == nil || slices.Contains(t.only, jid) {
		return nil
	}
	return Failed(Forbidden, fmt.Errorf("this link is not for calling %s", jid))
}
