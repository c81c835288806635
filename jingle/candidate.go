package jingle

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Candidate is one ICE candidate (RFC 8839 §5.1, XEP-0176 §5.3).
type Candidate struct {
	Foundation string
	Component  int
	Protocol   string // lower case
	Priority   uint32
	IP         string
	Port       int
	Type       string
	RelAddr    string
	RelPort    int
	Generation int
	Network    int
	Ufrag      string // from a browser's line; "" when not said
	ID         string // XEP-0176; "" from SDP
}

// Clone copies the candidate out of the stanza or SDP that it shares memory with.
func (c Candidate) Clone() Candidate {
	for _, s := range []*string{&c.Foundation, &c.Protocol, &c.IP, &c.Type, &c.RelAddr, &c.Ufrag, &c.ID} {
		*s = strings.Clone(*s)
	}
	return c
}

// ParseCandidate reads "candidate:…", with or without "a=" in front. What may follow the
// type is skipped where we do not know it (RFC 8839 §5.1: extensions are ignored).
func ParseCandidate(line string) (Candidate, error) {
	s := strings.TrimPrefix(strings.TrimRight(line, "\r\n"), "a=")
	s, ok := strings.CutPrefix(s, "candidate:")
	if !ok {
		return Candidate{}, fmt.Errorf("candidate %s: want candidate: in front", quote(line))
	}
	c, want := parseCandidate(s)
	if want != "" {
		return Candidate{}, fmt.Errorf("candidate %s: want %s", quote(line), want)
	}
	return c, nil
}

// parseCandidate reads what stands after "candidate:".
func parseCandidate(s string) (c Candidate, want string) {
	var words [8]string
	for i := range words {
		words[i], s = field(s)
	}
	if c.Foundation = words[0]; !only(c.Foundation, iceChar, 1, 32) {
		return c, "a foundation of ice-chars"
	}
	if c.Component = small(words[1], 256); c.Component == 0 {
		return c, "a component from 1 to 256"
	}
	c.Protocol = strings.ToLower(words[2])
	if !isToken(c.Protocol) {
		return c, "a transport"
	}
	priority, ok := number(words[3], 1<<32-1)
	if !ok {
		return c, "a 32-bit priority"
	}
	c.Priority = uint32(priority)
	if c.IP = words[4]; !isAddress(c.IP) {
		return c, "an address"
	}
	port, ok := number(words[5], 65535)
	if !ok {
		return c, "a port"
	}
	c.Port = int(port)
	if c.Type = words[7]; words[6] != "typ" || !isToken(c.Type) {
		return c, "typ and a type"
	}
	c.attributes(s)
	c.complete()
	return c, ""
}

// attributes reads the pairs after the type.
func (c *Candidate) attributes(s string) {
	for s != "" {
		var name, value string
		name, s = field(s)
		value, s = field(s)
		switch name {
		case "raddr":
			c.RelAddr = value
		case "rport":
			c.RelPort = small(value, 65535)
		case "generation":
			c.Generation = small(value, 1<<31-1)
		case "network-id":
			c.Network = small(value, 1<<31-1)
		case "ufrag":
			if isUfrag(value) {
				c.Ufrag = value
			}
		}
	}
}

// complete puts the related address in order: a literal or none, none for a host,
// one for all others.
func (c *Candidate) complete() {
	literal := false
	if c.RelAddr != "" {
		ip, err := netip.ParseAddr(c.RelAddr)
		literal = err == nil && ip.Zone() == ""
	}
	switch {
	case c.Type == "host":
		c.RelAddr, c.RelPort = "", 0
	case !literal:
		// RFC 8839 §5.1: what is hidden is written so; Firefox wants it written.
		c.RelAddr, c.RelPort = "0.0.0.0", 9
		if strings.Contains(c.IP, ":") {
			c.RelAddr = "::"
		}
	}
}

// isAddress is coarse: what is an address at all, numeric or a name. Unfit says which
// of them may be passed on.
func isAddress(s string) bool {
	if len(s) == 0 || len(s) > 253 {
		return false
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; classes[c]&wordChar == 0 && c != ':' && c != '%' {
			return false
		}
	}
	return true
}

// String is the line as RTCIceCandidate.candidate has it, "candidate:…".
func (c Candidate) String() string { return string(c.append(make([]byte, 0, 160))) }

func (c *Candidate) append(b []byte) []byte {
	b = append(b, "candidate:"...)
	b = append(b, c.Foundation...)
	b = append(b, ' ')
	b = strconv.AppendInt(b, int64(c.Component), 10)
	b = append(b, ' ')
	b = append(b, c.Protocol...)
	b = append(b, ' ')
	b = strconv.AppendUint(b, uint64(c.Priority), 10)
	b = append(b, ' ')
	b = append(b, c.IP...)
	b = append(b, ' ')
	b = strconv.AppendInt(b, int64(c.Port), 10)
	b = append(b, " typ "...)
	b = append(b, c.Type...)
	if c.RelAddr != "" {
		b = append(b, " raddr "...)
		b = append(b, c.RelAddr...)
		b = append(b, " rport "...)
		b = strconv.AppendInt(b, int64(c.RelPort), 10)
	}
	b = append(b, " generation "...)
	b = strconv.AppendInt(b, int64(c.Generation), 10)
	if c.Ufrag != "" {
		b = append(b, " ufrag "...)
		b = append(b, c.Ufrag...)
	}
	if c.Network != 0 {
		b = append(b, " network-id "...)
		b = strconv.AppendInt(b, int64(c.Network), 10)
	}
	return b
}

// Unfit says why a candidate must not be passed on, "" when it may: "tcp" (or any
// transport but udp), "component", "type", "port", "mdns", "hostname", "loopback",
// "unspecified", "multicast", "link-local". Addresses inside addresses (IPv4 mapped
// into IPv6, NAT64) are judged by the inner one.
func (c Candidate) Unfit() string {
	switch {
	case c.Protocol != "udp":
		return "tcp"
	case c.Component != 1: // every browser multiplexes RTCP (RFC 8829 §4.1.1)
		return "component"
	case c.Type != "host" && c.Type != "srflx" && c.Type != "prflx" && c.Type != "relay":
		// COMPAT Dino 0.4.2: a type it does not know, inside session-initiate, is a SIGSEGV.
		return "type"
	case c.Port == 0:
		return "port"
	case strings.HasSuffix(c.IP, ".local"):
		return "mdns"
	}
	ip, err := netip.ParseAddr(c.IP)
	if err != nil {
		return "hostname"
	}
	return unfitIP(ip)
}

// WhyUnfit is Unfit in words for people, "" when the candidate may be passed on.
func (c Candidate) WhyUnfit() string { return unfitness[c.Unfit()] }

func unfitIP(ip netip.Addr) string {
	if ip.Zone() != "" {
		return "link-local"
	}
	ip = inner(ip)
	switch {
	case ip.IsLoopback():
		return "loopback"
	case ip.IsUnspecified() || ip.Is4() && ip.As4()[0] == 0:
		return "unspecified"
	case ip.IsMulticast() || ip.Is4() && ip.As4() == [4]byte{255, 255, 255, 255}:
		return "multicast"
	case ip.IsLinkLocalUnicast():
		return "link-local"
	}
	return ""
}

// inner takes an IPv4 address out of ::ffff:0:0/96, the old ::/96, NAT64's 64:ff9b::/96 and
// 64:ff9b:1::/48 (RFC 6052 §2.1, RFC 8215), ::ffff:0:0:0/96 (RFC 7915) and 2002::/16 (RFC 3056).
func inner(ip netip.Addr) netip.Addr {
	ip = ip.Unmap()
	if ip.Is4() || ip == netip.IPv6Loopback() || ip == netip.IPv6Unspecified() {
		return ip
	}
	bytes := ip.As16()
	switch [12]byte(bytes[:12]) {
	case [12]byte{}, [12]byte{0, 0x64, 0xff, 0x9b}, [12]byte{8: 0xff, 9: 0xff}:
		return netip.AddrFrom4([4]byte(bytes[12:]))
	}
	switch {
	case bytes[0] == 0x20 && bytes[1] == 0x02:
		return netip.AddrFrom4([4]byte(bytes[2:6]))
	case [6]byte(bytes[:6]) == [6]byte{0, 0x64, 0xff, 0x9b, 0, 1}:
		return netip.AddrFrom4([4]byte(bytes[12:]))
	}
	return ip
}
