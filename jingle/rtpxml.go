package jingle

import (
	"cmp"
	"errors"
	"strings"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

// description reads an RTP <description/> into c.
func (r *reader) description(c *Content, e element.Element) error {
	begin := r.marks()
	r.at = e.Offset()
	c.Ptime, c.MaxPtime = small(e.Attr("ptime"), 1000), small(e.Attr("maxptime"), 1000)
	for child := e.First(); child.Exists(); child = child.Next() {
		switch child.Space() {
		case NSRTP:
			r.described(c, child)
		case nsFeedback:
			if child.Name() == "rtcp-fb" {
				c.Feedback |= r.feedback(c, child)
			}
		case nsHdrExt:
			r.extension(c, child)
		case nsSource:
			r.sourced(c, child)
		case nsMSID:
			if child.Name() == "stream" {
				c.Stream, c.Track = child.Attr("id"), child.Attr("track")
			}
		default:
			r.d.notes.unknown(c, child)
		}
		if err := r.bounds(begin); err != nil {
			return err
		}
	}
	r.hand(c, begin)
	return nil
}

// described reads what XEP-0167 itself has inside a description.
func (r *reader) described(c *Content, e element.Element) {
	switch e.Name() {
	case "payload-type":
		r.payload(c, e)
	case "rtcp-mux":
		// Always: see lines.content.
	case "extmap-allow-mixed":
		c.AllowMixed = true // COMPAT Monal 2024.10: writes it in the namespace of the description
		r.d.notes.content(Repaired, c, "extmap-allow-mixed", "Monal has it in the namespace of the description")
	default:
		r.d.notes.unknown(c, e)
	}
}

func (r *reader) bounds(begin marks) error {
	switch {
	case len(r.payloads)-begin.payloads > maxPayloads:
		return errors.New("description: want at most 128 payload types")
	case len(r.extensions)-begin.extensions > maxExtensions:
		return errors.New("description: want at most 64 header extensions")
	case len(r.sources) > maxSources || len(r.groups) > maxSources:
		return errors.New("description: want at most 256 sources")
	}
	return nil
}

// payload reads a <payload-type/>. There are dozens, so its attributes are gone through once.
func (r *reader) payload(c *Content, e element.Element) {
	p := Payload{ID: -1}
	for name, value := range e.Attrs() {
		switch name {
		case "id":
			if id, ok := number(value, 127); ok {
				p.ID = int(id)
			}
		case "name":
			p.Name = value
		case "clockrate":
			p.Clock = small(value, 1<<31-1)
		case "channels":
			p.Channels = small(value, 255)
		// XEP-0167 §4 has these here, for one codec; SDP for all of a media.
		case "ptime":
			c.Ptime = cmp.Or(c.Ptime, small(value, 1000))
		case "maxptime":
			c.MaxPtime = cmp.Or(c.MaxPtime, small(value, 1000))
		}
	}
	if p.ID < 0 {
		r.d.notes.odd(c, "payload type", e.Attr("id"), "want a number of 0 to 127")
		return
	}
	mark := len(r.params)
	for child := e.First(); child.Exists(); child = child.Next() {
		switch {
		case child.Name() == "parameter" && child.Space() == NSRTP:
			if len(r.params)-mark < maxParams && len(r.params) < maxAllParams {
				r.params = append(r.params, paramOf(child))
			}
		case child.Name() == "rtcp-fb" && child.Space() == nsFeedback:
			p.Feedback |= r.feedback(c, child)
		default:
			r.d.notes.unknown(c, child)
		}
	}
	p.Params = since(r.params, mark)
	r.payloads = append(r.payloads, p)
}

func paramOf(e element.Element) (p Param) {
	for name, value := range e.Attrs() {
		switch name {
		case "name":
			p.Name = value
		case "value":
			p.Value = value
		}
	}
	return p
}

func (r *reader) feedback(c *Content, e element.Element) Feedback {
	var kind, sub string
	for name, value := range e.Attrs() {
		switch name {
		case "type":
			kind = value
		case "subtype":
			sub = value
		}
	}
	f := feedbackOf(kind, sub)
	if f == 0 && r.d.notes != nil {
		r.d.notes.content(Dropped, c, "rtcp-fb "+kind+" "+sub, whyFeedback)
	}
	return f
}

func (r *reader) extension(c *Content, e element.Element) {
	switch e.Name() {
	case "rtp-hdrext":
		x := Extension{ID: extensionID(e.Attr("id")), URI: e.Attr("uri")}
		if r.d.notes != nil && (e.Attr("senders") != "" || strings.Contains(e.Attr("id"), "/")) {
			r.d.notes.extension(Repaired, c, x, "its direction is left out: in SDP it would need the roles that some writers do not know")
		}
		r.extensions = append(r.extensions, x)
	case "extmap-allow-mixed":
		c.AllowMixed = true
	}
}

// sourced reads what XEP-0339 has inside a description.
func (r *reader) sourced(c *Content, e element.Element) {
	switch e.Name() {
	case "source":
		r.source(c, e)
	case "ssrc-group":
		mark := len(r.grouped)
		for child := e.First(); child.Exists(); child = child.Next() {
			ssrc, ok := number(child.Attr("ssrc"), 1<<32-1)
			if ok && child.Name() == "source" && len(r.grouped) < maxGrouped {
				r.grouped = append(r.grouped, uint32(ssrc))
			}
		}
		r.groups = append(r.groups, SourceGroup{Semantics: e.Attr("semantics"), Sources: since(r.grouped, mark)})
	}
}

func (r *reader) source(c *Content, e element.Element) {
	ssrc, ok := number(e.Attr("ssrc"), 1<<32-1)
	if !ok {
		r.d.notes.odd(c, "source", e.Attr("ssrc"), "want a 32-bit number")
		return
	}
	s := Source{SSRC: uint32(ssrc)}
	for child := e.First(); child.Exists(); child = child.Next() {
		if child.Name() != "parameter" {
			continue
		}
		switch name := child.Attr("name"); name {
		case "cname":
			s.CNAME = trim(child.Attr("value"))
		case "msid":
			// COMPAT Movim 0.34: says it twice, the second time without the track.
			if s.MSID == "" {
				s.MSID = trim(child.Attr("value"))
			}
		default:
			r.d.notes.source(Dropped, c, s.SSRC, " parameter "+name, "a source is told by its cname and msid")
		}
	}
	r.sources = append(r.sources, s)
}

// appendDescription writes the whole <description/>. Default namespaces only, name and
// value on every parameter, no empty value: each of these is somebody's parse error.
func (c *Content) appendDescription(w *element.Writer, to Dialect) {
	w.Start(NSRTP, "description")
	w.Attr("media", c.Media)
	if c.Ptime > 0 {
		w.AttrUint("ptime", uint64(c.Ptime))
	}
	if c.MaxPtime > 0 {
		w.AttrUint("maxptime", uint64(c.MaxPtime))
	}
	if len(c.Sources) > 0 {
		// COMPAT stanza.js 12: pairs retransmissions with media only when it is there.
		media := c.Sources[0].SSRC
		if len(c.Groups) > 0 && len(c.Groups[0].Sources) > 0 {
			media = c.Groups[0].Sources[0]
		}
		w.AttrUint("ssrc", uint64(media))
	}
	first := 0
	if !to.ordersCodecs() && len(c.Payloads) > 0 {
		first = c.preferred()
		c.Payloads[first].append(w, to)
	}
	for i := range c.Payloads {
		if i != first || to.ordersCodecs() {
			c.Payloads[i].append(w, to)
		}
	}
	for _, x := range c.Extensions {
		w.Start(nsHdrExt, "rtp-hdrext")
		w.AttrUint("id", uint64(x.ID))
		w.Attr("uri", x.URI)
		w.End()
	}
	if c.AllowMixed {
		w.Start(nsHdrExt, "extmap-allow-mixed")
		w.End()
	}
	c.appendSources(w)
	if c.Stream != "" && c.Track != "" {
		// COMPAT stanza.js 12: without it a second video is a duplicate a=msid.
		w.Start(nsMSID, "stream")
		w.Attr("id", c.Stream)
		w.Attr("track", c.Track)
		w.End()
	}
	w.Start(NSRTP, "rtcp-mux")
	w.End()
	w.End()
}

func (p *Payload) append(w *element.Writer, to Dialect) {
	w.Start(NSRTP, "payload-type")
	w.AttrUint("id", uint64(p.ID))
	w.Attr("name", p.Name)
	w.AttrUint("clockrate", uint64(p.Clock))
	if p.Channels > 1 {
		w.AttrUint("channels", uint64(p.Channels))
	}
	for _, param := range p.Params {
		if to == Monal {
			param = p.forMonal(param)
		}
		w.Start(NSRTP, "parameter")
		w.Attr("name", param.Name)
		w.Attr("value", param.Value)
		w.End()
	}
	for i := range feedbackNames {
		if p.Feedback&(1<<i) == 0 {
			continue
		}
		w.Start(nsFeedback, "rtcp-fb")
		w.Attr("type", feedbackNames[i].kind)
		w.AttrIf("subtype", feedbackNames[i].sub)
		w.End()
	}
	w.End()
}

func (c *Content) appendSources(w *element.Writer) {
	for _, g := range c.Groups {
		w.Start(nsSource, "ssrc-group")
		w.Attr("semantics", g.Semantics)
		for _, ssrc := range g.Sources {
			w.Start(nsSource, "source")
			w.AttrUint("ssrc", uint64(ssrc))
			w.End()
		}
		w.End()
	}
	for _, s := range c.Sources {
		w.Start(nsSource, "source")
		w.AttrUint("ssrc", uint64(s.SSRC))
		for _, p := range [...]Param{{"cname", s.CNAME}, {"msid", s.MSID}} {
			if p.Value != "" {
				w.Start(nsSource, "parameter")
				w.Attr("name", p.Name)
				w.Attr("value", p.Value)
				w.End()
			}
		}
		w.End()
	}
}
