package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jinglebridge/jinglebridge/internal/element"
	"github.com/jinglebridge/jinglebridge/internal/xmpptest"
)

// registry is the server of the accounts that browsers log in with: each has contacts, all of
// whom are there.
type registry struct {
	*xmpptest.Accounts
	contacts int
	shown    atomic.Int64 // accounts that have said that they are there
	all      chan struct{}
	want     int64
}

const (
	accountDomain = "accounts.localhost"
	password      = "correct horse battery staple"
)

// openRegistry opens it for so many accounts, under TLS by an authority of its own.
func openRegistry(dir string, accounts, contacts int) (*registry, error) {
	ca, err := xmpptest.NewCA()
	if err != nil {
		return nil, err
	}
	cert, err := ca.Certify(accountDomain, time.Hour)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "ca.pem"), ca.PEM(), 0o600); err != nil {
		return nil, err
	}
	r := &registry{
		Accounts: &xmpptest.Accounts{Domain: accountDomain, Password: password, Certificate: &cert, Salt: []byte("salt of all")},
		contacts: contacts, all: make(chan struct{}), want: int64(accounts),
	}
	if err := r.Listen(); err != nil {
		return nil, err
	}
	go r.run()
	return r, nil
}

// run takes clients until the listener is closed.
func (r *registry) run() {
	for {
		c, err := r.AcceptConn()
		if err != nil {
			return
		}
		go r.serve(c)
	}
}

// serve is one client, until it goes.
func (r *registry) serve(c net.Conn) {
	defer c.Close()
	s, err := r.Serve(c)
	if err != nil {
		fmt.Fprintln(os.Stderr, "account:", err)
		return
	}
	for {
		e, err := s.Next()
		if xmpptest.IsTimeout(err) {
			continue // it is silent
		}
		if err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
				fmt.Fprintln(os.Stderr, "account:", err)
			}
			return
		}
		r.take(s, e)
	}
}

func (r *registry) take(s *xmpptest.Session, e element.Element) {
	kind, to := e.Attr("type"), e.Attr("to")
	from := ""
	if to != "" {
		from = " from='" + to + "'"
	}
	switch {
	case e.Name() == "iq" && (kind == "get" || kind == "set"):
		s.Write(fmt.Sprintf("<iq type='result' id='%s'%s to='%s'>%s</iq>", e.Attr("id"), from, s.JID, r.answer(s, e)))
	case e.Name() == "presence" && kind == "" && to == "":
		for n := range r.contacts {
			s.Write(here(fmt.Sprintf("c%s-%d@%s", s.User, n, accountDomain), s.JID))
		}
		if r.shown.Add(1) == r.want {
			close(r.all)
		}
	}
}

// answer is what the server, or a contact's device, says to a request.
func (r *registry) answer(s *xmpptest.Session, e element.Element) string {
	const nsRoster = "jabber:iq:roster"
	var b strings.Builder
	switch query := e.First(); {
	case query.Is(nsRoster, "query"):
		b.WriteString("<query xmlns='" + nsRoster + "'>")
		for n := range r.contacts {
			fmt.Fprintf(&b, "<item jid='c%s-%d@%s' subscription='both'/>", s.User, n, accountDomain)
		}
		b.WriteString("</query>")
	case query.Is(nsDisco, "query"):
		return "<query xmlns='" + nsDisco + "' node='" + query.Attr("node") + "'>" + info + "</query>"
	}
	return b.String()
}

// held measures what an account costs that a browser is, with its stream to its server.
func (s *stage) held() error {
	if s.plan.accounts == 0 {
		return nil
	}
	r, err := openRegistry(s.dir, s.plan.accounts, s.contacts)
	if err != nil {
		return err
	}
	defer r.Close()
	extra := fmt.Sprintf("[[account]]\ndomain = %q\nserver = %q\nca_file = %q\n", accountDomain, r.Address(), filepath.Join(s.dir, "ca.pem"))
	if err := s.startBridge("", extra); err != nil {
		return err
	}
	empty, _, err := s.daemon.memory()
	if err != nil {
		return err
	}
	began := time.Now()
	if err := s.logIn(s.plan.accounts, func(n int) string { return fmt.Sprintf("user%d@%s", n, accountDomain) }, password); err != nil {
		return err
	}
	select {
	case <-r.all:
	case <-time.After(patience):
		return fmt.Errorf("%d of %d accounts are there after %v", r.shown.Load(), s.plan.accounts, patience)
	}
	s.note(fmt.Sprintf("%d accounts are held, their browsers logged in", s.plan.accounts), "%s", round(time.Since(began)))
	time.Sleep(s.rest)
	now, most, err := s.daemon.memory()
	if err != nil {
		return err
	}
	each := func(bytes float64) float64 { return bytes / float64(s.plan.accounts) }
	bound := perAccount
	if s.plan.accounts < manyAccounts {
		bound += each(slack)
	}
	s.note("  memory of each, its browser included, without what the bridge has before", "%.0f B", each(now-empty))
	s.atMost("  of that, more than a browser without an account", "%.0f B", each(now-empty)-s.browser, bound)
	s.note("  at most", "%.0f B", each(most-empty))
	m, err := s.daemon.metrics()
	if err != nil {
		return err
	}
	s.note("  in the heap, in stacks", "%.0f B, %.0f B", each(m["go_memstats_heap_inuse_bytes"]), each(m["go_memstats_stack_inuse_bytes"]))
	s.note("  goroutines of each", "%.1f", each(m["go_goroutines"]))
	return nil
}
