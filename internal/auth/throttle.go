package auth

import (
	"context"
	"net/netip"
	"sync"
	"time"
)

const (
	maxFailures   = 10               // of one address or name
	failureWindow = 30 * time.Minute // in which they are counted
	maxRecords    = 10_000           // of addresses, as many of names, and of both together

	// trustTime is how long who got in from somewhere is let try from there, whatever others do
	// to the name.
	trustTime = 30 * 24 * time.Hour
)

// throttle counts what failed, by address and by name. Of one key no more than maxFailures
// fail in any failureWindow: a try that could be one more waits until those that run have
// ended, so that neither a hundred tries at once get through nor an office of fifty, who all
// log in rightly after a restart, is taken for a guesser.
//
// Guesses from everywhere close a name, but not for its owner: where somebody has got in
// before, only the address counts.
type throttle struct {
	now   func() time.Time
	start time.Time

	mu        sync.Mutex
	addresses ledger
	names     ledger
	trusted   map[visit]time.Duration // since start, when they last got in
}

// verdict is how a try ended.
type verdict int

const (
	unclear verdict = iota // nobody could say
	right
	wrong
)

// visit is a name and where it came from.
type visit struct{ name, network string }

// ledger has a record for who failed lately or tries just now.
type ledger map[string]*record

// record is what is known of an address or a name.
type record struct {
	failed  []time.Duration // since start, the oldest first
	trying  int
	changed chan struct{} // closed when a try ends; nil when nobody waits
}

func newThrottle(now func() time.Time) *throttle {
	return &throttle{now: now, start: now(), addresses: ledger{}, names: ledger{}, trusted: map[visit]time.Duration{}}
}

// enter begins a try for the address and the name, "" for none. It waits while tries that run
// might use up what is allowed. Whoever is let in must call settle once.
func (t *throttle) enter(ctx context.Context, addr, name string) (settle func(verdict), err error) {
	for {
		settle, wait, err := t.try(addr, name)
		if wait == nil {
			return settle, err
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// try enters, or says what to wait for.
func (t *throttle) try(addr, name string) (settle func(verdict), wait <-chan struct{}, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now().Sub(t.start)
	keys := t.keys(addr, name)
	for _, k := range keys {
		if retry := k.ledger[k.key].blocked(now); retry > 0 {
			return nil, nil, tooMany(retry)
		}
	}
	for _, k := range keys {
		if r := k.ledger[k.key]; r != nil && len(r.failed)+r.trying >= maxFailures {
			if r.changed == nil {
				r.changed = make(chan struct{})
			}
			return nil, r.changed, nil
		}
	}
	for _, k := range keys {
		k.ledger.of(k.key, now).trying++
	}
	return func(v verdict) { t.settle(keys, visit{name, network(addr)}, v) }, nil, nil
}

// fail counts a failure of an address, or says that there were too many.
func (t *throttle) fail(addr string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now().Sub(t.start)
	r := t.addresses.of(network(addr), now)
	if retry := r.blocked(now); retry > 0 {
		return tooMany(retry)
	}
	r.failed = append(r.failed, now)
	return nil
}

func tooMany(retry time.Duration) error {
	return &Error{Code: CodeTooMany, Text: "too many failed logins", Retry: retry}
}

// place is a record's.
type place struct {
	ledger ledger
	key    string
}

func (t *throttle) keys(addr, name string) []place {
	keys := []place{{t.addresses, network(addr)}}
	if name != "" && !t.trusts(visit{name, network(addr)}) {
		keys = append(keys, place{t.names, name})
	}
	return keys
}

// trusts says whether a name has got in from there lately.
func (t *throttle) trusts(v visit) bool {
	last, ok := t.trusted[v]
	return ok && t.now().Sub(t.start)-last < trustTime
}

// trust remembers who got in, in the place of somebody else when there are too many.
func (t *throttle) trust(v visit, now time.Duration) {
	if v.name == "" || v.network == "" {
		return
	}
	if _, known := t.trusted[v]; !known && len(t.trusted) >= maxRecords {
		for other := range t.trusted {
			delete(t.trusted, other)
			break
		}
	}
	t.trusted[v] = now
}

// settle ends a try.
func (t *throttle) settle(keys []place, who visit, v verdict) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now().Sub(t.start)
	if v == right {
		t.trust(who, now)
	}
	for _, k := range keys {
		r := k.ledger[k.key] // which is there while somebody tries
		r.trying--
		if v == wrong {
			r.failed = append(r.failed, now)
		}
		if r.changed != nil {
			close(r.changed)
			r.changed = nil
		}
		if r.idle(now) {
			delete(k.ledger, k.key)
		}
	}
}

// blocked says for how long nothing more is allowed. It forgets what no longer counts.
func (r *record) blocked(now time.Duration) time.Duration {
	if r == nil {
		return 0
	}
	r.forget(now)
	if len(r.failed) < maxFailures {
		return 0
	}
	return r.failed[len(r.failed)-maxFailures] + failureWindow - now
}

func (r *record) forget(now time.Duration) {
	old := 0
	for old < len(r.failed) && r.failed[old]+failureWindow <= now {
		old++
	}
	r.failed = append(r.failed[:0], r.failed[old:]...)
}

// idle says whether there is nothing to remember.
func (r *record) idle(now time.Duration) bool {
	r.forget(now)
	return r.trying == 0 && len(r.failed) == 0
}

// of finds a record or makes one. Each new one looks at a few old ones, in the random order of
// maps, and drops those with nothing in them; in a full ledger it takes the place of the one
// that failed least. Who tries is never dropped.
func (l ledger) of(key string, now time.Duration) *record {
	if r := l[key]; r != nil {
		return r
	}
	looked, least, victim := 0, maxFailures+1, ""
	for k, r := range l {
		if r.idle(now) {
			delete(l, k)
		} else if r.trying == 0 && len(r.failed) < least {
			least, victim = len(r.failed), k
		}
		if looked++; looked >= 8 {
			break
		}
	}
	if len(l) >= maxRecords && least <= maxFailures {
		delete(l, victim)
	}
	r := &record{}
	l[key] = r
	return r
}

// network is what counts together: an IPv4 address, or the /64 that one IPv6 host has.
func network(addr string) string {
	a, err := netip.ParseAddr(addr)
	if err != nil {
		ap, err := netip.ParseAddrPort(addr)
		if err != nil {
			return "" // all that cannot be told apart
		}
		a = ap.Addr()
	}
	a = a.Unmap().WithZone("")
	bits := 32
	if a.Is6() {
		bits = 64
	}
	prefix, _ := a.Prefix(bits)
	return prefix.String()
}
