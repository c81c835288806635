package web

import (
	"net/netip"
	"sync"
	"time"
)

// Limits bound what browsers may ask. Zero takes the default, less than zero is no limit.
type Limits struct {
	MessageBytes      int // 65,536: a longer message closes the socket (1009)
	MessagesPerSecond int // 20, of each session
	MessageBurst      int // 200
	Sockets           int // 20,000 in all
	SocketsPerAddr    int // 200 of one IPv4 address or IPv6 /64
	WaitingPerAddr    int // 20 of these not logged in
	LoginsPerMinute   int // 10 of one address
	QueueMessages     int // 2,048 waiting for a slow browser, then 1013
	QueueBytes        int // 262,144
	RequestsPerAddr   int // 100 open HTTP connections that are not WebSockets
}

func (l Limits) withDefaults() Limits {
	for _, d := range []struct {
		limit *int
		value int
	}{
		{&l.MessageBytes, 65_536}, {&l.MessagesPerSecond, 20}, {&l.MessageBurst, 200},
		{&l.Sockets, 20_000}, {&l.SocketsPerAddr, 200}, {&l.WaitingPerAddr, 20},
		{&l.LoginsPerMinute, 10}, {&l.QueueMessages, 2048}, {&l.QueueBytes, 262_144},
		{&l.RequestsPerAddr, 100},
	} {
		switch {
		case *d.limit == 0:
			*d.limit = d.value
		case *d.limit < 0:
			*d.limit = int(^uint(0) >> 1)
		}
	}
	return l
}

// bucket is a token bucket. The zero value is full.
type bucket struct {
	used float64
	last time.Time
}

// take takes one token, or says how long to wait for it.
func (b *bucket) take(now time.Time, perSecond, burst float64) (wait time.Duration, ok bool) {
	b.used = max(0, b.used-now.Sub(b.last).Seconds()*perSecond)
	b.last = now
	if b.used+1 > burst {
		return time.Duration((b.used + 1 - burst) / perSecond * float64(time.Second)), false
	}
	b.used++
	return 0, true
}

// pace is how fast one client speaks.
type pace struct {
	messages bucket
	strikes  int // messages over the limit, less those within it
}

const maxStrikes = 100 // then a client that does not heed rate-limited is closed

// spend takes a message from the limit, or says how long to wait.
func (p *pace) spend(s *Server) (wait time.Duration, ok bool) {
	wait, ok = p.messages.take(time.Now(), float64(s.limits.MessagesPerSecond), float64(s.limits.MessageBurst))
	if ok {
		p.strikes = max(0, p.strikes-1)
		return 0, true
	}
	s.limited("messages")
	p.strikes++
	return wait, false
}

// flooding says whether the client goes on regardless of what it is told.
func (p *pace) flooding() bool { return p.strikes > maxStrikes }

// addresses counts by network who is here and who logs in.
type addresses struct {
	limits Limits

	mu    sync.Mutex
	total int
	by    map[netip.Prefix]*address
}

// address is what one network uses.
type address struct {
	waiting, loggedIn, requests int
	logins                      bucket
}

func newAddresses(l Limits) *addresses {
	return &addresses{limits: l, by: make(map[netip.Prefix]*address)}
}

func (a *addresses) of(addr netip.Addr) *address {
	key := network(addr)
	if a.by[key] == nil {
		a.by[key] = &address{}
	}
	return a.by[key]
}

// enter counts a new socket, or returns the limit that forbids it.
func (a *addresses) enter(addr netip.Addr) (limit string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	here := a.of(addr)
	switch {
	case a.total >= a.limits.Sockets:
		return "sockets"
	case here.waiting >= a.limits.WaitingPerAddr:
		return "waiting_per_addr"
	case here.waiting+here.loggedIn >= a.limits.SocketsPerAddr:
		return "sockets_per_addr"
	}
	a.total++
	here.waiting++
	return ""
}

// accept counts a socket as logged in from now on.
func (a *addresses) accept(addr netip.Addr) {
	a.mu.Lock()
	defer a.mu.Unlock()
	here := a.of(addr)
	here.waiting--
	here.loggedIn++
}

// leave forgets a socket.
func (a *addresses) leave(addr netip.Addr, loggedIn bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	here := a.of(addr)
	a.total--
	if loggedIn {
		here.loggedIn--
	} else {
		here.waiting--
	}
	a.forget(network(addr), here)
}

// login counts an attempt to log in.
func (a *addresses) login(addr netip.Addr, now time.Time) (wait time.Duration, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	perMinute := float64(a.limits.LoginsPerMinute)
	return a.of(addr).logins.take(now, perMinute/60, perMinute)
}

// request counts an HTTP connection that is open: n is 1 or -1.
func (a *addresses) request(addr netip.Addr, n int) (ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	here := a.of(addr)
	here.requests += n
	ok = here.requests <= a.limits.RequestsPerAddr
	a.forget(network(addr), here)
	return ok
}

// sweep forgets who has gone and whose attempts no longer count.
func (a *addresses) sweep(now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for key, here := range a.by {
		if now.Sub(here.logins.last) > time.Minute {
			here.logins = bucket{}
		}
		a.forget(key, here)
	}
}

func (a *addresses) forget(key netip.Prefix, here *address) {
	if here.waiting == 0 && here.loggedIn == 0 && here.requests == 0 && here.logins.last.IsZero() {
		delete(a.by, key)
	}
}
