package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const defaultLeeway = time.Minute

// algorithms are all that a token may be signed by, if the key is of that kind.
var algorithms = []string{
	"HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
}

// verifier holds tokens of one kind against their keys.
type verifier struct {
	source keySource
	parser *jwt.Parser
	now    func() time.Time
	leeway time.Duration

	kind              string // "token" or "guest"
	nameClaim, titled string // nameClaim is "" for guest links, which name nobody
	allowed           []string
	noAudience        bool // none is configured
}

// newTokenVerifier is nil without JWT keys.
func newTokenVerifier(cfg Config) (*verifier, error) {
	c := cfg.JWT
	switch {
	case c.KeyFile == "" && c.JWKS == "":
		return nil, nil
	case c.KeyFile != "" && c.JWKS != "":
		return nil, errors.New("want either a key file or a key set for tokens, not both")
	case c.Leeway < 0:
		return nil, fmt.Errorf("want a leeway of 0 and more, got %v", c.Leeway)
	}
	for _, alg := range c.Algorithms {
		if !slices.Contains(algorithms, alg) {
			return nil, fmt.Errorf("want algorithms out of %s, got %.20q", strings.Join(algorithms, ", "), alg)
		}
	}
	v := &verifier{kind: "token", now: cfg.Now, nameClaim: c.NameClaim, titled: c.TitleClaim, leeway: c.Leeway, allowed: c.Algorithms, noAudience: len(c.Audience) == 0}
	if v.nameClaim == "" {
		v.nameClaim = "sub"
	}
	if v.titled == "" {
		v.titled = claimName
	}
	if v.leeway == 0 {
		v.leeway = defaultLeeway
	}
	if len(v.allowed) == 0 {
		v.allowed = algorithms
	}
	var options []jwt.ParserOption
	if c.Issuer != "" {
		options = append(options, jwt.WithIssuer(c.Issuer))
	}
	if len(c.Audience) > 0 {
		options = append(options, jwt.WithAudience(c.Audience...))
	}
	v.makeParser(options...)
	var err error
	v.source, err = v.newSource(cfg)
	return v, err
}

// makeParser is for when leeway and allowed are known.
func (v *verifier) makeParser(options ...jwt.ParserOption) {
	v.parser = jwt.NewParser(append(options, jwt.WithValidMethods(v.allowed), jwt.WithStrictDecoding(), jwt.WithExpirationRequired(),
		jwt.WithIssuedAt(), jwt.WithLeeway(v.leeway), jwt.WithTimeFunc(v.now))...)
}

// newSource finds the keys for JWTs: PEM or a secret, or a set at an address or in a file.
func (v *verifier) newSource(cfg Config) (keySource, error) {
	if strings.Contains(cfg.JWT.JWKS, "://") {
		transport := cfg.JWT.Transport
		if transport == nil {
			transport = http.DefaultTransport
		}
		return newRemoteKeys(cfg.JWT.JWKS, transport, cfg.Now, cfg.Log)
	}
	name, read := cfg.JWT.KeyFile, readKeyFile
	if name == "" {
		name, read = cfg.JWT.JWKS, readKeySetFile
	}
	file, err := watch(name, cfg.Log, func(name string) ([]key, error) {
		keys, err := read(name)
		if err == nil && !slices.ContainsFunc(keys, v.useful) {
			err = fmt.Errorf("%s: no key is good for %s", name, strings.Join(v.allowed, ", "))
		}
		return keys, err
	})
	return fileKeys{file}, err
}

func readKeySetFile(name string) ([]key, error) {
	data, err := readPublic(name, maxKeyFile)
	if err != nil {
		return nil, err
	}
	keys, err := parseKeySet(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return keys, nil
}

// useful says whether a token could be signed with the key.
func (v *verifier) useful(k key) bool {
	return slices.ContainsFunc(k.algorithms, func(alg string) bool { return slices.Contains(v.allowed, alg) })
}

// verify returns the claims of a token that is good now.
func (v *verifier) verify(ctx context.Context, token string, h header) (*claims, error) {
	keys, err := v.source.keys(ctx, h.kid)
	if err != nil {
		return nil, err
	}
	fit := fitting(keys, h)
	if len(fit) == 0 {
		return nil, badToken(fmt.Errorf("no key for alg %.20q, kid %.64q", h.alg, h.kid))
	}
	c := &claims{}
	_, err = v.parser.ParseWithClaims(token, c, func(*jwt.Token) (any, error) { return jwt.VerificationKeySet{Keys: fit}, nil })
	if err != nil {
		return nil, v.refusal(c, err)
	}
	if err := v.checkAudience(c); err != nil {
		return nil, err
	}
	return c, nil
}

// checkAudience refuses a token that is for others, when no audience of ours is configured
// (RFC 7519 §4.1.3: we are not in its aud, so it must be rejected).
func (v *verifier) checkAudience(c *claims) error {
	if v.noAudience && len(c.aud) > 0 {
		return badToken(fmt.Errorf("it is for %.100q, and no audience is configured here", c.aud))
	}
	return nil
}

// badToken refuses what is not signed for us.
func badToken(cause error) error {
	return &Error{Code: CodeAuthFailed, Text: "this token does not count here", Cause: cause}
}

// refusal says what is wrong with a token. Only of one that is otherwise good it says when.
func (v *verifier) refusal(c *claims, err error) error {
	for _, worse := range []error{
		jwt.ErrTokenMalformed, jwt.ErrTokenUnverifiable, jwt.ErrTokenSignatureInvalid,
		jwt.ErrTokenRequiredClaimMissing, jwt.ErrTokenInvalidAudience, jwt.ErrTokenInvalidIssuer,
	} {
		if errors.Is(err, worse) {
			return badToken(err)
		}
	}
	if err := v.checkAudience(c); err != nil {
		return err
	}
	switch {
	case errors.Is(err, jwt.ErrTokenExpired):
		return &Error{Code: CodeExpired, Text: "this token has ended", Cause: err}
	case errors.Is(err, jwt.ErrTokenNotValidYet), errors.Is(err, jwt.ErrTokenUsedBeforeIssued):
		begins := c.nbf
		if c.iat.After(begins) {
			begins = c.iat
		}
		return &Error{Code: CodeNotYet, Text: "this token has not begun", Retry: begins.Add(-v.leeway).Sub(v.now()), Cause: err}
	}
	return badToken(err)
}
