package tutorial

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/jinglebridge/jinglebridge/web"
)

// Two pages of the codelab call each other, over either Engine.IO, and again after one has
// left; a third finds the room full and disturbs nobody.
func TestCodelabPages(t *testing.T) {
	o := newTown(t, web.Limits{LoginsPerMinute: -1}, Config{})
	for _, eio := range []int{3, 4} {
		room := fmt.Sprint("room", eio)
		a := o.page(o.codelab, eio)
		a.say(`["create or join","` + room + `"]`)
		a.want(`["created","` + room + `","` + a.id + `"]`)
		a.say(`["message","got user media"]`)
		a.silent()
		for range 2 {
			b := o.page(o.codelab, 7-eio)
			b.say(`["create or join","` + room + `"]`)
			b.want(`["joined","`+room+`","`+b.id+`"]`, `["ready","`+room+`"]`)
			a.want(`["join","`+room+`"]`, `["ready","`+room+`"]`)
			third := o.page(o.codelab, eio)
			third.say(`["create or join","` + room + `"]`)
			third.want(`["full","` + room + `"]`)
			third.say(`["message",` + theOffer + `]`)
			third.hangUp()
			b.say(`["message","got user media"]`)
			a.want(`["message","got user media"]`)
			a.say(`["message",` + theOffer + `]`)
			a.say(`["message",` + theLabelled + `]`)
			b.want(`["message",`+theOffer+`]`, `["message",`+theLabelled+`]`)
			b.say(`["message",` + theAnswer + `]`)
			b.say(`["message",` + theLabelled + `]`)
			a.want(`["message",`+theAnswer+`]`, `["message",`+theLabelled+`]`)
			b.say(`["message",{"chat":"hi","n":1.50}]`)
			a.want(`["message",{"chat":"hi","n":1.5}]`)
			b.hangUp()
			a.want(`["message","bye"]`, `["bye"]`, `["created","`+room+`","`+a.id+`"]`)
		}
		a.hangUp()
	}
}

func TestBravePages(t *testing.T) {
	o := newTown(t, web.Limits{LoginsPerMinute: -1}, Config{})
	a := o.page(o.brave, 4)
	a.say(`["join",{"room":"1234","name":"Anna"}]`)
	a.want(`["room_users",[]]`)
	a.say(`["offer",` + theOffer + `]`)
	a.say(`["candidate",` + theCandidate + `]`)
	a.silent()
	b := o.page(o.brave, 4)
	b.say(`["join",{"room":"1234","name":"Bob"}]`)
	b.want(`["room_users",[{"id":"guest*","name":"Anna"}]]`)
	third := o.page(o.brave, 4)
	third.say(`["join",{"room":"1234","name":"Eve"}]`)
	third.want(`["room_full",{"room":"1234"}]`)
	third.say(`["offer",` + theOffer + `]`)
	b.say(`["offer",` + theOffer + `]`)
	b.say(`["candidate",` + theCandidate + `]`)
	a.want(`["getOffer",`+theOffer+`]`, `["getCandidate",`+theCandidate+`]`)
	a.say(`["answer",` + theAnswer + `]`)
	a.say(`["candidate",` + theCandidate + `]`)
	b.want(`["getAnswer",`+theAnswer+`]`, `["getCandidate",`+theCandidate+`]`)
	a.hangUp()
	b.want(`["user_exit",{"id":"guest*"}]`)
	third.say(`["join",{"room":"1234","name":"Eve"}]`)
	third.want(`["room_users",[{"id":"guest*","name":"Bob"}]]`)
}

// Whoever is of another kind is called as it can be.
func TestMixedRooms(t *testing.T) {
	o := newTown(t, web.Limits{LoginsPerMinute: -1}, Config{})
	t.Run("codelab, then v1", func(t *testing.T) {
		page, browser := o.page(o.codelab, 3), o.v1("anna")
		page.say(`["create or join","r1"]`)
		page.want(`["created","r1","*"]`)
		browser.say(`{"type":"join","room":"r1"}`)
		browser.want(`{"type":"join","room":"r1","self":"anna","members":[{"name":"guest*","offers":true}],"max":2}`)
		page.want(`["join","r1"]`, `["ready","r1"]`, `["message","got user media"]`)
		page.say(`["message",` + theOffer + `]`)
		browser.want(`{"type":"offer","offer":` + theOffer + `,"name":"guest*","call":"*","room":"r1"}`)
		browser.say(`{"type":"answer","answer":` + theAnswer + `}`)
		page.want(`["message",` + theAnswer + `]`)
		browser.say(`{"type":"candidate","candidate":` + theCandidate + `}`)
		page.want(`["message",` + theLabelled + `]`)
		page.say(`["message","bye"]`)
		browser.want(`{"type":"leave","name":"guest*","call":"*","room":"r1","reason":"hangup"}`)
		browser.conn.Close()
		page.want(`["bye"]`, `["created","r1","*"]`)
	})
	t.Run("v1, then codelab", func(t *testing.T) {
		page, browser := o.page(o.codelab, 4), o.v1("bob")
		browser.say(`{"type":"join","room":"r2"}`)
		browser.want(`{"type":"join",*`)
		page.say(`["create or join","r2"]`)
		page.want(`["created","r2","*"]`, `["join","r2"]`, `["ready","r2"]`, `["message","got user media"]`)
		browser.want(`{"type":"joined","room":"r2","name":"guest*"}`)
		page.say(`["message",` + theOffer + `]`)
		browser.want(`{"type":"offer",*`)
		browser.say(`{"type":"answer","answer":` + theAnswer + `}`)
		page.want(`["message",` + theAnswer + `]`)
		browser.say(`{"type":"leave"}`)
		page.want(`["message","bye"]`)
	})
	t.Run("Brave, then codelab", func(t *testing.T) {
		brave, codelab := o.page(o.brave, 4), o.page(o.codelab, 3)
		brave.say(`["join",{"room":"r3","name":"Anna"}]`)
		brave.want(`["room_users",[]]`)
		codelab.say(`["create or join","r3"]`)
		codelab.want(`["created","r3","*"]`, `["join","r3"]`, `["ready","r3"]`, `["message","got user media"]`)
		codelab.say(`["message",` + theOffer + `]`)
		codelab.say(`["message",` + theLabelled + `]`)
		brave.want(`["getOffer",`+theOffer+`]`, `["getCandidate",`+theCandidate+`]`)
		brave.say(`["answer",` + theAnswer + `]`)
		codelab.want(`["message",` + theAnswer + `]`)
	})
	t.Run("codelab, then Brave", func(t *testing.T) {
		codelab, brave := o.page(o.codelab, 3), o.page(o.brave, 4)
		codelab.say(`["create or join","r4"]`)
		codelab.want(`["created","r4","*"]`)
		brave.say(`["join",{"room":"r4","name":"Anna"}]`)
		brave.want(`["room_users",[{"id":"guest*","name":"guest*"}]]`)
		brave.say(`["offer",` + theOffer + `]`) // which nobody takes
		codelab.want(`["join","r4"]`, `["ready","r4"]`, `["message","got user media"]`)
		codelab.say(`["message",` + theOffer + `]`)
		brave.want(`["getOffer",` + theOffer + `]`)
		brave.say(`["answer",` + theAnswer + `]`)
		codelab.want(`["message",` + theAnswer + `]`)
		codelab.hangUp()
		brave.want(`["user_exit",{"id":"guest*"}]`)
	})
}

// A drop in any phase frees the other page for the next one.
func TestDropsInEveryPhase(t *testing.T) {
	o := newTown(t, web.Limits{LoginsPerMinute: -1}, Config{})
	phases := []func(a, b *client){
		func(a, b *client) {},
		func(a, b *client) { b.say(`["message","got user media"]`); a.want(`["message","got user media"]`) },
		func(a, b *client) { a.say(`["message",` + theOffer + `]`); b.want(`["message",` + theOffer + `]`) },
		func(a, b *client) { b.say(`["message",` + theAnswer + `]`); a.want(`["message",` + theAnswer + `]`) },
		func(a, b *client) {
			b.say(`["message",` + theLabelled + `]`)
			a.want(`["message",` + theLabelled + `]`)
		},
	}
	for _, leaver := range []int{0, 1} {
		for last := range phases {
			room := fmt.Sprintf("drop%d%d", leaver, last)
			pages := []*client{o.page(o.codelab, 3), o.page(o.codelab, 4)}
			pages[0].say(`["create or join","` + room + `"]`)
			pages[0].want(`["created",*`)
			pages[1].say(`["create or join","` + room + `"]`)
			pages[1].want(`["joined",*`, `["ready",*`)
			pages[0].want(`["join",*`, `["ready",*`)
			for _, phase := range phases[:last+1] {
				phase(pages[0], pages[1])
			}
			pages[leaver].conn.Close() // without a word
			stays := pages[1-leaver]
			if last >= 2 {
				stays.want(`["message","bye"]`)
			}
			stays.want(`["bye"]`, `["created","`+room+`","`+stays.id+`"]`)
			next := o.page(o.codelab, 3)
			next.say(`["create or join","` + room + `"]`)
			next.want(`["joined",*`, `["ready",*`)
			stays.want(`["join",*`, `["ready",*`)
			stays.conn.Close()
			next.conn.Close()
		}
	}
}

// Pages that say whatever comes to their minds, at the same time, leave a room that the next
// two can use.
func TestChatter(t *testing.T) {
	o := newTown(t, web.Limits{LoginsPerMinute: -1, MessagesPerSecond: enough, MessageBurst: enough}, Config{})
	words := []string{
		`["create or join","r0"]`, `["create or join","r1"]`, `["bye"]`, `["message","bye"]`, `["message","got user media"]`,
		`["message",` + theOffer + `]`, `["message",` + theAnswer + `]`, `["message",` + theLabelled + `]`, `["message",1]`,
		`["join",{"room":"r0"}]`, `["join",{"room":"r1"}]`, `["offer",` + theOffer + `]`, `["answer",` + theAnswer + `]`, `["candidate",` + theCandidate + `]`,
	}
	var talk sync.WaitGroup
	for i := range 6 {
		page, out := o.page(o.codelab, 3+i%2), `["bye"]`
		if i%3 == 2 {
			page, out = o.page(o.brave, 4), fmt.Sprintf(`["join",{"room":"own%d"}]`, i)
		}
		talk.Go(func() { // ends with the page's last word, or with the page
			for {
				if text, err := page.read(); err != nil || strings.Contains(text, "last word") {
					return
				}
			}
		})
		talk.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 7))
			for range 500 {
				page.write("42" + words[r.IntN(len(words))])
			}
			page.write("42" + out)
			page.write(`42["last word"]`)
		})
	}
	talk.Wait()
	for _, room := range []string{"r0", "r1"} {
		a, b := o.page(o.codelab, 3), o.page(o.codelab, 4)
		a.say(`["create or join","` + room + `"]`)
		a.want(`["created",*`)
		b.say(`["create or join","` + room + `"]`)
		b.want(`["joined",*`, `["ready",*`)
		a.want(`["join",*`, `["ready",*`)
	}
}

// Pages of origins that may not connect, and who comes after Shutdown, stay out.
func TestWhoMayConnect(t *testing.T) {
	o := newTown(t, web.Limits{WaitingPerAddr: -1, SocketsPerAddr: 1}, Config{})
	first := o.page(o.codelab, 4)
	first.silent()
	resp, err := http.Get("http://" + o.codelab + "/socket.io/?EIO=4&transport=polling")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusTooManyRequests {
		t.Errorf("got %s for a second session, want 429", resp.Status)
	}
	first.hangUp()
	var body bytes.Buffer
	strict, err := web.New(web.Config{Handler: o.bridge, Origins: []string{"https://good.example"}, Page: noPage})
	if err != nil {
		t.Fatal(err)
	}
	defer strict.Shutdown(context.Background())
	server, err := NewCodelab(Config{Web: strict})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Shutdown(context.Background())
	w := recorder{&body, http.Header{}, 0}
	r, _ := http.NewRequest("GET", "http://bridge.example/socket.io/?EIO=4&transport=polling", nil)
	r.Header.Set("Origin", "https://evil.example")
	r.RemoteAddr = "192.0.2.1:4711"
	server.ServeHTTP(&w, r)
	if w.status != http.StatusForbidden {
		t.Errorf("got %d %q for a page of a foreign origin, want 403", w.status, &body)
	}
}

type recorder struct {
	*bytes.Buffer
	header http.Header
	status int
}

func (w *recorder) Header() http.Header    { return w.header }
func (w *recorder) WriteHeader(status int) { w.status = status }
