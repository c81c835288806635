package tutorial

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/jinglebridge/jinglebridge/web"
)

// brave is a page of "WebRTC for the Brave". It offers whenever it is told who is in its
// room, to whoever that may be, and answers any offer.
//
//	page says               bridge hears
//	join ({room, name})     join, with the name as title
//	offer, answer           the same
//	candidate               the same
type brave struct{ *page }

func newBrave(p *page) dialect { return &brave{p} }

func (b *brave) event(name string, args []json.RawMessage) {
	switch arg := first(args); name {
	case "join":
		b.join(arg)
	case "offer":
		b.sayOffer(arg)
	case "answer":
		b.sayAnswer(arg)
	case "candidate":
		b.sayCandidate(b.message("candidate").raw("candidate", arg))
	default:
		b.tell("unknown event " + strconv.Quote(clip(name)))
	}
}

func (b *brave) join(arg json.RawMessage) {
	var room, name json.RawMessage
	err := web.Members(arg, func(key string, value json.RawMessage) error {
		switch {
		case key == "room" && room == nil:
			room = value
		case key == "name" && name == nil:
			name = value
		case key == "room" || key == "name":
			return errors.New(key + " twice")
		}
		return nil
	})
	switch {
	case err != nil:
		b.tell("join: " + err.Error())
	case name != nil && name[0] != '"' && name[0] != 'n':
		b.tell("join: want a name that is a string")
	case b.enter(room, name):
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.room != nil && b.room.asked == "" {
			b.users()
		}
	}
}

// settle tells a newcomer who is there; those who were are called by him.
func (b *brave) settle() {
	if !b.room.later {
		b.users()
	}
}

// braveUser is somebody as these pages hear of it. The id is the name that all others in
// the room know, too: not every member has a Socket.IO id, and with old clients that is secret.
type braveUser struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

func (b *brave) users() {
	users := []braveUser{}
	if peer := b.room.peer; peer.Name != "" {
		if peer.Title == "" {
			peer.Title = peer.Name
		}
		users = append(users, braveUser{peer.Name, peer.Title})
	}
	list, _ := json.Marshal(users) // of strings never fails
	b.socket.Emit("room_users", list)
}

func (b *brave) userExit(id string) {
	user, _ := json.Marshal(braveUser{ID: id}) // of strings never fails
	b.socket.Emit("user_exit", user)
}

func (b *brave) parted() { b.userExit(b.room.peer.Name) }

// crowded says what the tutorial has no word for, since its rooms never are.
func (b *brave) crowded(room json.RawMessage) {
	b.socket.Emit("room_full", append(append(json.RawMessage(`{"room":`), room...), '}'))
}

func (b *brave) relay(json.RawMessage) {} // the tutorial has nothing of the kind

func (b *brave) offer(description json.RawMessage)  { b.socket.Emit("getOffer", description) }
func (b *brave) answer(description json.RawMessage) { b.socket.Emit("getAnswer", description) }
func (b *brave) candidate(raw json.RawMessage, _ web.ICECandidate) {
	b.socket.Emit("getCandidate", raw)
}

// over: an XMPP user who called the room is no member, and has left by hanging up.
func (b *brave) over(_, with string) {
	if strings.Contains(with, "@") && (b.room == nil || with != b.room.peer.Name) {
		b.userExit(with)
	}
}

func (b *brave) close() {}

// tell says what is wrong by an event that the tutorial's page does not know.
func (b *brave) tell(text string) { b.socket.Emit("error_message", quote(text)) }
