package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// What can be done to a store by another process than the one that has it open.

// Snapshot is Store.Snapshot for a store that another process may have open, and write to.
func Snapshot(ctx context.Context, path, to string) error {
	s, err := beside(path)
	if err != nil {
		return err
	}
	return s.Snapshot(ctx, to)
}

// Check reads all that a store has, which another process may have open: each row, and that none
// is missing.
func Check(ctx context.Context, path string) (State, error) {
	dir, err := os.MkdirTemp(filepath.Dir(path), ".check-") // where there is as much room as it takes
	if err != nil {
		return State{}, err
	}
	defer os.RemoveAll(dir)
	return verified(ctx, path, filepath.Join(dir, "copy"))
}

// Calls gives the records of calls that have ended since a time, the oldest first. Another
// process may have the store open.
func Calls(ctx context.Context, path string, since time.Time, do func(CallRecord) error) error {
	s, err := beside(path)
	if err != nil {
		return err
	}
	return s.read(func(db *sql.DB) error {
		return each(ctx, db, `SELECT id, direction, caller, callee, media, began, answered, ended, reason
			FROM call WHERE ended >= ? ORDER BY ended, n`, func(scan scan) error {
			var c CallRecord
			var began, answered, ended int64
			if err := scan(&c.ID, &c.Direction, &c.From, &c.To, &c.Media, &began, &answered, &ended, &c.Reason); err != nil {
				return err
			}
			c.Began, c.Answered, c.Ended = moment(began), moment(answered), moment(ended)
			return do(c)
		}, millis(since))
	})
}

// moment is the time of so many milliseconds; the zero one for none.
func moment(millis int64) time.Time {
	if millis == 0 {
		return time.Time{}
	}
	return time.UnixMilli(millis).UTC()
}

// Restore puts a snapshot in the place of the store at path, which nobody may have open: else
// it is ErrLocked. The snapshot is checked before, and the store that was there is kept under
// the name that it tells; "" when there was none.
func Restore(ctx context.Context, path, from string) (kept string, err error) {
	if path, err = filepath.Abs(path); err != nil {
		return "", err
	}
	unlock, err := lock(path + ".lock")
	if err != nil {
		return "", fmt.Errorf("restore %q: %w", path, err)
	}
	defer func() { err = errors.Join(err, unlock()) }()
	part := path + ".restored"
	if err := remove(part); err != nil { // of one that was cut off
		return "", err
	}
	if _, err := verified(ctx, from, part); err != nil {
		return "", errors.Join(err, remove(part))
	}
	if kept, err = setAside(path, part); err != nil {
		return "", errors.Join(err, remove(part))
	}
	return kept, publish(part, path)
}

// beside is a store that is not ours to write.
func beside(path string) (*Store, error) {
	path, err := filepath.Abs(path)
	if err == nil {
		err = recognize(path)
	}
	if err != nil {
		return nil, fmt.Errorf("store %q: %w", path, err)
	}
	return &Store{path: path}, nil
}

// verified copies a store as of one moment, brings the copy up to date, and reads it all.
func verified(ctx context.Context, from, to string) (State, error) {
	s, err := beside(from)
	if err != nil {
		return State{}, err
	}
	steps, err := steps()
	if err != nil {
		return State{}, err
	}
	err = s.read(func(db *sql.DB) error {
		_, err := examine(db, len(steps))
		return err
	})
	if err != nil {
		return State{}, fmt.Errorf("store %q: %w", from, err)
	}
	if err := s.Snapshot(ctx, to); err != nil {
		return State{}, err
	}
	w, err := openWriter(to)
	if err != nil {
		return State{}, err
	}
	if err := errors.Join(w.prepare(steps), w.close()); err != nil {
		return State{}, err
	}
	copied, err := beside(to)
	if err != nil {
		return State{}, err
	}
	return copied.Load(ctx)
}

// setAside gives the store at path, if there is one, a second name, and its owner to the one
// that takes its place. What its log holds is merged first, or, of one too damaged for that,
// set aside too: SQLite would read it into the new one.
func setAside(path, next string) (kept string, err error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	} else if err != nil {
		return "", err
	}
	if err := sameOwner(next, info); err != nil {
		return "", err
	}
	if w, err := openWriter(path); err == nil {
		w.close() // if this fails, the log is still there
	}
	kept = path + ".before-" + time.Now().UTC().Format("20060102T150405.000Z")
	for _, file := range files(path) {
		if file != path {
			if err := os.Rename(file, kept+file[len(path):]); err != nil {
				return "", err
			}
		}
	}
	return kept, os.Link(path, kept)
}
