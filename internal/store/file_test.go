//go:build unix

package store

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func mode(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

func TestNobodyElseMayRead(t *testing.T) {
	for _, umask := range []int{0, 0o022, 0o277} {
		path := filepath.Join(t.TempDir(), "s.db")
		old := syscall.Umask(umask)
		s, err := Open(path, nil)
		if err == nil {
			must(t, s, Online{"a"})
			err = s.Snapshot(context.Background(), path+".copy")
		}
		syscall.Umask(old)
		if err != nil {
			t.Fatal(err)
		}
		for _, suffix := range []string{"", "-wal", "-shm", ".copy"} {
			if got := mode(t, path+suffix); got != 0o600 {
				t.Errorf("umask %o: store%s has mode %o, want 600", umask, suffix, got)
			}
		}
		if got := mode(t, path+".lock"); got&0o077 != 0 {
			t.Errorf("umask %o: the lock has mode %o", umask, got)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestRightsOfOthersAreTaken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	s := opened(t, path)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o664); err != nil {
		t.Fatal(err)
	}
	opened(t, path)
	if got := mode(t, path); got != 0o600 {
		t.Errorf("mode %o, want 600", got)
	}
}
