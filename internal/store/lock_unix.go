//go:build unix

package store

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// lock makes this process the only one that has the store. It is held on a file of its
// own, because SQLite's locks are lost when anybody here closes the file they are on. It
// ends with the process, however that ends; the file stays.
func lock(path string) (unlock func() error, err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) || errors.Is(err, syscall.ENOSPC) {
		f, err = os.Open(path) // of an earlier start
		if errors.Is(err, fs.ErrNotExist) {
			return func() error { return nil }, nil // where nobody can make a file, nobody writes
		}
	}
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err != syscall.EINTR {
			break
		}
	}
	if err == nil {
		return f.Close, nil
	}
	f.Close()
	if err == syscall.EWOULDBLOCK {
		return nil, ErrLocked
	}
	return nil, &fs.PathError{Op: "lock", Path: path, Err: err}
}

// sameOwner gives a file to whom another one belongs: root may restore what it does not run.
func sameOwner(path string, like fs.FileInfo) error {
	owner, ok := like.Sys().(*syscall.Stat_t)
	if !ok || os.Geteuid() != 0 {
		return nil
	}
	return os.Lchown(path, int(owner.Uid), int(owner.Gid))
}

// syncDir puts the names of a directory on disk.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
