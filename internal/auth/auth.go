// Package auth says who may be whom: who proves a name by a password or a token, and who
// gets one without proof. It knows no sockets, no XMPP and nothing of calls.
//
// Check may take as long as a password hash or a key server takes, so it is not for a loop.
// An Auth has no goroutines of its own: all is done by those who ask.
package auth

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// Config says how one may log in. With the zero value nobody gets in.
type Config struct {
	// Anonymous gives any name to whoever asks, except those that PasswordFile has.
	Anonymous bool

	// PasswordFile has lines "name:hash", the hash argon2id or bcrypt. It is read again
	// when it has changed; a file that cannot be used leaves what was good before.
	PasswordFile string

	// JWT lets in with tokens that somebody else signs.
	JWT JWTConfig

	// GuestKey, or GuestKeyFile with one line that has it, signs the links of NewGuestLink.
	GuestKey     []byte
	GuestKeyFile string

	// AccountDomains are those whose XMPP accounts may log in; who logs in checks the
	// password, by Request.Account.
	AccountDomains []string

	// Fold makes the form in which names are compared, or refuses one. It is applied to
	// every name, wherever it comes from. Nil folds to lower case.
	Fold func(name string) (string, error)

	Now func() time.Time // time.Now by default
	Log *slog.Logger     // hears of files and keys that cannot be read; nobody by default
}

// JWTConfig is what JSON Web Tokens (RFC 7519) are held against. They are taken when there
// is KeyFile or JWKS, not both.
type JWTConfig struct {
	KeyFile string // PEM public keys or certificates, or a secret of 32 bytes and more
	JWKS    string // a key set (RFC 7517 §5): an https URL, or a file

	Issuer     string        // wanted in iss; "" takes any
	Audience   []string      // one of them is wanted in aud; none takes tokens without aud
	Algorithms []string      // which of those that the keys are good for; none takes all
	Leeway     time.Duration // how far clocks may differ, 60 s by default
	NameClaim  string        // "sub" by default
	TitleClaim string        // "name" by default

	Transport http.RoundTripper // fetches JWKS; http.DefaultTransport by default
}

// Request is what somebody shows at login. With a token, a name may be missing.
type Request struct {
	Name, Password, Token string
	Addr                  string // the IP address it comes from

	// Account has the password checked by the server of the XMPP account that Name is; nil
	// where accounts cannot log in.
	Account func(context.Context) error
}

// Grant is what a login has proved.
type Grant struct {
	Method string    // "none", "password", "token" or "xmpp"
	Name   string    // who it is
	Title  string    // how to show who it is, "" for as the name
	Call   []string  // whom this guest may call; nil: policy decides
	Until  time.Time // when it ends; zero: never
	Once   string    // id of what counts once: whoever uses the Grant marks it used; "" if it counts again
	Multi  bool      // proved to be this person: may be there several times
}

// Auth checks logins. Its methods may be called by several goroutines at once.
type Auth struct {
	cfg       Config
	throttle  *throttle
	passwords *watched[*passwordFile] // nil without
	hashes    *hasher
	accounts  []chan struct{} // checks of accounts under way, by domain
	tokens    *verifier       // of JWTs, nil without
	guests    *verifier       // of guest links, nil without
}

// New reads the files that cfg names. A key set of a URL is fetched when it is first needed.
func New(cfg Config) (*Auth, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Fold == nil {
		cfg.Fold = foldCase
	}
	a := &Auth{cfg: cfg, throttle: newThrottle(cfg.Now), hashes: newHasher()}
	for range cfg.AccountDomains {
		a.accounts = append(a.accounts, make(chan struct{}, accountChecks))
	}
	var err error
	if cfg.PasswordFile != "" {
		a.passwords, err = watch(cfg.PasswordFile, cfg.Log, func(name string) (*passwordFile, error) {
			return readPasswordFile(name, cfg.Fold)
		})
		if err != nil {
			return nil, err
		}
	}
	if a.tokens, err = newTokenVerifier(cfg); err != nil {
		return nil, err
	}
	if a.guests, err = newGuestVerifier(cfg); err != nil {
		return nil, err
	}
	return a, nil
}

// Methods are the ways to log in, as a refused login lists them.
func (a *Auth) Methods() []string {
	methods := []string{}
	if a.cfg.Anonymous {
		methods = append(methods, "none")
	}
	if a.passwords != nil {
		methods = append(methods, "password")
	}
	if a.tokens != nil || a.guests != nil {
		methods = append(methods, "token")
	}
	if len(a.cfg.AccountDomains) > 0 {
		methods = append(methods, "xmpp")
	}
	return methods
}

// Check says what a login proves. The error is an *Error when the login is at fault, or when
// trying again later may help; it is that of ctx when ctx ended.
func (a *Auth) Check(ctx context.Context, r Request) (Grant, error) {
	switch {
	case r.Token != "":
		return a.checkToken(ctx, r)
	case r.Password != "" && r.Account != nil && a.isAccount(r):
		return a.checkAccount(ctx, r)
	case r.Password != "":
		return a.checkPassword(ctx, r)
	}
	return a.checkName(r)
}

// checkName is for those who show nothing but a name.
func (a *Auth) checkName(r Request) (Grant, error) {
	switch {
	case a.isAccount(r):
		return Grant{}, a.needs("an account has a password")
	case !a.cfg.Anonymous:
		return Grant{}, a.needs("a name alone is not enough here")
	}
	name, err := a.fold(r.Name)
	switch {
	case err != nil:
		return Grant{}, err
	case a.reserved(name):
		return Grant{}, errGuestName
	case a.passwords != nil && a.passwords.get().has(name):
		return Grant{}, a.needs("this name has a password")
	}
	return Grant{Method: "none", Name: r.Name}, nil
}

// fold is Config.Fold, with the error that a browser is told.
func (a *Auth) fold(name string) (string, error) {
	folded, err := a.cfg.Fold(name)
	switch {
	case err != nil:
		return "", &Error{Code: CodeBadName, Text: err.Error(), Cause: err}
	case folded == "":
		return "", &Error{Code: CodeBadName, Text: "want a name"}
	}
	return folded, nil
}

// guestPrefix begins the names that guests are given, and nobody else where there are guests.
const guestPrefix = "guest-"

var errGuestName = &Error{Code: CodeBadName, Text: "names that begin with " + guestPrefix + " are for guests"}

// reserved says whether only a guest may have this folded name.
func (a *Auth) reserved(folded string) bool {
	return (a.guests != nil || a.tokens != nil) && strings.HasPrefix(folded, guestPrefix)
}

// needs refuses a login that shows something else than what counts here.
func (a *Auth) needs(why string) error {
	return &Error{Code: CodeAuthRequired, Text: why}
}

var errName = errors.New("want a name of 1 to 64 characters, without control characters")

// foldCase is the Fold of those who have no better one.
func foldCase(name string) (string, error) {
	if !plain(name, 64) || name == "" || strings.TrimSpace(name) != name {
		return "", errName
	}
	return strings.ToLower(name), nil
}
