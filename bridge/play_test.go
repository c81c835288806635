package bridge

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/internal/auth"
	"github.com/jinglebridge/jinglebridge/internal/element"
	"github.com/jinglebridge/jinglebridge/web"
)

// A play is a whole conversation, testdata/*.play: who says (>) and hears (<) what.
//
//	bob    > {"type":"login","name":"bob","v":1,"caps":["invite"]}   a browser says
//	bob    < {"type":"leave","name":"*"}                             a browser hears; "*" is any value
//	xmpp   > <message from='…' to='…'>…</message>                    the server sends a stanza
//	xmpp   < <iq type='set' id='*' …>…</iq>                          the server gets one; <_/> is whatever else is inside
//	link alice@example.org/1 down|up|ended                           that of an account (set accounts)
//	bob gone | link down | link up | wait 60s | set old_pages anyone | shutdown
//
// {@file} inside a line stands for testdata/FILE, escaped where the line is JSON; {to} for
// the full JID of ours that spoke to XMPP last, {tab} for that of the only tab, {tab bob} for
// that of bob's, {tab bob foo} for that of his in room foo. "*" also stands for a part of a
// value. Stanzas and messages must come in this order, and nothing else may come. ids of our
// requests are iq1, iq2, …, sids sid1, …, other ids id1, …. A request is answered like any
// stanza, xmpp > <iq type='result' id='iq1' …/>, or fails after 15 s, or with the link.
//
// In every play each request of the XMPP side is answered once, a browser hears one leave of a
// call, and when all browsers are gone nothing is left of any call (curtain_test.go).
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
	p := newStage(t)
	ctx, cancel := context.WithCancel(t.Context())
	go p.b.Run(ctx)
	defer func() { cancel(); synctest.Wait() }()
	p.b.HandleLink(true)
	synctest.Wait()
	lines := bufio.NewScanner(strings.NewReader(script))
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		p.line = fmt.Sprintf("line %d: %s", n, clip(line, 300))
		if err := p.play(line); err != nil {
			t.Fatalf("%s\n%v", p.line, err)
		}
		synctest.Wait()
	}
	p.line = "after the last line"
	if err := p.silent(); err != nil {
		t.Fatal(err)
	}
	p.curtain()
}

// theatre holds the props of a play.
type theatre struct {
	mu       sync.Mutex // the loop, woken by a timer, and the script take turns
	t        *testing.T
	b        *Bridge
	line     string
	down     bool
	browsers map[string]*actor
	stanzas  []string
	pending  map[string]func(*component.Stanza, error) // requests of ours, by id and whom we asked
	iqs      int
	held     map[string]*understudy // sessions of accounts, by full JID
	self     string                 // the full JID of ours that spoke last
	house    house
}

// actor is a browser of the play.
type actor struct {
	house  *house
	mu     *sync.Mutex
	old    bool
	addr   string // "" for 192.0.2.1
	heard  []string
	closed string
}

func (a *actor) Send(m web.Message) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.house.heard(a, m)
	if !a.old {
		a.heard = append(a.heard, string(m.Append(nil)))
		return
	}
	for _, frame := range m.AppendOld(nil) {
		a.heard = append(a.heard, string(frame))
	}
}

func (a *actor) Close(code int, text string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = fmt.Sprint(code, " ", text)
}

// ended is how the bridge closed the socket; "" when it did not.
func (a *actor) ended() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.closed
}

func (a *actor) Old() bool    { return a.old }
func (a *actor) Addr() string { return cmp.Or(a.addr, "192.0.2.1") }

func newStage(t *testing.T) *theatre {
	p := &theatre{t: t, browsers: map[string]*actor{}, pending: map[string]func(*component.Stanza, error){}, held: map[string]*understudy{}}
	p.house = house{asked: map[string]int{}, left: map[string]bool{}, registry: prometheus.NewRegistry(), listeners: newListeners()}
	cfg := Config{Domain: "call.example.org", Anonymous: true, Metrics: p.house.registry}
	if testing.Verbose() {
		cfg.Log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	p.b = New(cfg, p)
	sids, ids := 0, 0
	p.b.newSID = func() string { sids++; return fmt.Sprint("sid", sids) }
	p.b.newID = func() string { ids++; return fmt.Sprint("id", ids) }
	return p
}

// Send implements Stream.
func (p *theatre) Send(stanza []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.down {
		return component.ErrDown
	}
	p.house.sent(stanza)
	p.house.hear(stanza, p.b)
	p.stanzas = append(p.stanzas, string(stanza))
	return nil
}

// SendIQ implements Stream.
func (p *theatre) SendIQ(iq component.IQ, done func(*component.Stanza, error)) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.down {
		return component.ErrDown
	}
	p.iqs++
	id := fmt.Sprint("iq", p.iqs)
	stanza := fmt.Sprintf("<iq xmlns='%s' type='%s' id='%s' from='%s' to='%s'>%s</iq>", component.NS, iq.Type, id, iq.From, iq.To, iq.Payload)
	p.house.hear([]byte(stanza), p.b)
	p.stanzas = append(p.stanzas, stanza)
	p.pending[id+" "+iq.To] = done
	time.AfterFunc(15*time.Second, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.fail(id+" "+iq.To, component.ErrTimeout)
	})
	return nil
}

// fail ends the wait for an answer.
func (p *theatre) fail(id string, err error) {
	if done := p.pending[id]; done != nil {
		delete(p.pending, id)
		go done(nil, err)
	}
}

// AppendCaps implements Stream.
func (p *theatre) AppendCaps(w *element.Writer) { w.Empty(nsCaps, "c", "ver", "ours") }

func (p *theatre) play(line string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	who, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	switch who {
	case "wait":
		d, err := time.ParseDuration(rest)
		if err != nil {
			return err
		}
		if err := p.silent(); err != nil {
			return err
		}
		p.mu.Unlock()
		time.Sleep(d)
		p.mu.Lock()
		return nil
	case "link":
		if jid, how, ok := strings.Cut(rest, " "); ok {
			return p.linkOf(jid, how)
		}
		p.down = rest == "down"
		p.b.HandleLink(rest == "up")
		for id := range p.pending {
			p.fail(id, component.ErrDown)
		}
		return nil
	case "set":
		return p.set(rest)
	case "shutdown":
		go p.b.Shutdown(p.t.Context())
		return nil
	}
	if rest == "gone" {
		p.b.Closed(p.browsers[who])
		delete(p.browsers, who)
		return nil
	}
	verb, text, ok := strings.Cut(rest, " ")
	text = strings.TrimSpace(text)
	if !ok || verb != ">" && verb != "<" {
		return errors.New("want WHO > TEXT or WHO < TEXT")
	}
	text, err := p.props(strings.NewReplacer(p.jids()...).Replace(text))
	switch {
	case err != nil:
		return err
	case strings.Contains(text, "{to}") || strings.Contains(text, "{tab"):
		return errors.New("nobody is there yet: " + text)
	case strings.HasPrefix(text, "<") && verb == ">":
		if err := p.silent(); err != nil {
			return err
		}
		return p.stanzaIn(text)
	case strings.HasPrefix(text, "<"):
		return p.stanzaOut(text)
	case verb == ">":
		if err := p.silent(); err != nil {
			return err
		}
		return p.browserSays(who, text)
	}
	return p.browserHears(who, text)
}

// jids are our full JIDs as a play writes them, and what stands for them.
func (p *theatre) jids() []string {
	var jids []string
	if p.self != "" {
		jids = append(jids, "{to}", p.self)
	}
	for full := range p.b.tabs {
		jids = append(jids, "{tab}", full)
		break
	}
	for who, a := range p.browsers {
		if s := p.b.sessions[a]; s != nil && s.tab != nil {
			jids = append(jids, "{tab "+who+"}", s.tab.jid)
			for room, seat := range s.tab.seats {
				jids = append(jids, "{tab "+who+" "+room+"}", seat.jid)
			}
		}
	}
	return jids
}

// silent fails when somebody heard something that the play does not know.
func (p *theatre) silent() error {
	for who, a := range p.browsers {
		if len(a.heard) > 0 {
			return fmt.Errorf("%s heard what is not in the play:\n%s", who, clip(a.heard[0], 2000))
		}
	}
	if len(p.stanzas) > 0 {
		return fmt.Errorf("xmpp heard what is not in the play:\n%s", clip(p.stanzas[0], 4000))
	}
	return nil
}

func (p *theatre) set(option string) error {
	key, value, _ := strings.Cut(option, " ")
	switch key {
	case "old_pages":
		p.b.cfg.OldPages = value
	case "page":
		return p.openPage(value)
	case "proven": // everybody proves to be who he says, and may be there several times
		p.b.cfg.Auth = doorman{}
	case "accounts":
		p.b.cfg.Accounts, p.b.cfg.Auth = casting{p}, usher{}
	case "as_names":
		p.b.cfg.AsNames = value
	case "called_by":
		p.b.cfg.CalledBy = strings.Fields(value)
	case "seen_by":
		p.b.cfg.SeenBy = strings.Fields(value)
	case "policy": // of one name
		name, words, _ := strings.Cut(value, " ")
		seenBy, calledBy, _ := strings.Cut(words, "/")
		p.b.policies[name] = Policy{SeenBy: strings.Fields(seenBy), CalledBy: strings.Fields(calledBy)}
	case "call":
		p.b.cfg.Call = strings.Fields(value)
	case "strict_old":
		p.b.cfg.StrictOld = value == "true"
	default:
		return p.setLimit(key, value)
	}
	return nil
}

// openPage makes a page: set page frontdoor title=Door ring=romeo@example.org,bob order=one
func (p *theatre) openPage(option string) error {
	page := NewPage()
	var keys string
	page.Name, keys, _ = strings.Cut(option, " ")
	for field := range strings.FieldsSeq(keys) {
		key, value, _ := strings.Cut(field, "=")
		switch key {
		case "title":
			page.Title = value
		case "ring":
			page.Ring = strings.Split(value, ",")
		case "order":
			page.Order = value
		case "called_by":
			page.CalledBy = strings.Split(value, ",")
		case "seen_by":
			page.SeenBy = strings.Split(value, ",")
		default:
			return fmt.Errorf("pages have no %q", key)
		}
	}
	local, err := localOf(page.Name)
	p.b.do(func() {
		if u := p.b.users[local]; u != nil && len(u.tabs) > 0 {
			return // pages are there from the beginning, and stay as they are
		}
		p.b.cfg.Pages = []Page{page}
		p.b.openPages()
	})
	return err
}

// doorman knows everybody.
type doorman struct{}

func (doorman) Methods() []string { return []string{"password"} }

func (doorman) Check(_ context.Context, r auth.Request) (auth.Grant, error) {
	return auth.Grant{Method: "password", Name: r.Name, Multi: true}, nil
}

func (p *theatre) setLimit(key, value string) error {
	l := &p.b.cfg.Limits
	limit := map[string]*int{
		"calls_per_session": &l.CallsPerSession, "pending_per_callee": &l.PendingPerCallee, "pending_per_sender": &l.PendingPerSender,
		"candidates": &l.Candidates, "roster": &l.Roster, "rosters": &l.Rosters,
		"visitors_per_page": &l.VisitorsPerPage, "visitors_per_addr": &l.VisitorsPerAddr, "calls_per_page": &p.b.perPage.perMinute,
		"room_members": &l.RoomMembers, "rooms": &l.Rooms, "rooms_per_session": &l.RoomsPerSession,
		"rings_per_caller": &p.b.perCaller.perMinute, "new_calls_per_target": &p.b.perTarget.perMinute,
	}[key]
	if limit == nil {
		return fmt.Errorf("no option %q", key)
	}
	_, err := fmt.Sscan(value, limit)
	return err
}

// props puts files in the place of {name}.
func (p *theatre) props(text string) (string, error) {
	var out strings.Builder
	for {
		from := strings.Index(text, "{@")
		if from < 0 {
			out.WriteString(text)
			return out.String(), nil
		}
		to := strings.Index(text[from:], "}")
		if to < 0 {
			return "", errors.New("{@ without }")
		}
		content, err := os.ReadFile(filepath.Join("testdata", text[from+2:from+to]))
		if err != nil {
			return "", err
		}
		out.WriteString(text[:from])
		if strings.HasPrefix(strings.TrimSpace(text), "{\"") || strings.HasPrefix(out.String(), "{\"") {
			escaped, _ := json.Marshal(string(content))
			out.Write(escaped[1 : len(escaped)-1])
		} else {
			out.Write(bytes.TrimSpace(content))
		}
		text = text[from+to+1:]
	}
}

func (p *theatre) browserSays(who, text string) error {
	a := p.browsers[who]
	if a == nil {
		a = &actor{house: &p.house, mu: &p.mu, old: true}
		p.browsers[who] = a
	}
	m, err := web.Parse([]byte(text), a.old)
	if err != nil {
		return err
	}
	if m.Type == "login" {
		a.old = m.V != 1
	}
	p.b.Receive(a, m)
	return nil
}

func (p *theatre) browserHears(who, want string) error {
	a := p.browsers[who]
	if a == nil || len(a.heard) == 0 {
		return fmt.Errorf("%s heard nothing", who)
	}
	got := a.heard[0]
	a.heard = a.heard[1:]
	var gotJSON, wantJSON any
	if err := json.Unmarshal([]byte(want), &wantJSON); err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(got), &gotJSON); err != nil {
		return err
	}
	if !matchJSON(wantJSON, gotJSON) {
		return fmt.Errorf(" got %s\nwant %s", clip(got, 4000), clip(want, 4000))
	}
	return nil
}

func (p *theatre) stanzaIn(text string) error {
	e, err := element.Parse([]byte(text), component.NS, element.Limits{})
	if err != nil {
		return err
	}
	s := &component.Stanza{Element: e, Type: e.Attr("type"), ID: e.Attr("id"), From: e.Attr("from"), To: e.Attr("to"), Size: len(text)}
	if s.Name() == "iq" && (s.Type == "result" || s.Type == "error") {
		done := p.pending[s.ID+" "+s.From]
		if done == nil {
			return errors.New("an answer to a request that nobody made")
		}
		delete(p.pending, s.ID+" "+s.From)
		go done(s, nil)
		return nil
	}
	p.house.says(e)
	n := p.deliver(s)
	if n == 0 {
		return errors.New("nobody is there to hear this")
	}
	if s.Name() == "iq" {
		p.house.asked[s.ID+" "+s.From] += n
	}
	return nil
}

func (p *theatre) stanzaOut(text string) error {
	want, err := element.Parse([]byte(text), component.NS, element.Limits{})
	if err != nil {
		return err
	}
	if len(p.stanzas) == 0 {
		return errors.New("xmpp heard nothing")
	}
	got, err := element.Parse([]byte(p.stanzas[0]), component.NS, element.Limits{})
	if err != nil {
		return fmt.Errorf("%s: %w", p.stanzas[0], err)
	}
	p.stanzas = p.stanzas[1:]
	if from := got.Attr("from"); strings.Contains(from, "/") {
		p.self = from
	}
	if why := differ(want, got); why != "" {
		return fmt.Errorf("%s\n got %s\nwant %s", why, clip(got.String(), 6000), clip(want.String(), 6000))
	}
	return nil
}
