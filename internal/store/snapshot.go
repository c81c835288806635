package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Snapshot writes a copy of the store, as of one moment, to path, which it replaces when
// the copy is complete. Changes go on meanwhile. The copy is a store: it can be opened.
func (s *Store) Snapshot(ctx context.Context, path string) error {
	if err := s.snapshot(ctx, path); err != nil {
		return fmt.Errorf("snapshot to %q: %w", path, err)
	}
	return nil
}

func (s *Store) snapshot(ctx context.Context, path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	if info, err := os.Stat(path); err == nil {
		if own, err := os.Stat(s.path); err != nil || os.SameFile(own, info) {
			return errors.Join(err, errors.New("this is the store itself"))
		}
	}
	part := path + ".new"
	for _, left := range files(part) { // of one that was cut off
		if err := os.Remove(left); err != nil {
			return err
		}
	}
	if err := empty(part); err != nil {
		return err
	}
	err = s.read(func(db *sql.DB) error {
		_, err := db.ExecContext(ctx, "VACUUM INTO ?", part)
		return named(err)
	})
	if err == nil {
		err = publish(part, path)
	}
	if err != nil {
		return errors.Join(err, remove(part))
	}
	return nil
}

func remove(path string) error {
	var errs []error
	for _, file := range files(path) {
		errs = append(errs, os.Remove(file))
	}
	return errors.Join(errs...)
}
