package store

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

// fill puts rows into a table without the changes that would make them.
func fill(t testing.TB, s *Store, query string, args ...any) {
	t.Helper()
	must(t, s, rawChange{query, args})
}

// rawChange is SQL as a change.
type rawChange struct {
	query string
	args  []any
}

func (c rawChange) check() error { return nil }
func (c rawChange) apply(w *writer) error {
	_, err := w.exec(c.query, c.args...)
	return err
}

func count(t testing.TB, s *Store, query string) (n int) {
	t.Helper()
	must(t, s, question{query, &n})
	return n
}

// question is a query as a change, for what no method tells.
type question struct {
	query string
	into  *int
}

func (c question) check() error          { return nil }
func (c question) apply(w *writer) error { return w.get([]any{c.into}, c.query) }

func TestContactsAreLimited(t *testing.T) {
	s := fresh(t)
	contact := func(i int, pending bool) Change {
		return PutContact{Local: "bob", Bare: fmt.Sprintf("%04d", i), Pending: pending}
	}
	var changes []Change
	for i := range MaxContacts {
		changes = append(changes, contact(i, i < MaxPending))
	}
	must(t, s, changes...)
	for _, test := range []struct {
		what   string
		change Change
		want   error
	}{
		{"one more contact", contact(MaxContacts, false), ErrLimit},
		{"one more request", contact(MaxPending, true), ErrLimit},
		{"the same request again", contact(0, true), nil},
		{"the same contact again", contact(MaxPending, false), nil},
		{"somebody else's contact", PutContact{Local: "ann", Bare: "x", Pending: true}, nil},
		{"a request is answered", contact(0, false), nil},
		{"one more request", contact(MaxPending, true), nil},
		{"one more request", contact(0, true), ErrLimit},
		{"a request is dropped", DropContact{"bob", "0001"}, nil},
		{"a request for a contact", contact(0, true), nil},
		{"a request in its place", contact(1, true), ErrLimit},
		{"a contact in its place", contact(1, false), nil},
		{"one more contact", contact(MaxContacts, false), ErrLimit},
	} {
		if err := do(t, s, test.change); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", test.what, err, test.want)
		}
	}
	if n := len(loaded(t, s).Contacts); n != MaxContacts+1 {
		t.Errorf("%d contacts, want %d", n, MaxContacts+1)
	}
	must(t, s, DropName{"bob"}, contact(5, true))
	if n := len(loaded(t, s).Contacts); n != 2 {
		t.Errorf("%d contacts after their name was dropped, want 2", n)
	}
}

func TestRefusedChangesLeaveTheOthers(t *testing.T) {
	s := fresh(t)
	release := hold(t, s)
	var got []error
	last := make(chan struct{})
	changes := []Change{
		UseOnce{"a", noon}, Online{"1"}, UseOnce{"a", noon}, Online{"2"}, rawChange{query: "INSERT INTO online (jid) VALUES (NULL)"}, Online{"3"},
	}
	for i, c := range changes {
		err := s.Do(c, func(err error) {
			if got = append(got, err); i == len(changes)-1 {
				close(last)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	release()
	<-last
	for i, err := range got {
		if want := i == 2 || i == 4; (err != nil) != want || i == 2 && !errors.Is(err, ErrUsed) {
			t.Errorf("change %d: got %v", i, err)
		}
	}
	if err := s.Writable(); err != nil {
		t.Error(err)
	}
	expect(t, loaded(t, s), State{Online: []string{"1", "2", "3"}})
}

func TestNewMissedCallsTakeThePlaceOfOld(t *testing.T) {
	s := fresh(t)
	for i := range MaxMissed + 7 {
		must(t, s, Missed{Local: "bob", From: fmt.Sprint(i), At: noon}, Missed{Local: fmt.Sprint(i), From: "x", At: noon})
	}
	var bobs []string
	for _, c := range loaded(t, s).Missed {
		if c.Local == "bob" {
			bobs = append(bobs, c.From)
		}
	}
	if len(bobs) != MaxMissed || bobs[0] != "7" || bobs[MaxMissed-1] != fmt.Sprint(MaxMissed+6) {
		t.Errorf("got %q, want the last %d, oldest first", bobs, MaxMissed)
	}
}

func TestEveryTableIsLimited(t *testing.T) {
	s := fresh(t)
	for _, what := range []string{"name", "contact", "online", "missed", "once"} {
		fill(t, s, "UPDATE tally SET n = ? WHERE what = ? AND local = ''", MaxRows-1, what)
	}
	for _, c := range []func(key string) Change{
		func(key string) Change { return PutName{Local: key} },
		func(key string) Change { return PutContact{Local: key, Bare: "b"} },
		func(key string) Change { return Online{key} },
		func(key string) Change { return Missed{Local: key} },
		func(key string) Change { return UseOnce{key, noon} },
	} {
		if err := do(t, s, c("last")); err != nil {
			t.Errorf("%T: %v", c("last"), err)
		}
		if err := do(t, s, c("more")); !errors.Is(err, ErrLimit) {
			t.Errorf("%T: got %v, want %v", c("more"), err, ErrLimit)
		}
	}
	for _, c := range []Change{PutName{Local: "last", Name: "again"}, PutContact{Local: "last", Bare: "b"}, Online{"last"}} {
		if err := do(t, s, c); err != nil {
			t.Errorf("%T, which is there: %v", c, err)
		}
	}
	if err := do(t, s, UseOnce{"last", noon}); !errors.Is(err, ErrUsed) {
		t.Errorf("got %v, want %v", err, ErrUsed)
	}
}

func TestRecordsOfCallsAreLimited(t *testing.T) {
	s := fresh(t)
	fill(t, s, `INSERT INTO call SELECT n, '', '', '', '', '', 0, 0, 0, '' FROM (SELECT 1 AS n UNION SELECT 2 UNION SELECT ?)`, MaxRows)
	must(t, s, CallRecord{ID: "new"})
	if n := count(t, s, "SELECT min(n) FROM call"); n != 2 {
		t.Errorf("the oldest record is %d, want 2", n)
	}
}

func TestPrune(t *testing.T) {
	s := fresh(t)
	day := 24 * time.Hour
	for i := range 10 {
		at := noon.Add(time.Duration(i) * day)
		must(t, s, Missed{Local: "bob", From: fmt.Sprint(i), At: at}, CallRecord{ID: fmt.Sprint(i), Ended: at}, UseOnce{fmt.Sprint(i), at})
	}
	must(t, s, UseOnce{"for long", noon.Add(9 * day)}, Prune{noon.Add(4 * day)})
	for query, want := range map[string]int{
		"SELECT count(*) FROM call": 6, "SELECT count(*) FROM missed": 6, "SELECT count(*) FROM once": 7,
		"SELECT count(*) FROM call WHERE id < '4'": 0, "SELECT n FROM tally WHERE what = 'once'": 7,
	} {
		if n := count(t, s, query); n != want {
			t.Errorf("%s: got %d, want %d", query, n, want)
		}
	}
	loaded(t, s)
	if err := do(t, s, UseOnce{"for long", noon}); !errors.Is(err, ErrUsed) {
		t.Errorf("got %v, want %v", err, ErrUsed)
	}
	fill(t, s, `INSERT INTO call SELECT 100 + value, '', '', '', '', '', 0, 0, 1, '' FROM
		(WITH RECURSIVE c (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM c WHERE value < 10100) SELECT value FROM c)`)
	must(t, s, Prune{noon})
	if n := count(t, s, "SELECT count(*) FROM call WHERE ended = 1"); n != 100 {
		t.Errorf("%d old records left, want 100: some at a time", n)
	}
}
