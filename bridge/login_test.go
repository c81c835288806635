package bridge

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jinglebridge/jinglebridge/internal/auth"
)

// gate is an Authenticator that knows these passwords and tokens, and takes a second.
type gate map[string]auth.Grant

func (g gate) Methods() []string { return []string{"none", "password", "token"} }

func (g gate) Check(ctx context.Context, r auth.Request) (auth.Grant, error) {
	time.Sleep(time.Second)
	grant, known := g[r.Token+r.Password]
	switch {
	case r.Token+r.Password == "":
		return auth.Grant{Method: "none", Name: r.Name}, nil
	case r.Password == "odd":
		return auth.Grant{}, errors.New("the disk is gone")
	case !known:
		return auth.Grant{}, &auth.Error{Code: auth.CodeAuthFailed, Text: "wrong", Retry: 90 * time.Second}
	}
	return grant, nil
}

// atGate plays with a bridge that checks logins.
func atGate(t *testing.T, g gate, play func(p *theatre, login func(who, rest string) string)) {
	synctest.Test(t, func(t *testing.T) {
		p := newStage(t)
		p.b.cfg.Auth = g
		ctx, cancel := context.WithCancel(t.Context())
		go p.b.Run(ctx)
		defer func() { cancel(); synctest.Wait() }()
		p.b.HandleLink(true)
		play(p, func(who, rest string) string {
			heard := p.says(t, who+` > {"type":"login","v":1,"caps":["invite"],`+rest+`}`)
			if len(heard) > 0 {
				t.Errorf("%s: heard before it is checked: %s", who, heard)
			}
			time.Sleep(2 * time.Second)
			synctest.Wait()
			return strings.Join(p.hush(), "\n")
		})
		p.hush()
		p.curtain()
	})
}

func want(t *testing.T, what, got, part string) {
	t.Helper()
	if !strings.Contains(got, part) {
		t.Errorf("%s: got %s, want %s", what, got, part)
	}
}

func TestLogins(t *testing.T) {
	g := gate{"secret": {Method: "password", Name: "Anna", Title: "Anna Smith", Multi: true}}
	atGate(t, g, func(p *theatre, login func(who, rest string) string) {
		want(t, "wrong password", login("eve", `"name":"anna","password":"no","id":1`), `"success":false,"code":"auth-failed","message":"wrong","methods":["none","password","token"],"retry":90,"id":1`)
		want(t, "no check", login("eve", `"name":"anna","password":"odd"`), `"code":"upstream"`)
		want(t, "right password", login("anna", `"name":"anna","password":"secret"`), `"success":true,"v":1,"name":"Anna","jid":"anna@call.example.org"`)
		want(t, "her second tab", login("phone", `"name":"anna","password":"secret"`), `"success":true`)
		want(t, "somebody without", login("eve", `"name":"anna"`), `"code":"name-taken"`)
		want(t, "another name", login("eve", `"name":"eve"`), `"success":true`)
		// Both tabs ring; the one that is not taken hears where the call went.
		heard := strings.Join(p.says(t, `eve > {"type":"invite","name":"anna","call":"c1"}`), "\n")
		want(t, "first tab", heard, `anna: {"type":"invite","name":"eve"`)
		want(t, "second tab", heard, `phone: {"type":"invite","name":"eve"`)
		want(t, "taken elsewhere", strings.Join(p.says(t, `phone > {"type":"accept","name":"eve"}`), "\n"), `"reason":"elsewhere"`)
		p.says(t, `eve > {"type":"leave"}`)
		want(t, "a caller's title", strings.Join(p.says(t, `anna > {"type":"invite","name":"eve"}`), "\n"), `"title":"Anna Smith"`)
	})
}

// Who proves that a name is his does not find it taken.
func TestSquatterGoes(t *testing.T) {
	g := gate{"secret": {Method: "password", Name: "anna", Multi: true}}
	atGate(t, g, func(p *theatre, login func(who, rest string) string) {
		login("eve", `"name":"anna"`)
		want(t, "the owner", login("anna", `"name":"anna","password":"secret"`), `"success":true`)
		if got := p.browsers["eve"].ended(); !strings.HasPrefix(got, "4001 ") {
			t.Errorf("the squatter's socket: got %q, want 4001", got)
		}
		if n := len(p.b.users["anna"].tabs); n != 1 {
			t.Errorf("%d tabs, want hers alone", n)
		}
	})
}

// One login at a time, and what comes meanwhile is too early; who goes meanwhile is gone.
func TestLoginWhileChecking(t *testing.T) {
	g := gate{"secret": {Method: "password", Name: "anna", Multi: true}}
	atGate(t, g, func(p *theatre, login func(who, rest string) string) {
		const says = `{"type":"login","v":1,"name":"anna","password":"secret"}`
		p.says(t, `anna > `+says)
		want(t, "a second login", strings.Join(p.says(t, `anna > `+says), ""), `"code":"too-many-attempts"`)
		want(t, "a call", strings.Join(p.says(t, `anna > {"type":"invite","name":"eve"}`), ""), `"code":"login-required"`)
		p.says(t, "anna gone")
		if heard := p.says(t, "wait 2s"); len(heard) > 0 || len(p.b.users) > 0 {
			t.Errorf("heard %s after she had gone, %d names are there", heard, len(p.b.users))
		}
	})
}

// A guest calls whom the link is for, and nobody else; a link that counts once does.
func TestGuestLinks(t *testing.T) {
	g := gate{"link": {Method: "token", Name: "guest1", Title: "The plumber", Call: []string{"Juliet@example.org", "Romeo", "a@b@c"}, Once: "l1"}}
	atGate(t, g, func(p *theatre, login func(who, rest string) string) {
		want(t, "guest", login("guest", `"token":"link"`), `"success":true`)
		want(t, "the link again", login("eve", `"token":"link"`), `"code":"forbidden"`)
		for _, says := range []string{
			`{"type":"invite","name":"nurse@example.org"}`, `{"type":"invite","name":"bob"}`,
			`{"type":"join","room":"foo"}`, `{"type":"join","room":"nurse@example.org"}`,
		} {
			want(t, says, strings.Join(p.says(t, "guest > "+says), ""), `"code":"forbidden"`)
		}
		heard := strings.Join(p.says(t, `guest > {"type":"invite","name":"juliet@example.org","call":"c1"}`), "\n")
		_, propose, _ := strings.Cut(heard, "<propose")
		want(t, "whom it is for", propose, "<nick xmlns='http://jabber.org/protocol/nick'>The plumber</nick>")
		p.says(t, `guest > {"type":"leave"}`)
		want(t, "a name here", strings.Join(p.says(t, `guest > {"type":"invite","name":"romeo","call":"c2"}`), ""), `"code":"unavailable"`)
	})
}

// A login ends, unless it is renewed on the same socket.
func TestLoginsEnd(t *testing.T) {
	g := gate{}
	atGate(t, g, func(p *theatre, login func(who, rest string) string) {
		g["token"] = auth.Grant{Method: "token", Name: "anna", Multi: true, Until: time.Now().Add(time.Minute)}
		want(t, "login", login("anna", `"token":"token"`), `"expires":`)
		p.says(t, "wait 30s")
		g["token"] = auth.Grant{Method: "token", Name: "anna", Multi: true, Until: time.Now().Add(2 * time.Minute)}
		want(t, "renewal", login("anna", `"token":"token"`), `"success":true`)
		p.says(t, "wait 80s")
		if got := p.browsers["anna"].ended(); got != "" {
			t.Fatalf("closed too early: %s", got)
		}
		p.says(t, "wait 60s")
		if got := p.browsers["anna"].ended(); !strings.HasPrefix(got, "4002 ") {
			t.Errorf("got %q, want 4002", got)
		}
		if len(p.b.users) > 0 {
			t.Error("the name is still there")
		}
	})
}

// Whom somebody has blocked has no way around it by the link that let him in.
func TestBlockedGuests(t *testing.T) {
	onStage(t, func(p *theatre) {
		p.scene(`bob gone`, `bob > {"type":"login","name":"Bob","v":1,"caps":["invite","roster","messages"]}`)
		p.mu.Lock()
		p.b.cfg.Auth = gate{"link": {Method: "token", Name: "guest1", Call: []string{"bob"}}}
		p.mu.Unlock()
		p.scene(`guest > {"type":"login","token":"link","v":1,"caps":["messages"]}`)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if !p.heardOf(`guest > {"type":"message","name":"bob","body":"Hello"}`, "bob: ", "Hello") {
			t.Fatal("a guest cannot write to whom the link is for")
		}
		p.scene(`bob > {"type":"block","name":"guest1"}`)
		for _, line := range []string{`{"type":"message","name":"bob","body":"Hello"}`, `{"type":"invite","name":"bob","media":["audio"]}`} {
			if p.heardOf(`guest > `+line, "bob: ") {
				t.Errorf("bob hears of whom he has blocked: %s", line)
			}
		}
	})
}
