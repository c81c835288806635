// Package web is the browsers' side: one WebSocket per browser, JSON and HTTP. It knows
// no XMPP.
package web

import (
	"encoding/json"
)

// Message is one JSON message of docs/protocol.md, either way. Empty fields are not
// written. Strings were checked when they came in: UTF-8, characters that XML allows, length.
type Message struct {
	Type string
	Name string          // the other party; in login one's own
	ID   json.RawMessage // request id, a string or a number, echoed as it came
	Call string

	// The payload as the browser sent it, compacted, otherwise untouched; nil when missing.
	Offer, Answer, Candidate json.RawMessage
	Candidates               []json.RawMessage

	Media   []string
	Reason  string
	Text    string // JSON "message"
	Title   string
	Timeout int // seconds; 0 not said
	Code    string
	Retry   float64 // seconds

	// Rooms.
	Room    string
	Self    string          // answer to join: one's own name there
	Members []Member        // answer to join
	Max     int             // join: how many may be in the room; 0 not said
	Offers  bool            // join, joined: this member offers to whoever comes, and takes no offers
	Awaited bool            // answer to join: XMPP users have the room as a contact
	Data    json.RawMessage // "message" in a room: any JSON

	At int64 // missed, message to a person: Unix seconds; 0 not said

	Show, Status string // presence
	Priority     int    // presence, from the browser

	// Contacts.
	Items  []Item // roster, to the browser
	Push   bool   // roster, to the browser: only what has changed, unasked
	More   bool   // roster, to the browser: a part of the list, and more will come
	Last   bool   // roster, to the browser: the last part of a list that came in several
	Set    *Item  // roster, from the browser: Name, Title and Groups; nil when nothing is set
	Remove string // roster, from the browser: this contact goes

	// Messages to a person.
	Body string // as typed, 1 to 4,000 characters; "" none
	Mid  string // to the browser: the same message has the same
	Sent bool   // to the browser: one's own, from another tab; Name is whom it is for

	V               int             // login
	Page            string          // login, from the browser: as a visitor of this page
	Caps            []string        // login
	Password, Token string          // login, from the browser
	Resume          *Resume         // login, from the browser; nil when not asked for
	Login           *Login          // server's answer to login; nil otherwise
	Info            json.RawMessage // the keys of "info" beside type, name and call, as one object
	IceServers      []IceServer     // ice
	TTL             int
	Reconnect       float64 // shutdown
	Resumable       bool    // shutdown: JSON "resume"

	Early bool // accept, to the browser: send your offer now, though nobody has answered yet

	Seq uint64 // number of a message to a resumable session; 0 none
}

// Member is somebody in a room, as a newcomer hears of it.
type Member struct {
	Name, Title string
	Offers      bool
}

// Item is a contact, as its owner sees it (RFC 6121 §2.1.2). One whose Subscription is
// "remove" is none any more.
type Item struct {
	Name, Title  string
	Groups       []string
	Subscription string // none, to, from, both, remove
	Ask          bool   // asked for its presence, and not answered yet
	Blocked      bool   // neither seen nor heard
	Show, Status string
	Media        []string // what it can be called with
}

// Resume asks for an earlier session, of which the browser saw the messages up to Seq.
type Resume struct {
	Session string
	Seq     uint64
}

// Login is the server's answer to a login. An old client gets {"type":"login","success":…} only.
type Login struct {
	Success bool
	// success, v1:
	JID, Session    string
	Resumed         bool
	Hold, Ping, Max int // Ping and Max are filled in by the Session when they are zero
	Caps            []string
	IceServers      []IceServer
	TTL             int
	Expires         int64 // Unix seconds; 0 never
	// refusal, v1:
	Code, Text string
	Methods    []string
	Retry      float64
}

// IceServer is W3C's RTCIceServer.
type IceServer struct {
	URLs       []string
	Username   string
	Credential string
}

// known are the types of docs/protocol.md. A client may say those that are true here; the
// others are the server's alone.
var known = map[string]bool{
	"login": true, "offer": true, "answer": true, "candidate": true, "leave": true,
	"invite": true, "ringing": true, "accept": true, "info": true,
	"presence": true, "roster": true, "subscribe": true, "subscribed": true,
	"unsubscribe": true, "unsubscribed": true, "block": true, "unblock": true, "join": true, "message": true, "ice": true, "ping": true,
	"ok": false, "error": false, "joined": false, "left": false, "missed": false, "receipt": false, "pong": false, "shutdown": false,
}

// tutorial are the types that the tutorials' servers know, and join, for pages that grow.
var tutorial = map[string]bool{
	"login": true, "offer": true, "answer": true, "candidate": true, "leave": true, "join": true,
}
