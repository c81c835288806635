// Package readers is what the readers of named XMPP clients do with what they are sent, as
// rules for our tests: what makes each of them refuse a call, crash, lose a candidate, or
// hand its WebRTC something that WebRTC refuses or that never carries media. The rules were
// read in the clients' sources and found by running their translators; the version is named
// at each client. Only tests use this package.
//
// A rule says no more than what its client does. What we hold ourselves to, whoever
// listens, is a reader of its own (subset.go).
package readers

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

// Names of the readers.
const (
	Conversations = "conversations"
	Dino          = "dino"
	Monal         = "monal"
	Movim         = "movim"
	Siskin        = "siskin"
	StanzaJS      = "stanza.js"
	Subset        = "subset" // no client: what all of them read, and the XEPs want
)

// Client is one reader. A nil function has no rules.
type Client struct {
	Name string

	jingle   func(v *verdict, j element.Element)             // any <jingle/>
	message  func(v *verdict, m, said element.Element)       // a <message/> and the XEP-0353 element in it
	hands    func(j element.Element) *sdp                    // what its WebRTC gets of whole contents
	answer   func(v *verdict, offer, answer element.Element) // an accept of its own initiate
	proposed func(v *verdict, media []string, initiate element.Element)
	later    func(v *verdict, t *talk, j element.Element) // what depends on what was said before
	losses   func(v *verdict, j element.Element)

	noPrefixes bool // it does not see an element whose name has a prefix
}

// All lists every reader.
func All() []Client {
	return []Client{conversations(), dino(), monal(), movim(), siskin(), stanzaJS(), subset()}
}

// Only lists the readers with these names.
func Only(names ...string) []Client {
	return slices.DeleteFunc(All(), func(c Client) bool { return !slices.Contains(names, c.Name) })
}

// Objections says what this reader would refuse, lose or break on in a stanza, or a bare
// <jingle/>, that it gets; nil when nothing.
func (c Client) Objections(stanza element.Element) []string {
	v := &verdict{}
	if j := jingleOf(stanza); j.Exists() {
		call(c.jingle, v, j)
		if c.hands != nil && len(v.all) == 0 && slices.Contains(wholeActions, j.Attr("action")) {
			c.hands(j).refused(v)
		}
	}
	if said := proposalOf(stanza); said.Exists() && c.message != nil {
		c.message(v, stanza, said)
	}
	return v.all
}

// ObjectionsTo is Objections to what is not parsed yet: some readers care for how a name is
// written.
func (c Client) ObjectionsTo(xml string) []string {
	e, err := element.Parse([]byte(xml), "jabber:component:accept", element.Limits{})
	if err != nil {
		return []string{err.Error()}
	}
	v := &verdict{}
	for _, name := range []string{"jingle", "content", "description", "payload-type", "transport"} {
		v.want(!c.noPrefixes || !strings.Contains(xml, ":"+name+" "), "it does not see a <%s/> with a prefix", name)
	}
	return append(v.all, c.Objections(e)...)
}

// Answer says what this reader objects to in a session-accept of its own session-initiate.
// Both may be stanzas or bare <jingle/>s. It does not repeat Objections.
func (c Client) Answer(offer, answer element.Element) []string {
	v := &verdict{}
	offer, answer = jingleOf(offer), jingleOf(answer)
	if c.answer != nil {
		c.answer(v, offer, answer)
	}
	if c.hands != nil {
		c.hands(answer).answers(v, c.hands(offer))
	}
	return v.all
}

// Proposed says what this reader objects to in a session-initiate that it got after a
// proposal (XEP-0353). It does not repeat Objections.
func (c Client) Proposed(propose, initiate element.Element) []string {
	v := &verdict{}
	if c.proposed != nil {
		c.proposed(v, mediaOfProposal(proposalOf(propose)), jingleOf(initiate))
	}
	return v.all
}

// Losses says what this reader understands worse than it could, though the call succeeds.
func (c Client) Losses(stanza element.Element) []string {
	v := &verdict{}
	if j := jingleOf(stanza); j.Exists() {
		call(c.losses, v, j)
	}
	return v.all
}

func call(rule func(*verdict, element.Element), v *verdict, e element.Element) {
	if rule != nil {
		rule(v, e)
	}
}

// verdict collects objections.
type verdict struct{ all []string }

func (v *verdict) want(ok bool, format string, args ...any) {
	if !ok {
		v.all = append(v.all, fmt.Sprintf(format, args...))
	}
}
