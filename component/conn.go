package component

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

const (
	dialWait     = 10 * time.Second
	greetingSize = 64 << 10 // the most a server may say before the link is up
)

// endpoint is where the server listens.
type endpoint struct {
	network, address, host string
	tls                    bool
}

func parseEndpoint(server string) (endpoint, error) {
	u, err := url.Parse(server)
	if err != nil {
		return endpoint{}, fmt.Errorf("%q: want tcp://host:port, tls://host:port or unix:///path", server)
	}
	switch u.Scheme {
	case "unix":
		if u.Host == "" && strings.HasPrefix(u.Path, "/") {
			return endpoint{network: "unix", address: u.Path}, nil
		}
	case "tcp", "tls":
		if u.Hostname() != "" && u.Port() != "" && (u.Path == "" || u.Path == "/") && u.User == nil && u.RawQuery == "" {
			return endpoint{"tcp", u.Host, u.Hostname(), u.Scheme == "tls"}, nil
		}
	}
	return endpoint{}, fmt.Errorf("%q: want tcp://host:port, tls://host:port or unix:///path", server)
}

// loopback says whether the endpoint is on this machine by its name.
func (e endpoint) loopback() bool {
	if e.network == "unix" || strings.EqualFold(e.host, "localhost") {
		return true
	}
	ip := net.ParseIP(e.host)
	return ip != nil && ip.IsLoopback()
}

// errNotLoopback: "localhost" led elsewhere, and nobody allowed plain TCP there.
var errNotLoopback = errors.New("plain TCP beyond loopback is refused")

// dial connects, resolving the name anew each time: servers move.
func (e endpoint) dial(ctx context.Context, insecure bool, roots *x509.CertPool) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialWait)
	defer cancel()
	raw, err := e.connect(ctx)
	switch {
	case err != nil || e.network == "unix":
		return raw, err
	case e.tls:
		return secured(ctx, raw, &tls.Config{ServerName: e.host, RootCAs: roots, MinVersion: tls.VersionTLS12})
	case !insecure && !isLoopback(raw):
		raw.Close()
		return nil, fmt.Errorf("%w: %q is %s", errNotLoopback, e.host, raw.RemoteAddr())
	}
	return raw, nil
}

// connect connects, without TLS.
func (e endpoint) connect(ctx context.Context) (net.Conn, error) {
	raw, err := new(net.Dialer).DialContext(ctx, e.network, e.address)
	if err != nil {
		return nil, err
	}
	tcp, ok := raw.(*net.TCPConn)
	if !ok {
		return raw, nil
	}
	quick, err := lowLatency(tcp)
	if err != nil {
		tcp.Close()
		return nil, err
	}
	return quick, nil
}

// secured makes TLS on a connection, or closes it.
func secured(ctx context.Context, raw net.Conn, cfg *tls.Config) (*tls.Conn, error) {
	secure := tls.Client(raw, cfg)
	if err := secure.HandshakeContext(ctx); err != nil {
		raw.Close()
		return nil, err
	}
	return secure, nil
}

// isLoopback says whether a TCP connection stays on this machine.
func isLoopback(c net.Conn) bool {
	remote, _ := c.RemoteAddr().(*net.TCPAddr)
	return remote != nil && remote.IP.IsLoopback()
}

// conn is what mellium negotiates over. It has ReadByte, so that mellium reads no
// byte beyond the handshake, and mellium cannot touch its deadlines: a late timer of
// its would fail a later write, and with it the link.
type conn struct {
	net.Conn
	buf      []byte
	greeting int          // bytes handed out one by one
	heard    atomic.Int64 // when bytes last came, nanoseconds after born
	born     time.Time
}

func newConn(c net.Conn) *conn { return &conn{Conn: c, born: time.Now()} }

// Read hands out what was read ahead first.
func (c *conn) Read(p []byte) (int, error) {
	if len(c.buf) > 0 {
		n := copy(p, c.buf)
		c.skip(n)
		return n, nil
	}
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.heard.Store(int64(time.Since(c.born)))
	}
	return n, err
}

// skip drops what was handed out, and a buffer with nothing more in it.
func (c *conn) skip(n int) {
	if c.buf = c.buf[n:]; len(c.buf) == 0 {
		c.buf = nil
	}
}

// ReadByte implements io.ByteReader for the handshake.
func (c *conn) ReadByte() (byte, error) {
	if c.greeting++; c.greeting > greetingSize {
		return 0, errors.New("the server's greeting does not end")
	}
	if len(c.buf) == 0 {
		buf := make([]byte, 4096)
		n, err := c.Read(buf)
		if n == 0 {
			return 0, err
		}
		c.buf = buf[:n]
	}
	b := c.buf[0]
	c.skip(1)
	return b, nil
}

// SetDeadline does nothing; so do the other two. Ours go to the embedded Conn.
func (c *conn) SetDeadline(time.Time) error      { return nil }
func (c *conn) SetReadDeadline(time.Time) error  { return nil }
func (c *conn) SetWriteDeadline(time.Time) error { return nil }

// lastHeard returns when bytes last came.
func (c *conn) lastHeard() time.Time { return c.born.Add(time.Duration(c.heard.Load())) }
