package xmpptest

import (
	"errors"
	"time"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

// Attack sends the hostile stanzas to a component through a real server.
type Attack struct {
	Address  string // host:port for clients
	Account  string // bare JID of the attacker
	Password string
	To, User string // the component's domain, and a full JID in it
	Ejabberd bool   // leave out what ejabberd does not survive

	Heard func(element.Element) // is told of each stanza that the attacker gets; may be nil
}

// attackWait is long enough for a server to deal with one stanza. An unclosed one
// keeps the attacker waiting for so long.
const attackWait = 2 * time.Second

// Run sends one after the other and calls after when the server has dealt with it: when
// the component has answered the attacker's ping, or the attacker was thrown out.
func (a Attack) Run(t TB, after func(Hostile)) (sent int) {
	t.Helper()
	var c *Client
	defer func() {
		if c != nil {
			c.Close()
		}
	}()
	for _, h := range HostileStanzas() {
		if h.ProsodyOnly && a.Ejabberd {
			continue
		}
		if c == nil {
			var err error
			if c, err = Login(a.Address, a.Account+"/attacker", a.Password); err != nil {
				t.Fatalf("before %s: %v", h.Name, err)
			}
		}
		if err := a.send(c, h); err != nil {
			c.Close()
			c = nil
		}
		sent++
		after(h)
	}
	return sent
}

var errThrownOut = errors.New("thrown out")

func (a Attack) send(c *Client, h Hostile) error {
	const id = "after-the-attack"
	err := c.Send(h.For(a.To, a.User, c.JID) + "<iq type='get' id='" + id + "' to='" + a.To + "'><ping xmlns='urn:xmpp:ping'/></iq>")
	if err != nil {
		return errThrownOut
	}
	_, err = c.Until(attackWait, func(e element.Element) bool {
		if a.Heard != nil {
			a.Heard(e)
		}
		return e.Name() == "iq" && e.Attr("id") == id
	})
	return err
}
