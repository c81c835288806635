package auth

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"strings"
	"testing"
	"time"
)

func block(kind string, der []byte, err error) string {
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func certificate(t *testing.T) string {
	t.Helper()
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "id.example.org"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, rsaTestKey().Public(), rsaTestKey())
	return block("CERTIFICATE", der, err)
}

func TestKeyFiles(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(edTestKey())
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(rsaTestKey().Public())
	if err != nil {
		t.Fatal(err)
	}
	one := pemOf(t, edTestKey().Public())
	for name, test := range map[string]struct {
		text string
		keys int
		want string
	}{
		"secret":                 {secret, 1, ""},
		"secret and a line end":  {secret + "\r\n", 1, ""},
		"public key":             {one, 1, ""},
		"public key, remarks":    {"# of the site\n" + strings.ReplaceAll(one, "\n", "\r\n") + "\nend", 1, ""},
		"two":                    {one + pemOf(t, rsaTestKey().Public()), 2, ""},
		"PKCS #1":                {block("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&rsaTestKey().PublicKey), nil), 1, ""},
		"certificate":            {certificate(t), 1, ""},
		"empty":                  {"", 0, "at least 32 bytes"},
		"short secret":           {secret[1:], 0, "at least 32 bytes, such as `openssl rand -base64 32` makes, got 31"},
		"short with a line end":  {secret[1:] + "\n\n\n", 0, "got 31"},
		"two lines":              {secret + "\n" + secret, 0, "one line"},
		"private key":            {block("PRIVATE KEY", private, nil), 0, "not the private one"},
		"both keys":              {one + block("PRIVATE KEY", private, nil), 0, "not the private one"},
		"EC PRIVATE KEY":         {block("EC PRIVATE KEY", private, nil), 0, "not the private one"},
		"something else":         {block("X509 CRL", private, nil), 0, `got "X509 CRL"`},
		"small RSA":              {pemOf(t, small.Public()), 0, "2048 to 8192 bits, got 1024"},
		"P-224":                  {pemOf(t, p224.Public()), 0, "got P-224"},
		"garbage in PEM":         {block("PUBLIC KEY", []byte("garbage"), nil), 0, "asn1"},
		"certificate of garbage": {block("CERTIFICATE", []byte("garbage"), nil), 0, "x509"},
		"cut off":                {one[:60], 0, "want a public key in PEM"},
		"too many":               {strings.Repeat(one, maxKeys+1), 0, "at most 32 keys"},
		"DER":                    {string(public), 0, "public key in another form"},
		"ssh":                    {"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC7", 0, "public key in another form"},
		"JWK":                    {publicJWK(t, "", edTestKey().Public()), 0, "public key in another form"},
		"huge":                   {strings.Repeat("x", maxKeyFile+1), 0, "at most 262144 bytes"},
	} {
		keys, err := readKeyFile(file(t, "key", test.text))
		if len(keys) != test.keys || (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %d keys, %v; want %d, %q", name, len(keys), err, test.keys, test.want)
		}
		if err != nil && strings.Contains(err.Error(), secret[1:]) {
			t.Errorf("%s: the error shows the secret: %v", name, err)
		}
	}
}

// A public key may be read by all, a secret not, and neither may be changed.
func TestKeyFileModes(t *testing.T) {
	for _, test := range []struct {
		text string
		mode os.FileMode
		want string
	}{
		{pemOf(t, edTestKey().Public()), 0o644, ""}, {pemOf(t, edTestKey().Public()), 0o646, "chmod o-w"}, {secret, 0o644, "chmod o="}, {secret, 0o660, ""},
	} {
		name := file(t, "key", test.text)
		if err := os.Chmod(name, test.mode); err != nil {
			t.Fatal(err)
		}
		if _, err := readKeyFile(name); (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%o: got %v, want %q", test.mode, err, test.want)
		}
	}
	if err := checkMode("/run/secrets/key", 0o444, othersReadWrite); err != nil {
		t.Error(err)
	}
	if err := checkMode("/run/secrets/key", 0o446, othersReadWrite); err == nil {
		t.Error("a secret that all may change is taken")
	}
}

func TestKeySets(t *testing.T) {
	r, e, d := rsaTestKey().Public(), ecTestKey("P-521").Public(), edTestKey().Public()
	set := func(keys ...string) string { return `{"keys":[` + strings.Join(keys, ",") + `]}` }
	small := `{"kty":"RSA","n":"` + b64(make([]byte, 9)) + `","e":"AQAB"}`
	for name, test := range map[string]struct {
		text string
		keys int
		want string
	}{
		"three":               {set(publicJWK(t, "a", r), publicJWK(t, "b", e), publicJWK(t, "", d)), 3, ""},
		"one of use":          {set(`{"kty":"oct","k":"AAAA"}`, `{"kty":"XY"}`, `7`, publicJWK(t, "b", e)), 1, ""},
		"key_ops":             {set(publicJWK(t, "a", r, `"key_ops":["verify"]`)), 1, ""},
		"other members":       {`{"a":[{}],"keys":[` + publicJWK(t, "a", r) + `],"b":1}`, 1, ""},
		"none":                {set(), 0, "the list is empty"},
		"oct":                 {set(`{"kty":"oct","k":"AAAA"}`), 0, `got "oct"`},
		"private":             {set(publicJWK(t, "", d, `"d":"AAAA"`)), 0, "known to all"},
		"for encryption":      {set(strings.Replace(publicJWK(t, "", r), `"sig"`, `"enc"`, 1)), 0, "not for signatures"},
		"for signing":         {set(publicJWK(t, "", r, `"key_ops":["sign"]`)), 0, "not for signatures"},
		"another alg":         {set(publicJWK(t, "", r, `"alg":"ES256"`)), 0, `alg "ES256"`},
		"alg none":            {set(publicJWK(t, "", r, `"alg":"none"`)), 0, `alg "none"`},
		"alg HS256":           {set(publicJWK(t, "", r, `"alg":"HS256"`)), 0, `alg "HS256"`},
		"kty twice":           {set(publicJWK(t, "", r, `"kty":"RSA"`)), 0, "twice"},
		"kid a number":        {set(publicJWK(t, "", r, `"kid":7`)), 0, "kid is of another kind"},
		"small RSA":           {set(small), 0, "2048"},
		"even exponent":       {set(strings.Replace(publicJWK(t, "", r), `"AQAB"`, `"AQAC"`, 1)), 0, "exponent"},
		"exponent 1":          {set(strings.Replace(publicJWK(t, "", r), `"AQAB"`, `"AQ"`, 1)), 0, "exponent"},
		"huge exponent":       {set(strings.Replace(publicJWK(t, "", r), `"AQAB"`, `"_____w"`, 1)), 0, "smaller RSA exponent"},
		"no n":                {set(`{"kty":"RSA","e":"AQAB"}`), 0, "bits, got 0"},
		"huge n":              {set(`{"kty":"RSA","e":"AQAB","n":"` + b64(make([]byte, 4096)) + `"}`), 0, "n and e"},
		"point not on curve":  {set(`{"kty":"EC","crv":"P-256","x":"` + b64(make([]byte, 32)) + `","y":"` + b64(make([]byte, 32)) + `"}`), 0, "point"},
		"short x":             {set(`{"kty":"EC","crv":"P-256","x":"AAAA","y":"AAAA"}`), 0, "of 32 bytes"},
		"secp256k1":           {set(`{"kty":"EC","crv":"secp256k1","x":"AAAA","y":"AAAA"}`), 0, "secp256k1"},
		"X25519":              {set(`{"kty":"OKP","crv":"X25519","x":"` + b64(make([]byte, ed25519.PublicKeySize)) + `"}`), 0, "Ed25519"},
		"padding":             {set(`{"kty":"OKP","crv":"Ed25519","x":"` + b64(make([]byte, 32)) + `="}`), 0, "Ed25519"},
		"too many":            {set(strings.Split(strings.Repeat(publicJWK(t, "", d)+"\n", maxKeys+1)[:(len(publicJWK(t, "", d))+1)*(maxKeys+1)-1], "\n")...), 0, "at most 32"},
		"HTML":                {"<html>", 0, "want a JSON object"},
		"a single key":        {publicJWK(t, "", d), 0, "want a list"},
		"keys null":           {`{"keys":null}`, 0, "want a list"},
		"keys an object":      {`{"keys":{}}`, 0, "want a list"},
		"empty":               {"", 0, "want a JSON object"},
		"cut off":             {set(publicJWK(t, "", d))[:40], 0, "want JSON"},
		"more after the keys": {set(publicJWK(t, "", d)) + "x", 0, "nothing after"},
	} {
		keys, err := parseKeySet([]byte(test.text))
		if len(keys) != test.keys || (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %d keys, %v; want %d, %q", name, len(keys), err, test.keys, test.want)
		}
	}
}

// A key file is read again when it has changed; a bad one leaves the old keys.
func TestKeyFileChanges(t *testing.T) {
	name := file(t, "key", pemOf(t, rsaTestKey().Public()))
	a := newAuth(t, Config{JWT: JWTConfig{KeyFile: name}})
	old := Request{Token: sign(t, "RS256", rsaTestKey(), anna())}
	fresh := Request{Token: sign(t, "RS256", otherRSAKey(), anna())}
	want(t, a, old, "")
	want(t, a, fresh, CodeAuthFailed)
	rewrite(t, name, "garbage")
	want(t, a, old, "")
	rewrite(t, name, pemOf(t, otherRSAKey().Public()))
	want(t, a, old, CodeAuthFailed)
	want(t, a, fresh, "")
}

func rewrite(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
