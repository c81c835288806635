package component

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

// selfPing is a ping from our domain to our domain. When it comes back, the link and
// the server's route to us are alive. It carries a nonce of this process: another
// nonce is another bridge on our domain, which ejabberd allows without a word.
type selfPing struct {
	nonce string

	mu     sync.Mutex
	number int
	sent   time.Time // zero when none is under way
	missed int       // in a row, while other stanzas came
}

const (
	pingPrefix = "self-ping:"
	// missedTwin are as many lost pings on a living link as say that somebody else gets
	// them; after missedRoute the route is not worth keeping.
	missedTwin, missedRoute = 2, 4
	twinMemory              = 5 * time.Minute
)

func newSelfPing() *selfPing { return &selfPing{nonce: newID()} }

// begin forgets what was under way on an earlier link.
func (p *selfPing) begin() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent, p.missed = time.Time{}, 0
}

// next returns the id of a new ping.
func (p *selfPing) next() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.number++
	p.sent = time.Now()
	return fmt.Sprintf("%s%s:%d", pingPrefix, p.nonce, p.number)
}

// back takes a ping with our nonce; false when it is not the one under way.
func (p *selfPing) back(number string) (rtt time.Duration, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sent.IsZero() || number != fmt.Sprint(p.number) {
		return 0, false
	}
	rtt = time.Since(p.sent)
	p.sent, p.missed = time.Time{}, 0
	return rtt, true
}

// underWay returns when the last ping was sent, zero when it has come back.
func (p *selfPing) underWay() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sent
}

// miss gives a ping up and returns how many in a row.
func (p *selfPing) miss() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.missed++
	p.sent = time.Time{}
	return p.missed
}

// ping sends one. It is an IQ that is never answered: that it arrives is the answer.
func (c *Component) ping() {
	var w element.Writer
	w.Start(NS, "iq")
	w.Attr("type", "get")
	w.Attr("id", c.self.next())
	w.Attr("from", c.domain)
	w.Attr("to", c.domain)
	w.Empty(nsPing, "ping")
	w.End()
	if err := c.Send(w.Bytes()); err != nil {
		c.log.Debug("ping not sent", "err", err)
	}
}

// checkPing looks at the ping under way and sends the next; an error ends the link.
func (c *Component) checkPing(heard time.Time) error {
	sent := c.self.underWay()
	switch {
	case sent.IsZero():
		c.ping()
		return nil
	case time.Since(sent) < c.timing.pingWait:
		return nil
	case c.busy.Load():
		return nil // the Handler keeps us from reading: that is not the link's fault
	case !heard.After(sent):
		if time.Since(c.born)-time.Duration(c.free.Load()) < c.timing.pingWait {
			return nil // and we may have begun to read again only now
		}
		return errNoAnswer
	}
	switch missed := c.self.miss(); {
	case missed >= missedRoute:
		return fmt.Errorf("%w: pings to ourselves do not arrive", errNoAnswer)
	case missed >= missedTwin:
		c.sawTwin("pings to ourselves do not arrive")
	}
	c.ping()
	return nil
}

// keeps takes a ping to ourselves: an IQ from our domain to our domain, whatever became of it.
func (c *Component) keeps(s *Stanza) bool {
	rest, found := strings.CutPrefix(s.ID, pingPrefix)
	if !found || s.Name() != "iq" || s.From != c.domain || s.To != c.domain {
		return false
	}
	if s.Type != "get" {
		return true // sent back by the server: no route, so it counts as lost
	}
	nonce, number, _ := strings.Cut(rest, ":")
	if nonce != c.self.nonce {
		c.sawTwin("a ping of another bridge came")
		return true
	}
	if rtt, ok := c.self.back(number); ok {
		c.metrics.rtt.Observe(rtt.Seconds())
		c.mu.Lock()
		c.proven = time.Now()
		c.mu.Unlock()
		c.Twin() // also tells the metric when it is over
	}
	return true
}

func (c *Component) sawTwin(how string) {
	c.mu.Lock()
	known := !c.twin.IsZero() && time.Since(c.twin) < twinMemory
	c.twin = time.Now()
	c.mu.Unlock()
	c.metrics.twin.Set(1)
	if !known {
		c.log.Error("another bridge uses our domain", "domain", c.domain, "err", how,
			"advice", "half of the calls go astray: stop one of the two; ejabberd lets both attach")
	}
}

// Twin says whether another bridge was seen on our domain in the last five minutes:
// then the server gives each of the two a part of the stanzas, and neither is ready.
func (c *Component) Twin() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.twin.IsZero() && time.Since(c.twin) < twinMemory {
		return true
	}
	c.metrics.twin.Set(0)
	return false
}
