package component

import (
	"io"
	"net"
	"sync"
	"time"
)

const (
	// streamEnd are a stream's last words.
	streamEnd = "</stream:stream>"
	// writeWait is how long the server may take nothing. It is longer than a server
	// that is stopped for 30 s, and than the self-ping takes to find a dead link.
	writeWait = 40 * time.Second
	// keepSize is the biggest buffer that is kept though little of it is used.
	keepSize = 256 << 10
	// writeSize is the most that one call writes under one deadline.
	writeSize = 256 << 10
)

// queue holds what waits to be sent, in order. Its writer takes all of it at once, so
// that under load one system call carries many stanzas.
type queue struct {
	maxBytes, maxStanzas int
	writer               func() // started when there is something to write; nil: one waits in take

	mu      sync.Mutex
	wake    sync.Cond
	open    bool   // there is a link
	ending  bool   // what waits is still sent, nothing new is taken
	buf     []byte // whole stanzas, one after the other
	spare   []byte // the writer's last buffer, to be filled next
	stanzas int
	writing bool // a writer that was started runs
}

func newQueue(maxBytes, maxStanzas int) *queue {
	q := &queue{maxBytes: maxBytes, maxStanzas: maxStanzas}
	q.wake.L = &q.mu
	return q
}

// push adds a whole stanza, given in two parts. It never waits.
func (q *queue) push(begin, rest []byte) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.open || q.ending {
		return ErrDown
	}
	if q.stanzas >= q.maxStanzas || len(q.buf)+len(begin)+len(rest) > q.maxBytes {
		return ErrFull
	}
	q.buf = append(append(q.buf, begin...), rest...)
	q.stanzas++
	if q.stanzas == 1 {
		q.summon()
	}
	return nil
}

// summon sees to it that somebody writes what waits.
func (q *queue) summon() {
	switch {
	case q.writer == nil:
		q.wake.Signal()
	case !q.writing:
		q.writing = true
		go q.writer()
	}
}

// take returns all stanzas that wait, or nil at the end; they are valid until the next
// call. Where a writer is started when it is needed, the end is when nothing waits.
func (q *queue) take() []byte {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.writer == nil && q.open && !q.ending && len(q.buf) == 0 {
		q.wake.Wait()
	}
	if !q.open || len(q.buf) == 0 {
		q.rest()
		return nil
	}
	taken := q.buf
	q.buf, q.spare, q.stanzas = q.spare[:0], taken, 0
	if cap(taken) > keepSize && len(taken) < cap(taken)/4 {
		q.spare = nil // grown in a rush that is over
	}
	return taken
}

// rest notes that nobody writes any more. A queue that writes by need keeps no memory for
// it; q.mu is held.
func (q *queue) rest() {
	if q.writer == nil {
		return
	}
	q.writing, q.spare = false, nil
	if len(q.buf) == 0 {
		q.buf = nil
	}
	q.wake.Broadcast()
}

// begin opens the queue for a new link.
func (q *queue) begin() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.open, q.ending, q.buf, q.stanzas = true, false, q.buf[:0], 0
}

// finish lets the writer send what waits and these last words, and refuses what comes after.
func (q *queue) finish(last string) {
	q.set(func() {
		if !q.open || q.ending {
			return
		}
		q.ending = true
		q.buf = append(q.buf, last...)
		q.summon()
	})
}

// drop closes the queue and forgets what waits: after a broken link nobody knows how
// much of it arrived.
func (q *queue) drop() { q.set(func() { q.open, q.buf, q.stanzas = false, q.buf[:0], 0 }) }

// settle waits until nobody writes: after drop, and when the connection is closed.
func (q *queue) settle() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.writing {
		q.wake.Wait()
	}
}

func (q *queue) set(change func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	change()
	q.wake.Broadcast()
}

func (q *queue) length() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.stanzas
}

func (q *queue) up() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.open && !q.ending
}

// writeTo writes until take says that it is the end. It is the one goroutine that writes on
// a link once it is up.
func (q *queue) writeTo(c net.Conn) error {
	for {
		stanzas := q.take()
		if stanzas == nil {
			return nil
		}
		if err := writeAll(c, stanzas); err != nil {
			q.set(q.rest)
			return err
		}
	}
}

// writeAll writes with a deadline of our own for each piece. After an error half a
// stanza may be out: the link is of no use any more.
func writeAll(c net.Conn, b []byte) error {
	for len(b) > 0 {
		piece := b[:min(len(b), writeSize)]
		if err := c.SetWriteDeadline(time.Now().Add(writeWait)); err != nil {
			return err
		}
		n, err := c.Write(piece)
		if err != nil {
			return err
		}
		if n < len(piece) {
			return io.ErrShortWrite
		}
		b = b[n:]
	}
	return nil
}
