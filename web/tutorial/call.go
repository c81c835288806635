package tutorial

import (
	"encoding/json"
	"strconv"

	"github.com/jinglebridge/jinglebridge/web"
)

// call is the one that a page's connection is for; the zero value is none.
type call struct {
	id       string
	mine     bool // the page called
	answered bool
}

// asked says whether an error with this request id means that the page's call came to nothing.
func (c call) asked(id string) bool {
	return c.mine && !c.answered && id == strconv.Quote(c.id)
}

// maxDeclined is how many calls wait at most to be refused.
const maxDeclined = 8

// called hears what the other side of a call says.
func (p *page) called(m web.Message) {
	if m.Type == "offer" && m.Call != p.call.id {
		// Somebody calls the name that the page is logged in with, or with nothing, at which
		// the page would throw.
		if p.room == nil || m.Room != p.room.name || len(m.Offer) == 0 {
			if len(p.declined) < maxDeclined {
				p.declined = append(p.declined, m.Call)
				p.owe()
			}
			return
		}
		p.call = call{id: m.Call}
	}
	if p.call.id == "" || m.Call != p.call.id {
		return
	}
	switch m.Type {
	case "offer":
		if len(m.Offer) > 0 {
			p.dialect.offer(m.Offer)
		}
	case "answer":
		p.call.answered = true
		p.dialect.answer(m.Answer)
	case "candidate":
		p.heardCandidate(m.Candidate)
		for _, c := range m.Candidates {
			p.heardCandidate(c)
		}
	case "leave":
		p.call = call{}
		p.dialect.over(m.Call, m.Name)
	}
}

// heardCandidate passes one on. The pages have no word for the end of candidates, and throw
// at null.
func (p *page) heardCandidate(raw json.RawMessage) {
	if c, err := web.ParseICECandidate(raw); err == nil && c.Candidate != "" {
		p.dialect.candidate(raw, c)
	}
}

// sayOffer takes the page's offer to whom it is for, and says whether there is anybody. It has
// the turn.
func (p *page) sayOffer(description json.RawMessage) bool {
	p.mu.Lock()
	r, old := p.room, p.call
	switch {
	case old.id != "" && old.answered: // the call changes while it runs
		p.mu.Unlock()
		p.say(p.message("offer").raw("offer", description).text("call", old.id))
		return true
	case old.id != "" && !old.mine: // both offer: the page is to answer the one that was first
		p.mu.Unlock()
		return true
	case r == nil || r.peer.Name == "" || r.peer.Offers: // nobody is there who takes it
		p.mu.Unlock()
		return false
	}
	p.numbers++
	id := "c" + strconv.Itoa(p.numbers)
	p.call = call{id: id, mine: true}
	m := p.message("offer").raw("offer", description).text("name", r.peer.Name).raw("room", r.raw).text("call", id).text("id", id)
	p.mu.Unlock()
	p.end(old.id) // of a connection that the page has given up
	if !p.say(m) {
		p.mu.Lock()
		if p.call.id == id {
			p.call = call{}
		}
		p.mu.Unlock()
	}
	return true
}

// sayAnswer takes the page's answer back to who called. It has the turn.
func (p *page) sayAnswer(description json.RawMessage) {
	p.mu.Lock()
	id := p.call.id
	p.mu.Unlock()
	if id != "" && p.say(p.message("answer").raw("answer", description).text("call", id)) {
		p.mu.Lock()
		if p.call.id == id {
			p.call.answered = true
		}
		p.mu.Unlock()
	}
}

// sayCandidate takes a candidate to the other side. It has the turn.
func (p *page) sayCandidate(m message) {
	p.mu.Lock()
	id := p.call.id
	p.mu.Unlock()
	if id != "" {
		p.say(m.text("call", id))
	}
}

// hangUp ends the page's call. It has the turn.
func (p *page) hangUp() {
	p.mu.Lock()
	id := p.call.id
	p.call = call{}
	p.mu.Unlock()
	p.end(id)
}

// end has the bridge end a call; "" is none. A page that is refused even that, as it speaks
// too fast, has to go: it would be busy for good. It has the turn.
func (p *page) end(call string) {
	if call != "" && !p.say(p.message("leave").text("call", call)) {
		p.socket.Close()
	}
}
