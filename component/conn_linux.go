package component

import (
	"net"
	"syscall"
)

const (
	tcpUserTimeout = 0x12   // TCP_USER_TIMEOUT of linux/tcp.h, which package syscall lacks
	unackedMillis  = 40_000 // a peer that acknowledges nothing for so long is gone
)

// quickConn acknowledges at once. Prosody leaves Nagle's algorithm on, which holds its
// second small write back until we have acknowledged the first; the kernel would delay
// that by 40 ms.
type quickConn struct {
	*net.TCPConn
	raw   syscall.RawConn
	rearm func(fd uintptr)
}

func lowLatency(c *net.TCPConn) (net.Conn, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, err
	}
	var optErr error
	err = raw.Control(func(fd uintptr) {
		optErr = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout, unackedMillis)
	})
	if err != nil {
		return nil, err
	}
	if optErr != nil {
		return nil, optErr
	}
	// TCP_NODELAY is Go's default. The kernel forgets TCP_QUICKACK: set it before each read.
	rearm := func(fd uintptr) { _ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_QUICKACK, 1) }
	return &quickConn{c, raw, rearm}, nil
}

func (c *quickConn) Read(p []byte) (int, error) {
	if err := c.raw.Control(c.rearm); err != nil {
		return 0, err
	}
	return c.TCPConn.Read(p)
}
