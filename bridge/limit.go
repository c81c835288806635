package bridge

import (
	"strings"
	"time"

	"golang.org/x/time/rate"
)

// meters are rate limiters by key, such as an address or a JID. It is bounded: when
// full, those that are idle go first, and a flood of new keys shares one limiter.
type meters struct {
	perMinute int
	byKey     map[string]*meter
	crowd     *rate.Limiter
	swept     time.Time
}

type meter struct {
	*rate.Limiter
	used time.Time
}

const maxMeters = 10_000

func newMeters(n int) *meters {
	return &meters{perMinute: n, byKey: map[string]*meter{}, crowd: perMinute(10 * n)}
}

// allow takes one from the key's allowance; refused attempts count too.
func (ms *meters) allow(key string, now time.Time) bool {
	m := ms.byKey[key]
	if m == nil {
		if len(ms.byKey) >= maxMeters {
			ms.sweep(now)
		}
		if len(ms.byKey) >= maxMeters {
			return ms.crowd.AllowN(now, 1)
		}
		m = &meter{Limiter: perMinute(ms.perMinute)}
		ms.byKey[strings.Clone(key)] = m // a key of a stanza would keep all of it
	}
	m.used = now
	return m.AllowN(now, 1)
}

// sweep forgets keys whose allowance is full again; not so often that a flood would keep
// it busy.
func (ms *meters) sweep(now time.Time) {
	if now.Sub(ms.swept) < time.Second {
		return
	}
	ms.swept = now
	for key, m := range ms.byKey {
		if now.Sub(m.used) > time.Minute {
			delete(ms.byKey, key)
		}
	}
}
