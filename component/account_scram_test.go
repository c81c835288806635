package component

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"hash"
	"net"
	"strings"
	"testing"
)

// The examples of RFC 5802 §5 and RFC 7677 §3.
func TestScramExamples(t *testing.T) {
	for _, test := range []struct {
		mechanism                               string
		hash                                    func() hash.Hash
		nonce, challenge, final, serverVerifier string
	}{
		{"SCRAM-SHA-1", sha1.New, "fyko+d2lbbFgONRv9qkxdawL",
			"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
			"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=", "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="},
		{"SCRAM-SHA-256", sha256.New, "rOprNGfwEbeRWgbNEkqO",
			"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
			"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=", "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="},
	} {
		s := scram{mechanism: test.mechanism, hash: test.hash}
		s.begin("user", "n,,", "")
		s.nonce, s.first = test.nonce, "n=user,r="+test.nonce
		secret := newSecret("pencil")
		hashed := 0
		wait := func() (func(), error) { hashed++; return func() {}, nil }
		got, err := s.final(test.challenge, secret, wait)
		if err != nil || got != test.final {
			t.Errorf("%s: got %q, %v\nwant %q", test.mechanism, got, err, test.final)
		}
		if err := s.verify([]byte(test.serverVerifier)); err != nil {
			t.Errorf("%s: the server's proof: %v", test.mechanism, err)
		}
		if err := s.verify([]byte(strings.ToUpper(test.serverVerifier))); !errors.Is(err, errImpostor) {
			t.Errorf("%s: another proof: %v", test.mechanism, err)
		}
		// The keys do as well as the password.
		secret.settle(s.used)
		secret.forgetPassword()
		if got, err := s.final(test.challenge, secret, wait); err != nil || got != test.final || hashed != 1 {
			t.Errorf("%s: by its keys: got %q, %v, hashed %d times", test.mechanism, got, err, hashed)
		}
		if _, err := s.final(strings.Replace(test.challenge, "i=4096", "i=4097", 1), secret, wait); !errors.Is(err, ErrCredentials) {
			t.Errorf("%s: other rounds without the password: got %v", test.mechanism, err)
		}
	}
}

func TestScramNames(t *testing.T) {
	s := scram{}
	if got := s.begin("a=b,c", "y,,", ""); !strings.HasPrefix(got, "y,,n=a=3Db=2Cc,r=") {
		t.Errorf("got %q", got)
	}
	if got := base64.StdEncoding.EncodeToString(s.binding); got != "eSws" {
		t.Errorf("binding: got %q", got)
	}
}

// The examples of RFC 4013 §3, but for what it refuses.
func TestPasswordsArePrepared(t *testing.T) {
	for in, want := range map[string]string{
		"I\u00ADX": "IX", "user": "user", "USER": "USER", "\u00AA": "a", "\u2168": "IX", "a\u00A0b": "a b", "e\u0301": "\u00e9", "\u00e9": "\u00e9",
	} {
		if got := prepared(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

// FuzzScramChallenge: whatever a server says, it is understood or refused, and never costs
// more rounds than allowed.
func FuzzScramChallenge(f *testing.F) {
	f.Add("r=nonceX,s=QSXCR+Q6sek8bf92,i=4096")
	f.Add("r=nonce1,s=,i=1,m=x")
	f.Fuzz(func(t *testing.T, text string) {
		s := scram{nonce: "nonce"}
		c, err := s.parseChallenge(text)
		if err == nil && (c.rounds < minRounds || c.rounds > maxRounds || c.salt == "" || !strings.HasPrefix(c.nonce, "nonce") || strings.Contains(c.nonce, ",")) {
			t.Errorf("%q: got %+v", text, c)
		}
	})
}

func TestTargets(t *testing.T) {
	notFound := &net.DNSError{Err: "no such host", IsNotFound: true}
	broken := &net.DNSError{Err: "server misbehaving", IsTemporary: true}
	type answer struct {
		records []*net.SRV
		err     error
	}
	for name, test := range map[string]struct {
		direct, plain answer
		want          string // TLS at once is marked
		err           error
	}{
		"no records": {answer{err: notFound}, answer{err: notFound}, "xn--bcher-kva.example:5222", nil},
		"by priority": {
			answer{[]*net.SRV{{Target: "a.example.", Port: 443, Priority: 5}, {Target: "b.example.", Port: 5223, Priority: 30}}, nil},
			answer{[]*net.SRV{{Target: "c.example.", Port: 5222, Priority: 5}, {Target: "d.example.", Port: 5222, Priority: 20}}, nil},
			"tls://a.example:443 c.example:5222 d.example:5222 tls://b.example:5223", nil,
		},
		"one kind":          {answer{err: notFound}, answer{[]*net.SRV{{Target: "c.example.", Port: 5222}}, nil}, "c.example:5222", nil},
		"no such service":   {answer{err: notFound}, answer{[]*net.SRV{{Target: "."}}, nil}, "", errNotThere},
		"DNS does not work": {answer{err: broken}, answer{err: broken}, "", broken},
		"half of it does":   {answer{err: broken}, answer{[]*net.SRV{{Target: "c.example.", Port: 5222}}, nil}, "c.example:5222", nil},
		"a great many":      {answer{err: notFound}, answer{slicesOf(100, &net.SRV{Target: "c.example.", Port: 5222}), nil}, strings.TrimSpace(strings.Repeat("c.example:5222 ", mostTargets)), nil},
	} {
		d, err := newAccountDomain(AccountDomain{Domain: "bücher.example"})
		if err != nil {
			t.Fatal(err)
		}
		d.lookup = func(_ context.Context, service, _, _ string) (string, []*net.SRV, error) {
			a := test.plain
			if service == "xmpps-client" {
				a = test.direct
			}
			return "", a.records, a.err
		}
		targets, err := d.targets(t.Context())
		var got []string
		for _, at := range targets {
			prefix := ""
			if at.tls {
				prefix = "tls://"
			}
			got = append(got, prefix+at.address)
		}
		if strings.Join(got, " ") != test.want || !errors.Is(err, test.err) {
			t.Errorf("%s: got %q, %v; want %q, %v", name, got, err, test.want, test.err)
		}
	}
}

func slicesOf(n int, r *net.SRV) (all []*net.SRV) {
	for range n {
		all = append(all, r)
	}
	return all
}

func TestNewAccountsRefuses(t *testing.T) {
	for _, domains := range [][]AccountDomain{
		{{Domain: ""}}, {{Domain: "a@b"}}, {{Domain: "x/y"}}, {{Domain: "example.org", Server: "host"}}, {{Domain: "example.org", Server: "http://host:1"}},
		{{Domain: "example.org"}, {Domain: "Example.ORG"}},
	} {
		if _, err := NewAccounts(AccountsConfig{Domains: domains}); err == nil || !strings.Contains(err.Error(), "account.") {
			t.Errorf("%+v: got %v", domains, err)
		}
	}
	a, err := NewAccounts(AccountsConfig{Domains: []AccountDomain{{Domain: "Example.org"}, {Domain: "example.com", Server: "unix:///run/x"}}})
	if err != nil || strings.Join(a.Domains(), " ") != "example.org example.com" {
		t.Errorf("got %v, %v", a, err)
	}
}
