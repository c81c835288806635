package component

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

// prove runs SASL (RFC 6120 §6) by the best way that the server offers.
func (a *Accounts) prove(ctx context.Context, l *login, features element.Element) error {
	m, err := l.choose(features)
	if err != nil {
		return err
	}
	if m.name == "PLAIN" {
		return l.provePlain()
	}
	return l.proveSCRAM(m, func() (func(), error) { return a.turn(ctx) })
}

// ask sends one step and returns what the server says to it: its kind, and what is in it.
func (l *login) ask(tag, attrs string, data []byte) (kind string, said []byte, err error) {
	text := base64.StdEncoding.EncodeToString(data)
	if err := l.say("<" + tag + " xmlns='" + nsSASL + "'" + attrs + ">" + text + "</" + tag + ">"); err != nil {
		return "", nil, err
	}
	e, err := l.next()
	if err != nil {
		return "", nil, err
	}
	if e.Is(nsSASL, "failure") {
		return "", nil, failure(e)
	}
	if !e.Is(nsSASL, "challenge") && !e.Is(nsSASL, "success") {
		return "", nil, errors.New("sasl: want a challenge or success")
	}
	said, err = base64.StdEncoding.DecodeString(strings.TrimPrefix(e.TrimmedText(), "="))
	if err != nil {
		return "", nil, errors.New("sasl: what the server says is no base64")
	}
	return e.Name(), said, nil
}

// refusals are the failures that tell of the account; others are the server's (RFC 6120 §6.5).
var refusals = map[string]bool{"not-authorized": true, "account-disabled": true, "credentials-expired": true}

// failures are the others, by which one is known.
var failures = map[string]bool{
	"aborted": true, "encryption-required": true, "incorrect-encoding": true, "invalid-authzid": true, "invalid-mechanism": true,
	"malformed-request": true, "mechanism-too-weak": true, "temporary-auth-failure": true,
}

func failure(e element.Element) error {
	for c := e.First(); c.Exists(); c = c.Next() {
		switch name := strings.Clone(c.Name()); {
		case refusals[name]:
			return fmt.Errorf("%w: %s", ErrCredentials, name)
		case failures[name]:
			return fmt.Errorf("sasl: %s", name)
		}
	}
	return errors.New("sasl: refused")
}

// provePlain shows the password itself (RFC 4616): to who has proven by TLS to be its server.
func (l *login) provePlain() error {
	kind, _, err := l.ask("auth", " mechanism='PLAIN'", []byte("\x00"+l.local+"\x00"+string(l.secret.password)))
	if err == nil && kind != "success" {
		err = errors.New("sasl: PLAIN is answered by a challenge")
	}
	return err
}

func (l *login) proveSCRAM(m mechanism, wait func() (func(), error)) error {
	s := scram{mechanism: m.base, hash: m.hash}
	first := s.begin(l.local, m.gs2, m.channel)
	kind, said, err := l.ask("auth", " mechanism='"+m.name+"'", []byte(first))
	if err != nil {
		return err
	}
	if kind != "challenge" {
		return errImpostor
	}
	final, err := s.final(string(said), l.secret, wait)
	if err != nil {
		return err
	}
	kind, said, err = l.ask("response", "", []byte(final))
	if err != nil {
		return err
	}
	if err := s.verify(said); err != nil {
		return err
	}
	if kind == "challenge" { // the proof may come before the success, too
		if kind, _, err = l.ask("response", "", nil); err == nil && kind != "success" {
			err = errors.New("sasl: the server asks without end")
		}
	}
	if err == nil {
		l.secret.settle(s.used)
	}
	return err
}
