package main

import (
	"fmt"
	"strings"
	"time"
)

// Bounds of what is measured.
const (
	perUser      = 15_000.0 // bytes of each of manyUsers, with the bridge's own share
	manyUsers    = 10_000
	perAccount   = 30_000.0 // bytes of each of manyAccounts, more than a browser has without one
	manyAccounts = 1000
	slack        = 8e6 // bytes that a process may have lying about when its people are few
	starTime     = 2 * time.Second
	backTime     = 60 * time.Second
	ghostsTime   = 5 * time.Second
	stopTime     = 10 * time.Second
)

func (s *stage) logins() error {
	now, _, err := s.daemon.memory()
	if err != nil {
		return err
	}
	s.empty = now
	s.note("memory before anybody came", "%.1f MB", now/1e6)
	began := time.Now()
	if err := s.logIn(s.users, userName, ""); err != nil {
		return err
	}
	took := time.Since(began)
	s.note(fmt.Sprintf("logins of %d browsers", s.users), "%s, %.0f a second", round(took), float64(s.users)/took.Seconds())
	return nil
}

func (s *stage) contactsOfAll() error {
	for u := range s.users {
		names := make([]string, s.contacts)
		for n := range names {
			names[n] = fmt.Sprintf("c%d-%d", u, n)
		}
		s.town.settle(userName(u), names...)
	}
	began := time.Now()
	if err := s.town.befriend(); err != nil {
		return err
	}
	all := s.users * s.contacts
	if _, err := s.town.until("everybody sees his contacts", func(c tally) bool { return c.green == all }); err != nil {
		return err
	}
	s.note(fmt.Sprintf("subscriptions of %d contacts", all), "%s", round(time.Since(began)))
	return nil
}

// idle measures what people cost who are only there.
func (s *stage) idle() error {
	time.Sleep(s.rest)
	now, most, err := s.daemon.memory()
	if err != nil {
		return err
	}
	m, err := s.daemon.metrics()
	if err != nil {
		return err
	}
	each := func(bytes float64) float64 { return bytes / float64(s.users) }
	all := fmt.Sprintf("memory of each of %d users, all told", s.users)
	more := "  without what the bridge has before anybody comes"
	if s.users >= manyUsers {
		s.atMost(all, "%.0f B", each(now), perUser)
		s.note(more, "%.0f B", each(now-s.empty))
	} else {
		s.note(all, "%.0f B", each(now))
		s.atMost(more, "%.0f B", each(now-s.empty), perUser+each(slack))
	}
	s.browser = each(now - s.empty)
	s.note("  at most, until now", "%.0f B", each(most))
	s.note("  in the heap, in stacks", "%.0f B, %.0f B", each(m["go_memstats_heap_inuse_bytes"]), each(m["go_memstats_stack_inuse_bytes"]))
	return nil
}

// star is the login of somebody with many contacts, while others call.
func (s *stage) star() error {
	names := make([]string, s.crowd)
	for n := range names {
		names[n] = fmt.Sprint("fan", n)
	}
	s.town.settle("star", names...)
	if err := s.town.befriend(); err != nil {
		return err
	}
	calls, err := s.call()
	if err != nil {
		return err
	}
	all := s.users*s.contacts + s.crowd
	s.town.forget("star@" + bridge)
	began := time.Now()
	p, err := open(s.daemon.page, callers, "star", "")
	if err != nil {
		return err
	}
	s.pages = append(s.pages, p)
	if _, err := s.town.until("the star is seen", func(c tally) bool { return c.green == all && c.probed == s.crowd }); err != nil {
		return err
	}
	s.within(fmt.Sprintf("login with %d contacts, until all have heard", s.crowd), time.Since(began), starTime)
	time.Sleep(200 * time.Millisecond) // what they answer
	select {
	case <-p.gone:
		return fmt.Errorf("the page was closed meanwhile, after %d contacts", p.seen.Load())
	default:
	}
	calls.halt(s.table, "meanwhile")
	s.note("  contacts told to the page", "%d", p.seen.Load())
	return nil
}

// linkBack cuts the link, and lets it come back.
func (s *stage) linkBack() error {
	all := s.users*s.contacts + s.crowd
	calls, err := s.call()
	if err != nil {
		return err
	}
	calls.halt(&table{}, "")
	s.town.forget("")
	if s.server != nil {
		s.town.pipe.Close()
	} else if err := s.prosody.Kill(); err != nil {
		return err
	}
	if s.prosody != nil {
		if err := s.prosody.Start(); err != nil {
			return err
		}
		if err := s.moveIn(); err != nil {
			return err
		}
	}
	if err := s.attached(); err != nil {
		return err
	}
	began := time.Now()
	if calls, err = s.call(); err != nil {
		return err
	}
	_, err = s.town.until("all is said again", func(c tally) bool { return c.available >= all && c.probed == all })
	if err != nil {
		return err
	}
	took := time.Since(began)
	s.within(fmt.Sprintf("the link is back, until %d contacts have heard", all), took, backTime)
	s.note("  announcements and questions a second", "%.0f", float64(2*all)/took.Seconds())
	calls.halt(s.table, "meanwhile")
	return s.seen(all)
}

// seen checks that each friend sees one tab, and that no limit was in the way.
func (s *stage) seen(all int) error {
	s.exactly("  contacts who see who is there", s.town.seeing(1), all)
	m, err := s.daemon.metrics()
	if err != nil {
		return err
	}
	refused := ""
	n := 0.0
	for name, value := range m {
		if value > 0 && (strings.Contains(name, "limited_total") || strings.Contains(name, "rejected_total") || strings.Contains(name, "panics")) {
			n += value
			refused += fmt.Sprintf(" %s=%.0f", name, value)
		}
	}
	s.exactly("  refused by limits"+refused, int(n), 0)
	return nil
}

// restart kills the bridge, and starts it again with what it has stored.
func (s *stage) restart() error {
	if !s.store {
		return nil
	}
	all := s.users*s.contacts + s.crowd
	s.daemon.kill()
	for _, p := range s.pages {
		p.close()
	}
	s.town.forget("")
	began := time.Now()
	if err := s.begin(); err != nil {
		return err
	}
	s.note(fmt.Sprintf("restart with %d users and %d contacts, until attached", s.users+1, all), "%s", round(time.Since(began)))
	if _, err := s.town.until("no ghosts", func(c tally) bool { return c.tabs == 0 }); err != nil {
		return err
	}
	bound := ghostsTime
	if s.prosody != nil { // which delivers some 10,000 presences a second, at best
		bound += time.Duration(all) * time.Second / 10_000
	}
	s.within("  until nobody is seen who has gone", time.Since(began), bound)
	now, _, err := s.daemon.memory()
	if err != nil {
		return err
	}
	s.note("  memory before anybody is back", "%.1f MB", now/1e6)
	calls, err := s.call()
	if err != nil {
		return err
	}
	began = time.Now()
	if err := s.logIn(s.users, userName, ""); err != nil {
		return err
	}
	s.note(fmt.Sprintf("  all %d browsers are back", s.users), "%s", round(time.Since(began)))
	if _, err := s.town.until("everybody is seen again", func(c tally) bool { return c.green == s.users*s.contacts }); err != nil {
		return err
	}
	s.within("  until their contacts have heard", time.Since(began), backTime)
	calls.halt(s.table, "meanwhile")
	return s.seen(s.users * s.contacts)
}

// end stops the bridge as an operator does: everybody hears that all have gone.
func (s *stage) end() error {
	began := time.Now()
	s.within("a clean stop", s.daemon.stop(), stopTime)
	if _, err := s.town.until("nobody is seen", func(c tally) bool { return c.tabs == 0 }); err != nil {
		return err
	}
	s.within("  until nobody is seen any more", time.Since(began), stopTime)
	return nil
}
