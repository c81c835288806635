// Package xmpptest holds what tests need of the XMPP side: a scripted far end of a
// component link and of an account's, real servers of one's own (Prosody, ejabberd) on free loopback ports,
// a client that sends any bytes, XML compared by meaning, and a list of hostile stanzas.
// It knows nothing of the packages it tests. Programs may use it too: what starts
// something returns an error, and the For functions are for tests.
package xmpptest

import (
	"fmt"
	"net"
	"strings"
	"time"
)

// TB is the part of testing.TB that the For functions use.
type TB interface {
	Helper()
	Cleanup(func())
	Failed() bool
	Fatalf(format string, args ...any)
	Logf(format string, args ...any)
}

// Secret is the component secret used where none is given.
const Secret = "a-secret-for-tests-only"

// freePorts returns n different TCP ports that nobody listens on.
func freePorts(n int) ([]int, error) {
	ports := make([]int, n)
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close() // all stay open until the last is chosen
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports, nil
}

func local(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

// waitOpen waits until something accepts on all ports, or gone is closed.
func waitOpen(ports []int, limit time.Duration, gone <-chan struct{}) error {
	deadline := time.Now().Add(limit)
	for _, port := range ports {
		for {
			c, err := net.DialTimeout("tcp", local(port), time.Second)
			if err == nil {
				c.Close()
				break
			}
			if time.Now().After(deadline) {
				return fmt.Errorf("nothing listens on %s after %v", local(port), limit)
			}
			select {
			case <-gone:
				return fmt.Errorf("the server ended before it listened on %s", local(port))
			case <-time.After(10 * time.Millisecond):
			}
		}
	}
	return nil
}

// tail returns the last lines of a log.
func tail(log string, lines int) string {
	all := strings.Split(strings.TrimRight(log, "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
