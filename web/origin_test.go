package web

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestOrigins(t *testing.T) {
	const site = "https://www.example.org"
	for _, row := range []struct {
		what    string
		allowed []string
		wide    bool
		host    string
		origin  []string // nil: no header
		here    string   // our address
		peer    string
		header  string // "Name: value"
		tls     bool
		proxy   bool
		want    string // part of the refusal; "" lets in
	}{
		{what: "listed", allowed: []string{site}, origin: []string{site}},
		{what: "listed with the default port", allowed: []string{site + ":443"}, origin: []string{site}},
		{what: "listed in capitals", allowed: []string{"HTTPS://WWW.Example.ORG"}, origin: []string{site}},
		{what: "listed as people write it", allowed: []string{"https://bücher.example"}, origin: []string{"https://xn--bcher-kva.example"}},
		{what: "IPv6", allowed: []string{"http://[2001:db8::1]:8080"}, origin: []string{"http://[2001:db8::1]:8080"}},
		{what: "not listed", origin: []string{site}, want: "listen.origins"},
		{what: "other scheme", allowed: []string{site}, origin: []string{"http://www.example.org"}, want: "listen.origins"},
		{what: "other port", allowed: []string{site}, origin: []string{site + ":8443"}, want: "listen.origins"},
		{what: "longer host", allowed: []string{site}, origin: []string{site + ".evil.example"}, want: "listen.origins"},
		{what: "longer in front", allowed: []string{"https://example.org"}, origin: []string{"https://evilexample.org"}, want: "listen.origins"},
		{what: "sub-domain", allowed: []string{"https://example.org"}, origin: []string{site}, want: "listen.origins"},
		{what: "user info", allowed: []string{site}, origin: []string{site + "@evil.example"}, want: "listen.origins"},
		{what: "user info before", allowed: []string{site}, origin: []string{"https://evil@www.example.org"}, want: "listen.origins"},
		{what: "with a path", allowed: []string{site}, origin: []string{site + "/x"}, want: "listen.origins"},
		{what: "trailing dot", allowed: []string{site}, origin: []string{site + "."}, want: "listen.origins"},
		{what: "two headers", allowed: []string{site}, origin: []string{site, site}, want: "more than one"},
		{what: "two in one", allowed: []string{site}, origin: []string{site + " " + site}, want: "listen.origins"},
		{what: "empty", allowed: []string{site}, origin: []string{""}, want: "listen.origins"},
		{what: "null", allowed: []string{site}, origin: []string{"null"}, want: `"null" to listen.origins`},
		{what: "null, listed", allowed: []string{"null"}, origin: []string{"null"}},
		{what: "file, null listed", allowed: []string{"null"}, origin: []string{"file://"}},
		{what: "file", origin: []string{"file://"}, want: `"null" to listen.origins`},
		{what: "extension", origin: []string{"chrome-extension://abc"}, want: "listen.origins"},
		{what: "none, from afar", want: "no Origin"},
		{what: "none, from here", here: "127.0.0.1:80", peer: "127.0.0.1:9"},
		{what: "none, from here on IPv6", here: "[::1]:80", peer: "[::1]:9"},
		{what: "none, at home", host: "call.example.org", header: "Sec-Fetch-Site: same-origin"},
		{what: "none, at home behind a proxy", host: "localhost:80", here: "127.0.0.1:80", peer: "127.0.0.1:9", header: "Sec-Fetch-Site: same-origin", proxy: true},
		{what: "none, near home", host: "call.example.org", header: "Sec-Fetch-Site: same-site", want: "no Origin"},
		{what: "none, from nowhere", host: "call.example.org", header: "Sec-Fetch-Site: none", want: "no Origin"},
		{what: "strange, at home", host: "call.example.org", origin: []string{site}, header: "Sec-Fetch-Site: same-origin", want: "listen.origins"},
		{what: "none, forwarded from here", here: "127.0.0.1:80", peer: "127.0.0.1:9", header: "X-Forwarded-For: 192.0.2.7", want: "no Origin"},
		{what: "none, through a proxy", here: "127.0.0.1:80", peer: "127.0.0.1:9", header: "X-Forwarded-For: 192.0.2.7", proxy: true, want: "no Origin"},
		{what: "own", host: "call.example.org", origin: []string{"http://call.example.org"}},
		{what: "own with a port", host: "call.example.org:8080", origin: []string{"http://call.example.org:8080"}},
		{what: "own host, other port", host: "call.example.org:8080", origin: []string{"http://call.example.org"}, want: "listen.origins"},
		{what: "own host, other scheme", host: "call.example.org", origin: []string{"https://call.example.org"}, want: "listen.origins"},
		{what: "own over TLS", host: "call.example.org", origin: []string{"https://call.example.org"}, tls: true},
		{what: "own over TLS, plain page", host: "call.example.org", origin: []string{"http://call.example.org"}, tls: true, want: "listen.origins"},
		{what: "own behind a proxy", host: "call.example.org", origin: []string{"https://call.example.org"}, peer: "127.0.0.1:9", here: "127.0.0.1:80", proxy: true},
		{what: "own behind a proxy that says https", host: "call.example.org", origin: []string{"http://call.example.org"}, peer: "127.0.0.1:9", header: "X-Forwarded-Proto: https", proxy: true, want: "listen.origins"},
		{what: "own behind a proxy that renames", host: "localhost:80", origin: []string{"https://call.example.org"}, peer: "127.0.0.1:9", header: "X-Forwarded-Host: call.example.org", proxy: true},
		{what: "renamed by a stranger", host: "localhost:80", origin: []string{"https://evil.example"}, header: "X-Forwarded-Host: evil.example", proxy: true, want: "listen.origins"},
		{what: "own on loopback", host: "localhost:8080", origin: []string{"http://localhost:8080"}, here: "127.0.0.1:8080", peer: "127.0.0.1:9"},
		{what: "rebound name on loopback", host: "evil.example:8080", origin: []string{"http://evil.example:8080"}, here: "127.0.0.1:8080", peer: "127.0.0.1:9", want: "listen.origins"},
		{what: "any on loopback", allowed: []string{"*"}, origin: []string{"null"}, here: "127.0.0.1:80", peer: "127.0.0.1:9"},
		{what: "any beyond", allowed: []string{"*"}, origin: []string{site}, want: "any_origin = true"},
		{what: "any beyond, said so", allowed: []string{"*"}, wide: true, origin: []string{site}},
	} {
		o, err := newOrigins(row.allowed, row.wide)
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("GET", "http://192.0.2.1/ws", nil)
		if row.host != "" {
			r.Host = row.host
		}
		r.RemoteAddr = "198.51.100.9:1234"
		if row.peer != "" {
			r.RemoteAddr = row.peer
		}
		here := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 80}
		if row.here != "" {
			here, _ = net.ResolveTCPAddr("tcp", row.here)
		}
		r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, net.Addr(here)))
		if row.tls {
			r.TLS = &tls.ConnectionState{}
		}
		if row.origin != nil {
			r.Header["Origin"] = row.origin
		}
		if name, value, ok := strings.Cut(row.header, ": "); ok {
			r.Header.Set(name, value)
		}
		p, err := newProxies(row.proxy, nil)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := o.check(r, p.client(r)); err != nil {
			got = err.Error()
		}
		if (got == "") != (row.want == "") || !strings.Contains(got, row.want) {
			t.Errorf("%s: got %q, want %q", row.what, got, row.want)
		}
	}
}

func TestBadConfig(t *testing.T) {
	for want, cfg := range map[string]Config{
		"no Handler":             {},
		"listen.origins":         {Handler: newBridge(), Origins: []string{"example.org"}},
		"scheme, host and port":  {Handler: newBridge(), Origins: []string{"https://example.org/"}},
		"want a scheme":          {Handler: newBridge(), Origins: []string{"file://"}},
		"not a host name":        {Handler: newBridge(), Origins: []string{"https://*.example.org"}},
		"listen.trusted_proxies": {Handler: newBridge(), BehindProxy: true, TrustedProxies: []string{"proxy"}},
		"listen.behind_proxy":    {Handler: newBridge(), TrustedProxies: []string{"::1"}},
		"listen.error_dialect":   {Handler: newBridge(), Dialect: "klingon"},
	} {
		if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: got %v, want %q", cfg.Origins, err, want)
		}
	}
	s, err := New(Config{Handler: newBridge(), Origins: []string{"*"}})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(context.Background(), ln); err == nil || !strings.Contains(err.Error(), "listen.any_origin") {
		t.Errorf(`"*" beyond loopback: got %v`, err)
	}
}

func TestClientAddr(t *testing.T) {
	for _, row := range []struct {
		peer, forwarded string
		trusted         []string
		want            string
	}{
		{"192.0.2.1:5", "", nil, "192.0.2.1"},
		{"[::ffff:192.0.2.1]:5", "", nil, "192.0.2.1"},
		{"[fe80::1%eth0]:5", "", nil, "fe80::1"},
		{"192.0.2.1:5", "198.51.100.1", nil, "192.0.2.1"},
		{"127.0.0.1:5", "198.51.100.1", nil, "198.51.100.1"},
		{"127.0.0.1:5", "", nil, "127.0.0.1"},
		{"127.0.0.1:5", "6.6.6.6, 198.51.100.1", nil, "198.51.100.1"},
		{"127.0.0.1:5", "6.6.6.6, 198.51.100.1, 10.0.0.2", []string{"127.0.0.1", "10.0.0.0/8"}, "198.51.100.1"},
		{"127.0.0.1:5", "6.6.6.6, evil, 127.0.0.1", nil, "127.0.0.1"},
		{"127.0.0.1:5", "2001:db8::1", nil, "2001:db8::1"},
		{"@", "2001:db8::1", nil, "2001:db8::1"},
	} {
		r := httptest.NewRequest("GET", "/ws", nil)
		r.RemoteAddr = row.peer
		if row.forwarded != "" {
			r.Header.Set("X-Forwarded-For", row.forwarded)
		}
		p, err := newProxies(true, row.trusted)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.client(r).addr.String(); got != row.want {
			t.Errorf("%s for %q: got %s, want %s", row.peer, row.forwarded, got, row.want)
		}
	}
}
