package auth

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// keyServer has a key set behind real TLS, and a clock for those who ask.
type keyServer struct {
	*httptest.Server
	handle atomic.Pointer[http.HandlerFunc]
	asked  atomic.Int64
	clock  atomic.Int64 // seconds after noon
	log    bytes.Buffer
}

func newKeyServer(t *testing.T) *keyServer {
	s := &keyServer{}
	s.serve("{}")
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		(*s.handle.Load())(w, r)
	}))
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func (s *keyServer) serve(text string) {
	s.do(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, text) })
}

func (s *keyServer) do(h http.HandlerFunc) { s.handle.Store(&h) }

// auth trusts the server's own authority and no other.
func (s *keyServer) auth(t *testing.T) *Auth {
	return newAuth(t, Config{
		JWT: JWTConfig{JWKS: s.URL + "/keys", Transport: s.Client().Transport},
		Now: func() time.Time { return noon.Add(time.Duration(s.clock.Load()) * time.Second) },
		Log: slog.New(slog.NewTextHandler(&s.log, nil)),
	})
}

func (s *keyServer) expect(t *testing.T, asked int64) {
	t.Helper()
	if got := s.asked.Load(); got != asked {
		t.Errorf("the server was asked %d times, want %d", got, asked)
	}
}

func keySet(keys ...string) string { return `{"keys":[` + strings.Join(keys, ",") + `]}` }

// kid is a good token that names its key.
func kid(t testing.TB, id string, key any) Request {
	return Request{Token: forge(t, fmt.Sprintf(`{"alg":"RS256","kid":%q}`, id), strings.Replace(anna(), fmt.Sprint(noon.Unix()+3600), fmt.Sprint(noon.Unix()+1e6), 1), "RS256", key), Addr: "192.0.2.1"}
}

func TestKeysRotate(t *testing.T) {
	s := newKeyServer(t)
	a := s.auth(t)
	s.expect(t, 0) // a server that is down does not stop us from starting
	old, fresh := publicJWK(t, "old", rsaTestKey().Public()), publicJWK(t, "new", otherRSAKey().Public())
	s.serve(keySet(old))
	for range 3 {
		want(t, a, kid(t, "old", rsaTestKey()), "")
	}
	s.expect(t, 1)
	s.serve(keySet(old, fresh))
	// Not so soon after the last time; and nobody is blamed for it.
	_, err := a.Check(t.Context(), kid(t, "new", otherRSAKey()))
	var e *Error
	if !errors.As(err, &e) || e.Code != CodeUpstream || e.Retry != fetchPause {
		t.Errorf("got %v", err)
	}
	s.expect(t, 1)
	s.clock.Add(60)
	want(t, a, kid(t, "new", otherRSAKey()), "")
	want(t, a, kid(t, "old", rsaTestKey()), "")
	s.expect(t, 2)
	// The old key goes; a while later its tokens do not count.
	s.serve(keySet(fresh))
	s.clock.Add(int64(freshFor/time.Second) + 1)
	want(t, a, kid(t, "old", rsaTestKey()), CodeAuthFailed)
	s.expect(t, 3)
	want(t, a, kid(t, "new", otherRSAKey()), "")
	s.expect(t, 3)
}

// However many unknown kids are asked for, the server is asked once a minute.
func TestStormOfKids(t *testing.T) {
	s := newKeyServer(t)
	a := s.auth(t)
	s.serve(keySet(publicJWK(t, "a", rsaTestKey().Public())))
	storm := func() {
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				switch _, err := a.Check(t.Context(), kid(t, fmt.Sprint("evil", i), otherRSAKey())); codeOf(err) {
				case CodeUpstream, CodeAuthFailed, CodeTooMany:
				default:
					t.Errorf("got %v", err)
				}
			})
		}
		wg.Wait()
	}
	for minute := range 3 {
		storm()
		storm()
		s.expect(t, int64(minute+1))
		want(t, a, kid(t, "a", rsaTestKey()), "")
		s.clock.Add(60)
	}
}

// All who come at once share one fetch.
func TestKeysAreFetchedOnceForAll(t *testing.T) {
	s := newKeyServer(t)
	a := s.auth(t)
	s.serve(keySet(publicJWK(t, "a", rsaTestKey().Public())))
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() { want(t, a, kid(t, "a", rsaTestKey()), "") })
	}
	wg.Wait()
	s.expect(t, 1)
}

// A server that cannot be used is the server's fault; what was fetched before counts for a day.
func TestKeyServerFails(t *testing.T) {
	plainHTTP := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, keySet(publicJWK(t, "a", rsaTestKey().Public())))
	}))
	t.Cleanup(plainHTTP.Close)
	for name, test := range map[string]struct {
		handle http.HandlerFunc
		logged string
	}{
		"404":          {http.NotFound, "want 200, got 404"},
		"HTML":         {func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<!doctype html>") }, "want a JSON object"},
		"empty":        {func(http.ResponseWriter, *http.Request) {}, "want a JSON object"},
		"an empty set": {func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, keySet()) }, "no key is of use"},
		"oversized":    {func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, strings.Repeat(" ", maxKeyFile)+"{}") }, "want at most 262144 bytes"},
		"endless":      {func(w http.ResponseWriter, _ *http.Request) { io.Copy(w, zeros{}) }, "want at most 262144 bytes"},
		"cut off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9999")
			io.WriteString(w, "{")
		}, "unexpected EOF"},
		"to http":        {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, plainHTTP.URL, http.StatusFound) }, "no redirect away from https"},
		"round and back": {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path+"x", http.StatusFound) }, "too many redirects"},
		"aborted":        {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "EOF"},
	} {
		s := newKeyServer(t)
		a := s.auth(t)
		s.do(test.handle)
		_, err := a.Check(t.Context(), kid(t, "a", rsaTestKey()))
		var e *Error
		if !errors.As(err, &e) || e.Code != CodeUpstream || e.Retry != fetchPause {
			t.Errorf("%s: got %v", name, err)
		}
		if len(a.throttle.addresses) > 0 {
			t.Errorf("%s: the client is blamed", name)
		}
		if !strings.Contains(s.log.String(), test.logged) {
			t.Errorf("%s: got the log %q, want %q", name, &s.log, test.logged)
		}
		asked := s.asked.Load()
		want(t, a, kid(t, "a", rsaTestKey()), CodeUpstream)
		s.expect(t, asked) // not again within the minute
		s.clock.Add(60)
		s.serve(keySet(publicJWK(t, "a", rsaTestKey().Public())))
		want(t, a, kid(t, "a", rsaTestKey()), "")
		s.do(test.handle)
		s.clock.Add(int64(goodFor / time.Second))
		want(t, a, kid(t, "a", rsaTestKey()), "")
		s.clock.Add(61)
		want(t, a, kid(t, "a", rsaTestKey()), CodeUpstream)
	}
}

// zeros are endless.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// A redirect within https is followed.
func TestKeysElsewhere(t *testing.T) {
	s := newKeyServer(t)
	a := s.auth(t)
	s.do(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/keys" {
			http.Redirect(w, r, "/elsewhere", http.StatusMovedPermanently)
			return
		}
		io.WriteString(w, keySet(publicJWK(t, "a", rsaTestKey().Public())))
	})
	want(t, a, kid(t, "a", rsaTestKey()), "")
}

// A key server whose certificate nobody vouches for, or of another name, is none.
func TestKeyServerMustProveItself(t *testing.T) {
	s := newKeyServer(t)
	s.serve(keySet(publicJWK(t, "a", rsaTestKey().Public())))
	roots := s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	for wrong, transport := range map[string]*http.Transport{
		"unknown authority":               {TLSClientConfig: &tls.Config{}},
		"example.com, not id.example.org": {TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "id.example.org"}},
	} {
		var log bytes.Buffer
		a := newAuth(t, Config{JWT: JWTConfig{JWKS: s.URL, Transport: transport}, Log: slog.New(slog.NewTextHandler(&log, nil))})
		want(t, a, kid(t, "a", rsaTestKey()), CodeUpstream)
		if !strings.Contains(log.String(), wrong) {
			t.Errorf("got the log %q, want %q", &log, wrong)
		}
		transport.CloseIdleConnections()
	}
	s.expect(t, 0)
}

// stuck is a server that answers when it is let.
type stuck struct {
	asked  atomic.Int64
	answer chan string
}

func (s *stuck) RoundTrip(r *http.Request) (*http.Response, error) {
	s.asked.Add(1)
	select {
	case text := <-s.answer:
		return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(text)), Request: r}, nil
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

// A slow server holds up those who need it, for a while, and nobody else.
func TestSlowKeyServer(t *testing.T) {
	rsaTestKey() // outside of the bubble's time
	synctest.Test(t, func(t *testing.T) {
		s := &stuck{answer: make(chan string)}
		skew := time.Until(noon)
		a := newAuth(t, Config{JWT: JWTConfig{JWKS: "https://id.example.org/keys", Transport: s}, Now: func() time.Time { return time.Now().Add(skew) }})
		good := kid(t, "a", rsaTestKey())
		began := time.Now()
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() { want(t, a, good, CodeUpstream) })
		}
		wg.Wait()
		if took := time.Since(began); took != fetchTimeout || s.asked.Load() != 1 {
			t.Errorf("took %v, asked %d times", took, s.asked.Load())
		}
		time.Sleep(fetchPause)
		// Who goes away meanwhile does not spoil it for the others.
		ctx, cancel := context.WithCancel(t.Context())
		wg.Go(func() {
			if _, err := a.Check(ctx, good); err != nil {
				t.Errorf("who fetched: got %v", err)
			}
		})
		synctest.Wait()
		waits, end := context.WithTimeout(t.Context(), time.Second)
		defer end()
		if _, err := a.Check(waits, good); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("who waits: got %v", err)
		}
		cancel()
		s.answer <- keySet(publicJWK(t, "a", rsaTestKey().Public()))
		wg.Wait()
		// With keys at hand only the one who asks for newer ones waits.
		time.Sleep(freshFor + time.Second)
		wg.Go(func() { want(t, a, good, "") })
		synctest.Wait()
		began = time.Now()
		want(t, a, good, "")
		if took := time.Since(began); took != 0 {
			t.Errorf("another waited %v", took)
		}
		wg.Wait()
	})
}

func TestKeySetInAFile(t *testing.T) {
	name := file(t, "keys.json", keySet(publicJWK(t, "a", rsaTestKey().Public())))
	a := newAuth(t, Config{JWT: JWTConfig{JWKS: name}})
	want(t, a, kid(t, "a", rsaTestKey()), "")
	want(t, a, kid(t, "b", otherRSAKey()), CodeAuthFailed)
	rewrite(t, name, keySet(publicJWK(t, "b", otherRSAKey().Public())))
	want(t, a, kid(t, "a", rsaTestKey()), CodeAuthFailed)
	want(t, a, kid(t, "b", otherRSAKey()), "")
	if err := os.Chmod(name, 0o646); err != nil {
		t.Fatal(err)
	}
	if _, err := New(Config{JWT: JWTConfig{JWKS: name}}); err == nil || !strings.Contains(err.Error(), "chmod o-w") {
		t.Errorf("got %v", err)
	}
}
