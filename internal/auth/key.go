package auth

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

const (
	maxKeyFile = 256 << 10 // bytes, of a file or a key set
	maxKeys    = 32        // in one of them
	minSecret  = 32        // bytes (RFC 7518 §3.2)
	minRSA     = 2048      // bits (RFC 7518 §3.3)
	maxRSA     = 8192      // bits: what a longer one costs, nobody needs
)

// key verifies signatures. It, and not the token, says by which algorithms (RFC 8725 §3.1).
type key struct {
	id         string // of a key set, "" without one
	public     any    // []byte, *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey
	algorithms []string
}

// algorithmsOf are what a key can verify, nil for a key that is of no use.
func algorithmsOf(public any) ([]string, error) {
	switch k := public.(type) {
	case []byte:
		return []string{"HS256", "HS384", "HS512"}, nil
	case *rsa.PublicKey:
		if bits := k.N.BitLen(); bits < minRSA || bits > maxRSA {
			return nil, fmt.Errorf("want an RSA key of %d to %d bits, got %d", minRSA, maxRSA, bits)
		}
		if k.E < 3 || k.E&1 == 0 {
			return nil, fmt.Errorf("want another RSA exponent than %d", k.E)
		}
		return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}, nil
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P256():
			return []string{"ES256"}, nil
		case elliptic.P384():
			return []string{"ES384"}, nil
		case elliptic.P521():
			return []string{"ES512"}, nil
		}
		return nil, fmt.Errorf("want the curve P-256, P-384 or P-521, got %s", k.Params().Name)
	case ed25519.PublicKey:
		return []string{"EdDSA"}, nil
	}
	return nil, fmt.Errorf("want a key of RSA, ECDSA or Ed25519, got %T", public)
}

// readKeyFile reads public keys in PEM, or a secret.
func readKeyFile(name string) ([]key, error) {
	data, err := readPublic(name, maxKeyFile)
	if err != nil {
		return nil, err
	}
	if bytes.Contains(data, []byte("-----BEGIN")) {
		keys, err := parsePEM(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return keys, nil
	}
	secret, err := readSecret(name)
	if err != nil {
		return nil, err
	}
	algorithms, _ := algorithmsOf(secret)
	return []key{{public: secret, algorithms: algorithms}}, nil
}

// readSecret reads a file with a secret in one line.
func readSecret(name string) ([]byte, error) {
	data, err := readPrivate(name, maxKeyFile)
	if err != nil {
		return nil, err
	}
	secret := bytes.TrimRight(data, "\r\n")
	if err := checkSecret(secret); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return secret, nil
}

var errPublicSecret = errors.New("want a secret, or public keys in PEM; this is a public key in another form")

// checkSecret refuses what is too short to be a secret, and what is none: a public key, taken
// for a secret, lets everybody sign.
func checkSecret(secret []byte) error {
	if len(secret) < minSecret {
		return fmt.Errorf("want a secret of at least %d bytes, such as `openssl rand -base64 32` makes, got %d", minSecret, len(secret))
	}
	for _, prefix := range []string{"ssh-", "ecdsa-sha2-", "sk-", "{"} {
		if bytes.HasPrefix(secret, []byte(prefix)) {
			return errPublicSecret
		}
	}
	if _, err := x509.ParsePKIXPublicKey(secret); err == nil {
		return errPublicSecret
	}
	if bytes.ContainsAny(secret, "\r\n") {
		return errors.New("want the secret in one line")
	}
	return nil
}

// parsePEM reads public keys and certificates.
func parsePEM(data []byte) ([]key, error) {
	var keys []key
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			break
		}
		public, err := parseBlock(block)
		if err != nil {
			return nil, err
		}
		algorithms, err := algorithmsOf(public)
		if err != nil {
			return nil, err
		}
		if keys = append(keys, key{public: public, algorithms: algorithms}); len(keys) > maxKeys {
			return nil, fmt.Errorf("want at most %d keys", maxKeys)
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("want a public key in PEM")
	}
	return keys, nil
}

func parseBlock(block *pem.Block) (any, error) {
	switch {
	case block.Type == "PUBLIC KEY":
		return x509.ParsePKIXPublicKey(block.Bytes)
	case block.Type == "RSA PUBLIC KEY":
		return x509.ParsePKCS1PublicKey(block.Bytes)
	case block.Type == "CERTIFICATE":
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		return cert.PublicKey, nil
	case strings.HasSuffix(block.Type, "PRIVATE KEY"):
		return nil, errors.New("want the public key, not the private one: `openssl pkey -pubout` makes it")
	}
	return nil, fmt.Errorf("want a public key in PEM, got %.40q", block.Type)
}

// fitting are the keys for a token with this header: of its kid, if both have one, and good for
// its alg.
func fitting(keys []key, h header) []jwt.VerificationKey {
	var fit []jwt.VerificationKey
	for _, k := range keys {
		if (k.id == "" || h.kid == "" || k.id == h.kid) && slices.Contains(k.algorithms, h.alg) {
			fit = append(fit, k.public)
		}
	}
	return fit
}
