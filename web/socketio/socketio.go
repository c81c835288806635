// Package socketio speaks Engine.IO 3 and 4 and the Socket.IO on top of them (clients 1.x to
// 4.x): sessions over long polling and WebSockets, with events in the namespace "/" both
// ways. It knows neither calls nor rooms. What it leaves out it refuses by name: other
// namespaces, binary, and acknowledgements, which are never sent.
package socketio

import (
	"cmp"
	"encoding/json"
	"log/slog"
	"net/http"
	"time"
)

// Config says how a Server behaves. Accept and CheckOrigin must be set; of the others what
// is not above zero means the default.
type Config struct {
	// Accept decides about a new session and gives its Client, whose Closed is called
	// whatever becomes of the session. When it says no it has answered the request.
	Accept func(w http.ResponseWriter, r *http.Request) (c Client, ok bool)
	// CheckOrigin is asked at every request; its error becomes a 403 with its text.
	CheckOrigin func(*http.Request) error

	PingInterval time.Duration // 25 s
	PingTimeout  time.Duration // 20 s
	WriteTimeout time.Duration // 5 s for one packet or answer to leave

	MaxPayload    int // bytes of one request body or WebSocket message: 65,536
	QueueMessages int // packets waiting for a slow client: 256
	QueueBytes    int // and their bytes: 262,144

	Log *slog.Logger
}

// Client is what stands behind one session. Its methods are called one at a time, in order.
type Client interface {
	// Connected is called once, when the namespace "/" is connected.
	Connected(*Socket)
	// Event takes one event. It may block, which is the backpressure the page feels. args
	// are views of a buffer that is used again: copy what is kept. They are UTF-8, not
	// empty, and each at most one value; whether it is JSON is for who reads it to check.
	Event(name string, args []json.RawMessage)
	// Closed is called once, at the end; also of a session that never connected.
	Closed()
}

func (c Config) withDefaults() Config {
	c.PingInterval = or(c.PingInterval, 25*time.Second)
	c.PingTimeout = or(c.PingTimeout, 20*time.Second)
	c.WriteTimeout = or(c.WriteTimeout, 5*time.Second)
	c.MaxPayload = or(c.MaxPayload, 65_536)
	c.QueueMessages = or(c.QueueMessages, 256)
	c.QueueBytes = or(c.QueueBytes, 262_144)
	c.Log = cmp.Or(c.Log, slog.New(slog.DiscardHandler))
	return c
}

func or[T int | time.Duration](value, standard T) T {
	if value <= 0 {
		return standard
	}
	return value
}

// silence is how long nothing may be heard of a client.
func (c *Config) silence() time.Duration { return c.PingInterval + c.PingTimeout }

// patience is how long a request body, an upgrade, or the last poll of a session may take.
func (c *Config) patience() time.Duration { return min(10*time.Second, c.PingTimeout) }

// farewell is how long a client may take to hang up after its goodbye or ours.
func (c *Config) farewell() time.Duration { return min(2*time.Second, c.PingTimeout) }
