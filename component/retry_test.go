package component

import (
	"testing"
	"time"
)

func TestWaitsGrowAndAreJittered(t *testing.T) {
	for _, test := range []struct {
		reason      string
		first, most time.Duration
	}{
		{"refused", time.Second, 3 * time.Second},
		{"closed", time.Second, 3 * time.Second},
		{"not-authorized", time.Second, time.Minute},
		{"timeout", time.Second, time.Minute},
		{"conflict", 5 * time.Second, 5 * time.Minute},
	} {
		var r retries
		seen := map[time.Duration]bool{}
		for n := range 100 {
			wait := r.after(test.reason, 0)
			span := min(test.first<<min(n, 20), test.most)
			if wait < span/2 || wait > span {
				t.Errorf("%s, try %d: got %v, want %v to %v", test.reason, n, wait, span/2, span)
			}
			seen[wait] = true
		}
		if len(seen) < 50 {
			t.Errorf("%s: %d different waits of 100", test.reason, len(seen))
		}
	}
}

func TestWaitsStartSmallAfterAGoodLink(t *testing.T) {
	var r retries
	for range 20 {
		r.after("timeout", 0)
	}
	if wait := r.after("closed", time.Minute); wait > time.Second {
		t.Errorf("after a minute up: got %v, want 1s at most", wait)
	}
	for range 20 {
		r.after("conflict", time.Minute) // a rival throws us out each time
	}
	if wait := r.after("conflict", time.Minute); wait < 2*time.Minute {
		t.Errorf("conflict 21: got %v, want minutes", wait)
	}
	if wait := r.after("conflict", time.Hour); wait > 5*time.Second {
		t.Errorf("conflict after an hour up: got %v, want 5s at most", wait)
	}
}

// Two bridges on one domain must not throw each other out all the time: at most ten
// times in five minutes.
func TestConflictsAreFew(t *testing.T) {
	for range 100 {
		var r retries
		n := 0
		for at := time.Duration(0); at < 5*time.Minute; n++ {
			at += r.after("conflict", 0)
		}
		if n > 10 {
			t.Errorf("got %d tries in 5 minutes, want 10 at most", n)
		}
	}
}
