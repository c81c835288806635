package auth

import (
	"context"
	"time"
)

const (
	hashWorkers = 2  // at once: each takes a core, and as a rule 64 MiB
	hashQueue   = 64 // that wait or work
)

// hasher lets a few hash at a time, and few wait for it.
type hasher struct {
	queue   chan struct{}
	work    chan struct{}
	matches func(passwordHash, string) bool // passwordHash.matches; tests count the calls
}

func newHasher() *hasher {
	return &hasher{queue: make(chan struct{}, hashQueue), work: make(chan struct{}, hashWorkers), matches: passwordHash.matches}
}

// enter takes a place in the queue. Whoever gets one must call leave once.
func (h *hasher) enter() (leave func(), err error) {
	select {
	case h.queue <- struct{}{}:
		return func() { <-h.queue }, nil
	default:
		return nil, &Error{Code: CodeTooMany, Text: "too many logins at once", Retry: 2 * time.Second}
	}
}

// compare hashes when it is its turn, for who has a place in the queue.
func (h *hasher) compare(ctx context.Context, with passwordHash, password string) (bool, error) {
	select {
	case h.work <- struct{}{}:
	case <-ctx.Done():
		return false, ctx.Err()
	}
	defer func() { <-h.work }()
	return h.matches(with, password), nil
}
