package component

import (
	"errors"
	"fmt"
)

// What an account does differently from a component.

var _ role = (*Account)(nil)

// mayLeave wants a `from` that is the session's or the account's: servers end the stream for
// any other (RFC 6120 §8.1.2.1). Without `to` it is the account's server that is meant.
func (a *Account) mayLeave(from, _ string) error {
	if from != a.jid && from != a.who.bare {
		return fmt.Errorf("from %q is not %q", from, a.jid)
	}
	if a.jid == "" {
		return errors.New("not logged in yet")
	}
	return nil
}

// admit completes the addresses that a server may leave out (RFC 6120 §8.1.1.1, §8.1.2.1),
// and drops what is for somebody else.
func (a *Account) admit(s *Stanza) string {
	if !isStanza(s.Element) {
		return "unknown-element"
	}
	if s.To != "" && s.To != a.jid && foldJID(s.To) != a.remotes.self && foldJID(s.To) != foldJID(a.jid) {
		return "not-for-us"
	}
	s.To = a.jid
	if s.From == "" {
		s.From = a.who.bare
	}
	return ""
}

func (a *Account) keeps(*Stanza) bool { return false }

func (a *Account) infoOf(string) *info { return &a.userInfo }

// answerer: what is asked of an account rather than of a session, its server answers.
func (a *Account) answerer(payload) answerer { return nil }
