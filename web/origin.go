package web

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"golang.org/x/net/idna"
)

// origins says which pages may connect. A browser tells every server which page opened a
// WebSocket (RFC 6455 §10.2), and that is all that keeps a foreign page from using ours.
type origins struct {
	list map[string]bool // scheme://host:port, and "null"
	any  bool            // "*"
	wide bool            // "*" holds beyond loopback, too
}

func newOrigins(list []string, wide bool) (origins, error) {
	o := origins{list: make(map[string]bool, len(list)), wide: wide}
	for _, entry := range list {
		switch entry {
		case "*":
			o.any = true
		case "null":
			o.list[entry] = true
		default:
			origin, err := parseOrigin(entry)
			if err != nil {
				return o, fmt.Errorf(`listen.origins: %q: %w; write it as "https://www.example.org"`, entry, err)
			}
			o.list[origin] = true
		}
	}
	return o, nil
}

// parseOrigin returns scheme://host:port in lower case, with the port always said and the
// host in ASCII, so that equal origins are equal strings.
func parseOrigin(s string) (string, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return "", errors.New("not an origin")
	case u.Scheme == "" || u.Host == "" || u.Opaque != "":
		return "", errors.New("want a scheme and a host")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Path != "" || strings.ContainsAny(s, "?#@"):
		return "", errors.New("want no more than scheme, host and port")
	}
	host, err := asciiHost(u.Hostname())
	if err != nil {
		return "", err
	}
	port := u.Port()
	if port == "" {
		port = defaultPort(u.Scheme)
	}
	return strings.ToLower(u.Scheme) + "://" + net.JoinHostPort(host, port), nil
}

func asciiHost(host string) (string, error) {
	if _, err := netip.ParseAddr(host); err == nil {
		return strings.ToLower(host), nil
	}
	ascii, err := idna.Lookup.ToASCII(host)
	if err != nil || ascii == "" {
		return "", errors.New("not a host name")
	}
	return ascii, nil
}

func defaultPort(scheme string) string {
	switch strings.ToLower(scheme) {
	case "http", "ws":
		return "80"
	case "https", "wss":
		return "443"
	}
	return ""
}

// check returns why the page that sent this request may not connect, or nil. The text says
// which key would let it.
func (o *origins) check(r *http.Request, c client) error {
	values := r.Header.Values("Origin")
	if len(values) > 1 {
		return errors.New("more than one Origin")
	}
	if o.any && (o.wide || onLoopback(r)) {
		return nil
	}
	if len(values) == 0 {
		if c.local || atHome(r, c) {
			return nil
		}
		return errors.New("no Origin: a program that is no browser is let in from loopback, or when it sends one of listen.origins")
	}
	said := values[0]
	if said == "null" || strings.HasPrefix(said, "file:") {
		if o.list["null"] {
			return nil
		}
		return fmt.Errorf(`the page has no origin of its own (a file?): serve it, or add "null" to listen.origins`)
	}
	origin, err := parseOrigin(said)
	if err == nil && (o.list[origin] || own(origin, r, c)) {
		return nil
	}
	if len(said) > 200 {
		said = said[:200]
	}
	if o.any {
		return fmt.Errorf(`the page's origin is %q: "*" in listen.origins is for loopback, unless listen.any_origin = true`, said)
	}
	return fmt.Errorf("the page's origin is %q: add it to listen.origins", said)
}

// atHome says whether a page of ours sent a request without Origin, as browsers do when a page
// reads from where it is: Socket.IO's polling begins like that (Fetch Metadata, "Sec-Fetch-Site",
// which no page can set).
func atHome(r *http.Request, c client) bool {
	return r.Header.Get("Sec-Fetch-Site") == "same-origin" && !rebound(r, c, r.Host)
}

// rebound says whether somebody pointed this name at our loopback address (DNS rebinding).
func rebound(r *http.Request, c client, host string) bool {
	return onLoopback(r) && !c.proxied && !loopbackHost(host)
}

// own says whether the origin is where this request went, so that the page is ours.
func own(origin string, r *http.Request, c client) bool {
	schemes, hosts := []string{"http"}, []string{r.Host}
	if r.TLS != nil {
		schemes[0] = "https"
	}
	if c.proxied {
		switch proto := r.Header.Get("X-Forwarded-Proto"); proto {
		case "http", "https":
			schemes[0] = proto
		default:
			schemes = []string{"http", "https"}
		}
		if host := r.Header.Get("X-Forwarded-Host"); host != "" {
			hosts = append(hosts, host)
		}
	}
	for _, host := range hosts {
		if rebound(r, c, host) {
			continue
		}
		for _, scheme := range schemes {
			if at, err := parseOrigin(scheme + "://" + host); err == nil && at == origin {
				return true
			}
		}
	}
	return false
}

func loopbackHost(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// fromLoopback says whether a request went to a loopback name of this machine, by a page that
// came from one. A program names no page, nor does a page where it is at home.
func fromLoopback(r *http.Request) bool {
	page := r.Header.Get("Origin")
	if page == "" {
		page = "http://" + r.Host
	}
	at, err := url.Parse(page)
	if err != nil || !loopbackHost(r.Host) || !loopbackHost(at.Host) {
		return false
	}
	addr, err := netip.ParseAddr(at.Hostname())
	return err != nil || addr.IsLoopback()
}

// onLoopback says whether the request came in on a loopback address of ours.
func onLoopback(r *http.Request) bool {
	addr, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return isLoopback(addr)
}

func isLoopback(addr net.Addr) bool {
	switch a := addr.(type) {
	case *net.TCPAddr:
		return a.IP.IsLoopback()
	case *net.UnixAddr:
		return true
	}
	return false
}
