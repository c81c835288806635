//go:build integration

package bridge

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/internal/element"
	"github.com/jinglebridge/jinglebridge/internal/xmpptest"
)

// courier carries messages between an account and the names of a component, through a real
// server: alice is the account, any name is ours.
type courier struct {
	t         *testing.T
	component *component.Component
	alice     *xmpptest.Client
	arrived   chan [2]string // id and local part
	up        chan bool
}

const courierDomain = "call.localhost"

func newCourier(t *testing.T, client, server string) *courier {
	t.Helper()
	c := &courier{t: t, arrived: make(chan [2]string, 1024), up: make(chan bool, 16)}
	var err error
	c.component, err = component.New(component.Config{
		Domain: courierDomain, Server: server, Secret: xmpptest.Secret,
		Limits: component.Limits{PerJID: enough, JIDBurst: enough, PerDomain: enough, DomainBurst: enough},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.component.Run(ctx, c)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	select {
	case <-c.up:
	case <-time.After(xmpptest.Wait):
		t.Fatal("the component is not attached")
	}
	c.alice = xmpptest.LoginFor(t, client, "alice@localhost/x", "secret")
	return c
}

// enough is for limits that are not what a test is about.
const enough = 1 << 20

// HandleStanza implements component.Handler.
func (c *courier) HandleStanza(s *component.Stanza) {
	if s.Name() == "message" && s.Type == "headline" {
		local, _, _ := component.Split(s.To)
		c.arrived <- [2]string{s.ID, local}
	}
}

// HandleLink implements component.Handler.
func (c *courier) HandleLink(up bool) { c.up <- up }

// mailbag letters are written in batches, so that no queue overflows.
const mailbag = 200

// there has alice write to names, and tells the local part under which each came to us; ""
// when the server did not take it.
func (c *courier) there(locals []string) []string {
	c.t.Helper()
	came := make([]string, 0, len(locals))
	for batch := range slices.Chunk(locals, mailbag) {
		var w element.Writer
		for i, local := range batch {
			w.Start("", "message")
			w.Attr("type", "headline")
			w.Attr("id", fmt.Sprint(i))
			w.Attr("to", local+"@"+courierDomain)
			w.Leaf("", "body", "x")
			w.End()
		}
		if err := c.alice.Send(string(w.Bytes())); err != nil {
			c.t.Fatal(err)
		}
		came = append(came, c.outcomes(len(batch))...)
	}
	return came
}

// outcomes waits for what becomes of n letters: each comes here, or back to alice.
func (c *courier) outcomes(n int) []string {
	c.t.Helper()
	came := make([]string, n)
	// After this comes back, every letter has been looked at by alice's side of the server.
	if err := c.alice.Ping(""); err != nil {
		c.t.Fatal(err)
	}
	if err := c.component.Send([]byte("<message type='headline' id='end' from='" + courierDomain + "' to='" + courierDomain + "'/>")); err != nil {
		c.t.Fatal(err)
	}
	for {
		select {
		case one := <-c.arrived:
			var i int
			if one[0] == "end" {
				return came
			} else if _, err := fmt.Sscan(one[0], &i); err != nil || i >= n {
				c.t.Fatalf("a letter with id %q arrived", one[0])
			}
			came[i] = one[1]
		case up := <-c.up:
			c.t.Fatalf("the link changed, up: %v", up)
		case <-time.After(xmpptest.Wait):
			c.t.Fatal("what was written does not arrive")
		}
	}
}

// back has names write to alice, and tells whom she hears.
func (c *courier) back(locals []string) []string {
	c.t.Helper()
	heard := make([]string, 0, len(locals))
	for batch := range slices.Chunk(locals, mailbag) {
		for _, local := range batch {
			var w element.Writer
			w.Start(component.NS, "message")
			w.Attr("from", local+"@"+courierDomain+"/x")
			w.Attr("to", c.alice.JID)
			w.Leaf(component.NS, "body", "x")
			w.End()
			if err := c.component.Send(w.Bytes()); err != nil {
				c.t.Fatalf("%+q: %v", local, err)
			}
		}
		for range batch {
			e, err := c.alice.Until(xmpptest.Wait, func(e element.Element) bool { return e.Name() == "message" && e.Attr("type") != "error" })
			if err != nil {
				c.t.Fatalf("after %d of %d: %v", len(heard), len(locals), err)
			}
			local, _, _ := component.Split(e.Attr("from"))
			heard = append(heard, local)
		}
	}
	return heard
}
