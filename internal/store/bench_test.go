package store

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"testing"
)

// One change after another, each on disk before the next. Each differs: SQLite does not
// write what is there already.
func BenchmarkCommitSingle(b *testing.B) {
	s := fresh(b)
	outcome := make(chan error, 1)
	for i := 0; b.Loop(); i++ {
		if err := s.Do(PutContact{Local: "a", Bare: fmt.Sprint(i % 900), Title: fmt.Sprint(i)}, func(err error) { outcome <- err }); err != nil {
			b.Fatal(err)
		}
		if err := <-outcome; err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
}

// As many changes under way as a busy server has.
func BenchmarkCommitGrouped(b *testing.B) {
	s := fresh(b)
	window := make(chan struct{}, 1000)
	for i := 0; b.Loop(); i++ {
		window <- struct{}{}
		err := s.Do(PutContact{Local: fmt.Sprint(i % 100), Bare: fmt.Sprint(i % 90000), Title: fmt.Sprint(i)}, func(err error) {
			if err != nil {
				b.Error(err)
			}
			<-window
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	for range cap(window) {
		window <- struct{}{}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "changes/s")
}

// crowd is a closed store of 10,000 names with 10 contacts each.
func crowd(t testing.TB) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "s.db")
	s, err := Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 10000 {
		local := fmt.Sprintf("user%05d", i)
		changes := []Change{PutName{local, local, "password"}}
		for j := range 10 {
			changes = append(changes, PutContact{Local: local, Bare: fmt.Sprintf("contact%d@host%d.example", i*7+j, j), From: true, To: true, Title: "Somebody"})
		}
		if i%100 == 99 {
			must(t, s, changes...)
			continue
		}
		for _, c := range changes {
			if err := s.Do(c, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func BenchmarkLoad100000(b *testing.B) {
	s := opened(b, crowd(b))
	var state State
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for b.Loop() {
		state = loaded(b, s)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if len(state.Contacts) != 100000 {
		b.Fatalf("%d contacts, want 100,000", len(state.Contacts))
	}
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(len(state.Contacts)), "B/contact")
}

func BenchmarkOpen100000(b *testing.B) {
	path := crowd(b)
	for b.Loop() {
		s, err := Open(path, nil)
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func TestManyContacts(t *testing.T) {
	if !*long {
		t.Skip("takes long; the benchmark loads as many")
	}
	s := opened(t, crowd(t))
	state := loaded(t, s)
	if len(state.Contacts) != 100000 || len(state.Names) != 10000 {
		t.Fatalf("%d contacts, %d names, want 100,000 and 10,000", len(state.Contacts), len(state.Names))
	}
	for i, c := range state.Contacts[1:] {
		if last := state.Contacts[i]; c.Local < last.Local || c.Local == last.Local && c.Bare <= last.Bare {
			t.Fatalf("contact %q of %q comes after %q of %q", c.Bare, c.Local, last.Bare, last.Local)
		}
	}
	if err := s.Snapshot(context.Background(), filepath.Join(t.TempDir(), "copy")); err != nil {
		t.Error(err)
	}
}
