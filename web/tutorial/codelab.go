package tutorial

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/jinglebridge/jinglebridge/web"
)

// codelab is a page of the codelab. Whoever is greeted with "created" makes the offer, always,
// and may throw when it gets one; whoever is greeted with "joined" waits for it.
//
//	page says                           bridge hears
//	create or join (room)               join, first as one that takes offers
//	message ({type:"offer",sdp}, …)     offer, answer, candidate
//	message ("bye")                     leave of the call
//	message (anything else)             message
//	bye                                 leave of the room
//	ipaddr                              nothing
type codelab struct {
	*page

	// With mu.
	since time.Time   // when it was greeted with joined
	media bool        // it can take an offer
	held  held        // what waits for that
	timer *time.Timer // and how long
	early bool        // the newcomer said "got user media" before this page was told of it
}

func newCodelab(p *page) dialect { return &codelab{page: p} }

func (c *codelab) event(name string, args []json.RawMessage) {
	switch name {
	case "create or join":
		if c.enter(first(args), nil) {
			c.greetAgain()
		}
	case "message":
		c.heard(first(args))
	case "bye":
		c.exit()
	case "ipaddr":
		c.seeing() // COMPAT codelab step 06: asks for it first thing, and needs no camera to answer
		for _, ip := range c.server.addresses(c.guest) {
			c.socket.Emit("ipaddr", quote(ip))
		}
	default:
		c.tell("unknown event " + strconv.Quote(clip(name)))
	}
}

// heard takes what the page says to the other one.
func (c *codelab) heard(data json.RawMessage) {
	switch string(data) {
	case `"bye"`:
		c.hangUp()
		return
	case `"got user media"`:
		c.seeing()
	}
	var said codelabMessage
	if data[0] == '{' {
		if err := web.Members(data, said.member); err != nil {
			c.tell(err.Error())
			return
		}
	}
	switch string(said.kind) {
	case `"offer"`:
		if !c.sayOffer(data) {
			c.unheard()
		}
	case `"answer"`:
		c.sayAnswer(data)
	case `"candidate"`:
		c.heardLabelled(said)
	default:
		c.tellOther(data)
	}
}

// seeing notes that the page can take an offer from now on.
func (c *codelab) seeing() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.media = true
	c.release()
}

// codelabMessage is a message about a call, as far as it is read here.
type codelabMessage struct{ kind, label, id, candidate json.RawMessage }

func (m *codelabMessage) member(key string, value json.RawMessage) error {
	var into *json.RawMessage
	switch key {
	case "type":
		into = &m.kind
	case "label":
		into = &m.label
	case "id":
		into = &m.id
	case "candidate":
		into = &m.candidate
	default:
		return nil
	}
	if *into != nil {
		return errors.New(key + " twice")
	}
	*into = value
	return nil
}

func (m *codelabMessage) usable() bool {
	digit := len(m.label) > 0 && '0' <= m.label[0] && m.label[0] <= '9'
	return len(m.candidate) > 0 && m.candidate[0] == '"' && (m.id == nil || m.id[0] == '"' || m.id[0] == 'n') &&
		(m.label == nil || digit || m.label[0] == 'n')
}

// heardLabelled makes an RTCIceCandidateInit of the page's candidate.
func (c *codelab) heardLabelled(said codelabMessage) {
	if !said.usable() {
		c.tell("want a candidate and an id that are strings, and a label that is a number")
		return
	}
	candidate := append(message(`{"candidate":`), said.candidate...)
	if said.id != nil {
		candidate = candidate.raw("sdpMid", said.id)
	}
	if said.label != nil {
		candidate = candidate.raw("sdpMLineIndex", said.label)
	}
	c.sayCandidate(c.message("candidate").raw("candidate", append(candidate, '}')))
}

// settle greets the page as what it can be in the room as it is.
func (c *codelab) settle() {
	r := c.room
	switch {
	case r.peer.Name == "" && r.offers == r.awaited:
		c.ask(!r.awaited) // whom XMPP users may call takes offers; who waits for pages makes them
	case r.peer.Offers && r.offers: // one of the two will give in, or neither can be helped
	default:
		c.greet(r.offers || r.peer.Name != "" && !r.later && !r.peer.Offers)
	}
}

func (c *codelab) greet(creator bool) {
	r := c.room
	told := "joined"
	if creator {
		told = "created"
	}
	anew := r.told != told
	r.told = told
	if anew {
		c.tell(told + " room " + clip(r.name))
		c.socket.Emit(told, r.raw, quote(c.socket.ID()))
	}
	switch {
	case !creator && anew:
		c.since = time.Now()
		c.socket.Emit("ready", r.raw)
	case creator && r.peer.Name != "":
		c.socket.Emit("join", r.raw)
		c.socket.Emit("ready", r.raw)
		// COMPAT codelab step 05: makes its offer when the other page says this. One that has
		// just come and is of the codelab says so itself; all others do not, or have.
		if _, page := c.server.pages.Load(r.peer.Name); !page || !r.later || c.early {
			c.socket.Emit("message", json.RawMessage(`"got user media"`))
		}
		c.early = false
	}
}

// greetAgain answers a page that is in the room already. To one that has company another
// greeting would mean another connection.
func (c *codelab) greetAgain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.room; r != nil && r.peer.Name == "" && r.told != "" {
		r.told = ""
		c.greet(r.offers)
	}
}

// unheard has a page that is alone forget its offer, and greets it anew.
// COMPAT codelab step 05: when its camera comes on after the other one has left, it offers to
// nobody, and to whoever comes next it does not offer any more.
func (c *codelab) unheard() {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.room
	if r == nil || r.peer.Name != "" {
		return
	}
	c.socket.Emit("message", json.RawMessage(`"bye"`))
	if r.told != "" {
		r.told = ""
		c.greet(r.offers)
	}
}

func (c *codelab) crowded(room json.RawMessage) { c.socket.Emit("full", room) }

// parted says so, and asks how to greet the page that is alone again: what it was it may
// have forgotten, and XMPP users may have come to know the room.
func (c *codelab) parted() {
	c.early = false
	c.socket.Emit("bye")
	if r := c.room; !r.person() {
		r.told = ""
		c.ask(r.offers)
	}
}

func (c *codelab) answer(description json.RawMessage) { c.socket.Emit("message", description) }

// candidate says the m-line both ways: step 05 reads its index, step 06 its mid, too. Without
// an index it is taken for the first, which the others are bundled with.
func (c *codelab) candidate(_ json.RawMessage, ice web.ICECandidate) {
	m := message(`{"type":"candidate"`).number("label", max(0, ice.SDPMLineIndex))
	if ice.SDPMid == "" {
		m = m.raw("id", []byte("null"))
	} else {
		m = m.text("id", ice.SDPMid)
	}
	m = append(m.text("candidate", ice.Candidate), '}')
	if c.held.call == "" || c.held.call != c.call.id {
		c.socket.Emit("message", json.RawMessage(m))
	} else if len(c.held.said) < maxHeld {
		c.held.said = append(c.held.said, json.RawMessage(m))
	}
}

// relay keeps "got user media" for a page that has not been told yet that there is another:
// step 05 would not listen.
func (c *codelab) relay(data json.RawMessage) {
	if r := c.room; r != nil && r.asked != "" && string(data) == `"got user media"` {
		c.early = true
		return
	}
	c.socket.Emit("message", data)
}

// over tells a page that has heard of the call that it has ended.
func (c *codelab) over(call, with string) {
	unheard := c.held.call == call
	c.drop()
	if !unheard {
		c.socket.Emit("message", json.RawMessage(`"bye"`))
		// COMPAT codelab step 06: has no other way back to where it takes an offer than to be
		// loaded anew, and does that when a member leaves. An XMPP user is none, and has left.
		if c.room != nil && !c.room.person() && strings.Contains(with, "@") {
			c.socket.Emit("bye")
		}
	}
}

func (c *codelab) close() { c.drop() }

// tell logs something in the page's console, as the codelab's server does.
func (c *codelab) tell(text string) {
	line, _ := json.Marshal([]string{"Message from server:", text}) // of strings never fails
	c.socket.Emit("log", line)
}
