package main

import (
	"crypto/tls"
	"log/slog"
	"os"
	"sync"
	"time"
)

// keyPair is a certificate and its key, read again when their files change. A pair that
// cannot be read, or does not fit together, leaves the last good one in use.
type keyPair struct {
	cert, key string
	log       *slog.Logger

	mu      sync.Mutex
	current *tls.Certificate
	seen    [2]time.Time // modification times of what was read last, good or bad
	looked  time.Time
}

// newKeyPair reads both files once.
func newKeyPair(cert, key string, log *slog.Logger) (*keyPair, error) {
	k := &keyPair{cert: cert, key: key, log: log}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, err
	}
	k.current, k.seen, k.looked = &pair, k.times(), time.Now()
	return k, nil
}

// config is for a listener that speaks HTTP/1.1, as WebSocket needs (RFC 6455 §4.1).
func (k *keyPair) config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return k.get(time.Now()), nil },
	}
}

// get looks at the files at most once a second.
func (k *keyPair) get(now time.Time) *tls.Certificate {
	k.mu.Lock()
	defer k.mu.Unlock()
	if now.Sub(k.looked) < time.Second {
		return k.current
	}
	k.looked = now
	times := k.times()
	if times == k.seen {
		return k.current
	}
	k.seen = times
	pair, err := tls.LoadX509KeyPair(k.cert, k.key)
	if err != nil {
		k.log.Error("certificate not usable, keeping the old one", "cert", k.cert, "key", k.key, "err", err)
		return k.current
	}
	k.current = &pair
	k.log.Info("certificate read again", "cert", k.cert)
	return k.current
}

func (k *keyPair) times() (t [2]time.Time) {
	for i, name := range []string{k.cert, k.key} {
		if info, err := os.Stat(name); err == nil {
			t[i] = info.ModTime()
		}
	}
	return t
}
