package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
)

// create makes an empty store at path if nothing is there. It gets its name when it is
// complete, so that whatever has that name and is no store has been damaged.
func create(path string, steps []string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if left := files(path); len(left) > 0 {
		return fmt.Errorf("%w: %q is there without the file it belongs to", ErrCorrupt, left[0])
	}
	part := path + ".new"
	for _, left := range files(part) { // of a start that was cut off
		if err := os.Remove(left); err != nil {
			return err
		}
	}
	if err := empty(part); err != nil {
		return err
	}
	w, err := openWriter(part)
	if err != nil {
		return err
	}
	if err := errors.Join(w.migrate(steps, 0), w.close()); err != nil {
		return err
	}
	return publish(part, path)
}

// empty makes an empty file that nobody else may read. SQLite gives its other files the same mode.
func empty(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Chmod(0o600), f.Close()) // the umask may have taken from the mode
}

// publish gives a complete file its name, on disk too.
func publish(part, path string) error {
	f, err := os.Open(part)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(part, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// restrict takes the right to read the store from all but its owner. The files beside it
// follow it: SQLite made them with the mode that it had then.
func restrict(path string, log *slog.Logger) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	want := info.Mode().Perm() &^ 0o077
	for _, file := range files(path) {
		info, err := os.Stat(file)
		if err != nil {
			return err
		}
		mode := info.Mode().Perm()
		if mode == want {
			continue
		}
		switch err := os.Chmod(file, want); {
		case mode&0o077 == 0: // and if not, SQLite will say what it lacks
		case err != nil:
			return fmt.Errorf("others may read it: %w", err)
		default:
			log.Warn("store could be read by others", "file", file, "mode", mode.String())
		}
	}
	return nil
}

// recognize looks at the first bytes (https://sqlite.org/fileformat.html §1.3): SQLite
// would take an empty file for a new store, and change what other programs made.
func recognize(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("want a regular file")
	}
	var header [100]byte
	_, err = io.ReadFull(f, header[:])
	page := int64(binary.BigEndian.Uint16(header[16:]))
	switch {
	case err == io.EOF, err == io.ErrUnexpectedEOF:
		return fmt.Errorf("%w: the file has %d bytes", ErrCorrupt, info.Size())
	case err != nil:
		return err
	case string(header[:16]) != "SQLite format 3\x00" || binary.BigEndian.Uint32(header[68:]) != application:
		return fmt.Errorf("%w: this is something else", ErrCorrupt)
	case page < 512 || info.Size()%page != 0 && !logged(path): // a log may hold the page that was not written whole
		return fmt.Errorf("%w: the file is cut off in a page", ErrCorrupt)
	}
	return nil
}

// logged says whether changes wait in the log.
func logged(path string) bool {
	info, err := os.Stat(path + "-wal")
	return err == nil && info.Size() > 0
}

// files lists what belongs to the database at path and is there.
func files(path string) []string {
	var there []string
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		if _, err := os.Lstat(path + suffix); err == nil {
			there = append(there, path+suffix)
		}
	}
	return there
}
