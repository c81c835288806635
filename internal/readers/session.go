package readers

import (
	"maps"
	"slices"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

// Session is one client through all its calls with us: what it says to us, and hears.
type Session struct {
	Client Client

	talks    map[string]*talk           // by who talks, and the sid
	proposed map[string]element.Element // our proposals, by who calls whom, and the id
}

// talk is what a client remembers of one call.
type talk struct {
	offer     element.Element // its own session-initiate
	id        string          // of the request with that, as long as we may refuse it
	added     element.Element // a content-add of ours, not answered yet
	asked     element.Element // one of its own
	names     []string        // contents of the session; nil before it began
	grouped   bool
	creds     map[string]creds // our ICE credentials, by content
	own       map[string]creds // its own
	restarted bool             // it began an ICE restart
}

type creds struct{ ufrag, pwd string }

func credsOf(content element.Element) creds {
	transport := named(content, "transport")
	return creds{transport.Attr("ufrag"), transport.Attr("pwd")}
}

// learn notes the credentials in a request, and says whether it changed any.
func learn(known map[string]creds, j element.Element) (changed bool) {
	for content := range all(j, "content") {
		name, c := content.Attr("name"), credsOf(content)
		if c.ufrag != "" {
			changed = changed || known[name].ufrag != "" && known[name] != c
			known[name] = c
		}
	}
	return changed
}

// key names a call: by the JIDs of both, and the sid. A proposal is for all of the peer's
// devices; then his is bare.
func key(ours, theirs, sid string) string { return ours + " " + theirs + " " + sid }

func (s *Session) talk(key string) *talk {
	if s.talks == nil {
		s.talks = map[string]*talk{}
	}
	if s.talks[key] == nil {
		s.talks[key] = &talk{creds: map[string]creds{}, own: map[string]creds{}}
	}
	return s.talks[key]
}

// Says takes what the client says to us.
func (s *Session) Says(stanza element.Element) {
	s.finished(stanza, stanza.Attr("to"), stanza.Attr("from"))
	j := jingleOf(stanza)
	if !j.Exists() {
		return
	}
	key := key(stanza.Attr("to"), stanza.Attr("from"), j.Attr("sid"))
	t := s.talk(key)
	switch {
	case action(j, "session-initiate") && !t.offer.Exists():
		t.offer, t.id = j, stanza.Attr("id")
		t.holds(j)
	case action(j, "session-accept", "content-accept"):
		t.added = element.Element{}
	case action(j, "content-add"):
		t.asked = j
	case action(j, "session-terminate"):
		delete(s.talks, key)
	}
	t.restarted = learn(t.own, j) || t.restarted
}

// finished forgets a call that a stanza of either side finishes (XEP-0353 §3.7): another may
// have the same id.
func (s *Session) finished(stanza element.Element, ours, theirs string) {
	if said := proposalOf(stanza); said.Name() == "finish" {
		delete(s.talks, key(ours, theirs, said.Attr("id")))
	}
}

// holds notes the contents of a session.
func (t *talk) holds(j element.Element) {
	t.grouped = t.grouped || j.Child(nsGrouping, "group").Exists()
	for _, name := range names(j) {
		if !slices.Contains(t.names, name) {
			t.names = append(t.names, name)
		}
	}
}

// Hears says what the client objects to in what we say, all that was said before considered.
func (s *Session) Hears(stanza element.Element) []string {
	objections := s.Client.Objections(stanza)
	ours, theirs := stanza.Attr("from"), stanza.Attr("to")
	if said := proposalOf(stanza); said.Name() == "propose" {
		if s.proposed == nil {
			s.proposed = map[string]element.Element{}
		}
		s.proposed[key(ours, bare(theirs), said.Attr("id"))] = stanza
	}
	s.finished(stanza, ours, theirs)
	if stanza.Name() == "iq" && stanza.Attr("type") == "error" {
		maps.DeleteFunc(s.talks, func(_ string, t *talk) bool { return t.id != "" && t.id == stanza.Attr("id") })
	}
	j := jingleOf(stanza)
	if !j.Exists() {
		return objections
	}
	t, more := s.hearFirst(ours, theirs, j)
	objections = append(objections, more...)
	if s.Client.later != nil {
		v := &verdict{}
		s.Client.later(v, t, j)
		objections = append(objections, v.all...)
	}
	if whole(j) {
		t.holds(j)
	}
	switch {
	case action(j, "content-add"):
		t.added = j
	case action(j, "content-accept", "content-reject"):
		t.asked = element.Element{}
	}
	learn(t.creds, j)
	return objections
}

// hearFirst holds what begins or ends a session against what led to it.
func (s *Session) hearFirst(ours, theirs string, j element.Element) (t *talk, objections []string) {
	sid := j.Attr("sid")
	key, proposal := key(ours, theirs, sid), s.proposed[key(ours, bare(theirs), sid)]
	t = s.talk(key)
	switch {
	case action(j, "session-initiate"): // maybe to the next device
		delete(s.talks, key)
		if proposal.Exists() {
			objections = s.Client.Proposed(proposal, j)
		}
		t = s.talk(key)
	case action(j, "session-accept") && t.offer.Exists():
		objections = s.Client.Answer(t.offer, j)
		t.id = ""
	case action(j, "session-terminate"):
		delete(s.talks, key)
	}
	return t, objections
}
