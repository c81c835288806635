package component

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"strings"
)

// scramHashes are those of RFC 5802, RFC 7677 and what followed, the best first.
var scramHashes = []struct {
	name string
	hash func() hash.Hash
}{{"SCRAM-SHA-512", sha512.New}, {"SCRAM-SHA-256", sha256.New}, {"SCRAM-SHA-1", sha1.New}}

// A server that asks for fewer rounds wants to guess the password (RFC 7677 §4 names the
// least); one that asks for more wants our processor.
const minRounds, maxRounds = 4096, 1_000_000

// scram is the client's part of one login (RFC 5802). mellium.im/sasl has one, too, which
// takes any number of rounds and cannot log in without the password.
type scram struct {
	mechanism string // without -PLUS
	hash      func() hash.Hash
	binding   []byte // GS2 header, and what the channel is known by (RFC 5802 §6)
	first     string // client-first-message-bare
	nonce     string

	used      keys   // made by final
	signature []byte // the server's, if it is the one that knows the password
}

// begin returns the first message.
func (s *scram) begin(user, gs2, channel string) string {
	s.nonce = newID()
	s.first = "n=" + saslName.Replace(user) + ",r=" + s.nonce
	s.binding = []byte(gs2 + channel)
	return gs2 + s.first
}

// saslName escapes a user's name (RFC 5802 §5.1).
var saslName = strings.NewReplacer("=", "=3D", ",", "=2C")

// challenge is what a server says first.
type challenge struct {
	nonce  string
	salt   string // decoded
	rounds int
}

// parseChallenge reads r=…,s=…,i=… and refuses anything else before the extensions, as well
// as those that say they matter (RFC 5802 §5.1: m=).
func (s *scram) parseChallenge(text string) (challenge, error) {
	fields := strings.Split(text, ",")
	if len(fields) < 3 || !strings.HasPrefix(fields[0], "r=") || !strings.HasPrefix(fields[1], "s=") || !strings.HasPrefix(fields[2], "i=") {
		return challenge{}, errors.New("scram: want r=, s= and i=")
	}
	c := challenge{nonce: fields[0][2:]}
	if !strings.HasPrefix(c.nonce, s.nonce) || len(c.nonce) == len(s.nonce) {
		return challenge{}, errors.New("scram: the server's nonce does not go on from ours")
	}
	salt, err := base64.StdEncoding.DecodeString(fields[1][2:])
	if err != nil || len(salt) == 0 {
		return challenge{}, errors.New("scram: want a salt")
	}
	c.salt = string(salt)
	c.rounds, err = strconv.Atoi(fields[2][2:])
	if err != nil || c.rounds < minRounds || c.rounds > maxRounds {
		return challenge{}, fmt.Errorf("scram: %.20q rounds, want %d to %d", fields[2][2:], minRounds, maxRounds)
	}
	return c, nil
}

// final answers the challenge. wait is called before a password is hashed, and may refuse.
func (s *scram) final(text string, with *secret, wait func() (func(), error)) (string, error) {
	c, err := s.parseChallenge(text)
	if err != nil {
		return "", err
	}
	if s.used, err = s.keysFor(c, with, wait); err != nil {
		return "", err
	}
	bare := "c=" + base64.StdEncoding.EncodeToString(s.binding) + ",r=" + c.nonce
	message := s.first + "," + text + "," + bare
	stored := s.hash()
	stored.Write(s.used.client)
	proof := s.mac(stored.Sum(nil), message)
	subtle.XORBytes(proof, proof, s.used.client)
	s.signature = s.mac(s.used.server, message)
	return bare + ",p=" + base64.StdEncoding.EncodeToString(proof), nil
}

// keysFor hashes the password, unless that was done before with the same salt.
func (s *scram) keysFor(c challenge, with *secret, wait func() (func(), error)) (keys, error) {
	if k := with.keys; k.mechanism == s.mechanism && k.salt == c.salt && k.iterations == c.rounds {
		return k, nil
	}
	if with.password == nil {
		return keys{}, fmt.Errorf("%w: the password was changed", ErrCredentials)
	}
	leave, err := wait()
	if err != nil {
		return keys{}, err
	}
	defer leave()
	salted, err := pbkdf2.Key(s.hash, string(with.password), []byte(c.salt), c.rounds, s.hash().Size())
	if err != nil {
		return keys{}, err
	}
	return keys{s.mechanism, c.salt, c.rounds, s.mac(salted, "Client Key"), s.mac(salted, "Server Key")}, nil
}

func (s *scram) mac(key []byte, message string) []byte {
	h := hmac.New(s.hash, key)
	h.Write([]byte(message))
	return h.Sum(nil)
}

// errImpostor is a server that let us in without knowing the password.
var errImpostor = errors.New("scram: the server does not know the password")

// verify wants the server's proof.
func (s *scram) verify(final []byte) error {
	value, found := bytes.CutPrefix(final, []byte("v="))
	value, _, _ = bytes.Cut(value, []byte(","))
	signature, err := base64.StdEncoding.DecodeString(string(value))
	if !found || err != nil || s.signature == nil || !hmac.Equal(signature, s.signature) {
		return errImpostor
	}
	return nil
}

// turn waits for a place among those who hash.
func (a *Accounts) turn(ctx context.Context) (leave func(), err error) {
	select {
	case a.hashing <- struct{}{}:
		return func() { <-a.hashing }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
