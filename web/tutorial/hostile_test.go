package tutorial

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/jinglebridge/jinglebridge/web"
)

// bystanders are two pages in a call, whom nothing that others do may concern.
type bystanders struct{ a, b *client }

func (o *town) bystanders() bystanders {
	o.t.Helper()
	by := bystanders{o.page(o.codelab, 3), o.page(o.codelab, 4)}
	by.a.say(`["create or join","bystanders"]`)
	by.a.want(`["created",*`)
	by.b.say(`["create or join","bystanders"]`)
	by.b.want(`["joined",*`, `["ready",*`)
	by.a.want(`["join",*`, `["ready",*`)
	by.b.say(`["message","got user media"]`)
	by.a.want(`["message","got user media"]`)
	by.a.say(`["message",` + theOffer + `]`)
	by.b.want(`["message",` + theOffer + `]`)
	by.b.say(`["message",` + theAnswer + `]`)
	by.a.want(`["message",` + theAnswer + `]`)
	return by
}

func (by bystanders) undisturbed() {
	by.a.t.Helper()
	by.a.say(`["message","are you there?"]`)
	by.b.want(`["message","are you there?"]`)
	by.b.say(`["message",` + theLabelled + `]`)
	by.a.want(`["message",` + theLabelled + `]`)
	by.a.silent()
	by.b.silent()
}

// odd are values that are no room, no description and no candidate.
var odd = []string{
	`null`, `true`, `0`, `-1.5e300`, `""`, `" "`, `"a@b@c"`, `"\u0000"`, `"\ud800"`, `"<script>"`, `[]`, `{}`, `[[]]`,
	`{"type":null}`, `{"type":"offer"}`, `{"type":"offer","sdp":7}`, `{"type":"answer"}`, `{"type":"candidate","candidate":null}`,
	`{"type":"candidate","candidate":"","label":-1,"id":{}}`, `{"type":"candidate","label":1e9,"id":"0","candidate":"x"}`,
	`{"room":null}`, `{"room":[],"name":{}}`, `{"room":"x","name":"` + strings.Repeat("n", 2_000) + `"}`,
	`"` + strings.Repeat("r", 60_000) + `"`, `{"` + strings.Repeat("k", 60_000) + `":1}`,
	strings.Repeat(`[`, 30) + strings.Repeat(`]`, 30), strings.Repeat(`{"a":`, 30) + `1` + strings.Repeat(`}`, 30),
	`[` + strings.Repeat(`{},`, 15_000) + `0]`,
}

// A page that says every event with every odd value, out of every order, hears bounded
// complaints or nothing, and can go on; others hear nothing of it.
func TestOddEvents(t *testing.T) {
	o := newTown(t, web.Limits{LoginsPerMinute: -1, MessagesPerSecond: enough, MessageBurst: enough}, Config{})
	by := o.bystanders()
	for _, place := range []struct {
		host, enter, greeting string
		events                []string
	}{
		{o.codelab, `["create or join","odd"]`, `["created","odd",*`, []string{"create or join", "message", "bye", "ipaddr", "log", "", "\u2028"}},
		{o.brave, `["join",{"room":"odd","name":"x"}]`, `["room_users",[]]`, []string{"join", "offer", "answer", "candidate", "getOffer", "disconnect"}},
	} {
		page := o.page(place.host, 4)
		for _, inside := range []bool{false, true} {
			for _, event := range place.events {
				for _, value := range odd {
					page.say(fmt.Sprintf(`[%q,%s]`, event, value))
				}
				page.say(fmt.Sprintf(`[%q]`, event))
				page.say(fmt.Sprintf(`[%q,1,2,"three",{},[]]`, event))
			}
			if !inside {
				page.say(`["bye"]`)
				page.say(place.enter)
			}
		}
		page.say(`["create or join","odd` + fmt.Sprint(len(place.events)) + `"]`)
		page.say(`["join",{"room":"odd` + fmt.Sprint(len(place.events)) + `"}]`)
		page.say(`["last"]`)
		for {
			text, err := page.read()
			if err != nil {
				t.Fatal(err)
			}
			if len(text) > 2_000 && !strings.Contains(text, "rrrr") && !strings.HasPrefix(text, `42["message"`) {
				t.Errorf("got %d bytes: %.100s", len(text), text)
			}
			if strings.Contains(text, `unknown event \"last\"`) || strings.Contains(text, `unknown event \\\"last\\\"`) {
				break
			}
		}
		page.hangUp()
	}
	by.undisturbed()
}

// What is too long or too deep for the protocol underneath ends the session.
func TestTooMuchAtOnce(t *testing.T) {
	o := newTown(t, web.Limits{LoginsPerMinute: -1}, Config{})
	by := o.bystanders()
	for _, bomb := range []string{
		`["create or join","` + strings.Repeat("r", 1<<20) + `"]`,
		`["message",` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `]`,
		`["message",` + strings.Repeat(`{"a":`, 10_000),
		`["` + strings.Repeat("m", 40_000) + `"]`,
	} {
		page := o.page(o.codelab, 4)
		page.write("42" + bomb)
		page.wantEnd()
	}
	by.undisturbed()
}

func (c *client) wantEnd() {
	c.t.Helper()
	for {
		if _, err := c.read(); err != nil {
			if websocket.IsUnexpectedCloseError(err) || websocket.IsCloseError(err) {
				return
			}
			c.t.Logf("ended with %v", err)
			return
		}
	}
}

// A page that does not heed what it is told is shown out, whatever it floods with.
func TestFloods(t *testing.T) {
	o := newTown(t, web.Limits{LoginsPerMinute: -1, MessageBurst: 50}, Config{})
	by := o.bystanders()
	for _, event := range []string{
		`["message","to nobody"]`, `["ipaddr"]`, `["dance"]`, `["bye"]`, `["create or join","flood"]`, `["create or join",7]`,
		`["message",` + theOffer + `]`,
	} {
		page := o.page(o.codelab, 4)
		for range 400 {
			if page.write("42"+event) != nil {
				break
			}
		}
		page.wantEnd()
	}
	by.undisturbed()
}

// Pages that come and go by the dozen leave nothing behind, and the room to whoever is next.
func TestComingAndGoing(t *testing.T) {
	o := newTown(t, web.Limits{LoginsPerMinute: -1}, Config{})
	by := o.bystanders()
	for i := range 60 {
		page := o.page([]string{o.codelab, o.brave}[i%2], 4)
		page.say(`["create or join","busy"]`)
		page.say(`["join",{"room":"busy","name":"x"}]`)
		page.say(`["message",` + theOffer + `]`)
		page.say(`["offer",` + theOffer + `]`)
		if i%3 == 0 {
			page.conn.Close()
		} else {
			page.hangUp()
		}
	}
	by.undisturbed()
}

// Who speaks too fast to be heard saying that it leaves does not keep its place.
func TestHastyLeave(t *testing.T) {
	o := newTown(t, web.Limits{LoginsPerMinute: -1, MessagesPerSecond: 1, MessageBurst: 50}, Config{})
	hasty, patient := o.page(o.codelab, 4), o.page(o.codelab, 4)
	patient.say(`["create or join","foo"]`)
	patient.want(`["created",*`)
	hasty.say(`["create or join","foo"]`)
	hasty.want(`["joined",*`, `["ready",*`)
	patient.want(`["join",*`, `["ready",*`)
	for range 60 {
		hasty.say(`["dance"]`)
	}
	hasty.say(`["bye"]`)
	patient.want(`["bye"]`)
}
