package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// opened is a store that is closed with the test; nothing of it may be left running.
func opened(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func fresh(t testing.TB) *Store {
	t.Helper()
	return opened(t, filepath.Join(t.TempDir(), "jinglebridge.db"))
}

// do makes changes and gives what became of the last; all are queued before any is waited for.
func do(t testing.TB, s *Store, changes ...Change) error {
	t.Helper()
	outcome := make(chan error, len(changes))
	for _, c := range changes {
		if err := s.Do(c, func(err error) { outcome <- err }); err != nil {
			t.Fatalf("%+v: %v", c, err)
		}
	}
	var last error
	for range changes {
		select {
		case last = <-outcome:
		case <-time.After(30 * time.Second):
			t.Fatalf("%d changes: no outcome", len(changes))
		}
	}
	return last
}

func must(t testing.TB, s *Store, changes ...Change) {
	t.Helper()
	if err := do(t, s, changes...); err != nil {
		t.Fatalf("%+v: %v", changes[len(changes)-1], err)
	}
}

func loaded(t testing.TB, s *Store) State {
	t.Helper()
	state, err := s.Load(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return state
}

func expect(t testing.TB, got, want State) {
	t.Helper()
	if got.Contacts == nil {
		got.Contacts = []Contact{}
	}
	if want.Contacts == nil {
		want.Contacts = []Contact{}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// hold keeps the writer in a done until release is called.
func hold(t testing.TB, s *Store) (release func()) {
	t.Helper()
	holding, released := make(chan struct{}), make(chan struct{})
	if err := s.Do(DropName{"nobody"}, func(error) { close(holding); <-released }); err != nil {
		t.Fatal(err)
	}
	<-holding
	return sync.OnceFunc(func() { close(released) })
}

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// some are changes of every kind, and all is what they come to.
func some() ([]Change, State) {
	bob := Contact{Local: "bob", Bare: "romeo@montague.example", From: true, To: true, Title: "Romeo"}
	ann := Contact{Local: "ann", Bare: "nurse@capulet.example", Pending: true, Message: "it is me"}
	call := Call{Local: "bob", From: "tybalt@capulet.example", Title: "Tybalt", Media: "audio", At: noon}
	return []Change{
			PutName{"bob", "Bob", "password"}, PutName{"ann", "Ann", "none"}, PutName{"eve", "Eve", "none"}, DropName{"eve"},
			PutContact(bob), PutContact(ann), PutContact{Local: "ann", Bare: "gone@x.example", Asked: true},
			DropContact{"ann", "gone@x.example"},
			Online{"bob@calls.example/a"}, Online{"bob@calls.example/b"}, Online{"bob@calls.example/a"}, Offline{"bob@calls.example/b"},
			Missed(call), Missed{Local: "ann", From: "x@x.example", At: noon}, TakeMissed{"ann"},
			CallRecord{ID: "s1", Direction: "in", From: "a@x", To: "b@x", Media: "audio", Began: noon, Ended: noon.Add(time.Minute), Reason: "success"},
			UseOnce{"link", noon},
		}, State{
			Names:    []Name{{"ann", "Ann", "none"}, {"bob", "Bob", "password"}},
			Contacts: []Contact{ann, bob},
			Online:   []string{"bob@calls.example/a"},
			Missed:   []Call{call},
		}
}

func TestChangesOutliveTheStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b?c#d%20é.db")
	changes, want := some()
	s := opened(t, path)
	expect(t, loaded(t, s), State{})
	must(t, s, changes...)
	expect(t, loaded(t, s), want)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := files(path); len(got) != 1 {
		t.Errorf("left after Close: %q, want the store only", got)
	}
	s = opened(t, path)
	expect(t, loaded(t, s), want)
	if err := do(t, s, UseOnce{"link", noon}); !errors.Is(err, ErrUsed) {
		t.Errorf("a link that was used before the restart: got %v, want %v", err, ErrUsed)
	}
}

func TestValuesComeBackAsTheyWere(t *testing.T) {
	s := fresh(t)
	var want State
	for i, v := range []string{
		"", "\x00", "a\x00b", "\x00'--;", "é", "e\u0301", "\u202eabc", "日本語", "\U0001f600\u200d", "\xff\xfe", strings.Repeat("x", maxValue),
	} {
		c := Contact{Local: fmt.Sprintf("%02d%.99s", i, v), Bare: "b" + v[:min(len(v), 99)], Title: v, Message: v + "!"}
		if len(c.Message) > maxValue {
			c.Message = ""
		}
		must(t, s, PutContact(c))
		want.Contacts = append(want.Contacts, c)
	}
	expect(t, loaded(t, s), want)
	for _, c := range want.Contacts {
		must(t, s, DropContact{c.Local, c.Bare})
	}
	expect(t, loaded(t, s), State{})
}

func TestWhatCannotBeStoredIsRefused(t *testing.T) {
	s := fresh(t)
	long := strings.Repeat("x", maxValue+1)
	for _, c := range []Change{
		PutName{}, DropName{}, PutContact{Local: "a"}, PutContact{Bare: "a"}, DropContact{}, Online{}, Offline{}, Missed{},
		TakeMissed{}, CallRecord{}, UseOnce{}, PutName{Local: long}, PutName{Local: "a", Method: long},
		PutContact{Local: "a", Bare: long}, PutContact{Local: "a", Bare: "b", Message: long}, Online{long}, UseOnce{long, noon}, UseOnce{ID: "a"},
		Missed{Local: "a", Title: long}, CallRecord{ID: "a", Reason: long},
	} {
		err := s.Do(c, func(error) { t.Errorf("%T: done was called", c) })
		if !errors.Is(err, ErrInvalid) {
			t.Errorf("%T: got %v, want %v", c, err, ErrInvalid)
		}
	}
	must(t, s, DropName{"nobody"})
}

func TestDoneIsCalledInOrder(t *testing.T) {
	s := fresh(t)
	const n = 2000
	var got []int
	last := make(chan struct{})
	for i := range n {
		err := s.Do(PutContact{Local: "a", Bare: fmt.Sprint(i % 7), Title: fmt.Sprint(i)}, func(err error) {
			if err != nil {
				t.Errorf("%d: %v", i, err)
			}
			if got = append(got, i); len(got) == n {
				close(last)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	<-last
	for i, v := range got {
		if i != v {
			t.Fatalf("done %d came at place %d", v, i)
		}
	}
	if c := loaded(t, s).Contacts[(n-1)%7]; c.Title != fmt.Sprint(n-1) {
		t.Errorf("got %+v, want the last change", c)
	}
}

func TestFullQueueRefuses(t *testing.T) {
	s := fresh(t)
	release := hold(t, s)
	var kept int
	last := make(chan struct{})
	for i := range maxQueue {
		err := s.Do(Offline{"a"}, func(err error) {
			if err == nil {
				kept++
			}
			if i == maxQueue-1 {
				close(last)
			}
		})
		if err != nil {
			t.Fatalf("change %d: %v", i, err)
		}
	}
	if err := s.Do(Online{"one more"}, func(error) { t.Error("done was called") }); !errors.Is(err, ErrFull) {
		t.Errorf("got %v, want %v", err, ErrFull)
	}
	release()
	<-last
	if kept != maxQueue {
		t.Errorf("acknowledged %d, want %d", kept, maxQueue)
	}
}

func TestCloseStoresWhatIsQueued(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	s := opened(t, path)
	release := hold(t, s)
	var acknowledged int
	for i := range 3000 {
		if err := s.Do(Online{fmt.Sprint(i)}, func(error) { acknowledged++ }); err != nil {
			t.Fatal(err)
		}
	}
	closed := make(chan error)
	for range 2 {
		go func() { closed <- s.Close() }()
	}
	for s.Writable() == nil {
		runtime.Gosched()
	}
	if err := s.Do(Online{"late"}, nil); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: got %v, want %v", err, ErrClosed)
	}
	release()
	for range 2 {
		if err := <-closed; err != nil {
			t.Error(err)
		}
	}
	if _, err := s.Load(context.Background()); !errors.Is(err, ErrClosed) {
		t.Errorf("load after Close: got %v, want %v", err, ErrClosed)
	}
	if n := len(loaded(t, opened(t, path)).Online); n != 3000 || acknowledged != n {
		t.Errorf("stored %d, acknowledged %d, want 3000", n, acknowledged)
	}
}

func TestNoGoroutineIsLeft(t *testing.T) {
	before := runtime.NumGoroutine()
	path := filepath.Join(t.TempDir(), "s.db")
	for range 5 {
		s, err := Open(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		must(t, s, Online{"a"})
		loaded(t, s)
		if err := s.Snapshot(context.Background(), path+".copy"); err != nil {
			t.Error(err)
		}
		if _, err := Open(path, nil); !errors.Is(err, ErrLocked) {
			t.Errorf("got %v, want %v", err, ErrLocked)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	for end := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("%d goroutines, want %d", runtime.NumGoroutine(), before)
		}
	}
}

func TestLoadEndsWithItsContext(t *testing.T) {
	s := fresh(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.Load(ctx); !errors.Is(err, context.Canceled) || errors.Is(err, ErrCorrupt) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	if err := s.Snapshot(ctx, filepath.Join(t.TempDir(), "copy")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}
