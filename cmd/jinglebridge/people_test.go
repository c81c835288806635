package main

import (
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jinglebridge/jinglebridge/internal/auth"
	"github.com/jinglebridge/jinglebridge/internal/store"
	"github.com/jinglebridge/jinglebridge/internal/xmpptest"
)

// What an XMPP user was promised holds after a restart, and nobody stays green who is gone.
func TestRestartWithStore(t *testing.T) {
	file := filepath.Join(t.TempDir(), "store.db")
	server := xmpptest.ListenFor(t, "call.example.org")
	p := start(t, "xmpp.server="+server.URL(), "store.path="+file)
	page := p.until(t, "listening")["page"].(string)
	link := server.AcceptFor(t)
	p.until(t, "attached")
	ws := dial(t, page)
	say(t, ws, `{"type":"login","name":"juliet","v":1}`)
	hear(t, ws)
	if err := link.Write("<presence type='subscribe' from='romeo@montague.example' to='juliet@call.example.org'/>"); err != nil {
		t.Fatal(err)
	}
	await(t, link, "presence", "subscribed")
	tab := await(t, link, "presence", "").Attr("from")
	// Killed, it would have left its file like this.
	left, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	wal, err := os.ReadFile(file + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	p.stop()
	if code := p.wait(t); code != exitOK {
		t.Fatalf("got exit code %d\n%s", code, p.rest())
	}

	dir := t.TempDir()
	copied := filepath.Join(dir, "store.db")
	for name, data := range map[string][]byte{copied: left, copied + "-wal": wal} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p = start(t, "xmpp.server="+server.URL(), "store.path="+copied)
	page = p.until(t, "listening")["page"].(string)
	link = server.AcceptFor(t)
	p.until(t, "attached")
	if e := await(t, link, "presence", "unavailable"); e.Attr("from") != tab || e.Attr("to") != "romeo@montague.example" {
		t.Errorf("got %s, want the tab of before told as gone", e)
	}
	ws = dial(t, page)
	say(t, ws, `{"type":"login","name":"juliet","v":1}`)
	hear(t, ws)
	if e := await(t, link, "presence", ""); e.Attr("to") != "romeo@montague.example" || e.Attr("from") == tab {
		t.Errorf("got %s, want the new tab told to who subscribed before", e)
	}
	p.stop()
	if code := p.wait(t); code != exitOK {
		t.Errorf("got exit code %d\n%s", code, p.rest())
	}
}

// A password lets in, twice at once, and nothing else does.
func TestPasswords(t *testing.T) {
	hash, err := auth.Hash("montague")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "passwords")
	if err := os.WriteFile(file, []byte("Romeo:"+hash+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	server := xmpptest.ListenFor(t, "call.example.org")
	p := start(t, "xmpp.server="+server.URL(), "auth.anonymous=false", "auth.password_file="+file)
	page := p.until(t, "listening")["page"].(string)
	for _, try := range []struct{ says, want string }{
		{`{"type":"login","name":"romeo","v":1}`, `"code":"auth-required"`},
		{`{"type":"login","name":"romeo","v":1,"password":"capulet"}`, `"code":"auth-failed"`},
		{`{"type":"login","name":"tybalt","v":1,"password":"montague"}`, `"code":"auth-failed"`},
		{`{"type":"login","name":"romeo","v":1,"password":"montague"}`, `"success":true`},
		{`{"type":"login","name":"ROMEO","v":1,"password":"montague"}`, `"success":true`},
	} {
		ws := dial(t, page)
		say(t, ws, try.says)
		if got := hear(t, ws); !strings.Contains(got, try.want) || !strings.Contains(got, `"methods":["password"]`) && strings.Contains(got, "false,\"code") {
			t.Errorf("%s: got %s, want %s", try.says, got, try.want)
		}
	}
	p.stop()
	p.wait(t)
	if log := p.rest(); strings.Contains(log, "montague") || strings.Contains(log, "capulet") {
		t.Errorf("a password is in the log:\n%s", log)
	}
}

// Whoever cannot start leaves the store as it was, for the next.
func TestStoreOfAFailedStart(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	file := filepath.Join(t.TempDir(), "store.db")
	p := start(t, "store.path="+file, "listen.address="+taken.Addr().String())
	if code := p.wait(t); code != exitRuntime {
		t.Fatalf("got exit code %d\n%s", code, p.rest())
	}
	s, err := store.Open(file, nil)
	if err != nil {
		t.Fatalf("the store is not free: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// A visitor comes to a page where nobody else could log in, and rings at its people.
func TestVisitor(t *testing.T) {
	server := xmpptest.ListenFor(t, "call.example.org")
	p := start(t, "xmpp.server="+server.URL(), "auth.anonymous=false",
		`page=[{ name = "FrontDoor", title = "Door & more", ring = ["romeo@montague.example"] }]`)
	page := p.until(t, "listening")["page"].(string)
	link := server.AcceptFor(t)
	p.until(t, "attached")
	resp, err := http.Get(page + "call/frontdoor")
	if err != nil {
		t.Fatal(err)
	}
	index, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil || !strings.Contains(string(index), "<title>Door &amp; more</title>") {
		t.Errorf("got %v, %.300s, want the page of that title", err, index)
	}
	ws := dial(t, page)
	say(t, ws, `{"type":"login","name":"juliet","v":1}`)
	if got := hear(t, ws); !strings.Contains(got, `"code":"auth-required"`) {
		t.Errorf("got %s, want nobody else to be let in", got)
	}
	say(t, ws, `{"type":"login","page":"frontdoor","name":"Juliet","v":1}`)
	if got := hear(t, ws); !strings.Contains(got, `"name":"Juliet","jid":"frontdoor@call.example.org/visitor-`) || !strings.Contains(got, `"title":"Door & more"`) {
		t.Errorf("got %s, want a visitor", got)
	}
	seen := await(t, link, "presence", "")
	if got := seen.Child("http://jabber.org/protocol/nick", "nick").Text(); seen.Attr("to") != "romeo@montague.example" || got != "Juliet (Door & more)" {
		t.Errorf("got %s, want Juliet shown to Romeo", seen)
	}
	say(t, ws, `{"type":"invite","call":"c1"}`)
	if e := await(t, link, "message", "chat"); e.Attr("to") != "romeo@montague.example" || e.Attr("from") != seen.Attr("from") {
		t.Errorf("got %s, want a proposal to Romeo", e)
	}
	p.stop()
	if code := p.wait(t); code != exitOK {
		t.Errorf("got exit code %d\n%s", code, p.rest())
	}
}
