package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// writing are the settings of the connection that writes. FULL: a commit returns when the
// log is on disk. A log that grew long, behind a slow snapshot, is cut back to 16 MiB.
var writing = []string{
	"busy_timeout(5000)", "journal_mode(wal)", "synchronous(full)", "fullfsync(1)", "checkpoint_fullfsync(1)",
	"journal_size_limit(16777216)", "trusted_schema(0)", "cell_size_check(1)",
}

var reading = []string{"busy_timeout(5000)", "trusted_schema(0)", "cell_size_check(1)"}

// connect opens one connection. The file must exist.
func connect(path, mode string, pragmas ...string) (*sql.DB, error) {
	query := url.Values{"_pragma": pragmas}.Encode() + "&" + mode
	slashed := filepath.ToSlash(path)
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed // a drive letter
	}
	name := url.URL{Scheme: "file", Path: slashed, RawQuery: query}
	db, err := sql.Open("sqlite", name.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if err := db.Ping(); err != nil {
		db.Close()
		return nil, named(err)
	}
	return db, nil
}

// writer is the connection that writes.
type writer struct {
	db    *sql.DB
	conn  *sql.Conn
	stmts map[string]*sql.Stmt // by their text
}

func openWriter(path string) (*writer, error) {
	db, err := connect(path, "mode=rw", writing...)
	if err != nil {
		return nil, err
	}
	conn, err := db.Conn(context.Background())
	if err != nil {
		db.Close()
		return nil, named(err)
	}
	return &writer{db: db, conn: conn, stmts: map[string]*sql.Stmt{}}, nil
}

// close gives back all that SQLite holds. The last connection merges the log into the file.
func (w *writer) close() error {
	var errs []error
	for _, s := range w.stmts {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, w.conn.Close(), w.db.Close())...)
}

// stmt prepares a statement once.
func (w *writer) stmt(query string) (*sql.Stmt, error) {
	if s := w.stmts[query]; s != nil {
		return s, nil
	}
	s, err := w.conn.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	w.stmts[query] = s
	return s, nil
}

func (w *writer) exec(query string, args ...any) (changed int64, err error) {
	s, err := w.stmt(query)
	if err != nil {
		return 0, err
	}
	result, err := s.Exec(args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (w *writer) get(into []any, query string, args ...any) error {
	s, err := w.stmt(query)
	if err != nil {
		return err
	}
	return s.QueryRow(args...).Scan(into...)
}

// within runs do as one transaction.
func (w *writer) within(do func() error) error {
	if _, err := w.exec("BEGIN IMMEDIATE"); err != nil {
		return named(err)
	}
	err := do()
	if err == nil {
		_, err = w.exec("COMMIT")
	}
	if err != nil {
		w.exec("ROLLBACK") // SQLite may have done so by itself
		return named(err)
	}
	return nil
}

// commit makes all changes in one transaction. An outcome is why that one change was
// refused; an error means that none was made.
func (w *writer) commit(jobs []job) (outcomes []error, err error) {
	outcomes = make([]error, len(jobs))
	err = w.within(func() error {
		for i, j := range jobs {
			err := j.change.apply(w)
			if err != nil && !errors.Is(err, ErrLimit) && !errors.Is(err, ErrUsed) {
				return err
			}
			outcomes[i] = err
		}
		return nil
	})
	return outcomes, err
}

// probe writes and removes 64 KiB: with less room than that it is too early to go on.
func (w *writer) probe() error {
	for _, query := range []string{
		"INSERT OR REPLACE INTO probe (id, filler) VALUES (1, randomblob(65536))", "DELETE FROM probe",
	} {
		if err := w.within(func() error { _, err := w.exec(query); return err }); err != nil {
			return err
		}
	}
	return nil
}

// named puts our name on an error of SQLite (https://sqlite.org/rescode.html).
func named(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() & 0xff { // the rest says more about it
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM,
		sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_AUTH:
		return fmt.Errorf("%w: %w", ErrReadOnly, err)
	}
	return err
}
