package bridge

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/internal/auth"
	"github.com/jinglebridge/jinglebridge/internal/element"
)

// usher lets in anybody without a password, and who has an account by what its server says.
type usher struct{}

func (usher) Methods() []string { return []string{"none", "xmpp"} }

func (usher) Check(ctx context.Context, r auth.Request) (auth.Grant, error) {
	if r.Account == nil {
		return auth.Grant{Method: "none", Name: r.Name}, nil
	}
	if err := r.Account(ctx); err != nil {
		return auth.Grant{}, &auth.Error{Code: auth.CodeAuthFailed, Text: err.Error()}
	}
	return auth.Grant{Method: "xmpp", Name: r.Name, Multi: true}, nil
}

// casting logs in accounts whose password is "secret", as /1, /2, ….
type casting struct{ p *theatre }

func (c casting) Login(_ context.Context, jid, password string) (Account, error) {
	if password != "secret" {
		return nil, errors.New("not this password")
	}
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	u := &understudy{p: c.p, jid: fmt.Sprintf("%s/%d", jid, len(c.p.held)+1)}
	c.p.held[u.jid] = u
	return u, nil
}

func (c casting) Check(_ context.Context, _, password string) error {
	if password != "secret" {
		return errors.New("not this password")
	}
	return nil
}

// understudy is the session of an account; what goes over it is in the play like all stanzas.
type understudy struct {
	p            *theatre
	jid          string
	h            component.AccountHandler
	down, closed bool
}

func (u *understudy) JID() string { return u.jid }

func (u *understudy) Start(h component.AccountHandler) {
	u.p.mu.Lock()
	defer u.p.mu.Unlock()
	u.h = h
	go h.HandleLink(true)
}

func (u *understudy) Close() {
	u.p.mu.Lock()
	defer u.p.mu.Unlock()
	u.closed = true
}

func (u *understudy) Send(stanza []byte) error {
	if err := u.may(string(stanza)); err != nil {
		return err
	}
	return u.p.Send(stanza)
}

func (u *understudy) SendIQ(iq component.IQ, done func(*component.Stanza, error)) error {
	if err := u.may("from='" + iq.From + "'"); err != nil {
		return err
	}
	return u.p.SendIQ(iq, done)
}

// may refuses what an account cannot say: nothing for others, nothing after its end.
func (u *understudy) may(stanza string) error {
	u.p.mu.Lock()
	defer u.p.mu.Unlock()
	if !strings.Contains(stanza, "from='"+u.jid+"'") { // component would not send it
		u.p.house.wrong = append(u.p.house.wrong, u.jid+" does not say that it speaks: "+stanza)
	}
	if u.down || u.closed {
		return component.ErrDown
	}
	return nil
}

func (u *understudy) AppendCaps(w *element.Writer) { u.p.AppendCaps(w) }

// deliver takes a stanza to the component, or to the sessions of the account it is for, and
// says how many hear it.
func (p *theatre) deliver(s *component.Stanza) (n int) {
	_, domain, _ := component.Split(s.To)
	if domain == "" || domain == p.b.cfg.Domain {
		p.b.HandleStanza(s)
		return 1
	}
	for jid, u := range p.held {
		if u.h != nil && !u.closed && (s.To == jid || s.To == component.Bare(jid)) {
			one := *s
			one.To = jid
			u.h.HandleStanza(&one)
			n++
		}
	}
	return n
}

func (p *theatre) linkOf(jid, how string) error {
	u := p.held[jid]
	if u == nil || u.h == nil {
		return fmt.Errorf("nobody holds %s", jid)
	}
	u.down = how != "up"
	if how == "ended" {
		u.h.HandleEnd(errors.New("not-authorized"))
		return nil
	}
	u.h.HandleLink(how == "up")
	return nil
}
