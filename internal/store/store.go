// Package store keeps on disk what outlives a restart: names, contacts, which tabs were
// told as online, missed calls, records of calls, and links that were used. It knows
// neither XMPP nor who asks.
//
// It is one SQLite file. One goroutine writes; what has queued up while it waited for the
// disk goes into its next transaction together. Whoever asks hears that a change is kept
// only after it is on disk. When nothing can be written any more, the store says so, gives
// what it has, and goes on as soon as there is room again.
package store

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"
)

// Errors of this package, to be compared with errors.Is.
var (
	ErrNewer    = errors.New("the store was written by a newer version")
	ErrCorrupt  = errors.New("the store is damaged")
	ErrLocked   = errors.New("the store is in use by another process")
	ErrReadOnly = errors.New("the store cannot be written")
	ErrClosed   = errors.New("the store is closed")
	ErrFull     = errors.New("too many changes are waiting for the disk")
	ErrLimit    = errors.New("there is no room for more of these")
	ErrUsed     = errors.New("it was used before")
	ErrInvalid  = errors.New("the change cannot be stored")
)

const (
	maxQueue = 16384 // changes that wait: every tab of a full server goes offline at once
	maxGroup = 1024  // changes in one transaction, so that the first need not wait for many others
)

// Store is an open store. Its methods may be called from any goroutine.
type Store struct {
	path    string
	log     *slog.Logger
	metrics *metrics
	unlock  func() error
	retry   time.Duration // between two attempts to write again
	wake    chan struct{} // holds one token when there is something to do; never closed
	done    chan struct{} // closed when run has ended
	ended   error         // what Close says; written before done is closed

	mu     sync.Mutex // never held while waiting
	queue  []job
	broken error // why nothing can be written; nil as long as it can
	closed bool

	files sync.Mutex // held while somebody other than the writer opens or reads the file
	w     *writer    // nil while broken; owned by run
}

// job is one change in the queue.
type job struct {
	change Change
	done   func(error)
}

// Open opens the store at path, and makes it when there is none. Its directory must exist.
// What an older version wrote is brought up to date.
//
// ErrLocked, ErrNewer and ErrCorrupt say what they mean. When the disk is full, or nothing
// there may be written, but all can be read, Open succeeds: see Writable.
func Open(path string, log *slog.Logger) (*Store, error) {
	s, err := open(path, log)
	if err != nil {
		return nil, fmt.Errorf("open store %q: %w", path, err)
	}
	go s.run()
	return s, nil
}

func open(path string, log *slog.Logger) (*Store, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	unlock, err := lock(path + ".lock")
	if err != nil {
		return nil, err
	}
	s := &Store{
		path: path, log: log, unlock: unlock, retry: 5 * time.Second,
		wake: make(chan struct{}, 1), done: make(chan struct{}),
	}
	s.metrics = newMetrics(s.queued)
	if err := s.begin(); err != nil {
		return nil, errors.Join(err, unlock())
	}
	return s, nil
}

// begin opens the file for writing or, where that is not possible, makes sure that it can be read.
func (s *Store) begin() error {
	steps, err := steps()
	if err != nil {
		return err
	}
	if err := create(s.path, steps); err != nil {
		return err
	}
	if err := recognize(s.path); err != nil {
		return err
	}
	if err := restrict(s.path, s.log); err != nil {
		return err
	}
	w, err := openWriter(s.path)
	if err == nil {
		if err = w.prepare(steps); err == nil {
			s.w = w
			return nil
		}
		w.close()
	}
	if !errors.Is(err, ErrReadOnly) {
		return damage(err)
	}
	if unread := checkReadable(s.path, len(steps)); unread != nil {
		return fmt.Errorf("%w; to read it: %w", err, unread)
	}
	s.broken = err
	s.metrics.writable.Set(0)
	s.log.Error("store cannot be written", "err", err)
	return nil
}

// Do queues a change and returns at once. An error means that it was refused, and done is
// not called: ErrFull, ErrReadOnly, ErrClosed, or ErrInvalid. Else done is called once:
// with nil when the change is safe on disk, and with the reason when it is not stored:
// ErrLimit, ErrUsed, ErrReadOnly. Changes are made, and their done is called, in the order
// of Do.
//
// All done are called by one goroutine, and none may wait for the store. A nil done is allowed.
func (s *Store) Do(c Change, done func(error)) error {
	if err := c.check(); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return ErrClosed
	case s.broken != nil:
		return s.broken
	case len(s.queue) >= maxQueue:
		s.metrics.refused.Inc()
		return ErrFull
	}
	s.queue = append(s.queue, job{c, done})
	s.poke()
	return nil
}

// Writable says why no change is stored any more, or nil. The store tries again every few
// seconds by itself, except when its file is damaged.
func (s *Store) Writable() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	return s.broken
}

// Close stores what is queued, and closes the file. Later calls wait for the first.
func (s *Store) Close() error {
	s.mu.Lock()
	s.closed = true
	s.poke()
	s.mu.Unlock()
	<-s.done
	return s.ended
}

// poke wakes the writer.
func (s *Store) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *Store) queued() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.queue)
}
