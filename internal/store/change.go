package store

import (
	"errors"
	"fmt"
	"time"
)

// Limits of what is kept. What goes beyond is ErrLimit, except that new missed calls and
// new records of calls take the place of the oldest.
const (
	MaxContacts = 1000    // of a name
	MaxPending  = 100     // requests to a name that wait for its answer
	MaxMissed   = 50      // calls of a name
	MaxRows     = 1000000 // of all names, contacts, tabs, missed calls, used links, and records of calls, each

	maxValue = 3071 // bytes of a value; the longest JID (RFC 7622 §3.1)
)

// Change is one change of the store. It is made whole or not at all.
type Change interface {
	check() error          // whether it can be stored; asks only itself
	apply(w *writer) error // within a transaction; refuses before it writes
}

// Name is somebody who logs in.
type Name struct {
	Local  string // the local part of the JID; what Name is known by here
	Name   string // as it is shown
	Method string // how it was proved
}

// Contact is an entry in the contact list of a name (RFC 6121 §2.1).
type Contact struct {
	Local, Bare string // whose list; who is in it
	From, To    bool   // sees us; we see it
	Asked       bool   // our request to see it is out
	Pending     bool   // its request waits for an answer
	Greeted     bool   // sees us without a subscription, because we called
	Listed      bool   // put into the list by hand
	Approved    bool   // may see us as soon as it asks
	Blocked     bool   // neither seen nor heard
	Title       string // what it is called
	Message     string // what its request said
	Groups      string // where it is put, one to a line
}

// Call is a call that a name has missed.
type Call struct {
	Local       string // who was called
	From, Title string // who called
	Media       string
	At          time.Time
}

// Changes of who is known. A name that is dropped takes its contacts and missed calls
// with it: the next one of that name is somebody else.
type (
	PutName     Name
	DropName    struct{ Local string }
	PutContact  Contact
	DropContact struct{ Local, Bare string }
)

// Online notes, before it is so, that a tab is told as available; Offline, after it is so,
// that it is told as gone. What is online when the store is opened again is a ghost.
type (
	Online  struct{ JID string }
	Offline struct{ JID string }
)

// Missed keeps a missed call; TakeMissed forgets those of a name, who has been told.
type (
	Missed     Call
	TakeMissed struct{ Local string }
)

// CallRecord is what an operator can look up about a call that has ended.
type CallRecord struct {
	ID, Direction          string
	From, To               string
	Media                  string
	Began, Answered, Ended time.Time // not answered: zero
	Reason                 string
}

// UseOnce marks something that counts once as used; ErrUsed if it was used before. It is
// remembered until Until, which it must have: what never ends would be kept for ever.
type UseOnce struct {
	ID    string
	Until time.Time
}

// Prune forgets missed calls and records of calls from before a time, and what could be
// used until then: up to 10,000 of each, so that others need not wait long.
type Prune struct{ Before time.Time }

func (c PutName) check() error     { return key(c.Local, c.Name, c.Method) }
func (c DropName) check() error    { return key(c.Local) }
func (c DropContact) check() error { return errors.Join(key(c.Local), key(c.Bare)) }
func (c Online) check() error      { return key(c.JID) }
func (c Offline) check() error     { return key(c.JID) }
func (c TakeMissed) check() error  { return key(c.Local) }
func (c Prune) check() error       { return nil }

func (c PutContact) check() error {
	return errors.Join(key(c.Local, c.Title, c.Message, c.Groups), key(c.Bare))
}

func (c UseOnce) check() error {
	if c.Until.IsZero() {
		return errors.New("it has no end")
	}
	return key(c.ID)
}

func (c Missed) check() error { return key(c.Local, c.From, c.Title, c.Media) }

func (c CallRecord) check() error {
	return key(c.ID, c.Direction, c.From, c.To, c.Media, c.Reason)
}

// key checks what a row is found by, and the values beside it. A key of nothing is
// nobody's: it stands for all together in the tally.
func key(key string, values ...string) error {
	if key == "" {
		return errors.New("its key is empty")
	}
	for _, v := range append(values, key) {
		if len(v) > maxValue {
			return fmt.Errorf("a value of %d bytes, want at most %d", len(v), maxValue)
		}
	}
	return nil
}
