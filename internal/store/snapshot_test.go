package store

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestSnapshotIsAStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	s := opened(t, path)
	changes, want := some()
	must(t, s, changes...)
	copied := path + ".copy"
	if err := os.WriteFile(copied, []byte("an older one"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Snapshot(context.Background(), copied); err != nil {
		t.Fatal(err)
	}
	must(t, s, DropName{"bob"})
	c := opened(t, copied)
	expect(t, loaded(t, c), want)
	must(t, c, Online{"x"})
	for _, there := range []string{path, filepath.Join(filepath.Dir(path), ".", "s.db"), filepath.Join(path, "no")} {
		if err := s.Snapshot(context.Background(), there); err == nil {
			t.Errorf("snapshot to %q: made", there)
		}
	}
	if n := len(loaded(t, s).Names); n != 1 {
		t.Errorf("%d names, want 1", n)
	}
}

// A snapshot is of one moment, however much is changed meanwhile.
func TestSnapshotsWhileChangesGoOn(t *testing.T) {
	s := fresh(t)
	dir := t.TempDir()
	stop, stopped := make(chan struct{}), make(chan int)
	go func() {
		for n := 0; ; n++ {
			select {
			case <-stop:
				stopped <- n
				return
			default:
				outcome := make(chan error, 1)
				if err := s.Do(PutContact{Local: "a", Bare: fmt.Sprint(n % 500), Title: fmt.Sprint(n)}, func(err error) { outcome <- err }); err != nil {
					t.Error(err)
				} else if err := <-outcome; err != nil {
					t.Error(err)
				}
			}
		}
	}()
	for i := range 5 {
		copied := filepath.Join(dir, fmt.Sprint(i))
		if err := s.Snapshot(context.Background(), copied); err != nil {
			t.Error(err)
			continue
		}
		loaded(t, opened(t, copied))
	}
	close(stop)
	if n := <-stopped; n == 0 {
		t.Error("no change was made meanwhile")
	}
}

func TestMetrics(t *testing.T) {
	s := fresh(t)
	must(t, s, Online{"a"}, Online{"b"})
	reg := prometheus.NewRegistry()
	if err := reg.Register(s); err != nil {
		t.Fatal(err)
	}
	want := `
		# HELP jinglebridge_store_changes_total Changes that were stored.
		# TYPE jinglebridge_store_changes_total counter
		jinglebridge_store_changes_total 2
		# HELP jinglebridge_store_queue Changes waiting to be stored.
		# TYPE jinglebridge_store_queue gauge
		jinglebridge_store_queue 0
		# HELP jinglebridge_store_writable 1 while changes can be stored.
		# TYPE jinglebridge_store_writable gauge
		jinglebridge_store_writable 1
	`
	err := testutil.GatherAndCompare(reg, strings.NewReader(want),
		"jinglebridge_store_changes_total", "jinglebridge_store_queue", "jinglebridge_store_writable")
	if err != nil {
		t.Error(err)
	}
	if problems, err := testutil.GatherAndLint(reg); err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
}
