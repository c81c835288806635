package component

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/jinglebridge/jinglebridge/internal/xmpptest"
)

// at makes an Edit that says something else at one step.
func at(step string, change func(text string) string) func(step, text string) string {
	return func(s, text string) string {
		if s == step {
			return change(text)
		}
		return text
	}
}

func says(text string) func(string) string { return func(string) string { return text } }

// reencoded changes what a step of SASL says inside its base64.
func reencoded(change func(string) string) func(string) string {
	return func(text string) string {
		from, to := strings.IndexByte(text, '>')+1, strings.LastIndexByte(text, '<')
		said, _ := base64.StdEncoding.DecodeString(text[from:to])
		return text[:from] + base64.StdEncoding.EncodeToString([]byte(change(string(said)))) + text[to:]
	}
}

func replaced(old, by string) func(string) string {
	return func(text string) string { return strings.Replace(text, old, by, 1) }
}

// Each server is refused, within its time, and for what it did.
func TestHostileServers(t *testing.T) {
	const sasl = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'"
	for name, test := range map[string]struct {
		edit func(step, text string) string
		want string
	}{
		"no stream":               {at("header", says("HTTP/1.1 400 Bad Request\r\n\r\n")), "not well-formed"},
		"another document":        {at("header", says("<html>")), "want a stream"},
		"endless header":          {at("header", says("<stream:stream x='"+strings.Repeat("x", 1<<17))), "does not end"},
		"document type":           {at("header", says("<!DOCTYPE x [<!ENTITY y 'z'>]>")), "not well-formed"},
		"host-unknown":            {at("features", says(xmpptest.StreamError("host-unknown"))), "stream error: host-unknown"},
		"error with our password": {at("success", says("<stream:error><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>"+password+"</text></stream:error>")), "stream error: policy-violation"},
		"endless features":        {at("features", says("<stream:features>"+strings.Repeat("<x xmlns='u'/>", 1<<14))), "does not end"},
		"deep features":           {at("login", says("<stream:features>"+strings.Repeat("<x>", 100)+strings.Repeat("</x>", 100)+"</stream:features>")), "not well-formed"},
		"no features":             {at("features", says("<message/>")), "want the stream's features"},
		"STARTTLS refused":        {at("proceed", says("<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")), "does not proceed"},
		"words before TLS":        {at("proceed", func(s string) string { return s + "<stream:features/>" }), "speaks before"},
		"words behind success":    {at("success", func(s string) string { return s + "<stream:features/>" }), "speaks before"},
		"nothing to choose":       {at("login", replaced("SCRAM-SHA-256", "ANONYMOUS")), "neither SCRAM nor PLAIN"},
		"success without a word":  {at("challenge", says("<success "+sasl+"/>")), "does not know the password"},
		"success without proof":   {at("success", says("<success "+sasl+"/>")), "does not know the password"},
		"wrong proof":             {at("success", reencoded(func(string) string { return "v=" + base64.StdEncoding.EncodeToString(make([]byte, 32)) })), "does not know the password"},
		"an error for a proof":    {at("success", reencoded(says("e=invalid-proof"))), "does not know the password"},
		"challenges without end": {at("success", func(s string) string {
			return strings.ReplaceAll(s, "success", "challenge") + "<challenge " + sasl + "/>"
		}), "without end"},
		"one round":              {at("challenge", reencoded(replaced("i=4096", "i=1"))), `"1" rounds`},
		"ten million rounds":     {at("challenge", reencoded(replaced("i=4096", "i=10000000"))), `"10000000" rounds`},
		"negative rounds":        {at("challenge", reencoded(replaced("i=4096", "i=-4096"))), "rounds"},
		"another nonce":          {at("challenge", reencoded(func(s string) string { return "r=x" + s[3:] })), "nonce"},
		"our nonce alone":        {at("challenge", reencoded(func(s string) string { return s[:24] + s[strings.IndexByte(s, ','):] })), "nonce"},
		"no salt":                {at("challenge", reencoded(func(s string) string { return s[:strings.Index(s, ",s=")] + ",s=,i=4096" })), "salt"},
		"something that matters": {at("challenge", reencoded(func(s string) string { return "m=x," + s })), "want r="},
		"no base64":              {at("challenge", says("<challenge "+sasl+">?</challenge>")), "no base64"},
		"it is broken just now":  {at("challenge", says("<failure "+sasl+"><temporary-auth-failure/></failure>")), "temporary-auth-failure"},
		"a failure of its own":   {at("challenge", says("<failure "+sasl+"><"+strings.ReplaceAll(password, " ", "")+"/></failure>")), "refused"},
		"bind to bob":            {at("bind", replaced("alice@", "bob@")), "calls us"},
		"bind to another domain": {at("bind", replaced("@example.org", "@example.com")), "calls us"},
		"bind to the account":    {at("bind", func(s string) string { return s[:strings.Index(s, "/jinglebridge-")] + s[strings.Index(s, "</jid>"):] }), "calls us"},
		"bind refused":           {at("bind", says("<iq type='error' id='bind'><error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>")), "conflict"},
		"bind by somebody else":  {at("bind", replaced("'bind'", "'other'")), "bind: refused"},
	} {
		t.Run(name, func(t *testing.T) {
			server, accounts := scripted(t, func(s *xmpptest.Accounts) { s.Edit = test.edit })
			err := outcome(t, server, accounts, aliceBare, password)
			if !errors.Is(err, ErrUpstream) || errors.Is(err, ErrCredentials) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), password) {
				t.Errorf("the error has the password: %v", err)
			}
		})
	}
}

// However often a stream is cut, and wherever, nothing of it stays.
func TestStreamsCutInEveryPhase(t *testing.T) {
	before := runtime.NumGoroutine()
	for _, step := range []string{"header", "features", "proceed", "login", "challenge", "success", "session", "bind"} {
		for _, keep := range []int{0, 1, 2} { // nothing, half and all of what is said there
			server, accounts := scripted(t, func(s *xmpptest.Accounts) {
				s.Edit = at(step, func(text string) string { return text[:len(text)*keep/2] + xmpptest.Cut })
			})
			err := outcome(t, server, accounts, aliceBare, password)
			if step == "bind" && keep == 2 {
				if err != nil {
					t.Errorf("cut behind all: %v", err)
				}
				continue
			}
			if !errors.Is(err, ErrUpstream) {
				t.Errorf("cut at %s: got %v", step, err)
			}
			if accounts.held.Load() != 0 {
				t.Errorf("cut at %s: the account is held", step)
			}
		}
	}
	for deadline := time.Now().Add(xmpptest.Wait); runtime.NumGoroutine() > before+2; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, want %d", runtime.NumGoroutine(), before)
		}
	}
}

// A server found by its domain's records must speak TLS, though it is on this machine.
func TestNoTLSIsRefused(t *testing.T) {
	records := func(server *xmpptest.Accounts, accounts *Accounts) {
		d := accounts.domains[home]
		d.server = nil
		d.lookup = func(_ context.Context, service, _, name string) (string, []*net.SRV, error) {
			if service != "xmpp-client" || name != home {
				return "", nil, &net.DNSError{IsNotFound: true}
			}
			return "", []*net.SRV{srvOf(t, server.Address())}, nil
		}
	}
	server, accounts := scripted(t, nil)
	records(server, accounts)
	if err := outcome(t, server, accounts, aliceBare, password); err != nil {
		t.Errorf("with TLS: %v", err)
	}
	for name, edit := range map[string]func(*xmpptest.Accounts){
		"not offered": func(s *xmpptest.Accounts) { s.Certificate = nil },
		"taken out": func(s *xmpptest.Accounts) {
			s.Edit = at("features", says("<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms></stream:features>"))
		},
	} {
		server, accounts := scripted(t, edit)
		records(server, accounts)
		if err := outcome(t, server, accounts, aliceBare, password); !errors.Is(err, errNoTLS) {
			t.Errorf("%s: got %v, want %v", name, err, errNoTLS)
		}
	}
	server, accounts = scripted(t, func(s *xmpptest.Accounts) { s.Certificate, s.Mechanisms = nil, []string{"PLAIN"} })
	if err := outcome(t, server, accounts, aliceBare, password); err == nil || !strings.Contains(err.Error(), "without TLS") {
		t.Errorf("PLAIN without TLS: got %v", err)
	}
}

// Who takes the channel binding out of the offer is found out by the server.
func TestChannelBindingTakenOut(t *testing.T) {
	server, accounts := scripted(t, func(s *xmpptest.Accounts) {
		s.Mechanisms = []string{"SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"}
		s.Edit = at("login", replaced("<mechanism>SCRAM-SHA-256-PLUS</mechanism>", ""))
	})
	if err := outcome(t, server, accounts, aliceBare, password); !errors.Is(err, ErrCredentials) {
		t.Errorf("got %v, want the server's no", err)
	}
	server, accounts = scripted(t, func(s *xmpptest.Accounts) {
		s.Mechanisms = []string{"SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"}
		s.Edit = at("login", replaced("tls-exporter", "tls-unique"))
	})
	if err := outcome(t, server, accounts, aliceBare, password); err != nil {
		t.Errorf("a binding that we do not know: got %v, want to do without", err)
	}
}

func TestSilentServerIsLeft(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		if c, err := listener.Accept(); err == nil {
			io.Copy(io.Discard, c)
		}
	}()
	accounts := newAccounts(t, AccountDomain{Domain: home, Server: listener.Addr().String()})
	accounts.timing.login = 50 * time.Millisecond
	if err := accounts.Check(t.Context(), aliceBare, password); !errors.Is(err, ErrUpstream) {
		t.Errorf("got %v, want %v", err, ErrUpstream)
	}
	await(t, gone, "end of the connection")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := accounts.Login(ctx, aliceBare, password); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

// Whoever waits for a server that says nothing keeps nobody of another domain waiting.
func TestSilentServerIsNobodyElsesMatter(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	ca := xmpptest.CAFor(t)
	cert := ca.CertifyFor(t, home)
	server := &xmpptest.Accounts{Domain: home, Password: password, Certificate: &cert, Salt: []byte("salt")}
	server.ListenFor(t)
	accounts, err := NewAccounts(AccountsConfig{Domains: []AccountDomain{
		{Domain: "silent.example", Server: silent.Addr().String()}, {Domain: home, Server: server.Address(), Roots: ca.Pool()},
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, loginsAtOnce)
	for range loginsAtOnce {
		go func() { ended <- accounts.Check(ctx, "eve@silent.example", password) }()
	}
	for range loginsAtOnce { // all are there, and take what place there is
		c, err := silent.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_, _ = server.Accept() // a check opens no session
	}()
	limited, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	if err := accounts.Check(limited, aliceBare, password); err != nil {
		t.Errorf("got %v, want in", err)
	}
	server.Close()
	await(t, served, "end of the check")
	cancel()
	for range loginsAtOnce {
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want %v", err, context.Canceled)
		}
	}
}
