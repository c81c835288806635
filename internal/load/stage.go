package main

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/jinglebridge/jinglebridge/internal/xmpptest"
)

// stage is where the steps play.
type stage struct {
	plan
	*table
	progress io.Writer
	dir      string
	began    time.Time

	server  *xmpptest.Server  // scripted, or
	prosody *xmpptest.Prosody // real
	town    *town
	daemon  *daemon
	pages   []*page
	empty   float64 // bytes of a bridge without people
	browser float64 // bytes of one more browser with its contacts
}

// The people's domain, and below it that of the bridge, which is then at home there.
const people, bridge = "people.localhost", "call.people.localhost"

func (s *stage) say(what string, args ...any) {
	fmt.Fprintf(s.progress, "%6.1f s  %s\n", time.Since(s.began).Seconds(), fmt.Sprintf(what, args...))
}

func (s *stage) play() error {
	s.began = time.Now()
	for _, step := range []struct {
		what string
		do   func() error
	}{
		{"the XMPP server", s.openTown},
		{"the bridge", s.begin},
		{"logins", s.logins},
		{"contacts", s.contactsOfAll},
		{"idle", s.idle},
		{"somebody with many contacts", s.star},
		{"the link is lost and back", s.linkBack},
		{"kill -9 and back", s.restart},
		{"the end", s.end},
		{"accounts", s.held},
	} {
		s.say("%s", step.what)
		if err := step.do(); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	return nil
}

func (s *stage) close() {
	if s.daemon != nil {
		s.daemon.kill()
	}
	for _, p := range s.pages {
		if p != nil {
			p.close()
		}
	}
	if s.prosody != nil {
		s.prosody.Close()
	}
	if s.server != nil {
		s.server.Close()
	}
}

func (s *stage) openTown() (err error) {
	s.town = newTown(people, bridge, s.plan.server == "scripted")
	switch s.plan.server {
	case "scripted":
		s.server, err = xmpptest.Listen(bridge, xmpptest.Secret)
		return err
	case "prosody":
		s.prosody, err = xmpptest.StartProsody(xmpptest.ServerConfig{
			Components: map[string]string{people: xmpptest.Secret, bridge: xmpptest.Secret}, Extra: prosodyTuning,
		})
		if err != nil {
			return err
		}
		return s.moveIn()
	}
	return fmt.Errorf("server %q: want scripted or prosody", s.plan.server)
}

// prosodyTuning is what docs/operating.md advises.
const prosodyTuning = `gc = { mode = "generational" }
network_default_read_size = 66560`

// moveIn attaches the town to Prosody.
func (s *stage) moveIn() error {
	pipe, err := xmpptest.AttachPipe(s.prosody.Component, people, xmpptest.Secret)
	if err == nil {
		go s.town.run(pipe)
	}
	return err
}

// begin starts the bridge, with a store if it is to have one.
func (s *stage) begin() error {
	if !s.store {
		return s.startBridge("", "")
	}
	return s.startBridge(filepath.Join(s.dir, "store.db"), "")
}

func (s *stage) startBridge(store, extra string) (err error) {
	url := ""
	if s.server != nil {
		url = s.server.URL()
	} else {
		url = s.prosody.Component
	}
	text := fmt.Sprintf(config, bridge, url, xmpptest.Secret, store) + extra
	if s.daemon, err = startDaemon(s.binary, s.dir, text, s.verbose); err != nil {
		return err
	}
	return s.attached()
}

// attached waits until the bridge is.
func (s *stage) attached() error {
	if s.server != nil {
		pipe, err := s.server.AcceptPipe()
		if err == nil {
			go s.town.run(pipe)
		}
		return err
	}
	for began := time.Now(); ; {
		m, err := s.daemon.metrics()
		switch {
		case err != nil:
			return err
		case m["jinglebridge_xmpp_link_up"] == 1:
			return nil
		case time.Since(began) > patience:
			return fmt.Errorf("not attached within %v", patience)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func userName(n int) string { return fmt.Sprint("user", n) }

// logIn opens so many pages, a few at a time.
func (s *stage) logIn(pages int, name func(int) string, password string) error {
	s.pages = make([]*page, pages)
	errs := make([]error, pages)
	var wait sync.WaitGroup
	turn := make(chan struct{}, 16)
	for n := range pages {
		turn <- struct{}{}
		wait.Go(func() {
			s.pages[n], errs[n] = open(s.daemon.page, n, name(n), password)
			<-turn
		})
	}
	wait.Wait()
	if i := slices.IndexFunc(errs, func(err error) bool { return err != nil }); i >= 0 {
		return errs[i]
	}
	return nil
}
