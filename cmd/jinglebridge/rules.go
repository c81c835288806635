package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"mellium.im/xmpp/jid"
)

// domainName agrees with what may stand behind Prosody's Component; "" is asked for elsewhere.
func domainName(s string) error {
	if s == "" {
		return nil
	}
	j, err := jid.New("", s, "")
	if err != nil || strings.ContainsAny(s, "@/: ") {
		return fmt.Errorf("want a domain name such as \"call.example.org\", got %q", s)
	}
	if j.String() != s {
		return fmt.Errorf("want the domain name as %q, got %q", j, s)
	}
	return nil
}

// serverURL agrees with the three ways to reach an XMPP server (XEP-0114).
func serverURL(s string) error {
	if strings.Contains(s, "@") {
		return errors.New("want tcp://host:port without a name or secret") // and do not quote it
	}
	want := fmt.Errorf("want tcp://host:port, tls://host:port or unix:///path, got %q", s)
	u, err := url.Parse(s)
	if err != nil || u.RawQuery != "" || u.Fragment != "" {
		return want
	}
	switch u.Scheme {
	case "tcp", "tls":
		if u.Hostname() == "" || !portNumber(u.Port(), 1) || u.Path != "" {
			return want
		}
	case "unix":
		if u.Host != "" || !strings.HasPrefix(u.Path, "/") {
			return want
		}
	default:
		return want
	}
	return nil
}

func portNumber(s string, least uint64) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n >= least
}

// listenAddress agrees with an IP address, localhost or nothing, and a port.
func listenAddress(s string) error {
	host, port, err := net.SplitHostPort(s)
	_, ipErr := netip.ParseAddr(host)
	if err != nil || !portNumber(port, 0) || host != "" && host != "localhost" && ipErr != nil {
		return fmt.Errorf("want an IP address and a port such as \"127.0.0.1:8080\", got %q", s)
	}
	return nil
}

// ipAddress agrees with an IP address.
func ipAddress(s string) error {
	if _, err := netip.ParseAddr(s); err != nil {
		return fmt.Errorf("want an IP address such as \"192.0.2.1\", got %q", s)
	}
	return nil
}

func anything(string) error { return nil }

// orNothing lets a key be switched off by "".
func orNothing(check func(string) error) func(string) error {
	return func(s string) error {
		if s == "" {
			return nil
		}
		return check(s)
	}
}

// loopback says whether only this machine reaches the address.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// origin agrees with what browsers send as Origin (RFC 6454 §7), "*" and "null".
func origin(s string) error {
	if s == "*" || s == "null" {
		return nil
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" || u.Host == "" || u.User != nil || strings.Contains(s, "*") {
		return fmt.Errorf("want scheme and host such as \"https://www.example.org\", got %q", s)
	}
	if plain := u.Scheme + "://" + strings.ToLower(u.Host); plain != s {
		return fmt.Errorf("want scheme and host only, in lower case: %q, got %q", plain, s)
	}
	return nil
}

// network agrees with one address or a prefix.
func network(s string) error {
	if _, err := netip.ParseAddr(s); err == nil {
		return nil
	}
	if _, err := netip.ParsePrefix(s); err != nil {
		return fmt.Errorf("want an address or a network such as \"127.0.0.0/8\", got %q", s)
	}
	return nil
}

// callee agrees with an address, a domain or "*".
func callee(s string) error {
	if s == "*" {
		return nil
	}
	j, err := jid.Parse(s)
	if err != nil || j.Resourcepart() != "" {
		return fmt.Errorf("want an address, a domain or \"*\", got %q", s)
	}
	return nil
}

// iceURL agrees with a STUN or TURN server (RFC 7064 §3.1, RFC 7065 §3.1).
func iceURL(s string) error {
	scheme, rest, _ := strings.Cut(s, ":")
	host, query, hasQuery := strings.Cut(rest, "?")
	_, port, err := net.SplitHostPort(host)
	ok := slices.Contains([]string{"stun", "stuns", "turn", "turns"}, scheme) &&
		host != "" && !strings.ContainsAny(host, "/@ ") && (err != nil || portNumber(port, 1))
	if hasQuery {
		ok = ok && strings.HasPrefix(scheme, "turn") && (query == "transport=udp" || query == "transport=tcp")
	}
	if !ok {
		return fmt.Errorf("want a server such as \"stun:stun.example.org\" or \"turn:turn.example.org?transport=udp\", got %q", s)
	}
	return nil
}
