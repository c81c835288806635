package auth

import (
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"
)

// Permissions of others that a file must not give.
const (
	othersWrite     fs.FileMode = 0o002
	othersReadWrite fs.FileMode = 0o006
)

// readPrivate reads a file with something secret in it, which others must not even read.
func readPrivate(name string, most int64) ([]byte, error) {
	return readFile(name, most, othersReadWrite)
}

// readPublic reads a file that others may read, but not write.
func readPublic(name string, most int64) ([]byte, error) { return readFile(name, most, othersWrite) }

func readFile(name string, most int64, forbidden fs.FileMode) ([]byte, error) {
	// Opening a pipe would wait for a writer.
	if info, err := os.Stat(name); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: want a file", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if err := checkMode(name, info.Mode(), forbidden); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	switch {
	case err != nil:
		return nil, err
	case int64(len(data)) > most:
		return nil, fmt.Errorf("%s: want at most %d bytes", name, most)
	}
	return data, nil
}

// checkMode refuses a file that everybody may read or write. Docker and Podman hand secrets
// over in /run/secrets as 0444, where only the container sees them.
func checkMode(name string, mode, forbidden fs.FileMode) error {
	if strings.HasPrefix(name, "/run/secrets/") {
		forbidden &= othersWrite
	}
	switch {
	case mode&forbidden == 0:
		return nil
	case forbidden == othersReadWrite:
		return fmt.Errorf("everybody on this machine may read or change %s; run: chmod o= %s", name, name)
	}
	return fmt.Errorf("everybody on this machine may change %s; run: chmod o-w %s", name, name)
}

// watched is a file that is read again when it has changed. What cannot be read is logged
// once, and what was read before it stays good.
type watched[T any] struct {
	name string
	read func(name string) (T, error)
	log  *slog.Logger

	mu   sync.Mutex
	good T
	seen fs.FileInfo // of what was read last, good or not; nil: there was no file
	sure bool        // it was good, and a later change cannot look like seen
	next time.Time   // when to read again what was not good
}

// readPause is between two readings of a file that cannot be read, though it seems unchanged:
// it may have been us, with too many files open.
const readPause = 5 * time.Second

func watch[T any](name string, log *slog.Logger, read func(string) (T, error)) (*watched[T], error) {
	w := &watched[T]{name: name, read: read, log: log}
	w.seen, _ = os.Stat(name)
	w.sure = settled(w.seen)
	var err error
	w.good, err = read(name)
	return w, err
}

// get returns the file as it is now, if that is good.
func (w *watched[T]) get() T {
	w.mu.Lock()
	defer w.mu.Unlock()
	info, statErr := os.Stat(w.name)
	if statErr != nil {
		info = nil
	}
	same := unchanged(w.seen, info)
	if same && (w.sure || time.Now().Before(w.next)) {
		return w.good
	}
	fresh, err := w.read(w.name)
	w.seen = info
	if err == nil {
		w.good, w.sure, w.next = fresh, settled(info), time.Time{}
		return w.good
	}
	w.sure, w.next = false, time.Now().Add(readPause)
	if !same {
		w.log.Error("a changed file is of no use, what it said before still counts", "file", w.name, "err", err)
	}
	return w.good
}

func unchanged(a, b fs.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return os.SameFile(a, b) && a.Size() == b.Size() && a.Mode() == b.Mode() && a.ModTime().Equal(b.ModTime())
}

// settled says whether another write would give the file another time. File systems count in
// steps, up to 2 s; what has just been written is read again until then.
func settled(info fs.FileInfo) bool {
	if info == nil {
		return true
	}
	age := time.Since(info.ModTime())
	return age < 0 || age > 2*time.Second
}
