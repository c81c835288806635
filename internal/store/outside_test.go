package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"
)

// Another process can copy, check and look into a store that is open, and restore one that is not.
func TestFromOutside(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "s.db")
	s := opened(t, path)
	changes, want := some()
	must(t, s, changes...)
	copied := path + ".copy"
	if err := Snapshot(ctx, path, copied); err != nil {
		t.Fatal(err)
	}
	must(t, s, Online{"later"})
	var records []CallRecord
	keep := func(c CallRecord) error { records = append(records, c); return nil }
	if err := errors.Join(Calls(ctx, path, noon, keep), Calls(ctx, path, noon.Add(time.Hour), keep)); err != nil {
		t.Error(err)
	}
	if got := (CallRecord{ID: "s1", Direction: "in", From: "a@x", To: "b@x", Media: "audio", Began: noon, Ended: noon.Add(time.Minute), Reason: "success"}); len(records) != 1 || !reflect.DeepEqual(records[0], got) {
		t.Errorf("got %+v, want %+v", records, got)
	}
	if state, err := Check(ctx, path); err != nil || len(state.Online) != 2 {
		t.Errorf("got %+v, %v", state, err)
	}
	if _, err := Restore(ctx, path, copied); !errors.Is(err, ErrLocked) {
		t.Errorf("a store that is open: got %v, want %v", err, ErrLocked)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	kept, err := Restore(ctx, path, copied)
	if err != nil || kept == "" {
		t.Fatalf("got %q, %v", kept, err)
	}
	expect(t, loaded(t, opened(t, path)), want)
	if n := len(loaded(t, opened(t, kept)).Online); n != 2 {
		t.Errorf("%d tabs in what was kept, want 2", n)
	}
}

// What is damaged, or no store, takes nobody's place; what was damaged is replaced, and kept.
func TestRestoreChecksFirst(t *testing.T) {
	ctx := context.Background()
	whole, want := written(t)
	dir := t.TempDir()
	path, good, bad := filepath.Join(dir, "s.db"), filepath.Join(dir, "good"), filepath.Join(dir, "bad")
	broken := append([]byte(nil), whole...)
	for i := len(broken) / 2; i < len(broken)/2+5000; i++ {
		broken[i] ^= 0xff
	}
	for name, data := range map[string][]byte{path: broken, good: whole, bad: broken} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, from := range []string{bad, filepath.Join(dir, "nothing"), dir} {
		if _, err := Restore(ctx, path, from); err == nil {
			t.Errorf("%s was restored", from)
		}
	}
	if _, err := Check(ctx, path); !errors.Is(err, ErrCorrupt) {
		t.Errorf("got %v, want %v", err, ErrCorrupt)
	}
	kept, err := Restore(ctx, path, good)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, loaded(t, opened(t, path)), want)
	if data, err := os.ReadFile(kept); err != nil || len(data) != len(broken) {
		t.Errorf("kept %d bytes, %v", len(data), err)
	}
}
