package auth

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
)

// What Hash makes: argon2id with 64 MiB, three passes (the second choice of RFC 9106 §4), but
// one lane, so that a login never takes more than one core from the calls.
const (
	hashMemory = 64 << 10 // KiB
	hashPasses = 3
	hashLanes  = 1
	saltBytes  = 16
	sumBytes   = 32
)

// Limits of what others have made, so that one line of a password file cannot stop the server.
const (
	maxHashMemory = 256 << 10 // KiB
	maxHashPasses = 16
	maxHashLanes  = 16
	maxBcryptCost = 15
	maxPassword   = 1024 // bytes
)

// Hash makes the hash of a password for a password file: argon2id, in the PHC string format.
func Hash(password string) (string, error) {
	if err := checkPasswordText(password); err != nil {
		return "", err
	}
	salt := make([]byte, saltBytes)
	rand.Read(salt) // never fails
	sum := argon2.IDKey([]byte(password), salt, hashPasses, hashMemory, hashLanes, sumBytes)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, hashMemory, hashPasses, hashLanes,
		b64.EncodeToString(salt), b64.EncodeToString(sum)), nil
}

func checkPasswordText(password string) error {
	switch {
	case password == "":
		return errors.New("want a password")
	case len(password) > maxPassword:
		return fmt.Errorf("want a password of at most %d bytes", maxPassword)
	case strings.ContainsAny(password, "\r\n\x00"):
		return errors.New("want a password in one line")
	}
	return nil
}

// passwordHash is a parsed hash, of bcrypt when that is there, of argon2id otherwise.
type passwordHash struct {
	bcrypt         string
	memory, passes uint32
	lanes          uint8
	salt, sum      []byte
}

// matches takes about as long for a wrong password as for the right one.
func (h passwordHash) matches(password string) bool {
	if h.bcrypt != "" {
		return bcrypt.CompareHashAndPassword([]byte(h.bcrypt), []byte(password)) == nil
	}
	sum := argon2.IDKey([]byte(password), h.salt, h.passes, h.memory, h.lanes, uint32(len(h.sum)))
	return subtle.ConstantTimeCompare(sum, h.sum) == 1
}

// defaultHash is what an unknown name costs when no name is known. No password has it.
func defaultHash() passwordHash {
	h := passwordHash{memory: hashMemory, passes: hashPasses, lanes: hashLanes, salt: make([]byte, saltBytes), sum: make([]byte, sumBytes)}
	rand.Read(h.salt)
	rand.Read(h.sum)
	return h
}

// parseHash reads a hash of argon2id or bcrypt. Its errors do not show the hash.
func parseHash(text string) (passwordHash, error) {
	kind, _, _ := strings.Cut(strings.TrimPrefix(text, "$"), "$")
	switch {
	case !strings.HasPrefix(text, "$"):
		return passwordHash{}, errors.New("want a hash after the name; `jinglebridge hash-password` makes one")
	case kind == "argon2id":
		return parseArgon2(text)
	case kind == "2a" || kind == "2b" || kind == "2y":
		return parseBcrypt(text)
	}
	return passwordHash{}, fmt.Errorf("want a hash of argon2id or bcrypt, got %.20q", kind)
}

// parseBcrypt reads $2b$cost$ and 53 letters; $2y$ is what htpasswd calls the same.
func parseBcrypt(text string) (passwordHash, error) {
	cost, err := bcrypt.Cost([]byte(text))
	switch {
	case err != nil || len(text) != 60 || strings.Trim(text[7:], bcryptLetters) != "":
		return passwordHash{}, errors.New("want a whole bcrypt hash, 60 characters")
	case cost < bcrypt.MinCost || cost > maxBcryptCost:
		return passwordHash{}, fmt.Errorf("want a bcrypt cost of %d to %d, got %d", bcrypt.MinCost, maxBcryptCost, cost)
	}
	return passwordHash{bcrypt: text}, nil
}

const bcryptLetters = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// parseArgon2 reads $argon2id$v=19$m=65536,t=3,p=1$salt$sum.
func parseArgon2(text string) (h passwordHash, err error) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return h, fmt.Errorf("want an argon2id hash as $argon2id$v=%d$m=…,t=…,p=…$salt$hash", argon2.Version)
	}
	params := strings.Split(parts[3], ",")
	if len(params) != 3 {
		return h, fmt.Errorf("want m=…,t=…,p=…, got %.40q", parts[3])
	}
	lanes, err := param(params[2], "p", 1, maxHashLanes)
	if err != nil {
		return h, err
	}
	if h.passes, err = param(params[1], "t", 1, maxHashPasses); err != nil {
		return h, err
	}
	if h.memory, err = param(params[0], "m", 8*lanes, maxHashMemory); err != nil {
		return h, err
	}
	h.lanes = uint8(lanes)
	if h.salt, err = unbase64("salt", parts[4], 8, 64); err != nil {
		return h, err
	}
	h.sum, err = unbase64("hash", parts[5], 16, 64)
	return h, err
}

// param reads key=number.
func param(text, key string, least, most uint32) (uint32, error) {
	digits, found := strings.CutPrefix(text, key+"=")
	n, err := strconv.ParseUint(digits, 10, 32)
	if !found || err != nil || uint32(n) < least || uint32(n) > most || digits != strconv.FormatUint(n, 10) {
		return 0, fmt.Errorf("want %s of %d to %d, got %.40q", key, least, most, text)
	}
	return uint32(n), nil
}

func unbase64(what, text string, least, most int) ([]byte, error) {
	data, err := base64.RawStdEncoding.Strict().DecodeString(text)
	if err != nil || len(data) < least || len(data) > most || strings.ContainsAny(text, "\r\n") {
		return nil, fmt.Errorf("want a %s of %d to %d bytes in base64 without =", what, least, most)
	}
	return data, nil
}
