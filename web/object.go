package web

import "encoding/json"

// Members calls f with every key, decoded, and every value of what must be one JSON object,
// checked as a message is, but for the length of strings. Values have no white space between
// tokens, and may be views of raw. The first error ends it.
func Members(raw json.RawMessage, f func(key string, value json.RawMessage) error) error {
	return eachOf(raw, f)
}
