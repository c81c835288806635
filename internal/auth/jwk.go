package auth

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
)

// parseKeySet reads a JWK Set (RFC 7517 §5). Keys that are of no use here, of other kinds or
// for other things, are passed over, as §5 wants it.
func parseKeySet(data []byte) ([]key, error) {
	set, err := readObject(data)
	if err != nil {
		return nil, fmt.Errorf("key set: %w", err)
	}
	var list []json.RawMessage
	if found, err := set.get("keys", &list); !found || err != nil {
		return nil, errors.New("key set: want a list, keys")
	}
	var keys []key
	why := errors.New("the list is empty")
	for _, raw := range list {
		k, err := parseJWK(raw)
		if err != nil {
			why = err
			continue
		}
		if keys = append(keys, k); len(keys) > maxKeys {
			return nil, fmt.Errorf("key set: want at most %d keys", maxKeys)
		}
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("key set: no key is of use: %w", why)
	}
	return keys, nil
}

// parseJWK reads one public key for signatures (RFC 7517 §4, RFC 7518 §6, RFC 8037 §2). A
// secret in a key set is not taken: whoever may fetch the set could sign.
func parseJWK(data []byte) (key, error) {
	o, err := readObject(data)
	if err != nil {
		return key{}, err
	}
	var w words
	kind, use, alg, id := w.text(o, "kty"), w.text(o, "use"), w.text(o, "alg"), w.text(o, "kid")
	ops := w.texts(o, "key_ops")
	_, private := o["d"]
	switch {
	case w.err != nil:
		return key{}, w.err
	case private:
		return key{}, errors.New("the key is a private one, and known to all by now")
	case use != "" && use != "sig", len(ops) > 0 && !slices.Contains(ops, "verify"):
		return key{}, errors.New("the key is not for signatures")
	}
	public, err := publicKey(o, kind)
	if err != nil {
		return key{}, err
	}
	k := key{id: id, public: public}
	if k.algorithms, err = algorithmsOf(public); err != nil {
		return key{}, err
	}
	if alg == "Ed25519" { // as RFC 9864 calls EdDSA with this curve
		alg = "EdDSA"
	}
	if alg != "" {
		if !slices.Contains(k.algorithms, alg) {
			return key{}, fmt.Errorf("alg %.20q is none of a key of kty %q", alg, kind)
		}
		k.algorithms = []string{alg}
	}
	return k, nil
}

func publicKey(o object, kind string) (any, error) {
	switch kind {
	case "RSA":
		return rsaKey(o)
	case "EC":
		return ecKey(o)
	case "OKP":
		var w words
		curve, x := w.text(o, "crv"), w.bytes(o, "x")
		if w.err != nil || curve != "Ed25519" || len(x) != ed25519.PublicKeySize {
			return nil, errors.New("want an Ed25519 key of 32 bytes")
		}
		return ed25519.PublicKey(x), nil
	}
	return nil, fmt.Errorf("want kty RSA, EC or OKP, got %.20q", kind)
}

func rsaKey(o object) (any, error) {
	var w words
	n, e := w.bytes(o, "n"), w.bytes(o, "e")
	if w.err != nil || len(n) > maxRSA/8+1 || len(e) == 0 || len(e) > 4 {
		return nil, errors.New("want an RSA key with n and e")
	}
	exponent := new(big.Int).SetBytes(e).Int64()
	if exponent >= 1<<31 {
		return nil, errors.New("want a smaller RSA exponent")
	}
	return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(exponent)}, nil
}

// curves of RFC 7518 §6.2.1.1.
var curves = map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}

func ecKey(o object) (any, error) {
	var w words
	name, x, y := w.text(o, "crv"), w.bytes(o, "x"), w.bytes(o, "y")
	curve := curves[name]
	if w.err != nil || curve == nil {
		return nil, fmt.Errorf("want an EC key on P-256, P-384 or P-521, got %.20q", name)
	}
	size := (curve.Params().BitSize + 7) / 8
	if len(x) != size || len(y) != size {
		return nil, fmt.Errorf("want x and y of %d bytes", size)
	}
	// 4 stands before a point that is written whole (SEC 1, 2.3.3).
	return ecdsa.ParseUncompressedPublicKey(curve, slices.Concat([]byte{4}, x, y))
}
