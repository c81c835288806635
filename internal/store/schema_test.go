package store

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

var update = flag.Bool("update", false, "keep a store of this version in testdata, for versions to come")

// ofVersion is a copy of a store that the version with so many schema steps has written.
func ofVersion(t *testing.T, version int) (path string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "schema-"+strconv.Itoa(version)+".db"))
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "s.db")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// What every version has written can be read. A new step needs a file of its own here.
func TestStoresOfOlderVersions(t *testing.T) {
	steps, err := steps()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		s := fresh(t)
		changes, _ := some()
		must(t, s, changes...)
		if err := s.Snapshot(context.Background(), "testdata/schema-"+strconv.Itoa(len(steps))+".db"); err != nil {
			t.Fatal(err)
		}
	}
	for version := range steps {
		path := ofVersion(t, version+1)
		s := opened(t, path)
		_, want := some()
		expect(t, loaded(t, s), want)
		if err := do(t, s, UseOnce{"link", noon}); !errors.Is(err, ErrUsed) {
			t.Errorf("schema %d: a used link: got %v, want %v", version+1, err, ErrUsed)
		}
		if n := count(t, s, "PRAGMA user_version"); n != len(steps) {
			t.Errorf("schema %d: got to %d, want %d", version+1, n, len(steps))
		}
		if n := count(t, s, "SELECT count(*) FROM call WHERE id = 's1' AND ended - began = 60000"); n != 1 {
			t.Errorf("schema %d: %d records of the call, want 1", version+1, n)
		}
	}
}

func TestStepsAreTakenWholeOrNotAtAll(t *testing.T) {
	path := ofVersion(t, 1)
	first, err := steps()
	if err != nil {
		t.Fatal(err)
	}
	first = first[:1]
	for _, test := range []struct {
		steps   []string
		want    error
		version int
	}{
		{append(first[:1:1], "CREATE TABLE more (a TEXT) STRICT; INSERT INTO none VALUES (1);"), nil, 1},
		{append(first[:1:1], "CREATE TABLE more (a TEXT) STRICT;", "DROP TABLE more; nonsense;"), nil, 2},
		{append(first[:1:1], "", "ALTER TABLE name ADD COLUMN mood TEXT; INSERT INTO more VALUES ('x');"), nil, 3},
		{append(first[:1:1], "", ""), nil, 3},
		{first, ErrNewer, 3},
	} {
		w, err := openWriter(path)
		if err != nil {
			t.Fatal(err)
		}
		err = w.prepare(test.steps)
		if test.want != nil && !errors.Is(err, test.want) || (err == nil) != (test.version == len(test.steps)) {
			t.Errorf("%q: got %v, want %v", test.steps[1:], err, test.want)
		}
		var version int
		if err := w.get([]any{&version}, "PRAGMA user_version"); err != nil || version != test.version {
			t.Errorf("%q: schema %d (%v), want %d", test.steps[1:], version, err, test.version)
		}
		if err := w.close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := Open(path, nil); !errors.Is(err, ErrNewer) {
		t.Errorf("got %v, want %v", err, ErrNewer)
	}
}

// What a later schema has added to a contact is kept, in a store that began with the first.
func TestContactsOfOlderVersionsTakeMore(t *testing.T) {
	path := ofVersion(t, 1)
	s := opened(t, path)
	_, want := some()
	more := want.Contacts[1]
	more.Listed, more.Approved, more.Blocked, more.Groups = true, true, true, "Verona\nFriends"
	must(t, s, PutContact(more))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	want.Contacts[1] = more
	expect(t, loaded(t, opened(t, path)), want)
}
