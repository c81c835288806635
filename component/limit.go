package component

import (
	"hash/maphash"
	"strings"
	"time"
)

// Limits bound what the server and the people behind it may ask of us. A zero field
// takes the default.
type Limits struct {
	PerJID, PerDomain     float64 // stanzas a second from one bare JID, one domain: 20, 200; ten presences are one
	JIDBurst, DomainBurst int     // at once: 100, 1000
	Remotes               int     // bare JIDs remembered for that, and as many domains: 100,000

	StanzaIn  int // bytes of one stanza taken: 1 MiB; more is read, refused, and the link kept
	Depth     int // elements inside each other: 64
	Tokens    int // elements and attributes together: 20,000
	StanzaOut int // bytes of one stanza sent: 128 KiB; servers take 256 to 512 KiB

	OpenIQs      int // requests of ours without answer: 1024
	QueueBytes   int // waiting to be sent: 8 MiB
	QueueStanzas int // waiting to be sent: 20,000
}

// WithDefaults returns the limits with the defaults for those that are zero.
func (l Limits) WithDefaults() Limits {
	for _, f := range []struct {
		field *int
		value int
	}{
		{&l.JIDBurst, 100}, {&l.DomainBurst, 1000}, {&l.Remotes, 100_000},
		{&l.StanzaIn, 1 << 20}, {&l.Depth, 64}, {&l.Tokens, 20_000}, {&l.StanzaOut, 128 << 10},
		{&l.OpenIQs, 1024}, {&l.QueueBytes, 8 << 20}, {&l.QueueStanzas, 20_000},
	} {
		if *f.field <= 0 {
			*f.field = f.value
		}
	}
	if l.PerJID <= 0 {
		l.PerJID = 20
	}
	if l.PerDomain <= 0 {
		l.PerDomain = 200
	}
	return l
}

// remotes are the token buckets of those who write to us. Only the reader uses them.
type remotes struct {
	domains, jids buckets
	own, server   string // our domain, and the domain above it
	self          string // an account's bare JID, "" for a component
}

func newRemotes(l Limits, domain string) *remotes {
	_, server, _ := strings.Cut(domain, ".")
	return &remotes{
		domains: newBuckets(l.PerDomain, l.DomainBurst, l.Remotes),
		jids:    newBuckets(l.PerJID, l.JIDBurst, l.Remotes),
		own:     domain, server: server,
	}
}

// What a stanza takes of the limits. A presence goes from one person to all of his friends
// here at once, and is little work.
const (
	oneStanza   = 1.0
	onePresence = 0.1
)

func costOf(in *Stanza) float64 {
	if in.Name() == "presence" {
		return onePresence
	}
	return oneStanza
}

// over says which limit a sender is over; "" for none. We ourselves are under none, nor
// is our own server; its people are many, so they share no limit.
func (r *remotes) over(from string, cost float64, now time.Time) string {
	local, domain, _ := Split(from)
	local, domain = strings.ToLower(local), strings.ToLower(domain)
	home := domain == r.own || domain == r.server
	if home && (local == "" || local+"@"+domain == r.self) {
		return ""
	}
	if !home && !r.domains.allow("", domain, cost, now) {
		return "remote_domain"
	}
	if !r.jids.allow(local, domain, cost, now) {
		return "remote_jid"
	}
	return ""
}

// buckets are rate limiters by name, a bounded number of them: by a hash of the name, since
// they may be many.
type buckets struct {
	limit, burst float64
	most         int
	seed         maphash.Seed
	byName       map[uint64]bucket
	others       bucket    // shared by the names there is no room for
	first, swept time.Time // use, and search for what is full again
}

// bucket is how much of a burst is used up, and when that was so.
type bucket struct {
	used float64
	at   time.Duration // since the first use: clocks are set
}

func newBuckets(limit float64, burst, most int) buckets {
	return buckets{limit: limit, burst: float64(burst), most: most, seed: maphash.MakeSeed(), byName: map[uint64]bucket{}}
}

const sweepWait = 10 * time.Second

// crowd is how much more than one name the names without room have together.
const crowd = 10

func (b *buckets) allow(local, domain string, cost float64, now time.Time) bool {
	if b.first.IsZero() {
		b.first = now
	}
	var h maphash.Hash
	h.SetSeed(b.seed)
	h.WriteString(local)
	h.WriteByte('@')
	h.WriteString(domain)
	key := h.Sum64()
	old, known := b.byName[key]
	if !known && len(b.byName) >= b.most && now.Sub(b.swept) >= sweepWait {
		b.sweep(now)
	}
	if !known && len(b.byName) >= b.most {
		return b.others.take(cost, crowd*b.limit, crowd*b.burst, now.Sub(b.first))
	}
	ok := old.take(cost, b.limit, b.burst, now.Sub(b.first))
	b.byName[key] = old
	return ok
}

// take takes from a bucket, unless it does not have so much.
func (b *bucket) take(cost, limit, burst float64, now time.Duration) bool {
	b.used, b.at = b.left(limit, now), now
	if b.used+cost > burst {
		return false
	}
	b.used += cost
	return true
}

// left is how much is used up by now.
func (b bucket) left(limit float64, now time.Duration) float64 {
	return max(0, b.used-(now-b.at).Seconds()*limit)
}

// sweep forgets the full buckets: a new one would be the same.
func (b *buckets) sweep(now time.Time) {
	b.swept = now
	for key, old := range b.byName {
		if old.left(b.limit, now.Sub(b.first)) == 0 {
			delete(b.byName, key)
		}
	}
}
