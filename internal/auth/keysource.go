package auth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

const (
	fetchTimeout  = 5 * time.Second
	fetchPause    = time.Minute      // between fetches, whatever kids are asked for
	freshFor      = 15 * time.Minute // then a removed key is noticed
	goodFor       = 24 * time.Hour   // without a server that answers
	maxRedirects  = 3
	acceptKeySets = "application/jwk-set+json, application/json"
)

// keySource has the keys for tokens with this kid, "" for those without one.
type keySource interface {
	keys(ctx context.Context, kid string) ([]key, error)
}

// fixedKeys are in no file.
type fixedKeys []key

func (k fixedKeys) keys(context.Context, string) ([]key, error) { return k, nil }

// fileKeys are in a file that is read again when it has changed.
type fileKeys struct{ *watched[[]key] }

func (k fileKeys) keys(context.Context, string) ([]key, error) { return k.get(), nil }

// remoteKeys are a key set that a server has. Who asks fetches it when it is needed; the others
// wait for that only if they have no key.
type remoteKeys struct {
	url    string
	client *http.Client
	now    func() time.Time
	log    *slog.Logger
	turn   chan struct{} // held by who fetches

	mu      sync.Mutex
	set     []key
	version int       // how often it was fetched
	fetched time.Time // when that began
	tried   time.Time // when a fetch last began, with or without success
}

func newRemoteKeys(address string, transport http.RoundTripper, now func() time.Time, log *slog.Logger) (*remoteKeys, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return nil, fmt.Errorf("key set: want an https URL without a password, got %.200q", address)
	}
	client := &http.Client{Transport: transport, Timeout: fetchTimeout, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		switch {
		case r.URL.Scheme != "https":
			return errors.New("want no redirect away from https")
		case len(via) > maxRedirects:
			return errors.New("too many redirects")
		}
		return nil
	}}
	return &remoteKeys{url: address, client: client, now: now, log: log, turn: make(chan struct{}, 1)}, nil
}

// keys are those at hand, fetched first if none has this kid. No keys means that the server
// was asked and knows none; an error that it does not answer, or may not be asked again yet.
func (k *remoteKeys) keys(ctx context.Context, kid string) ([]key, error) {
	set, state, version := k.look(kid)
	switch state {
	case fresh:
		return set, nil
	case stale:
		select {
		case k.turn <- struct{}{}:
		default:
			return set, nil // somebody fetches already
		}
	case missing:
		select {
		case k.turn <- struct{}{}:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	defer func() { <-k.turn }()
	if _, state, _ := k.look(kid); state != fresh && k.pause() == 0 {
		k.fetch(ctx)
	}
	set, state, newer := k.look(kid)
	if state == missing && newer == version {
		return nil, &Error{Code: CodeUpstream, Text: "the keys for tokens cannot be had just now", Retry: max(k.pause(), time.Second)}
	}
	if state == missing {
		return nil, nil
	}
	return set, nil
}

// What look says of the keys at hand.
const (
	fresh   = iota // they are good
	stale          // they are good, but it is time to ask for others
	missing        // there are none, or none with the kid
)

// look returns the keys at hand, what they are worth, and how often they were fetched.
func (k *remoteKeys) look(kid string) (set []key, state, version int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	age := k.now().Sub(k.fetched)
	switch {
	case k.version == 0 || age > goodFor || !hasKey(k.set, kid):
		return nil, missing, k.version
	case age > freshFor && k.now().Sub(k.tried) >= fetchPause:
		return k.set, stale, k.version
	}
	return k.set, fresh, k.version
}

// hasKey says whether a token with this kid can be checked.
func hasKey(keys []key, kid string) bool {
	for _, k := range keys {
		if kid == "" || k.id == "" || k.id == kid {
			return true
		}
	}
	return false
}

// pause says how long not to fetch.
func (k *remoteKeys) pause() time.Duration {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.tried.IsZero() {
		return 0
	}
	return max(0, fetchPause-k.now().Sub(k.tried))
}

// fetch gets the set anew, and keeps the old one when that does not work. It is for all who
// wait, so it does not end because one of them goes.
func (k *remoteKeys) fetch(ctx context.Context) {
	began := k.now()
	k.mu.Lock()
	k.tried = began
	k.mu.Unlock()
	set, err := k.get(context.WithoutCancel(ctx))
	if err != nil {
		k.log.Error("the keys for tokens cannot be fetched", "url", k.url, "err", err)
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.set, k.fetched = set, began
	k.version++
}

func (k *remoteKeys) get(ctx context.Context) ([]key, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, k.url, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", acceptKeySets)
	answer, err := k.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("want 200, got %s", strings.ToValidUTF8(answer.Status, "?"))
	}
	data, err := io.ReadAll(io.LimitReader(answer.Body, maxKeyFile+1))
	switch {
	case err != nil:
		return nil, err
	case len(data) > maxKeyFile:
		return nil, fmt.Errorf("want at most %d bytes", maxKeyFile)
	}
	return parseKeySet(data)
}
