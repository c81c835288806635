package component

import (
	"strings"
	"time"

	"golang.org/x/time/rate"
)

// Limits bound what the server and the people behind it may ask of us. A zero field
// takes the default.
type Limits struct {
	PerJID, PerDomain     float64 // stanzas a second from one bare JID, one domain: 20, 200
	JIDBurst, DomainBurst int     // at once: 100, 1000
	Remotes               int     // bare JIDs remembered for that, and as many domains: 10,000

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
		{&l.JIDBurst, 100}, {&l.DomainBurst, 1000}, {&l.Remotes, 10_000},
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

// over says which limit a sender is over; "" for none. We ourselves are under none, nor
// is our own server; its people are many, so they share no limit.
func (r *remotes) over(from string, now time.Time) string {
	local, domain, _ := Split(from)
	local, domain = strings.ToLower(local), strings.ToLower(domain)
	home := domain == r.own || domain == r.server
	if home && (local == "" || local+"@"+domain == r.self) {
		return ""
	}
	if !home && !r.domains.allow(domain, now) {
		return "remote_domain"
	}
	if !r.jids.allow(local+"@"+domain, now) {
		return "remote_jid"
	}
	return ""
}

// buckets are rate limiters by name, a bounded number of them.
type buckets struct {
	limit  rate.Limit
	burst  int
	most   int
	byName map[string]*rate.Limiter
	others *rate.Limiter // shared by the names there is no room for
	swept  time.Time
}

func newBuckets(limit float64, burst, most int) buckets {
	return buckets{
		limit: rate.Limit(limit), burst: burst, most: most,
		byName: map[string]*rate.Limiter{}, others: rate.NewLimiter(10*rate.Limit(limit), 10*burst),
	}
}

const sweepWait = 10 * time.Second

func (b *buckets) allow(name string, now time.Time) bool {
	l := b.byName[name]
	if l == nil {
		if len(b.byName) >= b.most && now.Sub(b.swept) >= sweepWait {
			b.sweep(now)
		}
		if len(b.byName) >= b.most {
			return b.others.AllowN(now, 1)
		}
		l = rate.NewLimiter(b.limit, b.burst)
		b.byName[strings.Clone(name)] = l
	}
	return l.AllowN(now, 1)
}

// sweep forgets the full buckets: a new one would be the same.
func (b *buckets) sweep(now time.Time) {
	b.swept = now
	for name, l := range b.byName {
		if l.TokensAt(now) >= float64(b.burst) {
			delete(b.byName, name)
		}
	}
}
