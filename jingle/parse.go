package jingle

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

// Parse reads a <jingle/> and puts right what named clients write wrong (repair.go).
// An error says in one line what was wanted. What cannot be understood of a candidate,
// an unknown child or a foreign namespace is skipped, not an error; nor is a content of
// which no call can come: it is Absent.
func Parse(e *element.Element) (*Jingle, error) {
	if !e.Is(NS, "jingle") {
		return nil, errors.New("want a <jingle/>")
	}
	j := &Jingle{Action: Action(e.Attr("action")), SID: e.Attr("sid"), Initiator: e.Attr("initiator"), Responder: e.Attr("responder")}
	switch {
	case !isName(string(j.Action)):
		return nil, errors.New("jingle: want an action")
	case !isName(j.SID):
		return nil, errors.New("jingle: want a sid of 1 to 255 characters")
	}
	r := reader{j: j}
	if err := r.children(e); err != nil {
		return nil, fmt.Errorf("jingle %s: %w", quote(string(j.Action)), err)
	}
	return j, nil
}

type reader struct {
	j *Jingle
	shelf
	d Description
}

func (r *reader) children(e *element.Element) error {
	contents := 0
	for child := range e.Children() {
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
	for child := range e.Children() {
		switch {
		case child.Is(NS, "content"):
			if err := r.content(child); err != nil {
				return fmt.Errorf("content %s: %w", quote(child.Attr("name")), err)
			}
		case child.Is(NS, "reason"):
			r.j.Reason = parseReason(child)
		case child.Is(nsGrouping, "group"):
			r.group(child)
		case child.Space != NS && r.j.Action == SessionInfo && len(r.j.Info) < maxContents:
			r.j.Info = append(r.j.Info, Info{Space: child.Space, Name: child.Name, Content: child.Attr("name")})
		}
	}
	if contents == 0 {
		if r.whole() {
			return errors.New("want a content")
		}
		return nil
	}
	r.d.turned = isTurned(e)
	r.j.Description = &r.d
	return r.finish()
}

// whole says whether the action's contents tell all of their media and transport.
func (r *reader) whole() bool {
	return r.j.Action == SessionInitiate || r.j.Action == SessionAccept
}

func (r *reader) group(e *element.Element) {
	if r.d.Bundle != nil || e.Attr("semantics") != "BUNDLE" {
		return
	}
	r.d.Bundle = make([]string, 0, cap(r.d.Contents))
	for child := range e.Children() {
		if name := child.Attr("name"); child.Name == "content" && isName(name) && len(r.d.Bundle) < maxContents {
			r.d.Bundle = append(r.d.Bundle, name)
		}
	}
}

func (r *reader) content(e *element.Element) error {
	c := Content{Name: e.Attr("name"), Creator: e.Attr("creator"), Senders: sendersOf(e.Attr("senders")).String()}
	if !isName(c.Name) {
		return errors.New("want a name of 1 to 255 characters")
	}
	if r.d.Content(c.Name) != nil {
		return errors.New("want each name once")
	}
	if c.Creator != "responder" {
		c.Creator = "initiator" // the default of everybody, and of those who say none
	}
	described := false
	for child := range e.Children() {
		var err error
		switch {
		case child.Name == "description" && !described:
			described = true
			err = r.media(&c, child)
		case child.Name == "transport" && child.Is(nsICE, "transport"):
			err = r.transport(&c, child)
		case child.Name == "transport":
			c.space = clip(child.Space, maxValue)
			c.Absent = c.Absent || r.whole()
		}
		if err != nil {
			return err
		}
	}
	// COMPAT stanza.js 12: the content of a data channel has no description.
	c.Absent = c.Absent || r.whole() && !described
	r.d.Contents = append(r.d.Contents, c)
	return nil
}

func (r *reader) media(c *Content, e *element.Element) error {
	media := e.Attr("media")
	if e.Space != NSRTP || media != "audio" && media != "video" {
		c.Absent = true
		return nil
	}
	c.Media = media
	if r.payloads == nil {
		r.shelf = newShelf() // candidates come without
	}
	return r.description(c, e)
}

// finish repairs and fits the contents and checks that none lacks what it needs.
func (r *reader) finish() error {
	if slices.ContainsFunc(r.d.Contents, func(c Content) bool { return c.Absent }) {
		slices.SortStableFunc(r.d.Contents, func(a, b Content) int {
			switch {
			case a.Absent == b.Absent:
				return 0
			case b.Absent:
				return -1
			}
			return 1
		})
	}
	if r.whole() {
		r.d.fitBundle()
	}
	r.d.shareTransport()
	for i := range r.d.Contents {
		c := &r.d.Contents[i]
		r.d.nameLine(i)
		if c.Absent || c.Media == "" {
			continue
		}
		c.repairPayloads()
		described := len(c.Payloads) > 0
		c.fit()
		if described && !c.usable() || r.whole() && !described {
			return fmt.Errorf("content %s: %w: want a codec that browsers know the like of", quote(c.Name), ErrIncompatible)
		}
		if want := c.essentials(); r.whole() && want != "" {
			return fmt.Errorf("content %s: %s", quote(c.Name), want)
		}
	}
	return nil
}

func (c *Content) repairPayloads() {
	monal := false
	for i := range c.Payloads {
		monal = c.Payloads[i].repairParams() || monal
	}
	if monal {
		c.repairOrder()
	}
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
