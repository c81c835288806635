package auth

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
)

// checkToken is for those who show a token. A good one always counts, whatever else comes from
// its address: nobody guesses a signature. The others are counted, with the wrong passwords.
func (a *Auth) checkToken(ctx context.Context, r Request) (Grant, error) {
	if a.tokens == nil && a.guests == nil {
		return Grant{}, a.needs("tokens do not count here")
	}
	grant, err := a.readToken(ctx, r)
	var refused *Error
	if errors.As(err, &refused) && refused.Code == CodeAuthFailed {
		if blocked := a.throttle.fail(r.Addr); blocked != nil {
			return Grant{}, blocked
		}
	}
	return grant, err
}

func (a *Auth) readToken(ctx context.Context, r Request) (Grant, error) {
	h, err := readHeader(r.Token)
	if err != nil {
		return Grant{}, badToken(err)
	}
	v := a.tokens
	if h.guest {
		v = a.guests
	}
	if v == nil {
		return Grant{}, badToken(errors.New("no key for tokens of this kind"))
	}
	c, err := v.verify(ctx, r.Token, h)
	if err != nil {
		return Grant{}, err
	}
	return a.grant(v, c, r)
}

// grant is what a verified token gives.
func (a *Auth) grant(v *verifier, c *claims, r Request) (g Grant, err error) {
	g = Grant{Method: "token", Title: c.title(v.titled), Until: c.exp.Add(v.leeway), Multi: c.guest == nil}
	if c.guest != nil {
		g.Call = c.guest.call
		if c.guest.once {
			if g.Once, err = c.id(v.kind); err != nil {
				return Grant{}, badToken(err)
			}
		}
	}
	if v.nameClaim != "" {
		if g.Name, err = c.text(v.nameClaim); err != nil {
			return Grant{}, badToken(err)
		}
	}
	switch {
	case g.Name != "":
		err = a.mayBe(g, r)
	case c.guest != nil:
		a.nameGuest(&g, r)
	default:
		err = badToken(fmt.Errorf("want to know who it is, from the claim %q", v.nameClaim))
	}
	if err != nil {
		return Grant{}, err
	}
	return g, nil
}

// mayBe checks the name in a token, and whether it is the one that was asked for.
func (a *Auth) mayBe(g Grant, r Request) error {
	name, err := a.fold(g.Name)
	switch {
	case err != nil:
		return err
	case a.reserved(name) && g.Multi:
		return errGuestName
	case r.Name == "":
		return nil
	}
	asked, err := a.fold(r.Name)
	switch {
	case err != nil:
		return err
	case asked != name:
		return &Error{Code: CodeForbidden, Text: "this token is for somebody else"}
	}
	return nil
}

// nameGuest gives a guest a name that nobody has or had, and shows what the link says, or else
// what the guest says of itself.
func (a *Auth) nameGuest(g *Grant, r Request) {
	g.Name = guestPrefix + strings.ToLower(rand.Text()[:12]) // 60 bits
	if g.Title == "" {
		g.Title = showable(r.Name)
	}
}
