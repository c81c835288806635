package component

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Split takes a JID apart (RFC 7622 §3.2); parts that are not there are "".
func Split(jid string) (local, domain, resource string) {
	bare, resource, _ := strings.Cut(jid, "/")
	local, domain, found := strings.Cut(bare, "@")
	if !found {
		return "", bare, resource
	}
	return local, domain, resource
}

// Bare cuts the resource off a JID.
func Bare(jid string) string {
	bare, _, _ := strings.Cut(jid, "/")
	return bare
}

// maxPart is the most bytes any part of a JID may have (RFC 7622 §3.1).
const maxPart = 1023

// soundJID says whether every server can split the JID as we do: Prosody ends the
// link for a `from` with two @ or with nothing after its slash.
func soundJID(jid string) bool {
	bare, resource, slash := strings.Cut(jid, "/")
	if slash && resource == "" || len(resource) > maxPart || strings.ContainsFunc(jid, isControl) {
		return false
	}
	local, domain, at := strings.Cut(bare, "@")
	if !at {
		local, domain = "", bare
	} else if local == "" {
		return false
	}
	// What no local part may hold (RFC 7622 §3.3.1); a slash cannot be in here.
	return domain != "" && len(local) <= maxPart && len(domain) <= maxPart &&
		!strings.ContainsAny(local, "\"&'/:<>@ ") && !strings.ContainsAny(domain, "\"&'<>@ ")
}

// isControl: no part may hold ASCII control characters (RFC 3454 C.2.1).
func isControl(r rune) bool { return r < 0x20 || r == 0x7f }

// foldJID maps the spellings of one JID to one string, near enough to what servers do
// (nodeprep, nameprep, resourceprep) to know an answer by the address we asked.
func foldJID(jid string) string {
	if plainJID(jid) {
		return jid
	}
	bare, resource, slash := strings.Cut(norm.NFKC.String(jid), "/")
	bare = strings.TrimSuffix(strings.ToLower(bare), ".")
	if slash {
		return bare + "/" + resource
	}
	return bare
}

// plainJID says whether folding would change nothing.
func plainJID(jid string) bool {
	resource := false
	for i := range len(jid) {
		c := jid[i]
		switch {
		case c >= 0x80 || !resource && c >= 'A' && c <= 'Z':
			return false
		case c == '/':
			resource = true
		}
	}
	return !strings.HasSuffix(Bare(jid), ".")
}
