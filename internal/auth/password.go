package auth

import "context"

// checkPassword is for those who show a name and a password. Whether the name is known, the
// same is done and the same is said.
func (a *Auth) checkPassword(ctx context.Context, r Request) (Grant, error) {
	if a.passwords == nil {
		return Grant{}, a.needs("passwords do not count here")
	}
	name, err := a.fold(r.Name)
	if err != nil {
		return Grant{}, err
	}
	leave, err := a.hashes.enter()
	if err != nil {
		return Grant{}, err
	}
	defer leave()
	settle, err := a.throttle.enter(ctx, r.Addr, name)
	if err != nil {
		return Grant{}, err
	}
	good, err := a.passwordMatches(ctx, name, r.Password)
	switch {
	case err != nil:
		settle(unclear)
		return Grant{}, err
	case !good:
		settle(wrong)
		return Grant{}, &Error{Code: CodeAuthFailed, Text: "wrong name or password"}
	}
	settle(right)
	return Grant{Method: "password", Name: r.Name, Multi: true}, nil
}

// passwordMatches hashes once, for an unknown name against the hash of somebody else.
func (a *Auth) passwordMatches(ctx context.Context, name, password string) (bool, error) {
	hash, known := a.passwords.get().hash(name)
	if checkPasswordText(password) != nil {
		return false, nil // which nobody has, and costs nothing with any name
	}
	good, err := a.hashes.compare(ctx, hash, password)
	return good && known, err
}
