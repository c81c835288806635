package tutorial

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/jinglebridge/jinglebridge/web"
)

// A play is a whole conversation, testdata/*.play: what a page says and hears, and what the
// bridge hears and says for it. The first line names the dialect.
//
//	codelab                                             or brave
//	page > create or join "foo"                         the page says an event with its arguments
//	web  < {"type":"join","room":"foo","max":2,"id":1}  the bridge hears
//	web  > {"type":"join","room":"foo","id":1}          the bridge says
//	page < created "foo" "socket1"                      the page hears
//	page closed | page gone | wait 3s | also guest2     (another page of this dialect)
//
// Both must hear in this order, and nothing else. The bridge knows the page as guest1, whose
// login has been accepted before the first line.
func TestPlays(t *testing.T) {
	files, err := filepath.Glob("testdata/*.play")
	if err != nil || len(files) == 0 {
		t.Fatal("no plays", err)
	}
	for _, file := range files {
		script, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".play"), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { perform(t, string(script)) })
		})
	}
}

func perform(t *testing.T, script string) {
	s := newStage(t)
	lines := bufio.NewScanner(strings.NewReader(script))
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := s.play(line); err != nil {
			t.Fatalf("line %d: %s\n%v", n, line, err)
		}
		synctest.Wait()
	}
	if err := s.silent(); err != nil {
		t.Fatalf("after the last line: %v", err)
	}
	s.page.Closed()
}

// noPage keeps servers from reading the call page, which nobody here looks at.
var noPage = fstest.MapFS{"index.html": {}}

// stage is one page between a socket and a bridge that are none.
type stage struct {
	t      testing.TB
	web    *web.Server
	server *Server
	page   *page
	addr   string // whence it comes; "" from this machine
	host   string // where it thinks it goes; "" to this machine
	origin string // of the page

	mu     sync.Mutex
	toPage []string
	toWeb  []string
	closed bool
	left   bool
}

func newStage(t testing.TB) *stage {
	s := &stage{t: t}
	ws, err := web.New(web.Config{Handler: s, Origins: []string{"*"}, AnyOrigin: true, Page: noPage})
	if err != nil {
		t.Fatal(err)
	}
	s.web = ws
	t.Cleanup(func() { ws.Shutdown(context.Background()) })
	return s
}

// enter lets the page of a dialect in.
func (s *stage) enter(dialect string, cfg Config) error {
	newServer := map[string]func(Config) (*Server, error){"codelab": NewCodelab, "brave": NewBrave}[dialect]
	if newServer == nil {
		return fmt.Errorf("no dialect %q", dialect)
	}
	cfg.Web = s.web
	server, err := newServer(cfg)
	if err != nil {
		return err
	}
	server.newName = func() string { return "guest1" }
	server.networks = func() ([]net.Addr, error) {
		_, loopback, _ := net.ParseCIDR("127.0.0.1/8")
		loopback.IP = net.IPv4(127, 0, 0, 1)
		return []net.Addr{loopback, &net.IPNet{IP: net.IPv4(192, 0, 2, 7), Mask: net.CIDRMask(24, 32)}, &net.IPNet{IP: net.IPv6loopback}}, nil
	}
	r := httptest.NewRequest("GET", cmp.Or(s.host, "http://localhost")+"/socket.io/", nil)
	r.RemoteAddr = cmp.Or(s.addr, "127.0.0.1:4711")
	if s.origin != "" {
		r.Header.Set("Origin", s.origin)
	}
	guest, ok := s.web.Admit(httptest.NewRecorder(), r)
	if !ok {
		return fmt.Errorf("not admitted")
	}
	s.server, s.page = server, server.newPage(guest)
	s.page.connected(s)
	return nil
}

// ID implements socket.
func (s *stage) ID() string { return "socket1" }

// Emit implements socket.
func (s *stage) Emit(event string, args ...json.RawMessage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	line := event
	for _, arg := range args {
		if !json.Valid(arg) {
			s.t.Errorf("%s: %q is no JSON", event, arg)
		}
		line += " " + string(arg)
	}
	s.toPage = append(s.toPage, line)
}

// Close implements socket.
func (s *stage) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
}

// Receive implements web.Handler.
func (s *stage) Receive(from web.Sender, m web.Message) {
	if m.Type == "login" {
		from.Send(web.Message{Type: "login", Name: m.Name, Login: &web.Login{Success: true}})
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left {
		s.t.Errorf("said %q after it had gone", m.Type)
	}
	s.toWeb = append(s.toWeb, string(scripted(m)))
}

// Closed implements web.Handler.
func (s *stage) Closed(web.Sender) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left = true
}

// line is a message as plays write it, either way.
type line struct {
	Type       string            `json:"type"`
	Room       string            `json:"room,omitempty"`
	Title      string            `json:"title,omitempty"`
	Max        int               `json:"max,omitempty"`
	Offers     bool              `json:"offers,omitempty"`
	Members    []web.Member      `json:"members,omitempty"`
	Awaited    bool              `json:"awaited,omitempty"`
	Offer      json.RawMessage   `json:"offer,omitempty"`
	Answer     json.RawMessage   `json:"answer,omitempty"`
	Candidate  json.RawMessage   `json:"candidate,omitempty"`
	Candidates []json.RawMessage `json:"candidates,omitempty"`
	Data       json.RawMessage   `json:"data,omitempty"`
	Name       string            `json:"name,omitempty"`
	Call       string            `json:"call,omitempty"`
	Reason     string            `json:"reason,omitempty"`
	Message    string            `json:"message,omitempty"`
	Code       string            `json:"code,omitempty"`
	ID         json.RawMessage   `json:"id,omitempty"`
}

func scripted(m web.Message) []byte {
	b, _ := json.Marshal(line{
		m.Type, m.Room, m.Title, m.Max, m.Offers, m.Members, m.Awaited, m.Offer, m.Answer, m.Candidate, m.Candidates,
		m.Data, m.Name, m.Call, m.Reason, m.Text, m.Code, m.ID,
	})
	return b
}

func fromScript(text string) (web.Message, error) {
	var l line
	err := json.Unmarshal([]byte(text), &l)
	return web.Message{
		Type: l.Type, Room: l.Room, Title: l.Title, Max: l.Max, Offers: l.Offers, Members: l.Members, Awaited: l.Awaited,
		Offer: l.Offer, Answer: l.Answer, Candidate: l.Candidate, Candidates: l.Candidates, Data: l.Data,
		Name: l.Name, Call: l.Call, Reason: l.Reason, Text: l.Message, Code: l.Code, ID: l.ID,
	}, err
}

func (s *stage) play(text string) error {
	verb, rest, _ := strings.Cut(text, " ")
	rest = strings.TrimSpace(rest)
	switch {
	case s.page == nil:
		return s.enter(verb, Config{})
	case verb == "wait":
		d, err := time.ParseDuration(rest)
		if err != nil {
			return err
		}
		if err := s.silent(); err != nil {
			return err
		}
		time.Sleep(d)
	case verb == "also":
		s.server.pages.Store(rest, s.page)
	case text == "page gone":
		s.page.Closed()
	case text == "page closed":
		if !s.closed {
			return fmt.Errorf("the page's socket is open")
		}
	case verb == "page" && rest[0] == '>':
		return s.event(strings.TrimSpace(rest[1:]))
	case verb == "page" && rest[0] == '<':
		return s.next(&s.toPage, strings.TrimSpace(rest[1:]))
	case verb == "web" && rest[0] == '>':
		m, err := fromScript(rest[1:])
		if err != nil {
			return err
		}
		s.page.Send(m)
	case verb == "web" && rest[0] == '<':
		return s.next(&s.toWeb, strings.TrimSpace(rest[1:]))
	default:
		return fmt.Errorf("no such line")
	}
	return nil
}

// event says an event with its JSON arguments, all of it must be heard before.
func (s *stage) event(text string) error {
	if err := s.silent(); err != nil {
		return err
	}
	name := text
	if i := strings.IndexAny(text, `"{[0123456789`); i > 0 {
		name = strings.TrimSpace(text[:i])
	}
	var args []json.RawMessage
	for d := json.NewDecoder(strings.NewReader(text[len(name):])); d.More(); {
		var arg json.RawMessage
		if err := d.Decode(&arg); err != nil {
			return err
		}
		args = append(args, arg)
	}
	s.page.Event(name, args)
	return nil
}

// next compares the next line that was heard; "*" at the end is whatever follows.
func (s *stage) next(heard *[]string, want string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(*heard) == 0 {
		return fmt.Errorf("nothing was heard; the page has %q, the bridge %q", s.toPage, s.toWeb)
	}
	got := (*heard)[0]
	*heard = (*heard)[1:]
	if got == want {
		return nil
	}
	if start, ok := strings.CutSuffix(want, "*"); ok && strings.HasPrefix(got, start) {
		return nil
	}
	return fmt.Errorf("got  %s\nwant %s", got, want)
}

func (s *stage) silent() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.toPage)+len(s.toWeb) > 0 {
		return fmt.Errorf("the page heard %q, too, the bridge %q", s.toPage, s.toWeb)
	}
	return nil
}
