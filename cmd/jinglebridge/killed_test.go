//go:build integration

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/internal/element"
	"github.com/jinglebridge/jinglebridge/internal/xmpptest"
)

// With this in its environment the test binary is the program.
const asProgram = "TEST_AS_JINGLEBRIDGE"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

const (
	killings   = 200
	ourNames   = 3
	theirNames = 4
	// buriedWithin is how soon after a start nobody is shown as online who is not.
	buriedWithin = 5 * time.Second
)

// TestIntegrationKilled kills the program again and again, while people subscribe, unsubscribe,
// come and go. What it has acknowledged is there when it runs again, and nothing that nobody
// asked for; whoever was shown as online is told as gone, or is there.
func TestIntegrationKilled(t *testing.T) {
	o := newOracle(t)
	began, slowest := time.Now(), time.Duration(0)
	for round := range killings {
		o.begin()
		if round%8 == 7 { // it has not told of all yet who are gone
			o.settle(time.Duration(o.random.IntN(3000)) * time.Microsecond)
			o.kill()
			continue
		}
		slowest = max(slowest, o.buried())
		o.examine()
		o.stir(time.Duration(o.random.IntN(25_000)) * time.Microsecond)
		o.kill()
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
	}
	t.Logf("killed %d times in %v; %d subscriptions acknowledged or revoked, %d pages came; %d were told as gone after a restart, within %v",
		killings, time.Since(began).Round(time.Millisecond), o.acknowledged, o.logins, o.ghosts, slowest.Round(time.Millisecond))
}

// pair is a contact of a name.
type pair struct{ name, contact string }

// oracle plays the XMPP server and all people, and knows what must be true.
type oracle struct {
	t      *testing.T
	random *rand.Rand
	server *xmpptest.Server
	args   []string

	sees  map[pair]bool            // as acknowledged
	asked map[pair]bool            // what was asked for, without an answer yet
	shown map[pair]map[string]bool // tabs that are online for a contact

	program *exec.Cmd
	started time.Time
	page    string
	link    *xmpptest.Link
	tabs    map[string]*websocket.Conn // by name

	acknowledged, logins, ghosts int
}

// anchor is a contact of everybody, and is told last: contacts are told in their order.
const anchor = "zzz@montague.example"

func newOracle(t *testing.T) *oracle {
	o := &oracle{
		t: t, random: rand.New(rand.NewPCG(1, 2)), server: xmpptest.ListenFor(t, "call.example.org"),
		sees: map[pair]bool{}, asked: map[pair]bool{}, shown: map[pair]map[string]bool{},
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "config.toml")
	text := fmt.Sprintf("[auth]\nanonymous = true\n[listen]\naddress = \"127.0.0.1:0\"\n[admin]\naddress = \"127.0.0.1:0\"\n[xmpp]\ndomain = \"call.example.org\"\nserver = %q\nsecret = %q\n[store]\npath = %q\n[limits]\nlogins_per_minute = 1000\n",
		o.server.URL(), xmpptest.Secret, filepath.Join(dir, "store.db"))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	o.args = []string{"serve", "--config", config, "--set", "log.format=json"}
	t.Cleanup(func() {
		if o.program != nil {
			o.program.Process.Kill()
			o.program.Wait()
		}
	})
	return o
}

// begin starts the program and waits until it is attached.
func (o *oracle) begin() {
	o.t.Helper()
	o.started, o.tabs = time.Now(), map[string]*websocket.Conn{}
	o.program = exec.Command(os.Args[0], o.args...)
	o.program.Env = append(os.Environ(), asProgram+"=1")
	log, err := o.program.StderrPipe()
	if err != nil {
		o.t.Fatal(err)
	}
	if err := o.program.Start(); err != nil {
		o.t.Fatal(err)
	}
	lines := bufio.NewScanner(log)
	for o.page = ""; o.page == "" && lines.Scan(); {
		var line struct{ Msg, Page string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "listening" {
			o.page = line.Page
		}
	}
	if o.page == "" {
		o.t.Fatalf("it ended before it listened: %v", o.program.Wait())
	}
	go io.Copy(io.Discard, log)
	if o.link, err = o.server.Accept(); err != nil {
		o.t.Fatal(err)
	}
}

// kill ends the program as it is, and takes note of all that it has said before.
func (o *oracle) kill() {
	o.t.Helper()
	if err := o.program.Process.Kill(); err != nil {
		o.t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := o.program.Wait(); !errors.As(err, &exit) || exit.Exited() {
		o.t.Fatalf("it ended by itself: %v", err)
	}
	o.program = nil
	defer o.excuse()
	for {
		e, err := o.link.Next()
		if xmpptest.IsTimeout(err) {
			o.t.Fatal("the connection of a dead process stays open")
		} else if err != nil {
			break
		}
		o.hear(e)
	}
	o.link.Close()
	for _, ws := range o.tabs {
		ws.Close()
	}
}

// excuse forgets what is shown to those who have asked to see it no more. They may be told that
// it has gone, but when that was already stored and not yet sent, they are nobody's contacts.
func (o *oracle) excuse() {
	for p, subscribe := range o.asked {
		if !subscribe {
			delete(o.shown, p)
		}
	}
}

// hear takes note of what the program says to a contact.
func (o *oracle) hear(e element.Element) {
	from, to := e.Attr("from"), e.Attr("to")
	name, _, _ := component.Split(from)
	p := pair{name, to}
	if e.Name() != "presence" {
		return
	}
	switch e.Attr("type") {
	case "subscribed", "unsubscribed":
		o.sees[p] = e.Attr("type") == "subscribed"
		delete(o.asked, p)
		o.acknowledged++
	case "unavailable":
		delete(o.shown[p], from)
	case "":
		if o.shown[p] == nil {
			o.shown[p] = map[string]bool{}
		}
		o.shown[p][from] = true
	}
}

// listen hears what comes until done says so.
func (o *oracle) listen(what string, done func(element.Element) bool) {
	o.t.Helper()
	for {
		e, err := o.link.Next()
		if err != nil {
			o.t.Fatalf("waiting for %s: %v", what, err)
		}
		o.hear(e)
		if done(e) {
			return
		}
	}
}

// settle hears what comes within a time.
func (o *oracle) settle(d time.Duration) {
	o.t.Helper()
	for until := time.Now().Add(d); ; {
		e, err := o.link.NextWithin(time.Until(until))
		if xmpptest.IsTimeout(err) {
			return
		} else if err != nil {
			o.t.Fatal(err)
		}
		o.hear(e)
	}
}

// buried waits until nobody is shown as online: nobody has logged in since the start. It tells
// how long after the start that was so.
func (o *oracle) buried() time.Duration {
	o.t.Helper()
	left := len(o.left())
	o.ghosts += left
	for left > 0 {
		e, err := o.link.NextWithin(time.Until(o.started.Add(buriedWithin)))
		if err != nil {
			o.t.Fatalf("%v after the start: %v; still shown as online: %v", buriedWithin, err, o.left())
		}
		before := len(o.shown[pairOf(e)])
		o.hear(e)
		left -= before - len(o.shown[pairOf(e)])
	}
	return time.Since(o.started)
}

// left are those who are shown as online.
func (o *oracle) left() []string {
	var all []string
	for p, tabs := range o.shown {
		for tab := range tabs {
			all = append(all, tab+" to "+p.contact)
		}
	}
	return all
}

func pairOf(e element.Element) pair {
	name, _, _ := component.Split(e.Attr("from"))
	return pair{name, e.Attr("to")}
}

// examine has everybody log in, and compares whom they are shown to with what was acknowledged.
func (o *oracle) examine() {
	o.t.Helper()
	for i := range ourNames {
		name := fmt.Sprint("n", i)
		o.login(name)
		if !o.sees[pair{name, anchor}] { // the first time
			o.write("subscribe", pair{name, anchor})
		}
		o.listen("the last contact of "+name, func(e element.Element) bool {
			return e.Attr("type") == "" && pairOf(e) == pair{name, anchor}
		})
		for j := range theirNames {
			p := pair{name, fmt.Sprintf("r%d@montague.example", j)}
			sees := len(o.shown[p]) > 0
			if _, unknown := o.asked[p]; !unknown && sees != o.sees[p] {
				o.t.Errorf("%s sees %s: %v, acknowledged was %v", p.contact, name, sees, o.sees[p])
			}
			o.sees[p] = sees
			delete(o.asked, p)
		}
	}
}

func (o *oracle) login(name string) {
	o.t.Helper()
	ws, _, err := websocket.DefaultDialer.DialContext(context.Background(), "ws"+strings.TrimPrefix(o.page, "http")+"ws", nil)
	if err != nil {
		o.t.Fatal(err)
	}
	o.tabs[name] = ws
	o.logins++
	say(o.t, ws, `{"type":"login","name":"`+name+`","v":1}`)
	ws.SetReadDeadline(time.Now().Add(xmpptest.Wait))
	if got := hear(o.t, ws); !strings.Contains(got, `"success":true`) {
		o.t.Fatalf("%s: got %s", name, got)
	}
}

// write sends a presence of a contact to a name.
func (o *oracle) write(kind string, p pair) {
	o.t.Helper()
	if err := o.link.Write("<presence type='" + kind + "' from='" + p.contact + "' to='" + p.name + "@call.example.org'/>"); err != nil {
		o.t.Fatal(err)
	}
}

// stir has people do things for a while, each without waiting for the other.
func (o *oracle) stir(d time.Duration) {
	o.t.Helper()
	for until := time.Now().Add(d); time.Now().Before(until); o.settle(time.Duration(o.random.IntN(1000)) * time.Microsecond) {
		p := pair{fmt.Sprint("n", o.random.IntN(ourNames)), fmt.Sprintf("r%d@montague.example", o.random.IntN(theirNames))}
		_, waiting := o.asked[p]
		switch what := o.random.IntN(10); {
		case what == 0 && o.tabs[p.name] != nil:
			o.tabs[p.name].Close()
			delete(o.tabs, p.name)
		case what == 1 && o.tabs[p.name] == nil:
			o.comeBack(p.name)
		case what == 2:
			o.write([]string{"subscribed", "unsubscribed"}[o.random.IntN(2)], p)
		case !waiting:
			subscribe := o.random.IntN(2) == 0
			o.asked[p] = subscribe
			o.write(map[bool]string{true: "subscribe", false: "unsubscribe"}[subscribe], p)
		}
	}
}

// comeBack logs in again, if the program has seen already that the page was closed.
func (o *oracle) comeBack(name string) {
	o.t.Helper()
	ws, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(o.page, "http")+"ws", nil)
	if err != nil {
		o.t.Fatal(err)
	}
	say(o.t, ws, `{"type":"login","name":"`+name+`","v":1}`)
	o.tabs[name] = ws
	o.logins++
}
