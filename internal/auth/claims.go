package auth

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/golang-jwt/jwt/v5"
)

const (
	maxCalls    = 32   // that one guest may make, to different people
	maxCallee   = 3071 // bytes: the longest JID (RFC 7622 §3.1)
	maxTokenID  = 128
	maxTitle    = 100
	callsOnce   = 1 // the only max there is
	claimName   = "name"
	claimGuest  = "jb"
	claimCallee = "call"
)

// claims are a token's, read strictly. They implement jwt.Claims.
type claims struct {
	object
	exp, nbf, iat time.Time // zero when they are not there
	iss           string
	aud           []string
	guest         *guestClaim // nil when the token is for no guest
}

// guestClaim is {"call":[…],"max":1}.
type guestClaim struct {
	call []string // never nil: a guest without this may call nobody
	once bool
}

// UnmarshalJSON reads the claims before their signature is known to be good.
func (c *claims) UnmarshalJSON(data []byte) (err error) {
	if c.object, err = readObject(data); err != nil {
		return err
	}
	var w words
	c.exp, c.nbf, c.iat = w.time(c.object, "exp"), w.time(c.object, "nbf"), w.time(c.object, "iat")
	c.iss, c.aud = w.text(c.object, "iss"), w.texts(c.object, "aud")
	if w.err != nil {
		return w.err
	}
	if raw, found := c.object[claimGuest]; found {
		c.guest, err = readGuest(raw)
	}
	return err
}

func readGuest(data []byte) (*guestClaim, error) {
	o, err := readObject(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", claimGuest, err)
	}
	g := &guestClaim{call: []string{}}
	list, err := o.texts(claimCallee)
	if err != nil {
		return nil, err
	}
	if err := checkCalls(list); err != nil {
		return nil, err
	}
	g.call = append(g.call, list...)
	var most int
	g.once, err = o.get("max", &most)
	if err != nil || g.once && most != callsOnce {
		return nil, fmt.Errorf("%s: want a max of %d or none", claimGuest, callsOnce)
	}
	return g, nil
}

// checkCalls refuses what cannot be whom to call.
func checkCalls(list []string) error {
	if len(list) > maxCalls {
		return fmt.Errorf("want at most %d to call", maxCalls)
	}
	for _, callee := range list {
		if callee == "" || !plain(callee, maxCallee) || strings.TrimSpace(callee) != callee {
			return fmt.Errorf("%.64q cannot be called", callee)
		}
	}
	return nil
}

// id is what a token that counts once is known by, apart for guest links and other tokens.
func (c *claims) id(kind string) (string, error) {
	id, err := c.text("jti")
	if err != nil || id == "" || !plain(id, maxTokenID) {
		return "", fmt.Errorf("want a jti of 1 to %d characters in a token that counts once", maxTokenID)
	}
	return kind + ":" + id, nil
}

// title is a claim to be shown; what is no text is not shown.
func (c *claims) title(claim string) string {
	s, err := c.text(claim)
	if err != nil {
		return ""
	}
	return showable(s)
}

// showable makes a title of foreign text, without what turns around the text after it.
func showable(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, s)
	if runes := []rune(s); len(runes) > maxTitle {
		s = string(runes[:maxTitle])
	}
	return strings.TrimSpace(s)
}

func numericDate(t time.Time) (*jwt.NumericDate, error) {
	if t.IsZero() {
		return nil, nil
	}
	return &jwt.NumericDate{Time: t}, nil
}

// The methods of jwt.Claims.

func (c *claims) GetExpirationTime() (*jwt.NumericDate, error) { return numericDate(c.exp) }
func (c *claims) GetNotBefore() (*jwt.NumericDate, error)      { return numericDate(c.nbf) }
func (c *claims) GetIssuedAt() (*jwt.NumericDate, error)       { return numericDate(c.iat) }
func (c *claims) GetIssuer() (string, error)                   { return c.iss, nil }
func (c *claims) GetAudience() (jwt.ClaimStrings, error)       { return c.aud, nil }
func (c *claims) GetSubject() (string, error)                  { return c.text("sub") }
