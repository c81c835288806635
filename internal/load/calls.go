package main

import (
	"fmt"
	"slices"
	"time"
)

// calls are calls that one page makes, one after the other, while something else happens.
type calls struct {
	page  *page
	stop  chan struct{}
	ended chan struct{}

	took   []time.Duration
	failed []error
}

// callers is how far the page's number is from those of the users, so that it has an address of its own.
const callers = 60_000

var pageNumber = callers

// call begins to make calls to people of the town until halt.
func (s *stage) call() (*calls, error) {
	pageNumber++
	p, err := open(s.daemon.page, pageNumber, fmt.Sprint("caller", pageNumber), "")
	if err != nil {
		return nil, err
	}
	c := &calls{page: p, stop: make(chan struct{}), ended: make(chan struct{})}
	go c.run()
	return c, nil
}

// pause lies between two calls.
const pause = 20 * time.Millisecond

func (c *calls) run() {
	defer close(c.ended)
	for n := 0; ; n++ {
		took, err := c.page.call(fmt.Sprintf("callee%d@%s", n%10, people), fmt.Sprintf("%s-%d", c.page.name, n))
		if err != nil {
			c.failed = append(c.failed, err)
		} else {
			c.took = append(c.took, took)
		}
		select {
		case <-c.stop:
			return
		case <-c.page.gone:
			return
		case <-time.After(pause):
		}
	}
}

// halt ends the last call, and reports all.
func (c *calls) halt(t *table, when string) {
	close(c.stop)
	<-c.ended
	c.page.close()
	slices.Sort(c.took)
	if len(c.took) > 0 {
		t.note("  calls made "+when, "%d, half of them set up in %s", len(c.took), round(c.took[len(c.took)/2]))
		t.within("  the slowest of them", c.took[len(c.took)-1], time.Second)
	}
	t.exactly("  calls that failed", len(c.failed), 0)
	if len(c.failed) > 0 {
		t.note("  the first of them", "%v", c.failed[0])
	}
}
