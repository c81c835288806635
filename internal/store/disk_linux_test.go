package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// disk is a small file system of its own.
func disk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "mode=700,size="+size); err != nil {
		t.Skipf("needs the right to mount: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func remount(t *testing.T, dir string, flags uintptr) {
	t.Helper()
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|flags, ""); err != nil {
		t.Fatal(err)
	}
}

// eager opens a store that tries again often.
func eager(t *testing.T, path string) *Store {
	t.Helper()
	s, err := open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.retry = 10 * time.Millisecond
	go s.run()
	t.Cleanup(func() { s.Close() })
	return s
}

// fillDisk leaves no room.
func fillDisk(t *testing.T, dir string) (filler string) {
	t.Helper()
	filler = filepath.Join(dir, "filler")
	f, err := os.Create(filler)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 4096; size > 0; {
		if _, err := f.Write(make([]byte, size)); errors.Is(err, syscall.ENOSPC) {
			size /= 2
		} else if err != nil {
			t.Fatal(err)
		}
	}
	return filler
}

func title(n int) Change { return PutContact{Local: "a", Bare: "b", Title: fmt.Sprint(n)} }

// writeUntilRefused gives the number of the last change that was acknowledged.
func writeUntilRefused(t *testing.T, s *Store) int {
	t.Helper()
	for n := 1; n < 100000; n++ {
		if err := s.Writable(); err != nil {
			t.Fatal(err)
		}
		if err := do(t, s, title(n)); err != nil {
			if !errors.Is(err, ErrReadOnly) {
				t.Fatalf("change %d: got %v, want %v", n, err, ErrReadOnly)
			}
			return n - 1
		}
	}
	t.Fatal("everything was stored")
	return 0
}

// refusing checks a store that cannot write: what was acknowledged is there, or, as it
// was under way, the next.
func refusing(t *testing.T, s *Store, acked int) {
	t.Helper()
	if err := s.Writable(); !errors.Is(err, ErrReadOnly) {
		t.Errorf("writable: got %v, want %v", err, ErrReadOnly)
	}
	if err := s.Do(title(0), func(error) { t.Error("done was called") }); !errors.Is(err, ErrReadOnly) {
		t.Errorf("got %v, want %v", err, ErrReadOnly)
	}
	state := loaded(t, s)
	if len(state.Contacts) != 1 || state.Contacts[0].Title != fmt.Sprint(acked) {
		t.Errorf("got %+v, want title %d", state.Contacts, acked)
	}
}

func recovered(t *testing.T, s *Store) {
	t.Helper()
	if err := goesOn(s, 7); err != nil {
		t.Error(err)
	}
}

func TestFullDisk(t *testing.T) {
	dir := disk(t, "1m")
	path := filepath.Join(dir, "s.db")
	s := eager(t, path)
	must(t, s, title(1))
	filler := fillDisk(t, dir)
	acked := writeUntilRefused(t, s)
	refusing(t, s, acked)
	if err := s.Snapshot(context.Background(), filepath.Join(dir, "copy")); err == nil {
		t.Error("snapshot: made where there is no room")
	}
	if left := files(filepath.Join(dir, "copy.new")); len(left) > 0 {
		t.Errorf("snapshot: left %q", left)
	}
	if err := s.Snapshot(context.Background(), filepath.Join(t.TempDir(), "copy")); err != nil {
		t.Errorf("snapshot to another disk: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}

	s = eager(t, path) // a restart does not wait for room
	refusing(t, s, acked)
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	recovered(t, s)
}

func TestDiskThatTurnsReadOnly(t *testing.T) {
	dir := disk(t, "1m")
	path := filepath.Join(dir, "s.db")
	s := eager(t, path)
	must(t, s, title(1))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	remount(t, dir, syscall.MS_RDONLY)
	s = eager(t, path)
	refusing(t, s, 1)
	remount(t, dir, 0)
	recovered(t, s)
}

func TestKilledOnFullDisk(t *testing.T) {
	dir := disk(t, "1m")
	path := filepath.Join(dir, "s.db")
	tried, acked := killed(t, path, 0, 500)
	if len(files(path)) < 2 {
		t.Errorf("a killed writer left %q, want its log too", files(path))
	}
	filler := fillDisk(t, dir)
	s := eager(t, path)
	got, is, n := loaded(t, s), newModel(), 0
	for ; n <= acked; n++ {
		is.make(change(n))
	}
	for ; n <= tried && !is.is(got); n++ {
		is.make(change(n))
	}
	if !is.is(got) {
		t.Errorf("acknowledged up to %d, tried up to %d, got %+v", acked, tried, got)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	if err := writableAgain(s); err != nil {
		t.Error(err)
	}
}

// openWithoutRights opens a store as somebody else, and says what it may do.
func openWithoutRights(path string) int {
	s, err := open(path, nil)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	go s.run()
	state, err := s.Load(context.Background())
	fmt.Println(s.Writable() != nil, len(state.Contacts), err)
	s.Close()
	return 0
}

func TestFilesWithoutRights(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs to become another user")
	}
	t.Parallel()
	top, err := os.MkdirTemp("", "store") // the test's own directory is closed to others
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(top)
	binary, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Chmod(top, 0o755), os.WriteFile(filepath.Join(top, "test"), binary, 0o755)); err != nil {
		t.Fatal(err)
	}
	for i, test := range []struct {
		what      string
		dir, file os.FileMode
		want      string
	}{
		{"file read-only", 0o777, 0o400, "true 1 <nil>\n"},
		{"directory read-only", 0o755, 0o600, "true 1 <nil>\n"},
		{"both read-only", 0o755, 0o400, "true 1 <nil>\n"},
		{"neither", 0o777, 0o600, "false 1 <nil>\n"},
	} {
		dir := filepath.Join(top, fmt.Sprint(i))
		if out := asNobody(t, filepath.Join(top, "test"), dir, test.dir, test.file); out != test.want {
			t.Errorf("%s: got %q, want %q", test.what, out, test.want)
		}
	}
}

// asNobody opens a store in dir as a user without rights, and gives what that says.
func asNobody(t *testing.T, binary, dir string, dirMode, fileMode os.FileMode) string {
	t.Helper()
	const nobody = 65534
	path := filepath.Join(dir, "s.db")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s := opened(t, path)
	must(t, s, title(1))
	err := errors.Join(s.Close(), os.Chown(path, nobody, nobody), os.Chown(path+".lock", nobody, nobody),
		os.Chmod(dir, dirMode), os.Chmod(path, fileMode))
	if err != nil {
		t.Fatal(err)
	}
	cmd := child("reader", path)
	cmd.Path, cmd.Dir = binary, "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.Output()
	if err != nil {
		t.Error(err)
	}
	return string(out)
}

// writeUntilCut writes ever more under a limit of how long a file may be: writes fail, at
// every place in turn, with an error that is not a full disk. After each, all is as it was
// acknowledged, and it goes on. It says how many failed.
func writeUntilCut(path string) int {
	signal.Ignore(syscall.SIGXFSZ)
	s, err := open(path, nil)
	if err != nil {
		return complain(err)
	}
	s.retry = time.Millisecond
	go s.run()
	var none syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &none); err != nil {
		return complain(err)
	}
	failures, n, step := 0, 0, uint64(12001)
	if os.Getenv("STORE_TEST_LONG") != "" {
		step = 601
	}
	for limit := uint64(1000); limit < 400000; limit += step {
		cut := syscall.Rlimit{Cur: limit, Max: none.Max}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &cut); err != nil {
			return complain(err)
		}
		for last := n + 100; n < last; {
			n++
			if store(s, n) != nil {
				failures++
				break
			}
		}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &none); err != nil {
			return complain(err)
		}
		n++
		if err := goesOn(s, n); err != nil {
			return complain(fmt.Errorf("limit %d, change %d: %w", limit, n, err))
		}
	}
	fmt.Println(failures)
	if err := s.Close(); err != nil {
		return complain(err)
	}
	return 0
}

func complain(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}

func store(s *Store, n int) error {
	outcome := make(chan error, 1)
	if err := s.Do(title(n), func(err error) { outcome <- err }); err != nil {
		return err
	}
	return <-outcome
}

func writableAgain(s *Store) error {
	for end := time.Now().Add(20 * time.Second); s.Writable() != nil; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			return s.Writable()
		}
	}
	return nil
}

// goesOn waits until a store can be written again, and says whether it keeps a change.
func goesOn(s *Store, n int) error {
	if err := writableAgain(s); err != nil {
		return err
	}
	if err := store(s, n); err != nil {
		return err
	}
	state, err := s.Load(context.Background())
	if err == nil && (len(state.Contacts) != 1 || state.Contacts[0].Title != fmt.Sprint(n)) {
		err = fmt.Errorf("got %+v, want title %d", state.Contacts, n)
	}
	return err
}

func playOnLinux(role, path string) int {
	switch role {
	case "reader":
		return openWithoutRights(path)
	case "limited":
		return writeUntilCut(path)
	}
	return 2
}

func TestWritesThatFail(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s.db")
	cmd := child("limited", path)
	if *long {
		cmd.Env = append(cmd.Env, "STORE_TEST_LONG=1")
	}
	out, err := cmd.Output()
	var failures int
	if _, scanErr := fmt.Sscan(string(out), &failures); err != nil || scanErr != nil || failures < 10 {
		t.Errorf("got %q, %v, want 10 failures or more", out, err)
	}
	t.Logf("%d writes failed", failures)
	loaded(t, opened(t, path))
}
