package auth

import (
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// GuestLink is what NewGuestLink lets whoever has the link do.
type GuestLink struct {
	Call  []string  // whom to call, bare JIDs or names of users here
	Until time.Time // to the second
	Once  bool      // the first who uses it is the last
	Title string    // what the callee sees; "": what the guest says
}

// NewGuestLink makes the token of a guest link: a JWT of typ guest+jwt, signed with HS256. Pages
// of others may make the same: exp, jb {"call":[…]}, and for Once jb.max 1 and a jti.
func NewGuestLink(key []byte, l GuestLink) (string, error) {
	if err := checkSecret(key); err != nil {
		return "", fmt.Errorf("guest key: %w", err)
	}
	switch {
	case len(l.Call) == 0:
		return "", errors.New("want somebody to call")
	case l.Until.Unix() <= 0 || l.Until.Unix() >= maxDate:
		return "", errors.New("want an end of the guest link")
	case !plain(l.Title, maxTitle):
		return "", fmt.Errorf("want a title of at most %d characters", maxTitle)
	}
	if err := checkCalls(l.Call); err != nil {
		return "", err
	}
	guest := map[string]any{claimCallee: l.Call}
	if l.Once {
		guest["max"] = callsOnce
	}
	c := jwt.MapClaims{"exp": l.Until.Unix(), "jti": rand.Text(), claimGuest: guest}
	if l.Title != "" {
		c[claimName] = l.Title
	}
	t := jwt.NewWithClaims(jwt.SigningMethodHS256, c)
	t.Header["typ"] = guestType
	token, err := t.SignedString(key)
	switch {
	case err != nil:
		return "", err
	case len(token) > maxToken:
		return "", fmt.Errorf("want a shorter list of whom to call: the token has %d bytes, the limit is %d", len(token), maxToken)
	}
	return token, nil
}

// ReadGuestKey reads a file with the key of guest links.
func ReadGuestKey(name string) ([]byte, error) { return readSecret(name) }

// newGuestVerifier is nil without a guest key.
func newGuestVerifier(cfg Config) (*verifier, error) {
	secret := cfg.GuestKey
	switch {
	case len(secret) == 0 && cfg.GuestKeyFile == "":
		return nil, nil
	case len(secret) > 0 && cfg.GuestKeyFile != "":
		return nil, errors.New("want either a guest key or a file with it, not both")
	case len(secret) > 0:
		if err := checkSecret(secret); err != nil {
			return nil, fmt.Errorf("guest key: %w", err)
		}
	default:
		var err error
		if secret, err = readSecret(cfg.GuestKeyFile); err != nil {
			return nil, err
		}
	}
	v := &verifier{
		kind: "guest", source: fixedKeys{{public: secret, algorithms: []string{"HS256"}}}, now: cfg.Now,
		titled: claimName, leeway: defaultLeeway, allowed: []string{"HS256"}, noAudience: true,
	}
	v.makeParser()
	return v, nil
}
