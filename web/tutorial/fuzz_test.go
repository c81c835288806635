package tutorial

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/jinglebridge/jinglebridge/web"
)

// parrot is a bridge where a member is in every room, and answers every call.
type parrot struct {
	t    *testing.T
	mu   sync.Mutex
	said []web.Message
}

func (p *parrot) Receive(from web.Sender, m web.Message) {
	p.mu.Lock()
	p.said = append(p.said, m)
	p.mu.Unlock()
	switch m.Type {
	case "login":
		from.Send(web.Message{Type: "login", Name: m.Name, Login: &web.Login{Success: true}})
	case "join":
		from.Send(web.Message{Type: "join", Room: m.Room, Members: []web.Member{{Name: "anna"}}, ID: m.ID})
	case "offer":
		from.Send(web.Message{Type: "answer", Answer: m.Offer, Call: m.Call})
	case "candidate":
		from.Send(web.Message{Type: "candidate", Candidate: m.Candidate, Call: m.Call})
	case "answer":
		from.Send(web.Message{Type: "offer", Offer: m.Answer, Call: m.Call})
	case "message":
		from.Send(web.Message{Type: "message", Room: m.Room, Data: m.Data, Name: "anna"})
	case "leave":
		from.Send(web.Message{Type: "error", Code: "no-call", Text: "no", ID: m.ID})
	default:
		p.t.Errorf("the bridge heard %q", m.Type)
	}
}

func (p *parrot) Closed(web.Sender) {}

// ear is a socket that checks that what the page hears is JSON, and bounded.
type ear struct{ t *testing.T }

func (ear) ID() string { return "socket1" }
func (ear) Close()     {}
func (e ear) Emit(event string, args ...json.RawMessage) {
	for _, arg := range args {
		if !json.Valid(arg) {
			e.t.Errorf("%s: %q is no JSON", event, arg)
		}
		if (event == "log" || event == "error_message") && len(arg) > 2_000 {
			e.t.Errorf("%s: %.3000s", event, arg)
		}
	}
}

// silent waits until the page owes the bridge nothing: another goroutine says that.
func (p *page) silent() {
	for {
		p.mu.Lock()
		owing := p.owing
		p.mu.Unlock()
		if !owing {
			return
		}
		runtime.Gosched()
	}
}

// FuzzEvents has a page say any two events, before it is in a room, in it, and called. Their
// arguments are text, and not always JSON: package socketio only finds where they end.
func FuzzEvents(f *testing.F) {
	for _, dialect := range []bool{true, false} {
		for name, args := range map[string][]string{
			"create or join": {`"foo"`, `7`, `"juliet@example.org"`, `"\ud800"`, `"\u0000"`, `null`},
			"message": {`"bye"`, `"got user media"`, theOffer, theAnswer, theLabelled, `{"type":"candidate"}`, `{"type":1}`,
				`{"type":"offer","type":"offer"}`, `{"\u0074ype":"offer"}`, `[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]`, ` { "a" : 1e400 } `, `{"type":"offer"`, `nul`, `"foo`, `{]}`},
			"join":      {`{"room":"foo","name":"anna"}`, `{"room":"foo"}`, `{"room":{},"name":[]}`, `{}`, `"foo"`},
			"offer":     {theOffer, `null`, `"x"`},
			"answer":    {theAnswer},
			"candidate": {theCandidate, `null`, `{"candidate":""}`},
			"bye":       {`"foo"`}, "ipaddr": {`null`}, "dance": {`0`},
		} {
			for _, arg := range args {
				f.Add(dialect, "create or join", `"foo"`, name, arg)
				f.Add(dialect, name, arg, "join", `{"room":"foo"}`)
			}
		}
	}
	birds := &parrot{}
	ws, err := web.New(web.Config{Handler: birds, Page: noPage, Limits: web.Limits{LoginsPerMinute: -1}})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { ws.Shutdown(context.Background()) })
	codelab, err := NewCodelab(Config{Web: ws})
	if err != nil {
		f.Fatal(err)
	}
	brave, err := NewBrave(Config{Web: ws})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, first bool, name1, arg1, name2, arg2 string) {
		for _, s := range []string{name1, arg1, name2, arg2} {
			if !utf8.ValidString(s) || len(s) > 10_000 {
				return
			}
		}
		arg1, arg2 = strings.TrimSpace(arg1), strings.TrimSpace(arg2)
		if arg1 == "" || arg2 == "" {
			return
		}
		server := brave
		if first {
			server = codelab
		}
		birds.t, birds.said = t, nil
		r := httptest.NewRequest("GET", "/socket.io/", nil)
		r.RemoteAddr = "127.0.0.1:4711"
		guest, ok := ws.Admit(httptest.NewRecorder(), r)
		if !ok {
			t.Fatal("not admitted")
		}
		page := server.newPage(guest)
		page.connected(ear{t})
		for range 2 {
			page.Event(name1, []json.RawMessage{[]byte(arg1)})
			page.Event(name2, []json.RawMessage{[]byte(arg2), []byte(arg1)})
			if json.Valid([]byte(arg1)) && json.Valid([]byte(arg2)) { // as web has checked what it hands on
				page.Send(web.Message{Type: "offer", Offer: []byte(arg1), Room: "foo", Call: "x1", Name: "anna"})
				page.Send(web.Message{Type: "candidate", Candidate: []byte(arg2), Call: "x1"})
			}
		}
		page.Event(name1, nil)
		page.Closed()
		page.silent()
		for _, m := range birds.said {
			if m.Type == "join" && m.Max != maxPage {
				t.Errorf("got a join with max %d", m.Max)
			}
			if m.Type == "offer" && m.Name != "anna" && m.Call != "x1" && !strings.HasPrefix(m.Call, "c") {
				t.Errorf("got an offer to %q, call %q", m.Name, m.Call)
			}
		}
	})
}
