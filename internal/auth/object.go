package auth

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"
	"unicode/utf8"
)

// object is a JSON object whose keys are looked up as they are written. encoding/json by
// itself takes "SUB" for "sub", and of two keys that are the same the last: with that, two
// readers of one token may see two people.
type object map[string]json.RawMessage

// readObject refuses a key that is there twice (RFC 7519 §4 lets us).
func readObject(data []byte) (object, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("want UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("want a JSON object")
	}
	o := object{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, errors.New("want JSON")
		}
		name := key.(string) // as More and the decoder's grammar have it
		if _, twice := o[name]; twice {
			return nil, fmt.Errorf("%.40q is there twice", name)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, errors.New("want JSON")
		}
		o[name] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, errors.New("want JSON")
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("want nothing after the JSON object")
	}
	return o, nil
}

// get decodes a key's value, if the key is there.
func (o object) get(key string, to any) (found bool, err error) {
	value, found := o[key]
	if !found {
		return false, nil
	}
	if string(value) == "null" || json.Unmarshal(value, to) != nil {
		return true, fmt.Errorf("%s is of another kind", key)
	}
	return true, nil
}

// text is a string, "" when the key is not there.
func (o object) text(key string) (s string, err error) {
	_, err = o.get(key, &s)
	return s, err
}

// texts is a string or a list of strings, nil when the key is not there.
func (o object) texts(key string) (list []string, err error) {
	if value := o[key]; len(value) > 0 && value[0] == '"' {
		s, err := o.text(key)
		return []string{s}, err
	}
	_, err = o.get(key, &list)
	return list, err
}

// time is a NumericDate (RFC 7519 §2): seconds since 1970, zero when the key is not there.
func (o object) time(key string) (time.Time, error) {
	value, found := o[key]
	if !found {
		return time.Time{}, nil
	}
	seconds, err := strconv.ParseFloat(string(value), 64) // a JSON number is read alike, and else nothing is one
	if err != nil || !(seconds > 0 && seconds < maxDate) {
		return time.Time{}, fmt.Errorf("%s is no date", key)
	}
	whole, part := math.Modf(seconds)
	return time.Unix(int64(whole), int64(part*1e9)), nil
}

// maxDate is the end of the year 9999, in seconds since 1970.
const maxDate = 253402300800

// decode64 reads base64url without padding (RFC 7515 §2), and nothing that only looks like it.
func decode64(s string) ([]byte, error) {
	for i := range len(s) {
		if !urlLetter(s[i]) { // encoding/base64 skips line ends
			return nil, fmt.Errorf("%q is no base64url", s[i:i+1])
		}
	}
	return base64.RawURLEncoding.Strict().DecodeString(s)
}

func urlLetter(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_'
}

// words reads several values and keeps the first error.
type words struct{ err error }

func (w *words) keep(err error) {
	if w.err == nil {
		w.err = err
	}
}

func (w *words) text(o object, key string) string {
	s, err := o.text(key)
	w.keep(err)
	return s
}

func (w *words) texts(o object, key string) []string {
	list, err := o.texts(key)
	w.keep(err)
	return list
}

func (w *words) bytes(o object, key string) []byte {
	data, err := decode64(w.text(o, key))
	w.keep(err)
	return data
}

func (w *words) time(o object, key string) time.Time {
	t, err := o.time(key)
	w.keep(err)
	return t
}
