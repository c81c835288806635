package bridge

import (
	"crypto/sha1"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/internal/element"
	"github.com/jinglebridge/jinglebridge/jingle"
)

// What a device can do (XEP-0030, XEP-0115): asked once for each kind of client, since
// its presence carries a hash of the answer.

const (
	nsCaps  = "http://jabber.org/protocol/caps"
	nsDisco = "http://jabber.org/protocol/disco#info"
	nsForm  = "jabber:x:data"

	maxCaps = 1000 // kinds of clients remembered

	// Questions without answer, of all on one link and of one contact: those who never answer
	// must not use up the open requests that calls need.
	maxCapsOpen, maxCapsOpenOf = 256, 8
	maxCapsOpenAccount         = 32
)

// caps is what matters of a client's features.
type caps struct {
	audio, video bool   // can be called
	proposals    bool   // knows XEP-0353
	key          string // node#ver, when all that say so are the same
}

// learnCaps finds out what a device can do.
func (b *Bridge) learnCaps(u *user, c *contact, r *resource, e element.Element) {
	node, ver := e.Attr("node"), e.Attr("ver")
	if node == "" || ver == "" || e.Attr("hash") == "" {
		if r.caps == nil && r.node == "" {
			r.node = "?"
			b.askCaps(u, c, r, "", "")
		}
		return
	}
	key := clip(node, 200) + "#" + clip(ver, 100)
	if r.node == key {
		return
	}
	if known := b.caps[key]; known != nil {
		r.node, r.caps = known.key, known
		b.callDirectly(u, c.bare)
		return
	}
	r.node = key
	hash := e.Attr("hash")
	switch waiting, open := b.asking[key]; {
	case hash != "sha-1": // what we cannot check holds for one only
		b.askCaps(u, c, r, key, hash)
	case open:
		b.asking[key] = append(waiting, device{u, c, r})
	case b.askCaps(u, c, r, key, hash):
		b.asking[key] = nil
	}
}

// device is one that waits for what another of its kind answers.
type device struct {
	u *user
	c *contact
	r *resource
}

// heardCaps is the end of a question: when it was answered well, all of this kind are known;
// else each is asked.
func (b *Bridge) heardCaps(key string) {
	waiting := b.asking[key]
	delete(b.asking, key)
	known := b.caps[key]
	for _, d := range waiting {
		switch {
		case d.c.resources.of(d.r.jid) != d.r || d.r.node != key:
		case known == nil:
			b.askCaps(d.u, d.c, d.r, key, "sha-1")
		default:
			d.r.node, d.r.caps = known.key, known
			b.paint(d.u, d.c)
			b.callDirectly(d.u, d.c.bare)
		}
	}
}

// askCaps asks the device; an answer whose hash is right is remembered for all devices
// that say the same, any other for this device only (XEP-0115 §5.4). It returns false when
// nothing could be asked.
func (b *Bridge) askCaps(u *user, c *contact, r *resource, key, hash string) bool {
	most := maxCapsOpen
	if u.account != nil {
		most = maxCapsOpenAccount
	}
	if u.link.asking >= most || c.open >= maxCapsOpenOf {
		b.metrics.limited.WithLabelValues("open_caps").Inc()
		r.node = "" // asked when it next says something
		return false
	}
	asked := r.node
	var w element.Writer
	w.Start(nsDisco, "query")
	w.AttrIf("node", key)
	w.End()
	u.link.asking++
	c.open++
	closed := func() { u.link.asking--; c.open-- }
	err := b.request(component.IQ{From: u.self(), To: r.jid, Type: "get", Payload: w.Bytes()}, func(answer *component.Stanza, err error) {
		closed()
		defer b.heardCaps(key)
		if c.resources.of(r.jid) != r || r.node != asked {
			return
		}
		if err != nil || answer.Type != "result" {
			r.node = "" // asked again when it next says something
			return
		}
		query := answer.Child(nsDisco, "query")
		r.caps = capsOf(query)
		if _, ver, _ := strings.Cut(key, "#"); hash == "sha-1" && ver == verificationString(query) && unambiguous(query) && len(b.caps) < maxCaps {
			r.caps.key = strings.Clone(key)
			b.caps[r.caps.key] = r.caps
			r.node = r.caps.key
		}
		b.paint(u, c)
		b.callDirectly(u, c.bare)
	})
	if err != nil {
		closed()
		r.node = ""
	}
	return err == nil
}

func capsOf(query element.Element) *caps {
	has := map[string]bool{}
	for e := range query.Children() {
		if e.Is(nsDisco, "feature") {
			has[e.Attr("var")] = true
		}
	}
	call := has[jingle.NS] && has["urn:xmpp:jingle:transports:ice-udp:1"] && has[jingle.NSRTP] && has["urn:xmpp:jingle:apps:dtls:0"]
	return &caps{
		audio:     call && has["urn:xmpp:jingle:apps:rtp:audio"],
		video:     call && has["urn:xmpp:jingle:apps:rtp:video"],
		proposals: has[jingle.NSMessage],
	}
}

// verificationString is the ver of XEP-0115 §5.1.
func verificationString(query element.Element) string {
	var identities, features, forms []string
	for e := range query.Children() {
		switch {
		case e.Is(nsDisco, "identity"):
			identities = append(identities, e.Attr("category")+"/"+e.Attr("type")+"/"+e.Attr("xml:lang")+"/"+e.Attr("name")+"<")
		case e.Is(nsDisco, "feature"):
			features = append(features, e.Attr("var")+"<")
		case e.Is(nsForm, "x"):
			forms = append(forms, formString(e))
		}
	}
	slices.Sort(identities)
	slices.Sort(features)
	slices.Sort(forms)
	sum := sha1.Sum([]byte(strings.Join(identities, "") + strings.Join(features, "") + strings.Join(forms, "")))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// unambiguous says whether the verification string can be read in one way only. Where a
// feature's name holds the separator, or a form that of a feature, an answer with other
// features has the same hash (XEP-0115 §7): whoever makes up such a one could say for all
// devices of a kind that they cannot be called. Forms are rare in clients: no loss.
func unambiguous(query element.Element) bool {
	for e := range query.Children() {
		switch {
		case e.Is(nsForm, "x"):
			return false
		case e.Is(nsDisco, "identity") || e.Is(nsDisco, "feature"):
			for _, value := range e.Attrs() {
				if strings.Contains(value, "<") {
					return false
				}
			}
		}
	}
	return true
}

func formString(form element.Element) string {
	kind := ""
	var fields []string
	for field := range form.Children() {
		if !field.Is(nsForm, "field") {
			continue
		}
		var values []string
		for v := range field.Children() {
			if v.Is(nsForm, "value") {
				values = append(values, v.Text()+"<")
			}
		}
		slices.Sort(values)
		if field.Attr("var") == "FORM_TYPE" {
			kind = strings.Join(values, "")
			continue
		}
		fields = append(fields, field.Attr("var")+"<"+strings.Join(values, ""))
	}
	slices.Sort(fields)
	return kind + strings.Join(fields, "")
}

// dialectOf tells how a device's reader differs, by the node of its caps or, where we do
// not see its presence, by its resource, in which these clients say their name.
func (b *Bridge) dialectOf(u *user, peer string) jingle.Dialect {
	if c := b.present(u, component.Bare(peer)); c != nil {
		if r := c.resources.of(peer); r != nil && r.node != "" {
			node, _, _ := strings.Cut(r.node, "#")
			return jingle.DialectOf(node)
		}
	}
	_, resource, _ := strings.Cut(peer, "/")
	return jingle.DialectOf(resource)
}
