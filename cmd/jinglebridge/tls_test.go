package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// writePair makes a certificate with this serial number.
func writePair(t *testing.T, cert, key string, serial int64, modified time.Time) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), DNSNames: []string{"call.example.org"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		cert: {Type: "CERTIFICATE", Bytes: der},
		key:  {Type: "PRIVATE KEY", Bytes: pkcs8},
	} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, modified, modified); err != nil {
			t.Fatal(err)
		}
	}
}

func TestKeyPairIsReadAgain(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	start := time.Now()
	writePair(t, cert, key, 1, start.Add(-time.Hour))
	pair, err := newKeyPair(cert, key, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	serial := func(after time.Duration) int64 { return pair.get(start.Add(after)).Leaf.SerialNumber.Int64() }

	if got := serial(2 * time.Second); got != 1 {
		t.Errorf("got serial %d, want 1", got)
	}
	writePair(t, cert, key, 2, start)
	if got := serial(2500 * time.Millisecond); got != 1 {
		t.Errorf("got serial %d within a second, want 1", got)
	}
	if got := serial(4 * time.Second); got != 2 {
		t.Errorf("got serial %d, want 2", got)
	}
	if err := os.WriteFile(cert, []byte("half a certif"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := serial(6 * time.Second); got != 2 {
		t.Errorf("got serial %d of a broken file, want the old 2", got)
	}
	writePair(t, cert, key, 3, start.Add(time.Hour))
	if got := serial(8 * time.Second); got != 3 {
		t.Errorf("got serial %d, want 3", got)
	}
}

func TestNoKeyPair(t *testing.T) {
	if _, err := newKeyPair("/does/not/exist", "/does/not/exist", slog.New(slog.DiscardHandler)); err == nil {
		t.Error("got no error for files that are not there")
	}
}
