package tutorial

import (
	"encoding/json"
	"time"
)

// An offer toward a codelab page may have to wait until the page can take it.

// held is an offer and the candidates after it.
type held struct {
	call string
	said []json.RawMessage
}

const (
	// mediaTime is how long an offer waits for "got user media", which only the page of step 05
	// ever says. COMPAT codelab step 05: drops an offer that comes before its camera is on, and
	// throws at the next candidate.
	mediaTime = 3 * time.Second
	maxHeld   = 128 // messages
)

// offer gives the page an offer, or holds it.
func (c *codelab) offer(description json.RawMessage) {
	wait := mediaTime - time.Since(c.since)
	if c.media || wait <= 0 {
		c.socket.Emit("message", description)
		return
	}
	c.drop()
	c.held = held{c.call.id, []json.RawMessage{description}}
	c.timer = time.AfterFunc(wait, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.release()
	})
}

// release gives the page what was held for it.
func (c *codelab) release() {
	said := c.held.said
	if c.held.call != c.call.id {
		said = nil
	}
	c.drop()
	for _, data := range said {
		c.socket.Emit("message", data)
	}
}

func (c *codelab) drop() {
	c.held = held{}
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
}
