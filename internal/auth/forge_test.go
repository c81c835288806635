package auth

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"testing"

	"github.com/golang-jwt/jwt/v5"
)

// secret is as short as a secret may be.
const secret = "0123456789abcdef0123456789abcdef"

// Keys are made once for all tests.
var (
	rsaTestKey  = sync.OnceValue(newRSAKey)
	otherRSAKey = sync.OnceValue(newRSAKey)
	edTestKey   = sync.OnceValue(func() ed25519.PrivateKey { _, key, _ := ed25519.GenerateKey(rand.Reader); return key })
	ecTestKeys  = sync.OnceValue(newECKeys)
)

func newRSAKey() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, minRSA)
	if err != nil {
		panic(err)
	}
	return key
}

func newECKeys() map[string]*ecdsa.PrivateKey {
	keys := map[string]*ecdsa.PrivateKey{}
	for name, curve := range curves {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			panic(err)
		}
		keys[name] = key
	}
	return keys
}

func ecTestKey(curve string) *ecdsa.PrivateKey { return ecTestKeys()[curve] }

// pemOf is a public key in PEM.
func pemOf(t testing.TB, public any) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func b64(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

// publicJWK is a public key as JSON, with more members as they are given.
func publicJWK(t testing.TB, id string, public any, more ...string) string {
	t.Helper()
	o := map[string]any{"use": "sig"}
	if id != "" {
		o["kid"] = id
	}
	switch k := public.(type) {
	case *rsa.PublicKey:
		o["kty"], o["n"], o["e"] = "RSA", b64(k.N.Bytes()), b64(big.NewInt(int64(k.E)).Bytes())
	case *ecdsa.PublicKey:
		point, err := k.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		half := (len(point) - 1) / 2
		o["kty"], o["crv"], o["x"], o["y"] = "EC", k.Params().Name, b64(point[1:1+half]), b64(point[1+half:])
	case ed25519.PublicKey:
		o["kty"], o["crv"], o["x"] = "OKP", "Ed25519", b64(k)
	default:
		t.Fatalf("got %T", public)
	}
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(append([]string{strings.TrimSuffix(string(text), "}")}, more...), ",") + "}"
}

// forge signs any text as a token, with the method of alg.
func forge(t testing.TB, header, claims, alg string, key any) string {
	t.Helper()
	text := b64([]byte(header)) + "." + b64([]byte(claims))
	return text + "." + b64(signature(t, text, alg, key))
}

func signature(t testing.TB, text, alg string, key any) []byte {
	t.Helper()
	sig, err := jwt.GetSigningMethod(alg).Sign(text, key)
	if err != nil {
		t.Fatal(err)
	}
	return sig
}

// sign is forge with an ordinary header.
func sign(t testing.TB, alg string, key any, claims string) string {
	t.Helper()
	return forge(t, fmt.Sprintf(`{"alg":%q,"typ":"JWT"}`, alg), claims, alg, key)
}

// anna says who has the token, until an hour after noon; more is added to it.
func anna(more ...string) string {
	return strings.Join(append([]string{fmt.Sprintf(`{"sub":"anna","exp":%d`, noon.Unix()+3600)}, more...), ",") + "}"
}

// halves are r and s of an ECDSA signature.
func halves(sig []byte) (r, s []byte) { return sig[:len(sig)/2], sig[len(sig)/2:] }

// otherS is n - s, with which an ECDSA signature is as good.
func otherS(s []byte, curve elliptic.Curve) []byte {
	n := new(big.Int).Sub(curve.Params().N, new(big.Int).SetBytes(s))
	return n.FillBytes(make([]byte, len(s)))
}
