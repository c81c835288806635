package web

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// client is who a request is from.
type client struct {
	addr    netip.Addr
	proxied bool // a proxy that we trust says so
	local   bool // on this machine, for all we can tell
}

// proxies are the reverse proxies whose X-Forwarded headers are believed.
type proxies []netip.Prefix

func newProxies(behind bool, trusted []string) (proxies, error) {
	if !behind {
		if len(trusted) > 0 {
			return nil, fmt.Errorf("listen.trusted_proxies is set, but listen.behind_proxy is not true")
		}
		return nil, nil
	}
	if len(trusted) == 0 {
		trusted = []string{"127.0.0.0/8", "::1"}
	}
	var p proxies
	for _, entry := range trusted {
		prefix, err := netip.ParsePrefix(entry)
		if err != nil {
			var addr netip.Addr
			if addr, err = netip.ParseAddr(entry); err == nil {
				prefix = netip.PrefixFrom(addr, addr.BitLen())
			}
		}
		if err != nil {
			return nil, fmt.Errorf(`listen.trusted_proxies: %q: want an address or a network such as "10.0.0.0/8"`, entry)
		}
		p = append(p, prefix)
	}
	return p, nil
}

func (p proxies) trust(addr netip.Addr) bool {
	for _, prefix := range p {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

// client finds out who a request is from. A browser behind proxies is the last address in
// X-Forwarded-For that no trusted proxy has; what stands before it anybody may have written.
func (p proxies) client(r *http.Request) client {
	addr, unix := peerAddr(r.RemoteAddr)
	if len(p) == 0 || !unix && !p.trust(addr) {
		// Whoever forwards to us on loopback without being trusted is no local client.
		forwarded := r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != ""
		return client{addr: addr, local: addr.IsLoopback() && !forwarded}
	}
	c := client{addr: addr, proxied: true}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		c.addr = hop.Unmap().WithZone("")
		if !p.trust(c.addr) {
			break
		}
	}
	return c
}

// peerAddr reads what net/http calls RemoteAddr. A Unix socket's peer is on this machine.
func peerAddr(remote string) (addr netip.Addr, unix bool) {
	if ap, err := netip.ParseAddrPort(remote); err == nil {
		return ap.Addr().Unmap().WithZone(""), false
	}
	return netip.AddrFrom4([4]byte{127, 0, 0, 1}), true
}

// Network is what limits count together, of an address as Sender.Addr gives it.
func Network(addr string) string {
	a, err := netip.ParseAddr(addr)
	if err != nil {
		return addr
	}
	return network(a).String()
}

// network is what limits count together: an IPv4 address, or the /64 that one IPv6 host has.
func network(addr netip.Addr) netip.Prefix {
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	prefix, _ := addr.Prefix(bits)
	return prefix
}
