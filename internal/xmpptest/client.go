package xmpptest

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"mellium.im/sasl"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

const (
	nsClient = "jabber:client"
	nsSASL   = "urn:ietf:params:xml:ns:xmpp-sasl"
	nsBind   = "urn:ietf:params:xml:ns:xmpp-bind"
)

// Client is an ordinary account that sends whatever it likes, over plain TCP. Use it from one goroutine.
type Client struct {
	JID string // the full JID that the server bound
	*stream
}

var iqNumber atomic.Int64

// Login logs in. jid is a full JID; its resource is what is asked for.
func Login(address, jid, password string) (*Client, error) {
	c, err := net.DialTimeout("tcp", address, Wait)
	if err != nil {
		return nil, err
	}
	client := &Client{stream: newStream(c, nsClient)}
	if err := client.login(jid, password); err != nil {
		c.Close()
		return nil, fmt.Errorf("login %s: %w", jid, err)
	}
	return client, nil
}

// LoginFor is Login for a test, which closes the client at its end.
func LoginFor(t TB, address, jid, password string) *Client {
	t.Helper()
	c, err := Login(address, jid, password)
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func (c *Client) login(jid, password string) error {
	bare, resource, _ := strings.Cut(jid, "/")
	user, domain, _ := strings.Cut(bare, "@")
	if err := c.open(domain); err != nil {
		return err
	}
	if err := c.authenticate(user, password); err != nil {
		return err
	}
	c.restart()
	if err := c.open(domain); err != nil {
		return err
	}
	var w element.Writer
	w.Start(nsBind, "bind")
	w.Leaf(nsBind, "resource", resource)
	w.End()
	e, err := c.IQ("set", "", string(w.Bytes()))
	if err != nil {
		return err
	}
	c.pump()
	c.JID = e.Child(nsBind, "bind").Child(nsBind, "jid").TrimmedText()
	return nil
}

// authenticate runs SASL SCRAM-SHA-1, which both servers offer (RFC 6120 §6.4).
func (c *Client) authenticate(user, password string) error {
	n := sasl.NewClient(sasl.ScramSha1, sasl.Credentials(func() (Username, Password, Identity []byte) {
		return []byte(user), []byte(password), nil
	}))
	_, out, err := n.Step(nil)
	if err != nil {
		return err
	}
	step := "<auth xmlns='" + nsSASL + "' mechanism='SCRAM-SHA-1'>%s</auth>"
	for range 3 {
		if err := c.write(fmt.Sprintf(step, base64.StdEncoding.EncodeToString(out))); err != nil {
			return err
		}
		e, err := c.next(Wait)
		if err != nil {
			return err
		}
		said, err := base64.StdEncoding.DecodeString(e.TrimmedText())
		if err != nil || !e.Is(nsSASL, "challenge") && !e.Is(nsSASL, "success") {
			return fmt.Errorf("not let in: %s", e)
		}
		if len(said) > 0 {
			if _, out, err = n.Step(said); err != nil {
				return err // among others: the server does not know the password
			}
		}
		if e.Name() == "success" {
			return nil
		}
		step = "<response xmlns='" + nsSASL + "'>%s</response>"
	}
	return errors.New("the server asks without end")
}

func (c *Client) open(domain string) error {
	err := c.write("<?xml version='1.0'?><stream:stream to='" + domain + "' version='1.0' xmlns='" + nsClient + "' xmlns:stream='" + nsStreams + "'>")
	if err != nil {
		return err
	}
	if _, err := c.header(Wait); err != nil {
		return err
	}
	features, err := c.next(Wait)
	if err != nil {
		return err
	}
	if !features.Is(nsStreams, "features") {
		return fmt.Errorf("want features, got %s", features)
	}
	return nil
}

// Send sends any bytes.
func (c *Client) Send(text string) error { return c.write(text) }

// Next returns the next element, or an error when none comes in time (IsTimeout).
func (c *Client) Next(limit time.Duration) (element.Element, error) { return c.next(limit) }

// Until returns the first element that match accepts; others are dropped.
func (c *Client) Until(limit time.Duration, match func(element.Element) bool) (element.Element, error) {
	deadline := time.Now().Add(limit)
	for {
		e, err := c.next(time.Until(deadline))
		if err != nil {
			return element.Element{}, err
		}
		if e.Is(nsStreams, "error") {
			return element.Element{}, fmt.Errorf("the server ended our stream: %s", e)
		}
		if match(e) {
			return e, nil
		}
	}
}

// IQ sends a request and returns its answer, a result; an error answer is an error.
func (c *Client) IQ(kind, to, payload string) (element.Element, error) {
	id := fmt.Sprintf("xmpptest-%d", iqNumber.Add(1))
	var w element.Writer
	w.Start("", "iq")
	w.Attr("type", kind)
	w.Attr("id", id)
	w.AttrIf("to", to)
	w.Text("")
	if err := c.write(string(w.Bytes()) + payload + "</iq>"); err != nil {
		return element.Element{}, err
	}
	e, err := c.Until(Wait, func(e element.Element) bool { return e.Name() == "iq" && e.Attr("id") == id && e.Attr("type") != kind })
	if err != nil {
		return element.Element{}, err
	}
	if e.Attr("type") != "result" {
		return e, fmt.Errorf("iq to %q: %s", to, e)
	}
	return e, nil
}

// Ping asks to (XEP-0199) and waits for the result.
func (c *Client) Ping(to string) error {
	_, err := c.IQ("get", to, "<ping xmlns='urn:xmpp:ping'/>")
	return err
}

// Close ends the stream and the connection.
func (c *Client) Close() error {
	return errors.Join(ignoreClosed(c.write("</stream:stream>")), ignoreClosed(c.close()))
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrClosedPipe) {
		return nil
	}
	return err
}
