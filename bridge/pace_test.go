package bridge

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/internal/element"
	"github.com/jinglebridge/jinglebridge/internal/store"
	"github.com/jinglebridge/jinglebridge/web"
)

// slowly is an XMPP server that takes its time for each stanza.
type slowly struct {
	each time.Duration
	room int // stanzas

	mu      sync.Mutex
	free    time.Time           // when all will be worked off
	longest time.Duration       // that a stanza of a call would have waited
	heard   map[string][]string // what each address was told: kind, or show, and from whom
	last    time.Time           // when it was told something
}

func (s *slowly) wait() time.Duration { return max(0, time.Until(s.free)) }

// take queues a stanza; the mutex is held.
func (s *slowly) take() error {
	if int(s.wait()/s.each) >= s.room {
		return component.ErrFull
	}
	s.free = time.Now().Add(s.wait() + s.each)
	s.longest = max(s.longest, s.wait())
	return nil
}

func (s *slowly) Send(stanza []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, err := element.Parse(stanza, component.NS, element.Limits{})
	if err == nil {
		err = s.take()
	}
	if err != nil {
		return err
	}
	what := e.Attr("type")
	if what == "" {
		what = "available" + e.Child(component.NS, "show").Text()
	}
	s.heard[e.Attr("to")] = append(s.heard[e.Attr("to")], what+" "+e.Attr("from"))
	s.last = time.Now()
	return nil
}

func (s *slowly) SendIQ(_ component.IQ, done func(*component.Stanza, error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.take(); err != nil {
		return err
	}
	time.AfterFunc(s.wait(), func() { done(&component.Stanza{Type: "result"}, nil) })
	return nil
}

func (*slowly) AppendCaps(*element.Writer) {}

// told returns what an address heard, without the probes.
func (s *slowly) told(to string) (all []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, what := range s.heard[to] {
		if !strings.HasPrefix(what, "probe") {
			all = append(all, what)
		}
	}
	return all
}

// forget clears what was heard.
func (s *slowly) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard = map[string][]string{}
}

func fan(user, n int) string { return fmt.Sprintf("fan%d-%d@example.org", user, n) }

// paced plays with a bridge before a slow server, after a run that left contacts: users
// called user0, user1 and so on, with so many each.
func paced(t *testing.T, server *slowly, users, each int, play func(b *Bridge, pages []*nopBrowser)) {
	synctest.Test(t, func(t *testing.T) {
		server.heard = map[string][]string{}
		var state store.State
		for u := range users {
			for n := range each {
				state.Contacts = append(state.Contacts, store.Contact{Local: fmt.Sprint("user", u), Bare: fan(u, n), From: true, To: true})
			}
		}
		b := New(Config{Domain: "call.example.org", Anonymous: true, State: state}, server)
		ctx, cancel := context.WithCancel(t.Context())
		go b.Run(ctx)
		defer func() { cancel(); synctest.Wait() }()
		b.HandleLink(true)
		pages := make([]*nopBrowser, users)
		for u := range pages {
			pages[u] = &nopBrowser{number: u}
			b.Receive(pages[u], web.Message{Type: "login", V: 1, Name: fmt.Sprint("user", u)})
		}
		synctest.Wait()
		play(b, pages)
	})
}

// everybody checks what each contact heard of its user, in this order.
func (s *slowly) everybody(t *testing.T, users, each int, want ...string) {
	t.Helper()
	for u := range users {
		for n := range each {
			var kinds []string
			for _, what := range s.told(fan(u, n)) {
				kind, _, _ := strings.Cut(what, " ")
				kinds = append(kinds, kind)
			}
			if fmt.Sprint(kinds) != fmt.Sprint(want) {
				t.Fatalf("%s was told %v, want %v", fan(u, n), kinds, want)
			}
		}
	}
}

// settle waits until nothing is left to say, and how long that takes.
func settle(b *Bridge, server *slowly) time.Duration {
	began := time.Now()
	said := make(chan struct{})
	b.do(func() { b.whenSaid(func() { close(said) }) })
	<-said
	server.mu.Lock()
	defer server.mu.Unlock()
	return server.last.Sub(began)
}

// The login of somebody with a thousand contacts is told to all in two seconds, by a server
// that takes 3,000 stanzas a second; and whoever calls meanwhile waits for a slice at most.
func TestAThousandContacts(t *testing.T) {
	server := &slowly{each: time.Second / 3000, room: 20_000}
	paced(t, server, 1, 1000, func(b *Bridge, _ []*nopBrowser) {
		if took := settle(b, server); took > 2*time.Second {
			t.Errorf("told after %v, want 2 s", took)
		}
		server.everybody(t, 1, 1000, "available")
		if server.longest > 2*sliceSlow {
			t.Errorf("a call would have waited %v behind it", server.longest)
		}
	})
}

// When the link is back all is said again, to a queue that would not hold it all, and
// somebody who logs in meanwhile does not come last.
func TestTheLinkIsBackForMany(t *testing.T) {
	const users, each = 1000, 10
	server := &slowly{each: time.Second / 5000, room: 2500}
	paced(t, server, users, each, func(b *Bridge, pages []*nopBrowser) {
		settle(b, server)
		server.everybody(t, users, each, "available")
		b.HandleLink(false)
		synctest.Wait()
		server.forget()
		b.Closed(pages[0])
		b.Closed(pages[1])
		b.HandleLink(true)
		late := &nopBrowser{number: users}
		b.Receive(late, web.Message{Type: "login", V: 1, Name: "user1"})
		time.Sleep(time.Second)
		synctest.Wait()
		if got := fmt.Sprint(server.told(fan(1, each-1))); !strings.Contains(got, "available") {
			t.Errorf("told after a second of a login: %s", got)
		}
		settle(b, server)
		for n := range each {
			if got := server.told(fan(0, n)); len(got) != 1 || !strings.HasPrefix(got[0], "unavailable") {
				t.Errorf("%s was told %v of one who left meanwhile", fan(0, n), got)
			}
			if got := server.told(fan(1, n)); len(got) != 2 {
				t.Errorf("%s was told %v of one who left and came", fan(1, n), got)
			}
			if got := server.told(fan(2, n)); len(got) != 1 || !strings.HasPrefix(got[0], "available") {
				t.Errorf("%s was told %v of one who stayed", fan(2, n), got)
			}
		}
		if server.longest > 2*sliceSlow {
			t.Errorf("a call would have waited %v behind it", server.longest)
		}
	})
}

// A tab that goes while it is still being announced is announced no further, and whoever
// may have heard of it hears that it is gone, also if the link is lost in between.
func TestATabGoesMeanwhile(t *testing.T) {
	server := &slowly{each: time.Millisecond, room: 20_000}
	paced(t, server, 1, 1000, func(b *Bridge, pages []*nopBrowser) {
		time.Sleep(300 * time.Millisecond)
		b.Closed(pages[0])
		time.Sleep(300 * time.Millisecond)
		b.HandleLink(false)
		b.HandleLink(true)
		settle(b, server)
		for n := range 1000 {
			if got := server.told(fan(0, n)); len(got) == 0 || len(got) > 3 || !strings.HasPrefix(got[len(got)-1], "unavailable") {
				t.Errorf("%s was told %v", fan(0, n), got)
			}
		}
		if got := server.told(fan(0, 999)); len(got) != 1 {
			t.Errorf("the last one was told %v", got)
		}
	})
}

// Who changes how he is shown on the way is shown to all as he is in the end.
func TestAMoodChangesMeanwhile(t *testing.T) {
	server := &slowly{each: time.Millisecond, room: 20_000}
	paced(t, server, 1, 1000, func(b *Bridge, pages []*nopBrowser) {
		time.Sleep(300 * time.Millisecond)
		b.Receive(pages[0], web.Message{Type: "presence", Show: "away"})
		b.Receive(pages[0], web.Message{Type: "presence", Show: "dnd"})
		settle(b, server)
		for n := range 1000 {
			if got := server.told(fan(0, n)); len(got) > 2 || !strings.HasPrefix(got[len(got)-1], "availablednd") {
				t.Errorf("%s was told %v", fan(0, n), got)
			}
		}
	})
}

// What a full queue does not take is said later.
func TestAFullQueueLosesNobody(t *testing.T) {
	const users, each = 50, 20
	server := &slowly{each: 10 * time.Millisecond, room: 30}
	paced(t, server, users, each, func(b *Bridge, _ []*nopBrowser) {
		settle(b, server)
		for u := range users {
			for n := range each {
				if got := server.told(fan(u, n)); len(got) == 0 {
					t.Fatalf("%s was told nothing", fan(u, n))
				}
			}
		}
	})
}

// A stop waits until all are told, and not for a server that is not there.
func TestAllAreToldBeforeWeStop(t *testing.T) {
	const users, each = 300, 10
	for _, up := range []bool{true, false} {
		server := &slowly{each: time.Second / 5000, room: 2500}
		paced(t, server, users, each, func(b *Bridge, _ []*nopBrowser) {
			settle(b, server)
			if !up {
				b.HandleLink(false)
			}
			began := time.Now()
			b.Shutdown(context.Background())
			if took := time.Since(began); up && took > 2*time.Second || !up && took > 0 {
				t.Errorf("up=%v: the stop took %v", up, took)
			}
			if up {
				server.everybody(t, users, each, "available", "unavailable")
			}
		})
	}
}
