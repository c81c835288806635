package component

import (
	"bufio"
	"context"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/jinglebridge/jinglebridge/internal/element"
	"github.com/jinglebridge/jinglebridge/internal/xmpptest"
)

// serverProcess makes the test's program the server of BenchmarkHeldAccount, so that what
// the server needs is not counted as ours.
const serverProcess = "JINGLEBRIDGE_TEST_ACCOUNT_SERVER"

// TestAccountServerProcess is that server. It says where it listens and who certifies it,
// and ends with its input.
func TestAccountServerProcess(t *testing.T) {
	if os.Getenv(serverProcess) == "" {
		t.Skip("only as a process of its own")
	}
	ca := xmpptest.CAFor(t)
	cert := ca.CertifyFor(t, home)
	server := &xmpptest.Accounts{Domain: home, Password: password, Certificate: &cert, Salt: []byte("salt")}
	server.ListenFor(t)
	fmt.Println(server.Address(), base64.StdEncoding.EncodeToString(ca.PEM()))
	go func() {
		for {
			c, err := server.AcceptConn()
			if err != nil {
				return
			}
			go func() {
				s, err := server.Serve(c)
				if err != nil {
					return
				}
				var e element.Element
				for err == nil {
					e, err = s.Next()
					if e.Name() == "message" {
						s.Write("<message><body>" + strings.Repeat("x", 100_000) + "</body></message>")
					}
					if xmpptest.IsTimeout(err) {
						err = nil
					}
				}
			}()
		}
	}()
	io.Copy(io.Discard, os.Stdin)
}

// elsewhere starts that process, which ends with the benchmark.
func elsewhere(b *testing.B) *Accounts {
	b.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestAccountServerProcess$")
	cmd.Env = append(os.Environ(), serverProcess+"=1")
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	address, root, _ := strings.Cut(strings.TrimSpace(line), " ")
	text, err := base64.StdEncoding.DecodeString(root)
	if err != nil {
		b.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		b.Fatalf("got %q, want a certificate", line)
	}
	a, err := NewAccounts(AccountsConfig{Domains: []AccountDomain{{Domain: home, Server: address, Roots: pool}}})
	if err != nil {
		b.Fatal(err)
	}
	return a
}

// held is what the program has in use.
func held() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

// silent is a Handler whom nothing concerns but that something came.
type silent struct{ came chan struct{} }

func (s silent) HandleStanza(*Stanza) { s.came <- struct{}{} }
func (silent) HandleLink(bool)        {}
func (silent) HandleEnd(error)        {}

// report says what one account costs; 30 kB is the most.
// BenchmarkHeldAccount is what 1,000 held accounts cost, TLS and all, when they have logged
// in, and when each has got a big stanza: crypto/tls then keeps a buffer for its like.
func BenchmarkHeldAccount(b *testing.B) {
	const accounts = 1000
	all := elsewhere(b)
	for b.Loop() {
		before := held()
		sessions := make([]*Account, accounts)
		h := silent{make(chan struct{}, accounts)}
		var logins sync.WaitGroup
		for i := range sessions {
			logins.Go(func() {
				s, err := all.Login(context.Background(), fmt.Sprintf("user%d@%s", i, home), password)
				if err != nil {
					b.Error(err)
					return
				}
				s.Start(h)
				sessions[i] = s
			})
		}
		logins.Wait()
		if b.Failed() {
			return
		}
		for _, s := range sessions {
			answered := make(chan error, 1)
			s.SendIQ(IQ{From: s.JID(), Type: "get", Payload: []byte("<ping xmlns='urn:xmpp:ping'/>")}, func(_ *Stanza, err error) { answered <- err })
			if err := <-answered; err != nil {
				b.Fatal(err)
			}
		}
		each := (held() - before) / accounts
		b.ReportMetric(float64(each), "B/account")
		if each > 30_000 {
			b.Errorf("%d B/account, want 30000 at most", each)
		}
		for _, s := range sessions {
			if err := s.Send([]byte("<message from='" + s.JID() + "'/>")); err != nil {
				b.Fatal(err)
			}
			<-h.came
		}
		b.ReportMetric(float64((held()-before)/accounts), "B/account-that-got-100kB")
		for _, s := range sessions {
			s.Close()
		}
	}
}
