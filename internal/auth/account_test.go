package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// asked is an account's server that knows one password, and counts who asks.
type asked struct{ times int }

func (s *asked) request(name, password, addr string) Request {
	return Request{Name: name, Password: password, Addr: addr, Account: func(context.Context) error {
		s.times++
		switch password {
		case "right":
			return nil
		case "wrong":
			return fmt.Errorf("sasl: %w", ErrWrongPassword)
		}
		return errors.New("no route")
	}}
}

func TestAccounts(t *testing.T) {
	a := newAuth(t, Config{AccountDomains: []string{"example.org", "xn--bcher-kva.example"}})
	if got := strings.Join(a.Methods(), " "); got != "xmpp" {
		t.Errorf("methods: got %s", got)
	}
	var server asked
	if g := want(t, a, server.request("Alice@Example.org", "right", "192.0.2.1"), ""); g.Method != "xmpp" || g.Name != "alice@example.org" || !g.Multi || !g.Until.IsZero() || g.Call != nil {
		t.Errorf("got %+v", g)
	}
	want(t, a, server.request("alice@example.org", "wrong", "192.0.2.1"), CodeAuthFailed)
	want(t, a, server.request("alice@example.org", "other", "192.0.2.1"), CodeUpstream)
	if server.times != 3 {
		t.Errorf("asked %d times, want 3", server.times)
	}
	for _, name := range []string{"@example.org", "alice@", "a@b@example.org", "alice@example.org/x", "al ice@example.org", "alice\x00@example.org", "<alice@example.org"} {
		want(t, a, server.request(name, "right", "192.0.2.1"), CodeBadName)
	}
	_, err := a.Check(t.Context(), server.request("alice@other.org", "right", "192.0.2.1"))
	var refused *Error
	if !errors.As(err, &refused) || refused.Code != CodeForbidden || !strings.Contains(refused.Text, "other.org") || !strings.Contains(refused.Text, "example.org") {
		t.Errorf("another domain: got %v", err)
	}
	want(t, a, server.request("alice", "right", "192.0.2.1"), CodeAuthRequired)         // no account
	want(t, a, Request{Name: "alice@example.org", Password: "right"}, CodeAuthRequired) // nobody to ask
	want(t, a, Request{Name: "alice@example.org", Addr: "192.0.2.1"}, CodeAuthRequired) // no password
	open := newAuth(t, Config{Anonymous: true, AccountDomains: []string{"example.org"}})
	want(t, open, Request{Name: "alice@example.org"}, CodeAuthRequired) // and no bad name
	want(t, newAuth(t, Config{}), server.request("alice@example.org", "right", ""), CodeAuthRequired)
	if server.times != 3 {
		t.Errorf("asked %d times, want 3: a server is not troubled with what cannot be", server.times)
	}
}

// A wrong password counts for its address and for its name, a server that cannot be asked for nobody.
func TestAccountsAreThrottled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuth(t, Config{AccountDomains: []string{"example.org"}, Now: time.Now})
		var server asked
		for i := range 3 * maxFailures {
			want(t, a, server.request("alice@example.org", "other", fmt.Sprintf("192.0.2.%d", i%2)), CodeUpstream)
		}
		for i := range maxFailures {
			want(t, a, server.request("alice@example.org", "wrong", fmt.Sprintf("192.0.2.%d", i)), CodeAuthFailed)
		}
		before := server.times
		want(t, a, server.request("ALICE@example.ORG", "right", "198.51.100.1"), CodeTooMany)
		for i := range maxFailures {
			want(t, a, server.request(fmt.Sprintf("user%d@example.org", i), "wrong", "203.0.113.1"), CodeAuthFailed)
		}
		want(t, a, server.request("bob@example.org", "right", "203.0.113.1"), CodeTooMany)
		if got := server.times - before; got != maxFailures {
			t.Errorf("the server was asked %d times, want %d", got, maxFailures)
		}
		time.Sleep(failureWindow)
		want(t, a, server.request("alice@example.org", "right", "203.0.113.1"), "")
	})
}

// A name written in another way is the same name to its server, and to who counts guesses.
func TestGuessesAtOneAccountAreCountedTogether(t *testing.T) {
	a := newAuth(t, Config{AccountDomains: []string{"example.org"}})
	var server asked
	names := []string{"alice@example.org", "ALICE@example.org", "\uff41lice@example.org", "\uff21LICE@EXAMPLE.ORG", "al\uff49c\uff45@example.org"}
	for i := range 2 * maxFailures {
		_, _ = a.Check(t.Context(), server.request(names[i%len(names)], "wrong", fmt.Sprintf("192.0.2.%d", i)))
	}
	if server.times != maxFailures {
		t.Errorf("the server was asked %d times, want %d", server.times, maxFailures)
	}
}

func TestAccountChecksAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuth(t, Config{AccountDomains: []string{"example.org", "example.com"}, Now: time.Now})
		slow := func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		for i := range accountChecks {
			go func() {
				_, err := a.Check(ctx, Request{Name: fmt.Sprintf("user%d@example.org", i), Password: "x", Addr: fmt.Sprintf("192.0.2.%d", i), Account: slow})
				ended <- err
			}()
		}
		synctest.Wait()
		want(t, a, Request{Name: "alice@example.org", Password: "x", Account: slow}, CodeTooMany)
		var other asked
		want(t, a, other.request("alice@example.com", "right", "203.0.113.1"), "") // whose server answers
		cancel()
		for range accountChecks {
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		}
		if len(a.throttle.names)+len(a.throttle.addresses)+len(a.accounts[0]) > 0 {
			t.Error("who went away is still counted")
		}
	})
}
