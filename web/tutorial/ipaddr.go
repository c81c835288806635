package tutorial

import (
	"net"

	"github.com/jinglebridge/jinglebridge/web"
)

// addresses are what a page is told that asks for the server's own. Those of the network
// interfaces are nobody's business but this machine's.
func (s *Server) addresses(guest *web.Guest) []string {
	if s.cfg.IP != "" {
		return []string{s.cfg.IP}
	}
	if !guest.Local() {
		return nil
	}
	addrs, err := s.networks()
	if err != nil {
		s.cfg.Log.Warn("own addresses unknown", "err", err)
	}
	var ips []string
	for _, addr := range addrs {
		if ip, ok := addr.(*net.IPNet); ok && ip.IP.To4() != nil && !ip.IP.IsLoopback() {
			ips = append(ips, ip.IP.String())
		}
	}
	return ips
}
