package main

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/jinglebridge/jinglebridge/web"
)

// contactKinds are the fields of XEP-0157 §3, without "-addresses".
var contactKinds = []string{"abuse", "admin", "feedback", "sales", "security", "status", "support"}

// contacts are addresses for people with something to say, by kind.
type contacts struct{ p *map[string][]string }

func (c contacts) set(v any) error {
	table, ok := v.(map[string]any)
	if !ok {
		return wanted("a table of lists", v)
	}
	found := make(map[string][]string, len(table))
	for _, kind := range slices.Sorted(maps.Keys(table)) {
		if !slices.Contains(contactKinds, kind) {
			return fmt.Errorf("want %s, got %q", oneOf(contactKinds), kind)
		}
		uris, err := stringsOf(table[kind])
		if err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
		for _, uri := range uris {
			if u, err := url.Parse(uri); err != nil || u.Scheme == "" {
				return fmt.Errorf("%s: want an address such as \"mailto:abuse@example.org\", got %q", kind, uri)
			}
		}
		found[kind] = uris
	}
	*c.p = found
	return nil
}

func (c contacts) String() string {
	var fields []string
	for _, kind := range slices.Sorted(maps.Keys(*c.p)) {
		fields = append(fields, kind+" = "+quoteAll((*c.p)[kind]))
	}
	return inline(fields)
}

// inline is an inline table.
func inline(fields []string) string {
	if len(fields) == 0 {
		return "{}"
	}
	return "{ " + strings.Join(fields, ", ") + " }"
}

// iceServers are what browsers are told to try (W3C RTCIceServer).
type iceServers struct{ p *[]web.IceServer }

func (s iceServers) set(v any) error {
	items, ok := v.([]any)
	if !ok {
		return wanted("a list of tables", v)
	}
	var servers []web.IceServer
	for _, item := range items {
		table, ok := item.(map[string]any)
		if !ok {
			return wanted(`tables such as { urls = ["stun:stun.example.org"] }`, item)
		}
		server, err := iceServer(table)
		if err != nil {
			return err
		}
		servers = append(servers, server)
	}
	*s.p = servers
	return nil
}

func iceServer(table map[string]any) (web.IceServer, error) {
	var s web.IceServer
	for _, name := range slices.Sorted(maps.Keys(table)) {
		var err error
		switch name {
		case "urls":
			err = list{&s.URLs, iceURL}.set(table[name])
		case "username":
			err = text{&s.Username, nil}.set(table[name])
		case "credential":
			err = text{&s.Credential, nil}.set(table[name])
		default:
			return s, fmt.Errorf("want urls, username and credential, got %q", name)
		}
		if err != nil {
			return s, fmt.Errorf("%s: %w", name, err)
		}
	}
	if len(s.URLs) == 0 {
		return s, fmt.Errorf("urls: want at least one server")
	}
	for _, u := range s.URLs {
		// Browsers throw at a turn: without both (W3C webrtc §5.1).
		if strings.HasPrefix(u, "turn") && (s.Username == "" || s.Credential == "") {
			return s, fmt.Errorf("%s: want username and credential too", u)
		}
	}
	return s, nil
}

// String never shows a credential.
func (s iceServers) String() string {
	tables := make([]string, len(*s.p))
	for i, server := range *s.p {
		fields := []string{"urls = " + quoteAll(server.URLs)}
		if server.Username != "" {
			fields = append(fields, "username = "+strconv.Quote(server.Username))
		}
		if server.Credential != "" {
			fields = append(fields, "credential = "+masked)
		}
		tables[i] = inline(fields)
	}
	return "[" + strings.Join(tables, ", ") + "]"
}
