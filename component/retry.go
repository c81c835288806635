package component

import (
	"crypto/tls"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"syscall"
	"time"

	mellium "mellium.im/xmpp/stream"
)

// streamError is a <stream:error/> (RFC 6120 §4.9) that came over a link that was up.
type streamError struct{ condition, text string }

func (e streamError) Error() string {
	if e.text == "" {
		return "stream error: " + e.condition
	}
	return fmt.Sprintf("stream error: %s: %q", e.condition, e.text)
}

// conditionOf returns the condition of a stream error, of the handshake or later.
func conditionOf(err error) string {
	var early mellium.Error
	if errors.As(err, &early) {
		return early.Err
	}
	var late streamError
	errors.As(err, &late)
	return late.condition
}

// streamConditions are those that label a metric; a server may invent others.
var streamConditions = map[string]bool{
	"bad-format": true, "bad-namespace-prefix": true, "conflict": true, "connection-timeout": true,
	"host-gone": true, "host-unknown": true, "improper-addressing": true, "internal-server-error": true,
	"invalid-from": true, "invalid-namespace": true, "invalid-xml": true, "not-authorized": true,
	"not-well-formed": true, "policy-violation": true, "remote-connection-failed": true, "reset": true,
	"resource-constraint": true, "restricted-xml": true, "system-shutdown": true,
	"undefined-condition": true, "unsupported-stanza-type": true,
}

// reasonOf names what went wrong in one word: a metric's label.
func reasonOf(err error) string {
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	var cut *xml.SyntaxError // of mellium's handshake
	condition := conditionOf(err)
	switch {
	case streamConditions[condition]:
		return condition
	case condition != "":
		return "stream-error"
	case errors.Is(err, errNoAnswer):
		return "ping"
	case errors.Is(err, errNotLoopback), errors.Is(err, errNoTLS):
		return "plaintext"
	case errors.Is(err, errTaken):
		return "conflict"
	case errors.As(err, &dns):
		return "dns"
	case errors.As(err, &cert):
		return "certificate"
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ENOENT):
		return "refused"
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, syscall.ETIMEDOUT):
		return "timeout"
	case errors.As(err, &cut), errors.Is(err, errClosed), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "closed"
	case errors.Is(err, errFraming):
		return "framing"
	}
	return "other"
}

// advice says what an operator can do about it.
func (c *Component) advice(reason string) string {
	switch reason {
	case "not-authorized":
		return fmt.Sprintf("the server has another secret: make xmpp.secret the same as component_secret under Component %[1]q in Prosody's configuration (/etc/prosody/prosody.cfg.lua), or as the password of %[1]q under hosts of ejabberd_service (ejabberd.yml), which says the same of a domain it does not know", c.domain)
	case "host-unknown":
		return fmt.Sprintf("the server does not know this domain: add Component %q with a component_secret to Prosody's configuration (/etc/prosody/prosody.cfg.lua), or to the hosts of ejabberd_service (ejabberd.yml), and restart it: a reload does not open it. If it is there, is %s the server's component port, not the one for clients?", c.domain, c.server.address)
	case "conflict":
		return fmt.Sprintf("another bridge is attached as %q, or the server has not noticed that an earlier one went: stop the other, and set component_conflict_resolve = \"kick_old\" under the Component in Prosody", c.domain)
	case "refused":
		return fmt.Sprintf("nothing listens on %s: is the XMPP server running, and is that its component port (component_ports in Prosody, port of ejabberd_service; 5347 by custom)?", c.server.address)
	case "dns":
		return fmt.Sprintf("the name %q cannot be resolved: check xmpp.server", c.server.host)
	case "certificate":
		return fmt.Sprintf("the certificate does not prove the name %q: name the server in xmpp.server as its certificate does, or install its authority in the system's store", c.server.host)
	case "plaintext":
		return "use tls://, or set xmpp.insecure_plaintext = true"
	case "timeout", "ping":
		return fmt.Sprintf("%s does not answer: is it overloaded, stopped, or behind a firewall?", c.server.address)
	case "invalid-from", "not-well-formed", "invalid-xml", "bad-format", "restricted-xml", "improper-addressing":
		return "the server refused a stanza of ours, which is a bug: please report it"
	}
	return ""
}

// pace is how long to wait before the next try: random, growing, bounded.
type pace struct{ first, most time.Duration }

var (
	ordinary = pace{time.Second, time.Minute}
	// A server that is not running is harmed by no try, and calls should work again
	// within seconds of its return, however long it was away.
	absent = pace{time.Second, 3 * time.Second}
	// Two bridges that both come back at once would throw each other out for ever.
	contested = pace{5 * time.Second, 5 * time.Minute}
)

// wait returns the time before try n (0 is the first): somewhere in the upper half of
// a span that doubles.
func (p pace) wait(n int) time.Duration {
	span := min(p.first<<min(n, 20), p.most)
	return span/2 + rand.N(span/2+1)
}

// retries remembers how often it went wrong in a row.
type retries struct {
	tries, conflicts int
}

const (
	steady     = 10 * time.Second // a link up so long was a good one
	undisputed = 10 * time.Minute // a link up so long has no rival
)

// after returns how long to wait once a link has ended, which was up for so long.
func (r *retries) after(reason string, up time.Duration) time.Duration {
	if up >= steady {
		r.tries = 0
	}
	if up >= undisputed {
		r.conflicts = 0
	}
	if reason == "conflict" {
		r.conflicts++
		return contested.wait(r.conflicts - 1)
	}
	r.tries++
	switch reason {
	case "refused", "closed", "system-shutdown":
		return absent.wait(r.tries - 1)
	}
	return ordinary.wait(r.tries - 1)
}
