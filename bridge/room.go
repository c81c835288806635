package bridge

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/jinglebridge/jinglebridge/jingle"
	"github.com/jinglebridge/jinglebridge/web"
)

// A room is a name with several browsers behind it, each a resource of its contact. Whoever
// comes offers to those who are there; so two never offer to each other at once
// (docs/protocol.md).

// seat is what a tab has as a member of a room.
type seat struct {
	room   string // as this member spells it
	title  string
	most   int  // members this one can stand
	offers bool // it offers to whoever comes, and takes no offers
}

// inRooms lists the seats of a browser.
func (t *desk) inRooms() []*tab {
	return slices.SortedFunc(maps.Values(t.seats), func(a, b *tab) int { return cmp.Compare(a.jid, b.jid) })
}

// elsewhere counts the calls of a browser outside of rooms, whose size bounds theirs.
func (t *desk) elsewhere() int {
	n := 0
	for _, e := range t.ends {
		if e.tab.seat == nil {
			n++
		}
	}
	return n
}

// join takes a browser into a room. One that is there already hears the same again; while
// nobody else is there, what it says of itself holds anew.
func (b *Bridge) join(t *tab, m web.Message) error {
	to, err := b.addressOf(m.Room)
	switch {
	case m.Room == "":
		return Failed(BadMessage, errors.New("want a room"))
	case err != nil:
		return Failed(BadMessage, fmt.Errorf("this room's name cannot be used: %w", err))
	}
	if err := t.mayReach(to, b.cfg.Domain); err != nil {
		return err
	}
	if to.bare != "" {
		return b.joinPerson(t, m, to)
	}
	there := t.seats[to.local]
	if there == nil {
		if err := b.mayJoin(t, m, to.local); err != nil {
			return err
		}
		there = b.sit(t, m, to.local)
	} else if len(there.user.tabs) == 1 {
		there.seat = b.newSeat(m)
	}
	b.welcomeTo(there, m)
	return nil
}

// mayJoin checks limits first, so that refused attempts count.
func (b *Bridge) mayJoin(t *tab, m web.Message, local string) error {
	now := time.Now()
	if !t.calls.AllowN(now, 1) || !b.perAddr.allow(web.Network(t.sock.Addr()), now) {
		b.metrics.limited.WithLabelValues("new_calls").Inc()
		return Failed(TooMuch, errCalls)
	}
	if len(t.seats) >= b.cfg.Limits.RoomsPerSession {
		b.metrics.limited.WithLabelValues("rooms_per_session").Inc()
		return Failed(TooMuch, errors.New("in too many rooms at once"))
	}
	u := b.users[local]
	switch {
	case u != nil && u.page != nil:
		return Failed(NameTaken, fmt.Errorf("%q is the name of a page", m.Room))
	case u == nil || len(u.tabs) == 0:
		if b.rooms >= b.cfg.Limits.Rooms {
			b.metrics.limited.WithLabelValues("rooms").Inc()
			return Failed(TooMuch, errors.New("there are too many rooms"))
		}
	case !u.room:
		return Failed(NameTaken, fmt.Errorf("%q is the name of somebody here", m.Room))
	case b.occupied(u) >= b.roomSize(u, m.Max):
		return Failed(RoomFull, fmt.Errorf("room %q is full", m.Room))
	}
	return nil
}

// roomSize is how many all members can stand; wish is that of a newcomer, 0 for any.
func (b *Bridge) roomSize(u *user, wish int) int {
	size := b.stand(wish)
	for _, t := range u.tabs {
		size = min(size, t.seat.most)
	}
	return size
}

// stand is how many members somebody can stand who wishes for so many.
func (b *Bridge) stand(wish int) int {
	if wish <= 0 {
		wish = MaxRoomMembers
	}
	return min(wish, b.cfg.Limits.RoomMembers)
}

// occupied counts the members of a room and the XMPP users who are in a call there.
func (b *Bridge) occupied(u *user) int {
	n := len(u.tabs)
	for _, t := range u.tabs {
		for _, e := range t.ends {
			if _, xmpp := e.c.other(e).(*xmppEnd); xmpp && e.tab == t && e.c.callee != nil {
				n++
			}
		}
	}
	return n
}

// sit makes a browser a member, and tells the others.
func (b *Bridge) sit(t *tab, m web.Message, local string) *tab {
	u := b.user(local)
	if len(u.tabs) == 0 {
		name, _, _ := strings.Cut(m.Room, "@")
		u.name, u.room = unescape(name), true
		b.rooms++
		b.metrics.rooms.Inc()
	}
	there := b.newTab(t.desk, u)
	there.seat = b.newSeat(m)
	if t.seats == nil {
		t.seats = map[string]*tab{}
	}
	t.seats[local] = there
	b.online(there)
	for _, other := range u.tabs {
		if other != there {
			other.sock.Send(web.Message{Type: "joined", Room: other.seat.room, Name: there.own.user.name, Title: there.seat.title, Offers: m.Offers})
		}
	}
	return there
}

func (b *Bridge) newSeat(m web.Message) *seat {
	return &seat{room: m.Room, title: clip(m.Title, maxName), most: b.stand(m.Max), offers: m.Offers}
}

// welcomeTo answers a join.
func (b *Bridge) welcomeTo(t *tab, m web.Message) {
	members := []web.Member{}
	for _, other := range t.user.tabs {
		if other != t {
			members = append(members, web.Member{Name: other.own.user.name, Title: other.seat.title, Offers: other.seat.offers})
		}
	}
	t.sock.Send(web.Message{
		Type: "join", Room: t.seat.room, Self: t.own.user.name, Members: members, Max: b.roomSize(t.user, 0),
		Awaited: t.user.awaited(), ID: m.ID,
	})
}

// awaited says whether some XMPP user has this name in a contact list.
func (u *user) awaited() bool {
	for _, c := range u.contacts {
		if c.from {
			return true
		}
	}
	return false
}

// joinPerson is a room named by the address of an XMPP user: he is its other member, and is
// called by the newcomer's offer.
func (b *Bridge) joinPerson(t *tab, m web.Message, to address) error {
	if !b.mayCall(to.bare) {
		return notCallable(to.bare)
	}
	t.sock.Send(web.Message{Type: "join", Room: m.Room, Self: t.user.name, Members: []web.Member{{Name: to.bare}}, Max: 2, ID: m.ID})
	return nil
}

// leaveRoom ends what a browser has in a room. Having left already is fine.
func (b *Bridge) leaveRoom(t *tab, room string, f Fault) {
	to, err := b.addressOf(room)
	if err != nil {
		return
	}
	if there := t.seats[to.local]; there != nil && to.bare == "" {
		b.vacate(there, f)
		return
	}
	for _, e := range t.inOrder() {
		if e.room != "" && e.tab.seat == nil && e.metIn(room) {
			e.c.leave(e, f, "")
		}
	}
}

// vacate takes a member out of its room: its calls first, as when a tab goes offline.
func (b *Bridge) vacate(t *tab, f Fault) {
	u := t.user
	for _, e := range t.inOrder() {
		if e.tab == t {
			e.c.leave(e, f, "")
		}
	}
	b.offline(t)
	delete(t.seats, u.key)
	b.removeTab(t)
	for _, other := range u.tabs {
		if b.stopping {
			break // everybody goes, and hears that from us
		}
		other.sock.Send(web.Message{Type: "left", Room: other.seat.room, Name: t.own.user.name, Reason: faults[cmp.Or(f, Hangup)].leave})
	}
	if len(u.tabs) == 0 {
		b.rooms--
		b.metrics.rooms.Dec()
	}
}

// tell passes on what a member has to say to the others, whatever it is.
func (b *Bridge) tell(t *tab, m web.Message) error {
	if m.Room == "" {
		return b.write(t, m)
	}
	if m.Data == nil {
		return Failed(BadMessage, errors.New("want data in the message"))
	}
	there, err := b.seatIn(t, m.Room)
	if err != nil {
		return err
	}
	if t.words == nil {
		t.words = rate.NewLimiter(relaySecond, relayBurst)
	}
	if !t.words.AllowN(time.Now(), len(m.Data)) {
		b.metrics.limited.WithLabelValues("relayed_bytes").Inc()
		return Failed(TooMuch, errCrowd)
	}
	for _, other := range there.user.tabs {
		if other != there {
			other.sock.Send(web.Message{Type: "message", Room: other.seat.room, Name: t.user.name, Data: m.Data})
		}
	}
	b.ok(t, m, "")
	return nil
}

// seatIn finds a browser's seat in the room of this name.
func (b *Bridge) seatIn(t *tab, room string) (*tab, error) {
	if at, err := b.addressOf(room); err == nil && at.local != "" && t.seats[at.local] != nil {
		return t.seats[at.local], nil
	}
	return nil, Failed(NoCall, fmt.Errorf("you are not in room %q", room))
}

// seatFor finds the seat that a new call is made from; nil for a call outside of rooms. A
// page that knows no rooms does not say in which it calls.
func (b *Bridge) seatFor(t *tab, m web.Message) (*tab, error) {
	if m.Room != "" {
		room, err := b.addressOf(m.Room)
		if err == nil && room.bare != "" {
			if to, err := b.addressOf(m.Name); err != nil || to != room {
				return nil, Failed(Unavailable, fmt.Errorf("%q is not in this room", m.Name))
			}
			return nil, nil // the room is whom it calls
		}
		return b.seatIn(t, m.Room)
	}
	if t.sock.Old() {
		for _, there := range t.inRooms() {
			if b.member(there.user, m.Name) != nil {
				return there, nil
			}
		}
	}
	return nil, nil
}

// member finds somebody in a room by name.
func (b *Bridge) member(u *user, name string) *tab {
	who, err := b.addressOf(name)
	for _, t := range u.tabs {
		if err == nil && t.own.user.is(who) {
			return t
		}
	}
	return nil
}

// beginInRoom is a call from one member to another. Nobody is rung at: both are there for it.
func (b *Bridge) beginInRoom(from *tab, m web.Message, offer []byte) error {
	if !from.calls.AllowN(time.Now(), 1) {
		b.metrics.limited.WithLabelValues("new_calls").Inc()
		return Failed(TooMuch, errCalls)
	}
	to := b.member(from.user, m.Name)
	switch {
	case to == nil:
		return Failed(Unavailable, fmt.Errorf("%q is not in this room", m.Name))
	case to == from:
		return Failed(NotFound, errors.New("that is you"))
	case to.seat.offers:
		return Failed(Incompatible, fmt.Errorf("%q offers itself to whoever comes; wait for its offer", m.Name))
	}
	if first := from.callWith(to); first != nil {
		return Failed(Glare, &glare{first.id})
	}
	c := b.newCall(nil, m.Media)
	me := b.newBrowserEnd(c, from, m.Call, jingle.Initiator)
	me.peer, me.room = to.own.user.name, from.seat.room
	c.caller = me
	return b.ringAt(c, me, b.ringTabs(c, []*tab{to}, from.own.user.name, from.seat.title), m, offer)
}

// callWith finds the call of two members.
func (t *tab) callWith(other *tab) *browserEnd {
	for _, e := range t.ends {
		for _, o := range other.ends {
			if e.tab == t && o.tab == other && e.c == o.c {
				return e
			}
		}
	}
	return nil
}

// mayMeet says whether a member can take a call just now.
func (b *Bridge) mayMeet(e *browserEnd) error {
	switch {
	case e.tab.seat.offers:
		return Failed(Unavailable, errors.New("this member offers itself, and takes no offers"))
	case b.overflows(e):
		return Failed(Busy, fmt.Errorf("room %q is full", e.tab.seat.room))
	}
	return nil
}

// overflows says whether an XMPP user whose call rings in a room would be one too many there.
func (b *Bridge) overflows(e *browserEnd) bool {
	_, xmpp := e.c.caller.(*xmppEnd)
	return xmpp && e.tab.seat != nil && e.c.callee == nil && b.occupied(e.tab.user) >= b.roomSize(e.tab.user, 0)
}
