package main

import (
	"crypto/tls"
	"net"

	"github.com/jinglebridge/jinglebridge/web"
)

// check refuses what is well-formed but wrong together, or dangerous unless it is asked
// for by name.
func (l *loader) check() {
	c := l.cfg
	if c.XMPP.Domain == "" {
		l.refuseKey("xmpp.domain", `want the name of our component, as in Prosody's Component "call.example.org"`)
	}
	if c.XMPP.Secret == "" {
		l.refuseKey("xmpp.secret", "want the component_secret of the XMPP server here, or the file it is in as secret_file; jinglebridge gen-secret makes one")
	}
	if !c.Bridge.Anonymous {
		l.refuseKey("auth.anonymous", "nobody could log in: there are no accounts yet; write anonymous = true to give any free name to whoever asks for it")
	}
	l.checkListen()
	l.checkTLS()
}

func (l *loader) checkListen() {
	c := l.cfg
	open := !loopback(c.Listen.Address)
	switch {
	case open && !c.BehindProxy && c.Cert == "":
		l.refuseKey("listen.address", "plain ws:// beyond this machine; want a loopback address, [listen.tls] cert and key, or behind_proxy = true with trusted_proxies")
	case c.BehindProxy && len(c.Listen.TrustedProxies) == 0:
		l.refuseKey("listen.behind_proxy", `want trusted_proxies too, the addresses the proxy connects from, such as ["127.0.0.0/8", "::1"]`)
	case !c.BehindProxy && len(c.Listen.TrustedProxies) > 0:
		l.refuseKey("listen.trusted_proxies", "want behind_proxy = true too, or nothing here")
	}
	for _, o := range c.Listen.Origins {
		if o == "*" && !c.Listen.AnyOrigin && (open || c.BehindProxy) {
			l.refuseKey("listen.origins", `every page of the web could log in here; want the pages that may, or any_origin = true with "*"`)
		}
	}
	if c.Admin != "" && c.Admin == c.Listen.Address && !portZero(c.Admin) {
		l.refuseKey("admin.address", "want another port than listen.address: metrics are not for everybody")
	}
}

func portZero(address string) bool {
	_, port, _ := net.SplitHostPort(address)
	return port == "0"
}

func (l *loader) checkTLS() {
	c := l.cfg
	switch {
	case c.Cert == "" && c.Key == "":
	case c.Cert == "":
		l.refuseKey("listen.tls.key", "want cert too")
	case c.Key == "":
		l.refuseKey("listen.tls.cert", "want key too")
	default:
		if _, err := tls.LoadX509KeyPair(c.Cert, c.Key); err != nil {
			l.refuseKey("listen.tls.cert", "%v", err)
		}
	}
}

func hasCredential(servers []web.IceServer) bool {
	for _, s := range servers {
		if s.Credential != "" {
			return true
		}
	}
	return false
}
