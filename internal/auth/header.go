package auth

import (
	"errors"
	"fmt"
	"strings"
)

const maxToken = 8 << 10 // bytes

// header is what we heed of a token's (RFC 7515 §4.1). Keys and their addresses in it (jwk,
// jku, x5c, x5u) are what whoever made the token says of itself, so they are not read.
type header struct {
	alg, kid string
	guest    bool // typ says that it is a guest link
}

// guestType is the typ of guest links. It keeps them and other tokens apart (RFC 8725 §3.11)
// even where both are signed with one key.
const guestType = "guest+jwt"

// tokenTypes are the typ of tokens that say who somebody is: plain ones and access tokens
// (RFC 9068 §2.1). Others that the same key signs, say for logging out, must not let in.
var tokenTypes = map[string]bool{"": true, "jwt": true, "at+jwt": true}

// readHeader reads the header of a token in the compact form.
func readHeader(token string) (h header, err error) {
	if len(token) > maxToken {
		return h, fmt.Errorf("want at most %d bytes", maxToken)
	}
	if strings.Count(token, ".") != 2 {
		return h, errors.New("want three parts")
	}
	first, rest, _ := strings.Cut(token, ".")
	for i := range len(rest) {
		if rest[i] != '.' && !urlLetter(rest[i]) {
			return h, fmt.Errorf("%q is no base64url", rest[i:i+1])
		}
	}
	data, err := decode64(first)
	if err != nil {
		return h, errors.New("header: want base64url")
	}
	o, err := readObject(data)
	if err != nil {
		return h, fmt.Errorf("header: %w", err)
	}
	return o.header()
}

func (o object) header() (h header, err error) {
	var w words
	h.alg, h.kid = w.text(o, "alg"), w.text(o, "kid")
	typ := strings.ToLower(w.text(o, "typ"))
	content := w.text(o, "cty")
	_, critical := o["crit"]
	unencoded, given := o["b64"]
	typ = strings.TrimPrefix(typ, "application/")
	h.guest = typ == guestType
	switch {
	case w.err != nil:
		return h, fmt.Errorf("header: %w", w.err)
	case critical:
		// We understand no extensions, so none can be critical to us (RFC 7515 §4.1.11).
		return h, errors.New("header: crit is not understood")
	case given && string(unencoded) != "true":
		return h, errors.New("header: b64 is not understood")
	case content != "":
		return h, errors.New("header: want claims, not another token inside")
	case !h.guest && !tokenTypes[typ]:
		return h, fmt.Errorf("header: typ %.40q is for something else", typ)
	}
	return h, nil
}
