package component

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// AccountHandler takes what arrives at an Account, as a Handler does, and hears of its end.
type AccountHandler interface {
	Handler
	// HandleEnd says that the session will not come back, and why: ErrCredentials (the
	// password was changed, or the account is gone) or ErrReplaced. HandleLink has said
	// before that the link went down, and nothing comes after.
	HandleEnd(err error)
}

// Account is a session of an account, held for who proved to be its owner. It logs in again
// with the same resource when its link is lost, until it is closed or its server will not have it.
//
// What it delivers is addressed to its full JID, though the server may have written the bare
// one or nothing, and has a sender: the account itself where the server named none (RFC
// 6120 §8.1.2.1). Carbons are on (XEP-0280). They, roster pushes (RFC 6121 §2.1.6) and the
// like are delivered as they come: who sent them is for the Handler to check. Stanzas of both
// directions are in the namespace NS, as a component's.
type Account struct {
	stream
	all      *Accounts
	who      *credentials
	jid      string // as bound at first
	resource string
	ctx      context.Context // ends with Close, or when the session ends by itself
	cancel   context.CancelFunc
	h        AccountHandler // set by Start
	failed   retries        // used by who logs in
	since    time.Time      // the link is up; set by who logs in

	mu       sync.Mutex
	in       *framer // before Start
	conn     *conn   // nil while the link is down
	timer    *time.Timer
	fault    error // why we closed conn
	released bool
}

func newAccount(all *Accounts, who *credentials, resource string) *Account {
	a := &Account{all: all, who: who, resource: resource}
	a.ctx, a.cancel = context.WithCancel(context.Background())
	remotes := newRemotes(all.limits, who.domain.name)
	remotes.server, remotes.self = who.domain.name, foldJID(who.bare)
	a.stream = newStream(all.manners, a, remotes)
	a.home = who.bare
	a.out.writer = a.write
	return a
}

// JID is the full JID that the server bound.
func (a *Account) JID() string { return a.jid }

// first logs in for the first time.
func (a *Account) first(ctx context.Context) error {
	conn, in, jid, err := a.attach(ctx)
	if err != nil {
		return err
	}
	a.jid, a.resource = jid, resourceOf(jid)
	a.begin(conn)
	a.in = in
	return nil
}

func resourceOf(jid string) string { _, _, r := Split(jid); return r }

// attach logs in and binds the resource.
func (a *Account) attach(ctx context.Context) (*conn, *framer, string, error) {
	leave, err := a.who.domain.enter(ctx)
	if err != nil {
		return nil, nil, "", err
	}
	defer leave()
	limited, cancel := context.WithTimeout(ctx, a.all.timing.login)
	defer cancel()
	l, err := a.all.authenticate(limited, a.who)
	if err != nil {
		return nil, nil, "", said(ctx, err)
	}
	stop := context.AfterFunc(limited, func() { l.raw.Close() })
	jid, err := l.bind(a.resource)
	if !stop() && err == nil {
		err = limited.Err()
	}
	if err != nil {
		l.raw.Close()
		return nil, nil, "", said(ctx, fmt.Errorf("%w: %w", ErrUpstream, err))
	}
	conn, in := l.session(a.limits.StanzaIn)
	return conn, in, jid, nil
}

// begin takes a link that is up; false when the session was closed meanwhile.
func (a *Account) begin(c *conn) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.ctx.Err() != nil {
		go c.Close() // which says goodbye in TLS, and may take its time
		return false
	}
	a.conn, a.fault, a.since = c, nil, time.Now()
	a.out.begin()
	a.metrics.up.Inc()
	a.metrics.ups.Inc()
	return true
}

// Start delivers to h from now on, beginning with HandleLink(true). It is called once.
func (a *Account) Start(h AccountHandler) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.ctx.Err() != nil {
		return
	}
	a.h = h
	in := a.in
	a.in = nil
	go a.serve(in) // ends with the link
}

// serve delivers what comes until the link ends.
func (a *Account) serve(in *framer) {
	a.tell(gate{a}, true)
	a.enableCarbons()
	a.mu.Lock()
	conn := a.conn
	a.mu.Unlock()
	a.lookLater(conn)
	a.drain(in)
}

// drain reads what comes until the link ends, and sees to its end.
func (a *Account) drain(in *framer) { a.down(a.receive(in, gate{a})) }

// gate is the Handler of an Account that may have been closed.
type gate struct{ *Account }

func (g gate) HandleStanza(s *Stanza) {
	if g.ctx.Err() == nil {
		g.h.HandleStanza(s)
	}
}

func (g gate) HandleLink(up bool) {
	if g.ctx.Err() == nil {
		g.h.HandleLink(up)
	}
}

// enableCarbons asks for a copy of what the account's other clients send and get
// (XEP-0280 §4): that is how one hears that a call was answered elsewhere.
func (a *Account) enableCarbons() {
	enable := IQ{From: a.jid, Type: "set", Payload: []byte("<enable xmlns='urn:xmpp:carbons:2'/>")}
	err := a.SendIQ(enable, func(s *Stanza, err error) {
		if err != nil || s.Type == "error" {
			a.log.Debug("no carbons", "domain", a.who.domain.name, "code", ErrorOf(s).Condition, "err", err)
		}
	})
	if err != nil {
		a.log.Debug("no carbons", "domain", a.who.domain.name, "err", err)
	}
}

// write is the queue's writer, there while there is something to write.
func (a *Account) write() {
	a.mu.Lock()
	conn := a.conn // which is there for longer than the queue is open
	a.mu.Unlock()
	if err := a.out.writeTo(conn.Conn); err != nil {
		a.cut(fmt.Errorf("write: %w", err))
	}
}

// cut ends the link from our side.
func (a *Account) cut(why error) {
	a.mu.Lock()
	conn := a.conn
	if a.fault == nil {
		a.fault = why
	}
	a.mu.Unlock()
	if conn != nil {
		conn.Close()
	}
}

// down sees to a link that has ended: all that was under way on it has, when it returns.
func (a *Account) down(err error) {
	a.out.drop()
	a.cut(err)
	a.out.settle()
	a.mu.Lock()
	err, a.conn = a.fault, nil
	a.mu.Unlock()
	a.metrics.up.Dec()
	a.iqs.fail(ErrDown)
	if a.ctx.Err() != nil {
		a.release()
		return
	}
	a.tell(gate{a}, false)
	reason := reasonOf(err)
	a.metrics.downs.WithLabelValues(reason).Inc()
	if reason == "conflict" {
		a.end(ErrReplaced)
		return
	}
	a.again(reason, wordless(err), time.Since(a.since))
}

// again tries to log in after a while. Nobody waits for that but a timer.
func (a *Account) again(reason string, err error, up time.Duration) {
	wait := a.all.timing.retry(&a.failed, reason, up)
	a.log.Debug("account not attached", "domain", a.who.domain.name, "err", err, "retry", wait)
	a.after(wait, a.retry)
}

// retry logs in again, with the same resource: those who know the session by its address
// find it there.
func (a *Account) retry() {
	conn, in, jid, err := a.attach(a.ctx)
	switch {
	case a.ctx.Err() != nil:
		if err == nil {
			conn.Close()
		}
	case errors.Is(err, ErrCredentials):
		a.end(ErrCredentials)
	case err != nil:
		a.missed(err)
	case jid != a.jid:
		conn.Close()
		a.missed(errTaken)
	case a.begin(conn):
		go a.serve(in) // ends with the link
	}
}

// errTaken: the server still holds the old session under our address.
var errTaken = errors.New("bind: got another resource than before")

// missed waits for another try.
func (a *Account) missed(err error) { a.again(reasonOf(err), err, 0) }

// end gives up.
func (a *Account) end(err error) {
	if a.ctx.Err() != nil {
		return
	}
	a.cancel()
	a.release()
	defer a.caught("HandleEnd")
	a.h.HandleEnd(err)
}

// after calls f after a while, unless the session was closed.
func (a *Account) after(d time.Duration, f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.arm(d, f)
}

// arm sets the one timer; a.mu is held.
func (a *Account) arm(d time.Duration, f func()) {
	if a.timer != nil {
		a.timer.Stop()
	}
	if a.ctx.Err() == nil {
		a.timer = time.AfterFunc(d, f)
	}
}

// Close says goodbye to the server and forgets the password. It never blocks. Nothing is
// delivered when it has returned, but for one stanza that was on its way to the Handler.
func (a *Account) Close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.ctx.Err() != nil {
		return
	}
	a.cancel()
	if a.timer != nil {
		a.timer.Stop()
	}
	if a.conn == nil {
		go a.release()
		return
	}
	a.out.finish(streamEnd)
	if in := a.in; in != nil { // nobody reads yet
		go a.drain(in) // ends with the link
	}
	time.AfterFunc(a.all.timing.flush, func() { a.cut(net.ErrClosed) })
}

// release forgets what is secret, and makes room for another session.
func (a *Account) release() {
	a.mu.Lock()
	released := a.released
	a.released = true
	a.mu.Unlock()
	a.cancel()
	if !released {
		a.who.secret.forget()
		a.all.give(a.who.bare)
		select {
		case a.all.left <- struct{}{}:
		default: // whoever waits looks anyway
		}
	}
}
