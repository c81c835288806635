package tutorial

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/jinglebridge/jinglebridge/web"
)

// room is where a page is, or has asked to be. It holds two, since a page has one connection.
type room struct {
	name  string          // as the bridge says it
	raw   json.RawMessage // as the page wrote it
	title json.RawMessage // what the others are shown; nil for nothing
	told  string          // what the page was greeted with; "" nothing, since it is alone

	offers bool   // the page sits there as one that offers to whoever comes, and takes no offers
	wants  bool   // what it will be, or is, asked for
	again  bool   // that is to be asked for
	seated bool   // a join was answered
	asked  string // id of the join that is not answered yet; "" none

	awaited bool // as of the last answer
	peer    web.Member
	later   bool // the peer came after the page
}

// maxPage is how many can be in a room with a page of these tutorials.
const maxPage = 2

// person says whether the room is that of an XMPP user, whom a login name never looks like.
func (r *room) person() bool { return strings.Contains(r.peer.Name, "@") }

// enter joins a room for the page; again for one that it is in already. It has the turn.
func (p *page) enter(raw, title json.RawMessage) (again bool) {
	name, ok := text(raw)
	if !ok {
		p.dialect.tell("want the name of a room, a string, not " + clip(string(raw)))
		return false
	}
	p.mu.Lock()
	old := p.room
	if old != nil && old.name == name {
		p.mu.Unlock()
		return true
	}
	p.room = &room{name: name, raw: append(json.RawMessage(nil), raw...), title: append(json.RawMessage(nil), title...)}
	p.call = call{}
	join := p.join()
	p.mu.Unlock()
	p.vacate(old)
	if !p.say(join) {
		p.mu.Lock()
		p.room = nil
		p.mu.Unlock()
	}
	return false
}

// join writes the message for where the page is to be, or is. It needs mu.
func (p *page) join() message {
	r := p.room
	p.numbers++
	r.asked, r.again = strconv.Itoa(p.numbers), false
	m := p.message("join").raw("room", r.raw).number("max", maxPage).raw("id", []byte(r.asked))
	if len(r.title) > 0 {
		m = m.raw("title", r.title)
	}
	if r.wants {
		m = m.raw("offers", []byte("true"))
	}
	return m
}

// exit takes the page out of its room. It has the turn.
func (p *page) exit() {
	p.mu.Lock()
	old := p.room
	p.room, p.call = nil, call{}
	p.mu.Unlock()
	p.vacate(old)
}

// vacate leaves a room, if there is one. A page that is refused even that, as it speaks too
// fast, has to go: it would keep its place. It has the turn.
func (p *page) vacate(old *room) {
	if old != nil && !p.say(p.message("leave").raw("room", old.raw)) {
		p.socket.Close()
	}
}

// seated hears who is in the room. What a page is there it can change while it is alone.
func (p *page) seated(m web.Message) {
	r := p.room
	if r == nil || string(m.ID) != r.asked {
		return
	}
	first := !r.seated
	r.seated, r.asked, r.awaited = true, "", m.Awaited
	switch {
	case len(m.Members) == 0:
		r.peer, r.offers = web.Member{}, r.wants
	case first || m.Members[0].Name != r.peer.Name: // who is there before the page came is not later
		r.peer, r.later = m.Members[0], false
	}
	p.dialect.settle()
}

// met hears of a newcomer.
func (p *page) met(m web.Message) {
	r := p.room
	if r == nil || m.Room != r.name {
		return
	}
	r.peer, r.later = web.Member{Name: m.Name, Title: m.Title, Offers: m.Offers}, true
	if r.asked == "" { // else the answer tells what the page is to the newcomer
		r.again = false
		p.dialect.settle()
	}
}

// left hears that the other member has left. In the room of an XMPP user nobody else will come.
func (p *page) left(m web.Message) {
	r := p.room
	if r == nil || m.Room != r.name || m.Name != r.peer.Name {
		return
	}
	p.dialect.parted()
	if r.person() {
		p.room = nil
	}
	r.peer = web.Member{}
}

// ask joins again, to be what is wanted. It needs mu.
func (p *page) ask(offers bool) {
	if r := p.room; r.asked == "" {
		r.wants, r.again = offers, true
		p.owe()
	}
}

// tellOther passes on what is for the other member alone. It has the turn.
func (p *page) tellOther(data json.RawMessage) {
	p.mu.Lock()
	r := p.room
	// Until a join is answered somebody may be there: a page says that its camera is on in the same breath.
	alone := r == nil || r.person() || r.peer.Name == "" && r.asked == ""
	p.mu.Unlock()
	if !alone {
		p.say(p.message("message").raw("room", r.raw).raw("data", data))
	}
}
