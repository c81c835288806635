package auth

import (
	"errors"
	"fmt"
	"hash/maphash"
	"strings"
	"unicode/utf8"
)

const (
	maxPasswordFile = 32 << 20 // bytes: 200,000 names
	maxPasswordLine = 1024
	maxBadLines     = 10 // that one error names
)

// passwordFile is a read password file.
type passwordFile struct {
	hashes []passwordHash
	names  map[string]int // by folded name, the place in hashes
	seed   maphash.Seed
	none   passwordHash
}

func readPasswordFile(name string, fold func(string) (string, error)) (*passwordFile, error) {
	data, err := readPrivate(name, maxPasswordFile)
	if err != nil {
		return nil, err
	}
	f, err := parsePasswordFile(string(data), fold)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}

// parsePasswordFile reads lines "name:hash". Empty lines and those that begin with # are for
// people. The error names the bad lines, and nothing secret.
func parsePasswordFile(text string, fold func(string) (string, error)) (*passwordFile, error) {
	f := &passwordFile{names: make(map[string]int), seed: maphash.MakeSeed(), none: defaultHash()}
	text = strings.TrimPrefix(text, "\ufeff") // as some Windows editors begin
	first := make(map[string]int)             // by folded name, its line
	var bad []error
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimRight(line, "\r\n")
		if trimmed := strings.TrimSpace(line); trimmed == "" || trimmed[0] == '#' {
			continue
		}
		name, hash, err := parsePasswordLine(line, fold)
		if before := first[name]; err == nil && before != 0 {
			err = fmt.Errorf("the name is in line %d already", before)
		}
		if err != nil {
			if bad = append(bad, fmt.Errorf("line %d: %w", number, err)); len(bad) == maxBadLines {
				break
			}
			continue
		}
		first[name] = number
		f.names[name] = len(f.hashes)
		f.hashes = append(f.hashes, hash)
	}
	return f, errors.Join(bad...)
}

// parsePasswordLine returns the folded name and its hash.
func parsePasswordLine(line string, fold func(string) (string, error)) (string, passwordHash, error) {
	name, text, found := strings.Cut(line, ":")
	switch {
	case len(line) > maxPasswordLine:
		return "", passwordHash{}, fmt.Errorf("want at most %d bytes", maxPasswordLine)
	case !utf8.ValidString(line):
		return "", passwordHash{}, errors.New("want UTF-8")
	case !found:
		// The line may be a password or a hash, so it is not shown.
		return "", passwordHash{}, errors.New("want name:hash")
	}
	folded, err := fold(name)
	switch {
	case err != nil:
		return "", passwordHash{}, fmt.Errorf("name %.64q: %w", name, err)
	case folded == "":
		return "", passwordHash{}, errors.New("want a name before the colon")
	case strings.HasPrefix(folded, guestPrefix):
		return "", passwordHash{}, fmt.Errorf("name %.64q: %s", name, errGuestName.Text)
	}
	hash, err := parseHash(strings.TrimRight(text, " \t"))
	return folded, hash, err
}

// has says whether the folded name is in the file.
func (f *passwordFile) has(name string) bool {
	_, known := f.names[name]
	return known
}

// hash finds what a password must match. For an unknown name it is somebody's, always the
// same, so that an unknown name takes as long as a known one, even where hashes of several
// kinds are in the file.
func (f *passwordFile) hash(name string) (hash passwordHash, known bool) {
	at, known := f.names[name]
	if !known {
		if len(f.hashes) == 0 {
			return f.none, false
		}
		at = int(maphash.String(f.seed, name) % uint64(len(f.hashes)))
	}
	return f.hashes[at], known
}
