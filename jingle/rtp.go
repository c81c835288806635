package jingle

import (
	"errors"
	"strings"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

// Payload is one payload type (XEP-0167 §5, RFC 8866 §6.6).
type Payload struct {
	ID       int
	Name     string // "opus"
	Clock    int
	Channels int // 1 when not said
	Params   []Param
	Feedback Feedback
}

// Param is one format parameter: name and value, neither empty.
type Param struct{ Name, Value string }

// Extension is one RTP header extension (XEP-0294, RFC 8285).
type Extension struct {
	ID  int // 1 to 14
	URI string
}

// Source is one RTP stream (XEP-0339, RFC 5576).
type Source struct {
	SSRC  uint32
	CNAME string
	MSID  string // "stream track"
}

// SourceGroup says how sources belong together: "FID" is media and its retransmission.
type SourceGroup struct {
	Semantics string
	Sources   []uint32
}

// Feedback is the set of RTCP feedback messages that every client knows (XEP-0293).
// COMPAT Monal 2024.10: any other type is a parse error that ends the call.
type Feedback uint8

// Kinds of feedback.
const (
	REMB Feedback = 1 << iota
	TransportCC
	FIR
	NACK
	PLI
)

var feedbackNames = [...]struct{ kind, sub, line string }{
	{"goog-remb", "", "goog-remb"}, {"transport-cc", "", "transport-cc"}, {"ccm", "fir", "ccm fir"},
	{"nack", "", "nack"}, {"nack", "pli", "nack pli"},
}

// feedbackOf is the empty set for what we do not pass on.
func feedbackOf(kind, sub string) Feedback {
	for i := range feedbackNames {
		if feedbackNames[i].kind == kind && feedbackNames[i].sub == sub {
			return 1 << i
		}
	}
	return 0
}

// shelf is where the small parts of all contents of a description lie together, so
// that reading one costs a handful of allocations.
type shelf struct {
	payloads   []Payload
	params     []Param
	extensions []Extension
	sources    []Source
}

func newShelf() shelf {
	return shelf{
		payloads: make([]Payload, 0, 36), params: make([]Param, 0, 48),
		extensions: make([]Extension, 0, 16), sources: make([]Source, 0, 4),
	}
}

// since cuts off what was appended after a mark, with no room to grow into the next.
func since[T any](all []T, mark int) []T { return all[mark:len(all):len(all)] }

// description reads an RTP <description/> into c.
func (r *reader) description(c *Content, e *element.Element) error {
	payloads, extensions, sources := len(r.payloads), len(r.extensions), len(r.sources)
	c.Ptime, c.MaxPtime = small(e.Attr("ptime"), 1000), small(e.Attr("maxptime"), 1000)
	for child := range e.Children() {
		switch child.Name {
		case "payload-type":
			if child.Space == NSRTP {
				r.payload(child)
			}
		case "rtcp-fb":
			if child.Space == nsFeedback {
				c.Feedback |= feedbackOf(child.Attr("type"), child.Attr("subtype"))
			}
		case "rtp-hdrext":
			if child.Space == nsHdrExt {
				r.extensions = append(r.extensions, Extension{ID: extensionID(child.Attr("id")), URI: child.Attr("uri")})
			}
		case "extmap-allow-mixed":
			// COMPAT Monal 2024.10: writes it in the namespace of the description.
			c.AllowMixed = c.AllowMixed || child.Space == nsHdrExt || child.Space == NSRTP
		case "source":
			if child.Space == nsSource {
				r.source(child)
			}
		case "ssrc-group":
			if child.Space == nsSource {
				c.Groups = append(c.Groups, groupOf(child))
			}
		case "stream":
			if child.Space == nsMSID {
				c.Stream, c.Track = child.Attr("id"), child.Attr("track")
			}
		}
		if err := r.bounds(payloads, extensions, len(c.Groups)); err != nil {
			return err
		}
	}
	c.Payloads, c.Extensions = since(r.payloads, payloads), since(r.extensions, extensions)
	c.Sources = since(r.sources, sources)
	return nil
}

func (r *reader) bounds(payloads, extensions, groups int) error {
	switch {
	case len(r.payloads)-payloads > maxPayloads:
		return errors.New("want at most 128 payload types")
	case len(r.extensions)-extensions > maxExtensions:
		return errors.New("want at most 64 header extensions")
	case len(r.sources) > maxSources || groups > maxSources:
		return errors.New("want at most 256 sources")
	}
	return nil
}

func (r *reader) payload(e *element.Element) {
	id, ok := number(e.Attr("id"), 127)
	if !ok {
		return
	}
	p := Payload{
		ID: int(id), Name: e.Attr("name"), Clock: small(e.Attr("clockrate"), 1<<31-1), Channels: small(e.Attr("channels"), 255),
	}
	mark := len(r.params)
	for child := range e.Children() {
		switch {
		case child.Name == "parameter" && child.Space == NSRTP:
			if len(r.params)-mark < maxParams {
				r.params = append(r.params, Param{child.Attr("name"), child.Attr("value")})
			}
		case child.Name == "rtcp-fb" && child.Space == nsFeedback:
			p.Feedback |= feedbackOf(child.Attr("type"), child.Attr("subtype"))
		}
	}
	p.Params = since(r.params, mark)
	r.payloads = append(r.payloads, p)
}

func (r *reader) source(e *element.Element) {
	ssrc, ok := number(e.Attr("ssrc"), 1<<32-1)
	if !ok {
		return
	}
	s := Source{SSRC: uint32(ssrc)}
	for child := range e.Children() {
		if child.Name != "parameter" {
			continue
		}
		switch child.Attr("name") {
		case "cname":
			s.CNAME = trim(child.Attr("value"))
		case "msid":
			// COMPAT Movim 0.34: says it twice, the second time without the track.
			if s.MSID == "" {
				s.MSID = trim(child.Attr("value"))
			}
		}
	}
	r.sources = append(r.sources, s)
}

func groupOf(e *element.Element) SourceGroup {
	g := SourceGroup{Semantics: e.Attr("semantics")}
	for child := range e.Children() {
		ssrc, ok := number(child.Attr("ssrc"), 1<<32-1)
		if ok && child.Name == "source" && len(g.Sources) < maxSources {
			g.Sources = append(g.Sources, uint32(ssrc))
		}
	}
	return g
}

// appendDescription writes the whole <description/>. Default namespaces only, name and
// value on every parameter, no empty value: each of these is somebody's parse error.
func (c *Content) appendDescription(w *element.Writer) {
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
		if len(c.Groups) > 0 {
			media = c.Groups[0].Sources[0]
		}
		w.AttrUint("ssrc", uint64(media))
	}
	for i := range c.Payloads {
		c.Payloads[i].append(w)
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

func (p *Payload) append(w *element.Writer) {
	w.Start(NSRTP, "payload-type")
	w.AttrUint("id", uint64(p.ID))
	w.Attr("name", p.Name)
	w.AttrUint("clockrate", uint64(p.Clock))
	if p.Channels > 1 {
		w.AttrUint("channels", uint64(p.Channels))
	}
	for _, param := range p.Params {
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

// param is the value of a format parameter, "" when it is not there.
func (p *Payload) param(name string) string {
	for _, param := range p.Params {
		if strings.EqualFold(param.Name, name) {
			return param.Value
		}
	}
	return ""
}
