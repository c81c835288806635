package readers

import (
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

const (
	nsJingle   = "urn:xmpp:jingle:1"
	nsRTP      = "urn:xmpp:jingle:apps:rtp:1"
	nsInfo     = "urn:xmpp:jingle:apps:rtp:info:1"
	nsGrouping = "urn:xmpp:jingle:apps:grouping:0"
	nsICE      = "urn:xmpp:jingle:transports:ice-udp:1"
	nsDTLS     = "urn:xmpp:jingle:apps:dtls:0"
	nsMessage  = "urn:xmpp:jingle-message:0"
	nsHints    = "urn:xmpp:hints"
)

var (
	// wholeActions carry contents with all there is to say of them.
	wholeActions = []string{"session-initiate", "session-accept", "content-add", "content-accept"}

	// reasons of XEP-0166 §7.4.
	reasons = []string{"alternative-session", "busy", "cancel", "connectivity-error", "decline", "expired", "failed-application",
		"failed-transport", "general-error", "gone", "incompatible-parameters", "media-error", "security-error", "success", "timeout",
		"unsupported-applications", "unsupported-transports"}

	candidateTypes = []string{"host", "srflx", "prflx", "relay"}
)

// jingleOf finds the <jingle/> in a stanza that is a request, if any; it may be the stanza.
func jingleOf(stanza element.Element) element.Element {
	if stanza.Is(nsJingle, "jingle") {
		return stanza
	}
	if stanza.Name() != "iq" || stanza.Attr("type") == "error" {
		return element.Element{}
	}
	return stanza.Child(nsJingle, "jingle")
}

// proposalOf finds the XEP-0353 element in a message, if any.
func proposalOf(stanza element.Element) element.Element {
	if stanza.Name() != "message" {
		return element.Element{}
	}
	for child := range stanza.Children() {
		if child.Space() == nsMessage {
			return child
		}
	}
	return element.Element{}
}

// all yields the children with a name, in any namespace: several readers do not look at it.
func all(e element.Element, name string) iter.Seq[element.Element] {
	return func(yield func(element.Element) bool) {
		for child := range e.Children() {
			if child.Name() == name && !yield(child) {
				return
			}
		}
	}
}

// named is the first child with a name, in any namespace.
func named(e element.Element, name string) element.Element {
	for child := range all(e, name) {
		return child
	}
	return element.Element{}
}

func has(e element.Element, attr string) bool {
	_, ok := e.LookupAttr(attr)
	return ok
}

func number(s string, most uint64) bool {
	n, err := strconv.ParseUint(s, 10, 64)
	return err == nil && n <= most
}

func blank(s string) bool { return strings.ContainsAny(s, " \t\r\n") }

func action(j element.Element, names ...string) bool {
	return slices.Contains(names, j.Attr("action"))
}

func whole(j element.Element) bool { return slices.Contains(wholeActions, j.Attr("action")) }

// media lists the kinds of the contents, each once, in order of their names.
func media(j element.Element) []string {
	var kinds []string
	for content := range all(j, "content") {
		kinds = append(kinds, named(content, "description").Attr("media"))
	}
	return set(kinds)
}

func mediaOfProposal(propose element.Element) []string {
	var kinds []string
	for description := range all(propose, "description") {
		kinds = append(kinds, description.Attr("media"))
	}
	return set(kinds)
}

func set(s []string) []string {
	s = slices.Clone(s)
	slices.Sort(s)
	return slices.Compact(s)
}

func names(e element.Element) []string {
	var found []string
	for content := range all(e, "content") {
		found = append(found, content.Attr("name"))
	}
	return found
}

// full says whether a JID has a resource.
func full(jid string) bool { return strings.Contains(jid, "/") }

func bare(jid string) string {
	before, _, _ := strings.Cut(jid, "/")
	return before
}
