package component

import (
	"io"
	"net"
	"sync"
	"time"
)

const (
	// writeWait is how long the server may take nothing. It is longer than a server
	// that is stopped for 30 s, and than the self-ping takes to find a dead link.
	writeWait = 40 * time.Second
	// writeSize is the most that one call writes under one deadline.
	writeSize = 256 << 10
)

// queue holds what waits to be sent, in order. Its writer takes all of it at once, so
// that under load one system call carries many stanzas.
type queue struct {
	maxBytes, maxStanzas int

	mu      sync.Mutex
	wake    sync.Cond
	open    bool   // there is a link
	ending  bool   // what waits is still sent, nothing new is taken
	buf     []byte // whole stanzas, one after the other
	spare   []byte // the writer's last buffer, to be filled next
	stanzas int
}

func newQueue(maxBytes, maxStanzas int) *queue {
	q := &queue{maxBytes: maxBytes, maxStanzas: maxStanzas}
	q.wake.L = &q.mu
	return q
}

// push adds a whole stanza. It never waits.
func (q *queue) push(stanza []byte) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.open || q.ending {
		return ErrDown
	}
	if q.stanzas >= q.maxStanzas || len(q.buf)+len(stanza) > q.maxBytes {
		return ErrFull
	}
	q.buf = append(q.buf, stanza...)
	q.stanzas++
	if q.stanzas == 1 {
		q.wake.Signal()
	}
	return nil
}

// take waits for stanzas and returns all of them, or nil at the end. They are valid
// until the next call.
func (q *queue) take() []byte {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.open && !q.ending && len(q.buf) == 0 {
		q.wake.Wait()
	}
	if !q.open || len(q.buf) == 0 {
		return nil
	}
	taken := q.buf
	q.buf, q.spare, q.stanzas = q.spare[:0], taken, 0
	if cap(taken) > keepSize && len(taken) < cap(taken)/4 {
		q.spare = nil // grown in a rush that is over
	}
	return taken
}

// begin opens the queue for a new link.
func (q *queue) begin() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.open, q.ending, q.buf, q.stanzas = true, false, q.buf[:0], 0
}

// finish lets the writer send what waits, and refuses what comes after.
func (q *queue) finish() { q.set(func() { q.ending = true }) }

// drop closes the queue and forgets what waits: after a broken link nobody knows how
// much of it arrived.
func (q *queue) drop() { q.set(func() { q.open, q.buf, q.stanzas = false, q.buf[:0], 0 }) }

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

// writeTo writes until the queue is dropped, or finished and empty. It is the one
// goroutine that writes on a link once it is up.
func (q *queue) writeTo(c net.Conn) error {
	for {
		stanzas := q.take()
		if stanzas == nil {
			return nil
		}
		if err := writeAll(c, stanzas); err != nil {
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
