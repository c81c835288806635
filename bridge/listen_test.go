package bridge

import (
	"fmt"
	"slices"

	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/internal/element"
	"github.com/jinglebridge/jinglebridge/internal/readers"
	"github.com/jinglebridge/jinglebridge/jingle"
)

// listeners sit in every play, one for each client there is: whatever goes out to XMPP must
// be what that client's reader takes, all that was said before considered.
type listeners []*readers.Session

func newListeners() (all listeners) {
	for _, client := range readers.All() {
		all = append(all, &readers.Session{Client: client})
	}
	return all
}

// says is a stanza of the XMPP side.
func (l listeners) says(e element.Element) {
	for _, session := range l {
		session.Says(e)
	}
}

// hear is a stanza of ours, in the dialect of who gets it.
func (h *house) hear(stanza []byte, b *Bridge) {
	e, err := element.Parse(stanza, component.NS, element.Limits{})
	if err != nil {
		h.wrong = append(h.wrong, fmt.Sprintf("stanza %s: %v", stanza, err))
		return
	}
	j := e.Child(jingle.NS, "jingle")
	dialect := jingle.Common
	if x := b.jingles[sessionKey{e.Attr("from"), e.Attr("to"), j.Attr("sid")}]; x != nil {
		dialect = x.reader()
	}
	for _, session := range h.listeners {
		for _, objection := range listen(session, e, j.Attr("action"), dialect) {
			h.wrong = append(h.wrong, fmt.Sprintf("%s objects: %s in\n%s", session.Client.Name, objection, clip(string(stanza), 3000)))
		}
	}
}

// meant are the readers of each dialect; all of them read the common one.
var meant = map[jingle.Dialect][]string{
	jingle.Movim:    {readers.Movim, readers.Subset},
	jingle.Monal:    {readers.Monal, readers.Subset},
	jingle.Dino:     {readers.Dino, readers.Subset},
	jingle.WebRTC:   {readers.Conversations, readers.Siskin, readers.Subset},
	jingle.StanzaJS: {readers.StanzaJS},
}

// listen leaves out whom a dialect is not for.
func listen(session *readers.Session, e element.Element, action string, dialect jingle.Dialect) []string {
	objections := session.Hears(e)
	name := session.Client.Name
	switch {
	case meant[dialect] != nil && !slices.Contains(meant[dialect], name):
		return nil
	case dialect == jingle.Common && name == readers.Movim && action == "session-accept":
		return session.Client.Objections(e) // to it one-way answers go in its own dialect
	}
	return objections
}
