package component

import (
	"crypto/sha1"
	"encoding/base64"
	"maps"
	"slices"
	"strings"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

const (
	nsDiscoInfo  = "http://jabber.org/protocol/disco#info"
	nsDiscoItems = "http://jabber.org/protocol/disco#items"
	nsCaps       = "http://jabber.org/protocol/caps"
	nsForm       = "jabber:x:data"
	nsPing       = "urn:xmpp:ping"
	nsVersion    = "jabber:iq:version"
	nsTime       = "urn:xmpp:time"
	nsLast       = "jabber:iq:last"
	nsVCard      = "vcard-temp"

	capsNode = "https://github.com/jinglebridge/jinglebridge"
)

// The features that a browser's contact shows, all of one kind, so that one answer
// serves a whole server's caps cache.
// COMPAT Conversations, Dino, Monal: a call button is shown for exactly these (docs/interop.md).
var userFeatures = []string{
	nsCaps, nsDiscoInfo, nsDiscoItems,
	"urn:xmpp:jingle:1", "urn:xmpp:jingle:apps:rtp:1", "urn:xmpp:jingle:apps:rtp:audio", "urn:xmpp:jingle:apps:rtp:video",
	"urn:xmpp:jingle:transports:ice-udp:1", "urn:xmpp:jingle:apps:dtls:0", "urn:xmpp:jingle-message:0",
	"urn:xmpp:jingle:apps:rtp:rtcp-fb:0", "urn:xmpp:jingle:apps:rtp:rtp-hdrext:0", "urn:xmpp:jingle:apps:rtp:ssma:0",
	"urn:xmpp:jingle:apps:grouping:0", "urn:ietf:rfc:5888", "urn:ietf:rfc:5576",
	"urn:xmpp:receipts", nsPing, nsTime, nsVersion, nsVCard,
}

var (
	domainFeatures  = []string{nsDiscoInfo, nsDiscoItems, nsLast, nsPing, nsTime, nsVersion, nsVCard}
	accountFeatures = []string{nsDiscoInfo, nsDiscoItems, nsPing, nsTime, nsVersion, nsVCard}
)

type identity struct{ category, kind, name string }

// info is what disco#info (XEP-0030 §3) says of an entity.
type info struct {
	identities []identity
	features   []string
	contacts   map[string][]string // XEP-0157; on the domain only
}

func sorted(features []string) []string { return slices.Sorted(slices.Values(features)) }

func domainInfo(cfg Config) info {
	features := domainFeatures
	if cfg.Address != nil {
		features = append(slices.Clip(features), nsGateway)
	}
	return info{[]identity{{"component", "generic", cfg.Name}, {"gateway", "misc", cfg.Name}}, sorted(features), cfg.Contacts}
}

func accountInfo() info {
	return info{[]identity{{"account", "registered", ""}}, sorted(accountFeatures), nil}
}

func userInfo(name string) info {
	return info{[]identity{{"client", "web", name}}, sorted(userFeatures), nil}
}

// clientInfo is what the full JID of an account says: its vCard is its server's to show.
func clientInfo(name string, more []string) info {
	features := slices.DeleteFunc(slices.Clone(userFeatures), func(f string) bool { return f == nsVCard })
	return info{[]identity{{"client", "web", name}}, sorted(append(features, more...)), nil}
}

// ver is the verification string of XEP-0115 §5.1. Identities and features are kept
// sorted; an info with a form has none, since nobody announces caps for it.
func (i info) ver() string {
	var s strings.Builder
	for _, id := range i.identities {
		s.WriteString(id.category + "/" + id.kind + "//" + id.name + "<")
	}
	for _, f := range i.features {
		s.WriteString(f + "<")
	}
	sum := sha1.Sum([]byte(s.String()))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// appendQuery writes the <query/> that answers disco#info; node is echoed.
func (i info) appendQuery(w *element.Writer, node string) {
	w.Start(nsDiscoInfo, "query")
	w.AttrIf("node", node)
	for _, id := range i.identities {
		w.Start(nsDiscoInfo, "identity")
		w.Attr("category", id.category)
		w.Attr("type", id.kind)
		w.AttrIf("name", id.name)
		w.End()
	}
	for _, f := range i.features {
		w.Empty(nsDiscoInfo, "feature", "var", f)
	}
	i.appendContacts(w)
	w.End()
}

// appendContacts writes whom to write to about abuse and the like (XEP-0157).
func (i info) appendContacts(w *element.Writer) {
	if len(i.contacts) == 0 {
		return
	}
	w.Start(nsForm, "x")
	w.Attr("type", "result")
	w.Start(nsForm, "field")
	w.Attr("var", "FORM_TYPE")
	w.Attr("type", "hidden")
	w.Leaf(nsForm, "value", "http://jabber.org/network/serverinfo")
	w.End()
	for _, role := range slices.Sorted(maps.Keys(i.contacts)) {
		w.Start(nsForm, "field")
		w.Attr("var", role+"-addresses")
		w.Attr("type", "list-multi")
		for _, address := range i.contacts[role] {
			w.Leaf(nsForm, "value", address)
		}
		w.End()
	}
	w.End()
}
