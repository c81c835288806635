package auth

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// guesser is an Auth that knows one password and hashes in no time, or in a second.
func guesser(t *testing.T, cost time.Duration) *Auth {
	a := newAuth(t, Config{PasswordFile: file(t, "passwords", "anna:"+cheap(t, "right")), Now: time.Now})
	a.hashes.matches = func(_ passwordHash, password string) bool {
		time.Sleep(cost) // in the time of synctest
		return password == "right"
	}
	return a
}

func TestThrottleByName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := guesser(t, 0)
		for _, name := range []string{"anna", "nobody"} {
			for i := range maxFailures {
				want(t, a, Request{Name: name, Password: "wrong", Addr: fmt.Sprintf("192.0.%d.%d", i, len(name))}, CodeAuthFailed)
				time.Sleep(time.Minute)
			}
			// From anywhere, and with the right password too.
			_, err := a.Check(t.Context(), Request{Name: name, Password: "right", Addr: "198.51.100.1"})
			var e *Error
			if !errors.As(err, &e) || e.Code != CodeTooMany || e.Retry != failureWindow-maxFailures*time.Minute {
				t.Fatalf("%s: got %v", name, err)
			}
			time.Sleep(e.Retry - time.Second)
			want(t, a, Request{Name: name, Password: "right", Addr: "198.51.100.1"}, CodeTooMany)
		}
		time.Sleep(time.Second)
		want(t, a, Request{Name: "ANNA", Password: "right", Addr: "198.51.100.1"}, "")
	})
}

func TestThrottleByAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := guesser(t, 0)
		for i := range maxFailures {
			want(t, a, Request{Name: fmt.Sprint("user", i), Password: "wrong", Addr: fmt.Sprintf("2001:db8::%d", i)}, CodeAuthFailed)
		}
		for _, addr := range []string{"2001:db8::ffff:1", "[2001:db8::1]:443", "2001:db8:0:0:ffff::1%eth0"} {
			want(t, a, Request{Name: "anna", Password: "right", Addr: addr}, CodeTooMany)
		}
		want(t, a, Request{Name: "anna", Password: "right", Addr: "2001:db8:0:1::1"}, "")
		want(t, a, Request{Name: "anna", Password: "right", Addr: "192.0.2.1"}, "")
	})
}

func TestNetworks(t *testing.T) {
	for addr, want := range map[string]string{
		"192.0.2.1": "192.0.2.1/32", "192.0.2.1:80": "192.0.2.1/32", "::ffff:192.0.2.1": "192.0.2.1/32", "[::ffff:192.0.2.1]:80": "192.0.2.1/32",
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64", "::1": "::/64", "": "", "@": "", "unix": "", "192.0.2.256": "",
	} {
		if got := network(addr); got != want {
			t.Errorf("%q: got %q, want %q", addr, got, want)
		}
	}
}

// A success takes back its own try and no failure.
func TestSuccessForgivesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := guesser(t, 0)
		for range maxFailures - 1 {
			want(t, a, Request{Name: "bob", Password: "wrong", Addr: "192.0.2.1"}, CodeAuthFailed)
			want(t, a, Request{Name: "anna", Password: "right", Addr: "192.0.2.1"}, "")
		}
		want(t, a, Request{Name: "eve", Password: "wrong", Addr: "192.0.2.1"}, CodeAuthFailed)
		want(t, a, Request{Name: "anna", Password: "right", Addr: "192.0.2.1"}, CodeTooMany)
	})
}

// Of many guesses at once no more get through than of as many one after the other.
func TestGuessesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := guesser(t, time.Second)
		var failed, refused atomic.Int64
		var wg sync.WaitGroup
		for range hashQueue {
			wg.Go(func() {
				switch _, err := a.Check(t.Context(), Request{Name: "anna", Password: "wrong", Addr: "192.0.2.1"}); codeOf(err) {
				case CodeAuthFailed:
					failed.Add(1)
				case CodeTooMany:
					refused.Add(1)
				}
			})
		}
		wg.Wait()
		if failed.Load() != maxFailures || refused.Load() != hashQueue-maxFailures {
			t.Errorf("%d of %d were tried, %d refused", failed.Load(), hashQueue, refused.Load())
		}
	})
}

// An office behind one address, where all log in rightly at once, waits and gets in.
func TestOffice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := guesser(t, time.Second)
		began := time.Now()
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() { want(t, a, Request{Name: "anna", Password: "right", Addr: "192.0.2.1"}, "") })
		}
		wg.Wait()
		if took := time.Since(began); took != 25*time.Second {
			t.Errorf("took %v for 50 logins of a second, two at a time", took)
		}
		if len(a.throttle.addresses)+len(a.throttle.names) > 0 {
			t.Error("who got in is remembered as somebody who failed")
		}
	})
}

func TestWhoWaitsMayGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := newThrottle(time.Now)
		var settles []func(verdict)
		for range maxFailures {
			settle, err := th.enter(t.Context(), "192.0.2.1", "")
			if err != nil {
				t.Fatal(err)
			}
			settles = append(settles, settle)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := th.enter(ctx, "192.0.2.1", "anna"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		for _, settle := range settles {
			settle(unclear)
		}
		if len(th.addresses)+len(th.names) > 0 {
			t.Errorf("got %v %v, want nothing left", th.addresses, th.names)
		}
	})
}

// Whatever happens when, no more than so many fail in any window, of an address or, from where it
// has never got in, of a name.
func TestThrottleNeverLetsMoreFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := newThrottle(time.Now)
		r := rand.New(rand.NewPCG(1, 2))
		failed, known := map[string][]time.Time{}, map[string]bool{}
		for range 20_000 {
			addr, name := fmt.Sprintf("192.0.2.%d", r.IntN(10)), fmt.Sprint("user", r.IntN(10))
			if settle, err := th.enter(t.Context(), addr, name); err == nil {
				v := verdict(r.IntN(3))
				if v == right && r.IntN(200) > 0 {
					v = wrong
				}
				settle(v)
				switch {
				case v == right:
					known[name+addr] = true
				case v == wrong:
					failed[addr] = append(failed[addr], time.Now())
				}
				if v == wrong && !known[name+addr] {
					failed[name] = append(failed[name], time.Now())
				}
			}
			time.Sleep(time.Duration(r.IntN(int(20 * time.Second))))
		}
		for key, times := range failed {
			for i := maxFailures; i < len(times); i++ {
				if times[i].Sub(times[i-maxFailures]) < failureWindow {
					t.Fatalf("%s: failure %d came %v after the tenth before it", key, i, times[i].Sub(times[i-maxFailures]))
				}
			}
			if len(times) < 500 {
				t.Errorf("%s: %d failures in all; too much is refused", key, len(times))
			}
		}
	})
}

// A flood of addresses and names does not fill the memory, and does not wash out who failed
// most.
func TestThrottleIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := newThrottle(time.Now)
		for range maxFailures {
			settle, err := th.enter(t.Context(), "192.0.2.1", "anna")
			if err != nil {
				t.Fatal(err)
			}
			settle(wrong)
		}
		for i := range 2 * maxRecords {
			settle, err := th.enter(t.Context(), fmt.Sprintf("2001:db8:%x:%x::1", i>>16, i&0xffff), fmt.Sprint("user", i))
			if err != nil {
				t.Fatal(err)
			}
			settle(wrong)
		}
		if len(th.addresses) != maxRecords || len(th.names) != maxRecords {
			t.Errorf("%d addresses and %d names are remembered, want %d", len(th.addresses), len(th.names), maxRecords)
		}
		if _, err := th.enter(t.Context(), "192.0.2.1", ""); codeOf(err) != CodeTooMany {
			t.Errorf("the address that failed most: got %v", err)
		}
		if _, err := th.enter(t.Context(), "192.0.2.2", "anna"); codeOf(err) != CodeTooMany {
			t.Errorf("the name that failed most: got %v", err)
		}
		// What no longer counts goes as others come.
		time.Sleep(failureWindow)
		for i := range maxRecords {
			if err := th.fail(fmt.Sprintf("2001:db9:0:%x::1", i)); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(th.addresses); n != maxRecords {
			t.Errorf("%d addresses, want those of now", n)
		}
	})
}

// Whom others guess at gets in from where he got in before, and only from there.
func TestGuessersDoNotLockOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := guesser(t, 0)
		home := Request{Name: "anna", Password: "right", Addr: "192.0.2.1"}
		want(t, a, home, "")
		for i := range maxFailures {
			want(t, a, Request{Name: "anna", Password: "wrong", Addr: fmt.Sprintf("198.51.100.%d", i)}, CodeAuthFailed)
		}
		want(t, a, Request{Name: "anna", Password: "right", Addr: "203.0.113.1"}, CodeTooMany)
		want(t, a, home, "")
		// From home, too, no more than from any address.
		for range maxFailures {
			want(t, a, Request{Name: "anna", Password: "wrong", Addr: home.Addr}, CodeAuthFailed)
		}
		want(t, a, home, CodeTooMany)
		time.Sleep(trustTime)
		for i := range maxFailures {
			want(t, a, Request{Name: "anna", Password: "wrong", Addr: fmt.Sprintf("198.51.100.%d", i)}, CodeAuthFailed)
		}
		want(t, a, home, CodeTooMany)
	})
}

func TestTrustIsBounded(t *testing.T) {
	th := newThrottle(time.Now)
	for i := range maxRecords + 100 {
		settle, err := th.enter(t.Context(), "192.0.2.1", fmt.Sprint("user", i))
		if err != nil {
			t.Fatal(err)
		}
		settle(right)
	}
	if len(th.trusted) != maxRecords {
		t.Errorf("%d are trusted, want %d", len(th.trusted), maxRecords)
	}
}
