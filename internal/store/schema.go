package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"strconv"
)

// application marks our files (https://sqlite.org/fileformat.html §1.3.17): "jbst".
const application = 0x6a627374

// The steps from nothing to the schema of this version. A file says in its user_version
// how many it has had. Steps are only ever added: what was released is in somebody's file.
//
//go:embed schema/*.sql
var scripts embed.FS

func steps() ([]string, error) {
	entries, err := scripts.ReadDir("schema")
	if err != nil {
		return nil, err
	}
	all := make([]string, len(entries))
	for i := range all {
		script, err := scripts.ReadFile("schema/" + strconv.Itoa(i+1) + ".sql")
		if err != nil {
			return nil, err
		}
		all[i] = string(script)
	}
	return all, nil
}

// prepare checks the file, brings it up to date, and makes sure that there is room to write.
func (w *writer) prepare(steps []string) error {
	version, err := examine(w.conn, len(steps))
	if err != nil {
		return err
	}
	if err := w.migrate(steps, version); err != nil {
		return err
	}
	return w.probe()
}

// migrate takes the steps that are missing, each whole or not at all.
func (w *writer) migrate(steps []string, version int) error {
	for ; version < len(steps); version++ {
		script := steps[version] + fmt.Sprintf("\nPRAGMA application_id = %d; PRAGMA user_version = %d;", application, version+1)
		err := w.within(func() error {
			_, err := w.conn.ExecContext(context.Background(), script)
			return err
		})
		if err != nil {
			return fmt.Errorf("schema step %d: %w", version+1, err)
		}
	}
	return nil
}

// asker is what can be asked: a connection, or a transaction.
type asker interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	QueryRowContext(context.Context, string, ...any) *sql.Row
}

// examine looks for damage, and tells which version of the schema the file has.
func examine(q asker, newest int) (version int, err error) {
	ctx := context.Background()
	if err := q.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return 0, named(err)
	}
	if version > newest {
		return 0, fmt.Errorf("%w: it has schema %d, this version knows %d", ErrNewer, version, newest)
	}
	var verdict string
	if err := q.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&verdict); err != nil {
		return 0, damage(err)
	}
	if verdict != "ok" {
		return 0, fmt.Errorf("%w: %s", ErrCorrupt, verdict)
	}
	return version, nil
}

// damage names what goes wrong where only damage can be the reason, and neither the disk
// nor the one who asks is.
func damage(err error) error {
	err = named(err)
	if err == nil || errors.Is(err, ErrReadOnly) || errors.Is(err, ErrCorrupt) ||
		errors.Is(err, ErrNewer) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrCorrupt, err)
}
