package main

import (
	"cmp"
	"crypto/tls"
	"net"
	"os"
	"strings"

	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/web"
)

// check refuses what is well-formed but wrong together, or dangerous unless it is asked
// for by name.
func (l *loader) check() {
	c := l.cfg
	if c.XMPP.Domain == "" {
		l.refuseKey("xmpp.domain", `want the name of our component, as in Prosody's Component "call.example.org"`)
	}
	if c.XMPP.Secret == "" && c.SecretFile == "" { // of a file that gave none, readSecret has spoken
		l.refuseKey("xmpp.secret", "want the component_secret of the XMPP server here, or the file it is in as secret_file (systemd's LoadCredential=component_secret gives it to the service only); jinglebridge gen-secret makes one")
	}
	if !c.Bridge.Anonymous && !c.proves() && len(c.Bridge.Pages) == 0 {
		l.refuseKey("auth.anonymous", "nobody could log in; want password_file, guest_key_file, [auth.jwt], an [[account]] or a [[page]], or anonymous = true to give any free name to whoever asks for it")
	}
	if len(l.problems) == 0 {
		l.checkLink()
	}
	l.checkTokens()
	l.checkAuth()
	l.checkStore()
	l.checkListen()
	l.checkTutorial()
	l.checkTLS()
	l.checkPages()
	l.checkAccounts()
	l.checkPersons()
}

// proves says whether anybody can prove who they are.
func (c *Config) proves() bool {
	a := &c.Auth
	return a.PasswordFile != "" || a.GuestKeyFile != "" || a.JWT.KeyFile != "" || a.JWT.JWKS != "" || len(c.Accounts) > 0
}

// checkTokens: what says which tokens count is of no use without the keys they are signed with.
func (l *loader) checkTokens() {
	if j := l.cfg.Auth.JWT; j.KeyFile != "" || j.JWKS != "" {
		return
	}
	for _, k := range l.keys {
		if _, set := l.found[k.path]; set && strings.HasPrefix(k.path, "auth.jwt.") {
			l.refuseKey(k.path, "want auth.jwt.key_file or auth.jwt.jwks too, for the keys that tokens are signed with")
			return
		}
	}
}

// checkStore: the folder may not be there before systemd starts the service.
func (l *loader) checkStore() {
	if info, err := os.Stat(l.cfg.Store); err == nil && info.IsDir() {
		l.refuseKey("store.path", "want a file, and %s is a folder", l.cfg.Store)
	}
}

// checkAuth asks the one who checks logins what it thinks of its files.
func (l *loader) checkAuth() {
	if !l.cfg.proves() {
		return
	}
	if _, err := newAuth(l.cfg, nil); err != nil {
		l.refuseKey(l.authKey(err), "%v", err)
	}
}

// authKey is the key of [auth] that an error is about: that of the file it names, or else the first that is set.
func (l *loader) authKey(err error) string {
	a := &l.cfg.Auth
	files := map[string]string{
		"auth.password_file": a.PasswordFile, "auth.guest_key_file": a.GuestKeyFile, "auth.jwt.key_file": a.JWT.KeyFile, "auth.jwt.jwks": a.JWT.JWKS,
	}
	first := "auth.anonymous"
	for _, k := range l.keys {
		switch _, set := l.found[k.path]; {
		case !set || !strings.HasPrefix(k.path, "auth.") || k.path == "auth.anonymous":
		case files[k.path] != "" && strings.Contains(err.Error(), files[k.path]):
			return k.path
		case first == "auth.anonymous":
			first = k.path
		}
	}
	return first
}

// checkLink asks the component itself what it thinks of its part.
func (l *loader) checkLink() {
	_, err := component.New(l.cfg.XMPP)
	if err == nil {
		return
	}
	// Its errors begin with the key they are about.
	path, _, _ := strings.Cut(err.Error(), " ")
	l.refuse(l.found[cmp.Or(strings.TrimSuffix(path, ":"), "xmpp.domain")], "%v", err)
}

func (l *loader) checkListen() {
	c := l.cfg
	open := !loopback(c.Listen)
	switch {
	case open && !c.Web.BehindProxy && c.Cert == "":
		l.refuseKey("listen.address", "plain ws:// beyond this machine; want a loopback address, [listen.tls] cert and key, or behind_proxy = true with trusted_proxies")
	case c.Web.BehindProxy && len(c.Web.TrustedProxies) == 0:
		l.refuseKey("listen.behind_proxy", `want trusted_proxies too, the addresses the proxy connects from, such as ["127.0.0.0/8", "::1"]`)
	case !c.Web.BehindProxy && len(c.Web.TrustedProxies) > 0:
		l.refuseKey("listen.trusted_proxies", "want behind_proxy = true too, or nothing here")
	}
	for _, o := range c.Web.Origins {
		if o == "*" && !c.Web.AnyOrigin && (open || c.Web.BehindProxy) {
			l.refuseKey("listen.origins", `every page of the web could log in here; want the pages that may, or any_origin = true with "*"`)
		}
	}
	if c.Web.PongTimeout > c.Web.PingInterval {
		l.refuseKey("limits.pong_timeout", "want at most limits.ping_interval, %s", short(c.Web.PingInterval))
	}
	if c.Admin != "" && c.Admin == c.Listen && !portZero(c.Admin) {
		l.refuseKey("admin.address", "want another port than listen.address: metrics are not for everybody")
	}
}

// checkTutorial: what holds for listen.address holds for each of its like.
func (l *loader) checkTutorial() {
	c := l.cfg
	byNumber := func(address string) string { return strings.Replace(address, "localhost:", "127.0.0.1:", 1) }
	taken := map[string]string{byNumber(c.Listen): "listen.address", byNumber(c.Admin): "admin.address"}
	for _, at := range c.Tutorial.listeners() {
		switch other := taken[byNumber(at.address)]; {
		case at.address == "":
			continue
		case !c.Bridge.Anonymous && c.proves():
			l.refuseKey(at.key, "these pages can prove nothing; want auth.anonymous = true too")
		case !loopback(at.address) && !c.Web.BehindProxy && c.Cert == "":
			l.refuseKey(at.key, "plain ws:// beyond this machine; want a loopback address, [listen.tls] cert and key, or behind_proxy = true with trusted_proxies")
		case other != "" && !portZero(at.address):
			l.refuseKey(at.key, "want another port than %s", other)
		}
		taken[byNumber(at.address)] = at.key
	}
	if dir := c.Tutorial.CodelabFiles; dir != "" {
		if c.Tutorial.Codelab == "" {
			l.refuseKey("tutorial.codelab_files", "want codelab too, the address to serve it on")
		}
		if info, err := os.Stat(dir); err != nil {
			l.refuseKey("tutorial.codelab_files", "%v", err)
		} else if !info.IsDir() {
			l.refuseKey("tutorial.codelab_files", "want a folder, and %s is none", dir)
		}
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
