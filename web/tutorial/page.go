package tutorial

import (
	"encoding/json"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/jinglebridge/jinglebridge/web"
	"github.com/jinglebridge/jinglebridge/web/socketio"
)

// page is one page that is connected: to its socket a Client, to the bridge a Sender. What
// it says comes by the socket's goroutine, what it hears by the bridge's loop.
type page struct {
	server  *Server
	guest   *web.Guest
	dialect dialect
	socket  socket        // set by Connected, before anything is said
	known   chan struct{} // closed when the login is answered

	// Who says something to the bridge has the turn, and may wait for the loop. What the turn
	// decides it decides with mu.
	turn sync.Mutex
	said bool // the bridge has heard something of this event

	// mu is never held while something waits, so that the loop can have it at any time.
	mu       sync.Mutex
	gone     bool
	name     string // as which it is logged in
	room     *room  // nil: in none
	call     call
	numbers  int      // ids so far, of joins and calls
	declined []string // calls to be refused
	owing    bool     // a goroutine says what is owed
}

// socket is what a page hears by; *socketio.Socket is the real one.
type socket interface {
	ID() string
	Emit(event string, args ...json.RawMessage)
	Close()
}

// dialect is how the pages of one tutorial speak. event has the turn; the others have mu,
// are called by the loop, and must not wait.
type dialect interface {
	event(name string, args []json.RawMessage)
	tell(text string) // what is wrong; with mu or without

	settle()                      // it is known who is in the room
	parted()                      // the other member has left
	crowded(room json.RawMessage) // this room is full, and the page in none
	relay(data json.RawMessage)   // the other member says this

	offer(description json.RawMessage)
	answer(description json.RawMessage)
	candidate(raw json.RawMessage, c web.ICECandidate)
	over(call, with string) // the other side ended the call

	close() // of a page that has gone
}

func (s *Server) newPage(guest *web.Guest) *page {
	p := &page{server: s, guest: guest, known: make(chan struct{})}
	p.dialect = s.dialect(p)
	return p
}

// Connected implements socketio.Client: it logs the page in.
func (p *page) Connected(s *socketio.Socket) { p.connected(s) }

func (p *page) connected(s socket) {
	p.turn.Lock()
	defer p.turn.Unlock()
	p.socket = s
	if !p.say(p.message("login").text("name", p.server.newName()).number("v", 1)) {
		s.Close()
	}
}

// loginTime is how long a page waits for the answer to its login, of which it knows nothing.
const loginTime = 30 * time.Second

// Event implements socketio.Client.
func (p *page) Event(name string, args []json.RawMessage) {
	p.awaitLogin()
	p.turn.Lock()
	defer p.turn.Unlock()
	p.said = false
	p.dialect.event(name, args)
	if !p.said { // what costs the bridge nothing costs us something
		p.refused(p.guest.Spend())
	}
}

// awaitLogin waits for the answer to the login: what a page says before it counts as well.
func (p *page) awaitLogin() {
	select {
	case <-p.known:
		return
	default:
	}
	late := time.NewTimer(loginTime)
	defer late.Stop()
	select {
	case <-p.known:
	case <-late.C:
	}
}

// Closed implements socketio.Client.
func (p *page) Closed() {
	p.mu.Lock()
	p.gone = true
	p.server.pages.CompareAndDelete(p.name, p)
	p.room, p.call = nil, call{}
	p.dialect.close()
	p.mu.Unlock()
	p.guest.Leave(p)
}

// message begins a message to the bridge, which say takes.
func (p *page) message(kind string) message {
	return p.server.messages.Get().(*message).begin(kind)
}

// say says something to the bridge, and may wait for it. Who says has the turn, and not mu.
func (p *page) say(m message) bool {
	p.said = true
	m = append(m, '}')
	err := p.guest.Say(p, m)
	p.server.messages.Put(&m)
	return !p.refused(err)
}

// refused tells the page what was wrong with what it said, and sends one away that goes on
// regardless.
func (p *page) refused(err error) bool {
	var bad *web.ParseError
	switch {
	case err == nil:
		return false
	case errors.Is(err, net.ErrClosed): // it has gone
	case errors.Is(err, web.ErrFlood):
		p.dialect.tell(err.Error())
		p.socket.Close()
	case errors.As(err, &bad):
		p.dialect.tell(bad.Text)
	default:
		p.dialect.tell(err.Error())
	}
	return true
}

// owe has the bridge told what comes up while it speaks to us, by another goroutine, since
// its loop must not wait for itself. That ends when nothing is owed. It needs mu.
func (p *page) owe() {
	if !p.owing {
		p.owing = true
		go p.pay()
	}
}

func (p *page) pay() {
	p.turn.Lock()
	defer p.turn.Unlock()
	for {
		p.mu.Lock()
		refusals, join := p.owed()
		p.owing = len(refusals) > 0 || join != nil
		p.mu.Unlock()
		if len(refusals) == 0 && join == nil {
			return
		}
		for _, m := range refusals {
			p.say(m)
		}
		if join != nil && !p.say(join) {
			p.unasked()
		}
	}
}

// unasked gives up waiting for the answer to a join that was refused at the door.
func (p *page) unasked() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.room != nil {
		p.room.asked = ""
	}
}

// owed writes what the bridge is to be told as things are now: of calls, and where the page
// wants to be (nil: as before). It needs mu.
func (p *page) owed() (refusals []message, join message) {
	for _, id := range p.declined {
		refusals = append(refusals, p.message("leave").text("call", id).text("reason", "unavailable"))
	}
	p.declined = nil
	if p.room != nil && p.room.again {
		join = p.join()
	}
	return refusals, join
}

// Send implements web.Sender.
func (p *page) Send(m web.Message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gone {
		return
	}
	p.guest.Told(m.Type)
	switch m.Type {
	case "login":
		p.loggedIn(m)
	case "join":
		p.seated(m)
	case "joined":
		p.met(m)
	case "left":
		p.left(m)
	case "message":
		if p.room != nil && m.Room == p.room.name {
			p.dialect.relay(m.Data)
		}
	case "offer", "answer", "candidate", "leave":
		p.called(m)
	case "error":
		p.failed(m)
	}
}

func (p *page) loggedIn(m web.Message) {
	select {
	case <-p.known:
		return // it logs in once
	default:
		close(p.known)
	}
	if m.Login == nil || !m.Login.Success {
		text := "the login was refused"
		if m.Login != nil {
			text = m.Login.Text
		}
		p.dialect.tell(text)
		p.socket.Close()
		return
	}
	p.guest.Accepted()
	p.name = m.Name
	p.server.pages.Store(p.name, p)
}

// failed hears what was wrong with something the page asked for.
func (p *page) failed(m web.Message) {
	id := string(m.ID)
	switch {
	case p.room != nil && id != "" && id == p.room.asked:
		raw := p.room.raw
		p.room = nil
		if m.Code == "room-full" {
			p.dialect.crowded(raw)
			return
		}
	case p.call.asked(id):
		mine := p.call.id
		p.call = call{}
		if m.Code == "glare" { // the other side's offer is on its way, and will be answered
			return
		}
		p.dialect.tell(m.Text)
		p.dialect.over(mine, "") // else it would wait for an answer
		return
	case m.Code == "no-call": // what it said was for somebody who has just gone, or is not there yet
		return
	}
	p.dialect.tell(m.Text)
}

// Close implements web.Sender.
func (p *page) Close(int, string) { p.socket.Close() }

// Old implements web.Sender. What we translate from is version 1.
func (p *page) Old() bool { return false }

// Addr implements web.Sender.
func (p *page) Addr() string { return p.guest.Addr() }
