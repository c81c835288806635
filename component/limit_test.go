package component

import (
	"fmt"
	"testing"
	"time"
)

func TestRemotesAreBounded(t *testing.T) {
	r := newRemotes(Limits{Remotes: 100, PerDomain: 1e9, DomainBurst: 1e9}.WithDefaults(), domain)
	now := time.Unix(1_700_000_000, 0)
	for i := range 100_000 {
		r.over(fmt.Sprintf("u%d@d%d.example", i, i), oneStanza, now)
	}
	if a, b := len(r.jids.byName), len(r.domains.byName); a > 100 || b > 100 {
		t.Errorf("got %d JIDs and %d domains, want 100 at most", a, b)
	}
	now = now.Add(time.Hour)
	if limit := r.over("new@new.example", oneStanza, now); limit != "" || len(r.jids.byName) != 1 {
		t.Errorf("an hour later: got %q, %d JIDs; want room again", limit, len(r.jids.byName))
	}
}

func TestDomainLimitHoldsForManyAddresses(t *testing.T) {
	r := newRemotes(Limits{}.WithDefaults(), domain)
	now := time.Unix(1_700_000_000, 0)
	passed := 0
	for i := range 10_000 {
		if r.over(fmt.Sprintf("u%d@evil.example", i), oneStanza, now) == "" {
			passed++
		}
	}
	if passed != 1000 {
		t.Errorf("%d passed at once, want 1000", passed)
	}
	if len(r.jids.byName) != 1000 {
		t.Errorf("%d addresses are remembered, want those that passed", len(r.jids.byName))
	}
}

func BenchmarkLimit(b *testing.B) {
	r := newRemotes(Limits{PerJID: 1e12, PerDomain: 1e12}.WithDefaults(), domain)
	now := time.Now()
	b.ReportAllocs()
	for b.Loop() {
		r.over("juliet@capulet.example/balcony", oneStanza, now)
	}
}

// A person's presence comes once for each of his friends here, all at once.
func TestPresenceOfAPopularPerson(t *testing.T) {
	r := newRemotes(Limits{}.WithDefaults(), domain)
	now := time.Unix(1_700_000_000, 0)
	passed := 0
	for range 2000 {
		if r.over("juliet@capulet.example/balcony", onePresence, now) == "" {
			passed++
		}
	}
	if passed < 999 || passed > 1000 {
		t.Errorf("%d passed at once, want 1000", passed)
	}
	if r.over("juliet@capulet.example/balcony", oneStanza, now) == "" {
		t.Error("a message passed behind them")
	}
}
