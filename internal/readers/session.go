package readers

import (
	"slices"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

// Session is one client through all its calls with us: what it says to us, and hears. A new
// proposal or session-initiate begins the call anew.
type Session struct {
	Client Client

	talks map[string]*talk // by who talks, and the sid
}

// talk is what a client remembers of one call.
type talk struct {
	propose   *element.Element // ours
	offer     *element.Element // its own session-initiate
	added     *element.Element // a content-add of ours, not answered yet
	names     []string         // contents of the session; nil before it began
	grouped   bool
	creds     map[string]creds // our ICE credentials, by content
	own       map[string]creds // its own
	restarted bool             // it began an ICE restart
}

type creds struct{ ufrag, pwd string }

func credsOf(content *element.Element) creds {
	transport := named(content, "transport")
	return creds{transport.Attr("ufrag"), transport.Attr("pwd")}
}

// learn notes the credentials in a request, and says whether it changed any.
func learn(known map[string]creds, j *element.Element) (changed bool) {
	for content := range all(j, "content") {
		name, c := content.Attr("name"), credsOf(content)
		if c.ufrag != "" {
			changed = changed || known[name].ufrag != "" && known[name] != c
			known[name] = c
		}
	}
	return changed
}

// talkOf finds a call by our full JID, the peer's bare one, and the sid; a new one when it
// is not known, or begins anew.
func (s *Session) talkOf(ours, theirs, sid string, begins bool) *talk {
	key := ours + " " + bare(theirs) + " " + sid
	if s.talks == nil {
		s.talks = map[string]*talk{}
	}
	if s.talks[key] == nil || begins {
		s.talks[key] = &talk{creds: map[string]creds{}, own: map[string]creds{}}
	}
	return s.talks[key]
}

// Says takes what the client says to us.
func (s *Session) Says(stanza *element.Element) {
	j := jingleOf(stanza)
	if j == nil {
		return
	}
	t := s.talkOf(stanza.Attr("to"), stanza.Attr("from"), j.Attr("sid"), action(j, "session-initiate"))
	switch {
	case action(j, "session-initiate"):
		t.offer = j
		t.holds(j)
	case action(j, "session-accept", "content-accept"):
		t.added = nil
	case action(j, "content-add"):
		t.holds(j)
	}
	t.restarted = learn(t.own, j) || t.restarted
}

// holds notes the contents of a session.
func (t *talk) holds(j *element.Element) {
	t.grouped = t.grouped || j.Child(nsGrouping, "group") != nil
	for _, name := range names(j) {
		if !slices.Contains(t.names, name) {
			t.names = append(t.names, name)
		}
	}
}

// Hears says what the client objects to in what we say, all that was said before considered.
func (s *Session) Hears(stanza *element.Element) []string {
	objections := s.Client.Objections(stanza)
	if said := proposalOf(stanza); said != nil && said.Name == "propose" {
		s.talkOf(stanza.Attr("from"), stanza.Attr("to"), said.Attr("id"), true).propose = stanza
	}
	j := jingleOf(stanza)
	if j == nil {
		return objections
	}
	t := s.talkOf(stanza.Attr("from"), stanza.Attr("to"), j.Attr("sid"), false)
	if action(j, "session-initiate") {
		propose := t.propose
		t = s.talkOf(stanza.Attr("from"), stanza.Attr("to"), j.Attr("sid"), true)
		if t.propose = propose; propose != nil {
			objections = append(objections, s.Client.Proposed(propose, j)...)
		}
	}
	if action(j, "session-accept") && t.offer != nil {
		objections = append(objections, s.Client.Answer(t.offer, j)...)
	}
	if s.Client.later != nil {
		v := &verdict{}
		s.Client.later(v, t, j)
		objections = append(objections, v.all...)
	}
	if whole(j) {
		t.holds(j)
	}
	if action(j, "content-add") {
		t.added = j
	}
	learn(t.creds, j)
	return objections
}
