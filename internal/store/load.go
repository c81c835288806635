package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"time"
)

// State is what the store knows of people. Times have come down to milliseconds, in UTC.
type State struct {
	Names    []Name    // by Local
	Contacts []Contact // by Local, then Bare
	Online   []string  // JIDs of tabs that were told as available and not as gone
	Missed   []Call    // oldest first
}

// Load reads all at once, as of one moment. Every row is checked, and that none has
// vanished: ErrCorrupt, or all that was acknowledged.
func (s *Store) Load(ctx context.Context) (State, error) {
	var state State
	err := s.read(func(db *sql.DB) error {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return named(err)
		}
		defer tx.Rollback()
		state, err = load(ctx, tx)
		return damage(err)
	})
	if err != nil {
		return State{}, fmt.Errorf("load from %q: %w", s.path, err)
	}
	return state, nil
}

// read lets somebody read through a connection of their own.
func (s *Store) read(do func(*sql.DB) error) error {
	s.files.Lock()
	defer s.files.Unlock()
	why := s.Writable()
	if errors.Is(why, ErrClosed) {
		return why
	}
	db, err := openReader(s.path, why == nil)
	if err != nil {
		return err
	}
	return errors.Join(do(db), db.Close())
}

// openReader opens a connection that only reads. Without a writer, there may be no room
// for the file in which SQLite's connections find each other; we have the store for ourselves,
// and do without. Where nothing may be written at all, only a file without a log can be
// read: what is in a log would be left out in silence.
func openReader(path string, writable bool) (*sql.DB, error) {
	if writable {
		return connect(path, "mode=rw", reading...)
	}
	db, err := connect(path, "mode=rw", append(reading, "locking_mode(exclusive)")...)
	if err == nil {
		err = db.QueryRow("SELECT n FROM tally WHERE what = 'name' AND local = ''").Scan(new(int))
		if err == nil || !errors.Is(named(err), ErrReadOnly) {
			return db, nil
		}
		db.Close()
	}
	if logged(path) {
		return nil, fmt.Errorf("its log cannot be read while it cannot be written: %w", named(err))
	}
	return connect(path, "immutable=1", reading...)
}

// checkReadable makes sure that what cannot be written can be read.
func checkReadable(path string, newest int) error {
	db, err := openReader(path, false)
	if err != nil {
		return err
	}
	defer db.Close()
	version, err := examine(db, newest)
	if err == nil && version < newest {
		err = fmt.Errorf("it has schema %d, and cannot be brought to %d", version, newest)
	}
	return err
}

// tally is how many rows are missing, by what and whose they are.
type tally map[[2]string]int

func load(ctx context.Context, q asker) (state State, err error) {
	missing := tally{}
	err = each(ctx, q, "SELECT what, local, n FROM tally WHERE n <> 0", func(scan scan) error {
		var of [2]string
		var n int
		err := scan(&of[0], &of[1], &n)
		missing[of] = n
		return err
	})
	for _, part := range []func(context.Context, asker, tally) error{
		state.loadNames, state.loadContacts, state.loadOnline, state.loadMissed,
	} {
		if err == nil {
			err = part(ctx, q, missing)
		}
	}
	if err != nil {
		return State{}, err
	}
	maps.DeleteFunc(missing, func(of [2]string, n int) bool { return n == 0 || of[0] == "once" })
	for of, n := range missing {
		return State{}, fmt.Errorf("%w: of %s of %q it lacks %d", ErrCorrupt, of[0], of[1], n)
	}
	return state, nil
}

func (s *State) loadNames(ctx context.Context, q asker, missing tally) error {
	return each(ctx, q, "SELECT local, name, method, sum FROM name ORDER BY local", func(scan scan) error {
		var n Name
		var sum int64
		if err := scan(&n.Local, &n.Name, &n.Method, &sum); err != nil {
			return err
		}
		s.Names = append(s.Names, n)
		missing[[2]string{"name", ""}]--
		return same(sum, n.sum(), "name", n.Local)
	})
}

func (s *State) loadContacts(ctx context.Context, q asker, missing tally) error {
	s.Contacts = make([]Contact, 0, missing[[2]string{"contact", ""}])
	local := ""
	return each(ctx, q, `SELECT local, bare, sees_us, we_see, asked, pending, greeted, listed, approved, blocked,
		title, message, teams, sum FROM contact ORDER BY local, bare`, func(scan scan) error {
		var c Contact
		var sum int64
		err := scan(&c.Local, &c.Bare, &c.From, &c.To, &c.Asked, &c.Pending, &c.Greeted, &c.Listed, &c.Approved, &c.Blocked,
			&c.Title, &c.Message, &c.Groups, &sum)
		if err != nil {
			return err
		}
		if c.Local == local {
			c.Local = local // one string for all contacts of a name
		}
		local = c.Local
		s.Contacts = append(s.Contacts, c)
		missing[[2]string{"contact", ""}]--
		missing[[2]string{"contact", local}]--
		if c.Pending {
			missing[[2]string{"pending", local}]--
		}
		return same(sum, c.sum(), "contact", c.Bare)
	})
}

func (s *State) loadOnline(ctx context.Context, q asker, missing tally) error {
	return each(ctx, q, "SELECT jid, sum FROM online ORDER BY jid", func(scan scan) error {
		var jid string
		var have int64
		if err := scan(&jid, &have); err != nil {
			return err
		}
		s.Online = append(s.Online, jid)
		missing[[2]string{"online", ""}]--
		return same(have, sum(0, jid), "tab", jid)
	})
}

func (s *State) loadMissed(ctx context.Context, q asker, missing tally) error {
	return each(ctx, q, "SELECT local, peer, title, media, at, sum FROM missed ORDER BY id", func(scan scan) error {
		var c Call
		var at, sum int64
		if err := scan(&c.Local, &c.From, &c.Title, &c.Media, &at, &sum); err != nil {
			return err
		}
		if at != 0 {
			c.At = time.UnixMilli(at).UTC()
		}
		s.Missed = append(s.Missed, c)
		missing[[2]string{"missed", ""}]--
		return same(sum, c.sum(), "missed call", c.From)
	})
}

type scan func(into ...any) error

// each calls do for every row.
func each(ctx context.Context, q asker, query string, do func(scan) error, args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := do(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

func same(stored, computed int64, what, which string) error {
	if stored != computed {
		return fmt.Errorf("%w: %s %q has changed", ErrCorrupt, what, which)
	}
	return nil
}
