package xmpptest

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/crypto/pbkdf2"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

// scram plays the server of SCRAM-SHA-256 (RFC 5802 §3), with and without channel binding.
func (s *Session) scram(name string, auth element.Element) error {
	first, _ := base64.StdEncoding.DecodeString(auth.TrimmedText())
	fields := strings.SplitN(string(first), ",", 3) // the GS2 header, with its two commas
	if len(fields) < 3 || !s.binds(name, fields[0]) {
		return s.refuse("not-authorized")
	}
	bare := fields[2]
	user, nonce, _ := strings.Cut(strings.TrimPrefix(bare, "n="), ",r=")
	nonce += rand.Text()
	salt, rounds := s.salt()
	challenge := fmt.Sprintf("r=%s,s=%s,i=%d", nonce, base64.StdEncoding.EncodeToString(salt), rounds)
	if err := s.tell("challenge", step("challenge", challenge)); err != nil {
		return err
	}
	e, err := s.next(Wait)
	if err != nil {
		return err
	}
	final, _ := base64.StdEncoding.DecodeString(e.TrimmedText())
	unproven, proof, _ := strings.Cut(string(final), ",p=")
	header := fields[0] + ",,"
	if strings.HasPrefix(header, "p=") {
		header += s.channel()
	}
	if unproven != "c="+base64.StdEncoding.EncodeToString([]byte(header))+",r="+nonce {
		return s.refuse("not-authorized")
	}
	message := bare + "," + challenge + "," + unproven
	salted := pbkdf2.Key([]byte(s.server.Password), salt, rounds, sha256.Size, sha256.New)
	client := mac(salted, "Client Key")
	stored := sha256.Sum256(client)
	subtle.XORBytes(client, client, mac(stored[:], message))
	if proof != base64.StdEncoding.EncodeToString(client) {
		return s.refuse("not-authorized")
	}
	s.User = user
	return s.tell("success", step("success", "v="+base64.StdEncoding.EncodeToString(mac(mac(salted, "Server Key"), message))))
}

// step renders one of ours in SASL.
func step(kind, text string) string {
	return "<" + kind + " xmlns='" + nsSASL + "'>" + base64.StdEncoding.EncodeToString([]byte(text)) + "</" + kind + ">"
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// binds says whether a client may say this of channel binding (RFC 5802 §6): "y" is that we
// do not offer it, which is a lie if we do.
func (s *Session) binds(mechanism, flag string) bool {
	offered := slices.ContainsFunc(s.mechanisms(), func(m string) bool { return strings.HasSuffix(m, "-PLUS") })
	switch flag {
	case "n":
		return mechanism == "SCRAM-SHA-256"
	case "y":
		return mechanism == "SCRAM-SHA-256" && !offered
	case "p=tls-exporter":
		return mechanism == "SCRAM-SHA-256-PLUS" && s.state != nil
	}
	return false
}

// channel is what both ends know of the TLS connection (RFC 9266).
func (s *Session) channel() string {
	key, err := s.state.ExportKeyingMaterial("EXPORTER-Channel-Binding", nil, 32)
	if err != nil {
		return ""
	}
	return string(key)
}

func (s *Session) salt() (salt []byte, rounds int) {
	salt, rounds = s.server.Salt, s.server.Rounds
	if salt == nil {
		salt = []byte(rand.Text())
	}
	if rounds == 0 {
		rounds = 4096
	}
	return salt, rounds
}
