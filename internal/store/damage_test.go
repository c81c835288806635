package store

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// written is the bytes of a store with something of everything in it.
func written(t testing.TB) ([]byte, State) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s.db")
	s, err := Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	changes, _ := some()
	must(t, s, changes...)
	for i := range 200 {
		c := Contact{Local: "zoe", Bare: string(rune('a'+i%26)) + string(rune('a'+i/26)) + "@x.example", To: i%2 == 0}
		must(t, s, PutContact(c))
	}
	want := loaded(t, s)
	if err := s.Snapshot(context.Background(), path+".copy"); err != nil { // has no free pages, where nothing counts
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path + ".copy")
	if err != nil {
		t.Fatal(err)
	}
	return b, want
}

// openBytes opens and loads what may be damaged.
func openBytes(t testing.TB, b []byte) (State, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s.db")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Open(path, nil)
	if err != nil {
		return State{}, err
	}
	defer s.Close()
	return s.Load(context.Background())
}

func TestDamagedStores(t *testing.T) {
	whole, want := written(t)
	state, err := openBytes(t, whole)
	if err != nil || !reflect.DeepEqual(state, want) {
		t.Fatalf("undamaged: %v", err)
	}
	with := func(at int, b ...byte) []byte {
		return append(append(append([]byte{}, whole[:at]...), b...), whole[at+len(b):]...)
	}
	for name, b := range map[string][]byte{
		"empty":                  {},
		"a byte":                 {'S'},
		"garbage":                []byte("this is no store, but it is long enough to have a header of one hundred bytes, as every store begins with"),
		"header only":            whole[:100],
		"first page only":        whole[:4096],
		"cut in a page":          whole[:len(whole)-1000],
		"half":                   whole[:len(whole)/2],
		"zeros":                  make([]byte, len(whole)),
		"another program's":      with(68, 0, 0, 0, 0),
		"zeros in the middle":    with(len(whole)/2/4096*4096, make([]byte, 4096)...),
		"an older schema number": with(60, 0, 0, 0, 0),
	} {
		if _, err := openBytes(t, b); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: got %v, want %v", name, err, ErrCorrupt)
		}
	}
	if _, err := openBytes(t, with(60, 0, 0, 0, 99)); !errors.Is(err, ErrNewer) || errors.Is(err, ErrCorrupt) {
		t.Errorf("newer schema: got %v, want %v", err, ErrNewer)
	}
}

// Whatever bytes have changed: all that was stored is there, or it is said that it is not.
func TestFlippedBitsAreNoticed(t *testing.T) {
	t.Parallel()
	whole, want := written(t)
	rounds := 60
	if *long {
		rounds = 10000
	}
	random := rand.New(rand.NewPCG(5, 11))
	noticed := 0
	for range rounds {
		b := append([]byte{}, whole...)
		if random.IntN(8) == 0 {
			b = b[:random.IntN(len(b))]
		} else {
			at := random.IntN(len(b))
			b[at] ^= 1 << random.IntN(8)
			state, err := openBytes(t, b)
			if err == nil && !reflect.DeepEqual(state, want) {
				t.Errorf("bit flipped in byte %d: loaded as if all was well", at)
			}
			if err != nil {
				noticed++
			}
			continue
		}
		if _, err := openBytes(t, b); err == nil {
			t.Errorf("cut to %d bytes of %d: opened as if all was well", len(b), len(whole))
		}
		noticed++
	}
	t.Logf("%d of %d noticed; the others changed nothing that counts", noticed, rounds)
}

func TestForeignDatabasesAreLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "places.sqlite")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("CREATE TABLE places (url); INSERT INTO places VALUES ('x')"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, nil); !errors.Is(err, ErrCorrupt) {
		t.Errorf("got %v, want %v", err, ErrCorrupt)
	}
	if after, err := os.ReadFile(path); err != nil || !reflect.DeepEqual(before, after) {
		t.Errorf("another program's file was changed: %v", err)
	}
}

func TestVanishedRowsAreNoticed(t *testing.T) {
	for _, query := range []string{
		"DROP TRIGGER name_out; DELETE FROM name WHERE local = 'bob'",
		"DROP TRIGGER contact_out; DELETE FROM contact WHERE local = 'bob'",
		"DROP TRIGGER online_out; DELETE FROM online",
		"DROP TRIGGER missed_out; DELETE FROM missed",
		"UPDATE name SET name = 'Eve' WHERE local = 'bob'",
		"UPDATE contact SET we_see = 1 WHERE local = 'ann'",
		"UPDATE contact SET bare = 'eve@x.example' WHERE local = 'ann'",
		"UPDATE missed SET at = at + 1",
		"UPDATE online SET jid = 'x'",
		"DROP TABLE missed",
	} {
		path := filepath.Join(t.TempDir(), "s.db")
		s := opened(t, path)
		changes, _ := some()
		must(t, s, changes...)
		db, err := connect(path, "mode=rw", "busy_timeout(5000)")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(query); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Load(context.Background()); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: got %v, want %v", query, err, ErrCorrupt)
		}
	}
}

func TestLogWithoutItsStoreIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	if err := os.WriteFile(path+"-wal", []byte("changes"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, nil); !errors.Is(err, ErrCorrupt) {
		t.Errorf("got %v, want %v", err, ErrCorrupt)
	}
	if _, err := os.Stat(path + "-wal"); err != nil {
		t.Error(err)
	}
}

func TestUnfinishedStoresAreMadeAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	for _, left := range []string{".new", ".new-wal", ".new-journal"} {
		if err := os.WriteFile(path+left, []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	must(t, opened(t, path), Online{"a"})
	if left := files(path + ".new"); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}

func TestPlacesThatCannotBe(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(filepath.Join(dir, "no", "s.db"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no directory: got %v, want %v", err, fs.ErrNotExist)
	}
	if _, err := Open(dir, nil); err == nil {
		t.Error("a directory: opened")
	}
}
