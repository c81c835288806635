package jingle

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

// Parse reads a <jingle/> and puts right what named clients write wrong (repair.go).
// An error says in one line what was wanted, and of which element. What cannot be
// understood of a candidate, an unknown child or a foreign namespace is skipped, not an
// error; nor is a content of which no call can come: it is Absent.
func Parse(e element.Element) (*Jingle, error) { return (*Notes)(nil).Parse(e) }

// Parse is the function Parse, and takes notes. What is made of the description later is
// noted too.
func (n *Notes) Parse(e element.Element) (*Jingle, error) {
	if !e.Is(NS, "jingle") {
		return nil, errors.New("want a <jingle/>")
	}
	r := &reader{j: Jingle{Action: Action(e.Attr("action")), SID: e.Attr("sid"), Initiator: e.Attr("initiator"), Responder: e.Attr("responder")}}
	r.d.notes = n
	switch {
	case !isName(string(r.j.Action)):
		return nil, errors.New("jingle: want an action")
	case !isName(r.j.SID):
		return nil, errors.New("jingle: want a sid of 1 to 255 characters")
	}
	r.at = e.Offset()
	if err := r.children(e); err != nil {
		return nil, &ElementError{Offset: r.at, err: fmt.Errorf("jingle %s: %w", quote(string(r.j.Action)), err)}
	}
	return &r.j, nil
}

// ElementError is an error of Parse that knows which element it means.
type ElementError struct {
	Offset int // bytes before the element, in what the XML was parsed from
	err    error
}

func (e *ElementError) Error() string { return e.err.Error() }

// Unwrap returns what is wrong.
func (e *ElementError) Unwrap() error { return e.err }

type reader struct {
	j  Jingle
	d  Description
	at int // where the element begins that is being read
	*shelf
	unlisted int // sources that repairSources added
}

func (r *reader) children(e element.Element) error {
	contents := 0
	for child := e.First(); child.Exists(); child = child.Next() {
		if child.Is(NS, "content") {
			contents++
		}
	}
	if contents > maxContents {
		return errors.New("want at most 16 contents")
	}
	if contents > 0 {
		r.d.Contents = make([]Content, 0, contents)
	}
	for child := e.First(); child.Exists(); child = child.Next() {
		switch {
		case child.Is(NS, "content"):
			if err := r.content(child); err != nil {
				return fmt.Errorf("content %s: %w", quote(child.Attr("name")), err)
			}
		case child.Is(NS, "reason"):
			r.j.Reason = parseReason(child)
		case child.Is(nsGrouping, "group"):
			r.group(child)
		case child.Space() != NS && r.j.Action == SessionInfo && len(r.j.Info) < maxContents:
			r.j.Info = append(r.j.Info, Info{Space: child.Space(), Name: child.Name(), Content: child.Attr("name")})
		}
	}
	if contents == 0 {
		if r.whole() {
			return errors.New("want a content")
		}
		return nil
	}
	if isTurned(e) {
		r.d.writer = Movim
	}
	r.d.initiates = r.j.Action == SessionInitiate
	r.j.Description = &r.d
	return r.finish(e)
}

// whole says whether the action's contents tell all of their media and transport.
func (r *reader) whole() bool {
	return r.j.Action == SessionInitiate || r.j.Action == SessionAccept
}

func (r *reader) group(e element.Element) {
	if r.d.Bundle != nil || e.Attr("semantics") != "BUNDLE" {
		return
	}
	r.d.Bundle = make([]string, 0, cap(r.d.Contents))
	for child := e.First(); child.Exists(); child = child.Next() {
		if name := child.Attr("name"); child.Name() == "content" && isName(name) && len(r.d.Bundle) < maxContents {
			r.d.Bundle = append(r.d.Bundle, name)
		}
	}
}

func (r *reader) content(e element.Element) error {
	r.at = e.Offset()
	name := e.Attr("name")
	switch {
	case !isName(name):
		return errors.New("want a name of 1 to 255 characters")
	case r.d.Content(name) != nil:
		return errors.New("want each name once")
	}
	r.d.Contents = append(r.d.Contents, Content{Name: name, Creator: e.Attr("creator"), Senders: sendersOf(e.Attr("senders")).String()})
	c := &r.d.Contents[len(r.d.Contents)-1]
	if c.Creator != "responder" {
		c.Creator = "initiator" // the default of everybody, and of those who say none
	}
	if senders := e.Attr("senders"); senders != "" && senders != c.Senders {
		r.d.notes.content(Repaired, c, "senders "+quote(senders), "an unknown word means both, the default")
	}
	described, transported := false, false
	for child := e.First(); child.Exists(); child = child.Next() {
		var err error
		switch {
		case child.Name() == "description" && !described:
			described = true
			err = r.media(c, child)
		case child.Name() == "transport" && child.Space() == nsICE && !transported:
			transported = true
			err = r.transport(c, child)
		case child.Name() == "transport" && !transported:
			r.otherTransport(c, child)
		}
		if err != nil {
			return err
		}
	}
	// COMPAT stanza.js 12: the content of a data channel has no description.
	if r.whole() && !described {
		if c.Absent = true; c.sctp.there() {
			r.d.writer = StanzaJS
		}
		r.d.notes.content(Dropped, c, "the content", "it has no description")
	}
	return nil
}

// otherTransport keeps what has to be said to refuse a transport that browsers lack.
func (r *reader) otherTransport(c *Content, e element.Element) {
	c.space = clip(e.Space(), maxValue)
	c.Absent = c.Absent || r.whole()
	r.d.notes.content(Dropped, c, "its transport "+quote(e.Space()), "browsers have ICE-UDP (XEP-0176) only")
}

func (r *reader) media(c *Content, e element.Element) error {
	media := mediaWord(e.Attr("media"))
	if e.Space() != NSRTP || media == "" {
		c.Absent = true
		r.d.notes.content(Dropped, c, "the content", "browsers are called with audio and video (XEP-0167), not with "+quote(e.Attr("media"))+" in "+quote(e.Space()))
		return nil
	}
	c.Media = media
	if r.shelf == nil {
		r.shelf = newShelf() // candidates come without
	}
	return r.description(c, e)
}

// finish repairs and fits the contents and checks that none lacks what it needs.
func (r *reader) finish(e element.Element) error {
	for i := range r.d.Contents {
		c := &r.d.Contents[i]
		if r.d.nameLine(i); c.Mid != "" {
			r.d.notes.content(Repaired, c, "a=mid:"+c.Mid, "the content's name is no token of at most 16 characters, as libwebrtc wants; the peer hears its own again")
		}
		if !c.Absent && c.Media != "" {
			r.fit(i)
		}
	}
	r.d.shareTransport()
	r.d.absentLast()
	if !r.whole() {
		return nil
	}
	r.d.fitBundle()
	for i := range r.d.Contents {
		c := &r.d.Contents[i]
		if want := c.essentials(inJingle); !c.Absent && want != "" {
			r.at = contentAt(e, c.Name)
			return fmt.Errorf("content %s: %s", quote(c.Name), want)
		}
	}
	return nil
}

func contentAt(e element.Element, name string) int {
	for child := range e.Children() {
		if child.Is(NS, "content") && child.Attr("name") == name {
			return child.Offset()
		}
	}
	return e.Offset()
}

// fit puts right what a content says of its media.
func (r *reader) fit(i int) {
	c := &r.d.Contents[i]
	if c.repairPayloads(r.d.notes) {
		r.d.writer = Monal
	}
	described := len(c.Payloads) > 0
	r.unlisted += c.repairSources(maxSources-len(r.sources)-r.unlisted, r.d.notes)
	r.d.ownSources(i)
	c.fit(r.d.notes)
	if described && !c.usable() || r.whole() && !described {
		c.Absent = true
		r.d.notes.content(Dropped, c, "the content", "it has no codec that browsers know the like of")
	}
}

// absentLast keeps the order of the contents that a browser can be told of.
func (d *Description) absentLast() {
	absent := func(c Content) bool { return c.Absent }
	if !slices.ContainsFunc(d.Contents, absent) {
		return
	}
	slices.SortStableFunc(d.Contents, func(a, b Content) int {
		switch {
		case a.Absent == b.Absent:
			return 0
		case b.Absent:
			return -1
		}
		return 1
	})
}

// nameLine gives a content a name that a browser takes: a token of at most 16
// characters, each once.
func (d *Description) nameLine(i int) {
	c := &d.Contents[i]
	if isMID(c.Name) {
		return
	}
	for n := i; ; n++ {
		name := "m" + strconv.Itoa(n)
		taken := slices.ContainsFunc(d.Contents, func(c Content) bool { return c.Name == name || c.Mid == name })
		if !taken {
			c.Mid = name
			return
		}
	}
}
