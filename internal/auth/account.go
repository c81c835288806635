package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/secure/precis"
)

// ErrWrongPassword is what Request.Account says when the account's server knows no such
// account, or another password of it. Any other error of it says that nobody knows.
var ErrWrongPassword = errors.New("wrong name or password")

// accountChecks are those under way at once in one domain: each waits for its server.
const accountChecks = 64

// isAccount says whether a login is that of an XMPP account elsewhere, which its domain checks.
func (a *Auth) isAccount(r Request) bool {
	return len(a.cfg.AccountDomains) > 0 && strings.Contains(r.Name, "@")
}

// checkAccount is for those who show the address of an XMPP account and its password. How
// long the answer takes is its server's matter; how often one may ask is ours.
func (a *Auth) checkAccount(ctx context.Context, r Request) (Grant, error) {
	name, domain, err := foldAccount(r.Name)
	if err != nil {
		return Grant{}, err
	}
	i := slices.IndexFunc(a.cfg.AccountDomains, func(d string) bool { return strings.EqualFold(d, domain) })
	if i < 0 {
		return Grant{}, &Error{Code: CodeForbidden, Text: fmt.Sprintf("accounts of %s cannot log in here; those of %s can", domain, strings.Join(a.cfg.AccountDomains, ", "))}
	}
	select {
	case a.accounts[i] <- struct{}{}:
		defer func() { <-a.accounts[i] }()
	default:
		return Grant{}, &Error{Code: CodeTooMany, Text: "too many logins at once", Retry: 2 * time.Second}
	}
	settle, err := a.throttle.enter(ctx, r.Addr, name)
	if err != nil {
		return Grant{}, err
	}
	err = r.Account(ctx)
	switch {
	case err == nil:
		settle(right)
	case errors.Is(err, ErrWrongPassword):
		settle(wrong)
	default:
		settle(unclear)
	}
	switch {
	case errors.Is(err, ErrWrongPassword):
		return Grant{}, &Error{Code: CodeAuthFailed, Text: ErrWrongPassword.Error(), Cause: err}
	case ctx.Err() != nil:
		return Grant{}, ctx.Err()
	case err != nil:
		return Grant{}, &Error{Code: CodeUpstream, Text: "the server of " + domain + " cannot be asked just now", Cause: err}
	}
	return Grant{Method: "xmpp", Name: name, Multi: true}, nil
}

// maxAddress is the longest bare JID (RFC 7622 §3.1), in characters, roughly.
const maxAddress = 2047

// foldAccount returns a bare JID as it is counted and shown, and its domain. What a server takes
// for the same account is counted as that, however it is written (RFC 7622 §3.3).
func foldAccount(name string) (folded, domain string, err error) {
	local, domain, _ := strings.Cut(name, "@")
	if local == "" || domain == "" || !plain(name, maxAddress) || strings.ContainsAny(name, " /\"&'<>") || strings.Contains(domain, "@") || strings.Contains(local, ":") {
		return "", "", errAddress
	}
	if local, err = precis.UsernameCaseMapped.String(local); err != nil {
		return "", "", errAddress
	}
	domain = strings.ToLower(domain)
	return local + "@" + domain, domain, nil
}

var errAddress = &Error{Code: CodeBadName, Text: "want an address like anna@example.org"}
