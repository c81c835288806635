package jingle

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

// The strictest common subset of Conversations, Dino, Monal, Movim, stanza.js and Siskin:
// what any of their readers refuses is named here.

var (
	reMID         = regexp.MustCompile(`^[!#$%&'*+\-.0-9A-Z^_` + "`" + `a-z{|}~]{1,16}$`)
	reFingerprint = regexp.MustCompile(`^[0-9A-F]{2}(:[0-9A-F]{2}){19,63}$`)
	reNumber      = regexp.MustCompile(`^[0-9]+$`)
	reID          = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*$`)
	reIP          = regexp.MustCompile(`^[0-9a-fA-F:.]+$`)
)

type rules struct {
	broken []string
	action string
}

func (r *rules) want(ok bool, format string, args ...any) {
	if !ok {
		r.broken = append(r.broken, fmt.Sprintf(format, args...))
	}
}

func readersRules(e *element.Element) []string {
	r := &rules{action: e.Attr("action")}
	r.want(e.Is(NS, "jingle"), "the element is %s", e.Name)
	r.want(e.Attr("sid") != "", "no sid")
	r.clean(e)
	var names []string
	setups := map[string]bool{}
	for child := range e.Children() {
		if !child.Is(NS, "content") {
			continue
		}
		name := child.Attr("name")
		r.want(reMID.MatchString(name), "content name %q", name)
		r.want(!slices.Contains(names, name), "content %q twice", name)
		names = append(names, name)
		r.content(child, setups)
	}
	whole := r.action == "session-initiate" || r.action == "session-accept"
	if group := e.Child(nsGrouping, "group"); group != nil {
		r.want(group.Attr("semantics") == "BUNDLE" && group.First() != nil, "group %s", group)
		for child := range group.Children() {
			r.want(!whole || slices.Contains(names, child.Attr("name")), "group names %q", child.Attr("name"))
		}
	}
	r.want(!whole || len(names) > 0, "no content")
	r.want(len(setups) <= 1, "contents differ in setup: %v", setups)
	if r.action == "session-terminate" {
		reason := e.Child(NS, "reason")
		r.want(reason.First() != nil && conditions[reason.First().Name], "reason %s", reason)
	}
	return r.broken
}

// clean looks for what no value may hold.
func (r *rules) clean(e *element.Element) {
	for _, a := range e.Attrs {
		r.want(a.Space == "" && !strings.ContainsFunc(a.Value, func(c rune) bool { return c < 0x20 || c == 0x7f }), "%s %s=%q", e.Name, a.Name, a.Value)
	}
	for child := range e.Children() {
		r.clean(child)
	}
}

func (r *rules) content(e *element.Element, setups map[string]bool) {
	name := e.Attr("name")
	r.want(e.Attr("creator") == "initiator" || e.Attr("creator") == "responder", "content %q creator %q", name, e.Attr("creator"))
	switch r.action {
	case "session-initiate", "session-accept", "content-add", "content-accept":
		r.want(slices.Contains([]string{"both", "initiator", "responder"}, e.Attr("senders")), "senders %q", e.Attr("senders"))
		r.description(e.Child(NSRTP, "description"))
		transport := e.Child(nsICE, "transport")
		fingerprint := transport.Child(nsDTLS, "fingerprint")
		r.want(fingerprint != nil, "content %q has no fingerprint", name)
		if fingerprint == nil {
			return
		}
		setup := fingerprint.Attr("setup")
		setups[setup] = true
		offer := r.action == "session-initiate" || r.action == "content-add"
		r.want(offer == (setup == "actpass") && (offer || setup == "active" || setup == "passive"), "setup %q in %s", setup, r.action)
		r.want(strings.HasPrefix(fingerprint.Attr("hash"), "sha-") && reFingerprint.MatchString(fingerprint.Text), "fingerprint %s", fingerprint)
		r.want(len(transport.Attr("ufrag")) >= 4 && len(transport.Attr("pwd")) >= 22, "transport %s", transport)
		r.candidates(transport)
	case "transport-info":
		r.candidates(e.Child(nsICE, "transport"))
	case "content-reject", "content-remove":
		r.want(e.Child(NSRTP, "description") != nil && e.Child(nsICE, "transport") != nil, "%s without stubs", r.action)
	}
}

func (r *rules) description(e *element.Element) {
	r.want(e.Attr("media") == "audio" || e.Attr("media") == "video", "media %q", e.Attr("media"))
	var ids, extensions, sources []string
	r.want(e.Child(NSRTP, "rtcp-mux") != nil, "no rtcp-mux")
	for child := range e.Children() {
		r.want(child.Name != "encryption" && child.Name != "bandwidth", "%s", child)
		switch child.Name {
		case "payload-type":
			r.payload(child, &ids)
		case "rtp-hdrext":
			id := child.Attr("id")
			r.want(id != "0" && len(id) <= 2 && id <= "9" || len(id) == 2 && id <= "14", "hdrext id %q", id)
			r.want(!slices.Contains(extensions, id) && child.Attr("uri") != "" && child.Attr("senders") == "", "%s", child)
			extensions = append(extensions, id)
		case "source":
			r.want(reNumber.MatchString(child.Attr("ssrc")) && child.Attr("ssrc") != "0", "%s", child)
			sources = append(sources, child.Attr("ssrc"))
			for p := range child.Children() {
				value := p.Attr("value")
				r.want((p.Attr("name") == "cname" || p.Attr("name") == "msid") && value != "" && strings.TrimSpace(value) == value, "%s", p)
			}
		}
	}
	first := e.Child(NSRTP, "payload-type").Attr("name")
	r.want(len(ids) > 0 && !strings.EqualFold(first, "rtx") && first != "telephone-event", "first payload type is %q", first)
	for child := range e.Children() {
		if child.Name == "payload-type" && child.Attr("name") == "rtx" {
			r.want(slices.Contains(ids, child.First().Attr("value")), "rtx of unknown: %s", child)
		}
		for source := range child.Children() {
			if child.Name == "ssrc-group" {
				r.want(slices.Contains(sources, source.Attr("ssrc")), "group of unlisted sources: %s", child)
			}
		}
	}
}

func (r *rules) payload(e *element.Element, ids *[]string) {
	id, name := e.Attr("id"), e.Attr("name")
	n, ok := number(id, 127)
	r.want(ok && (n < 64 || n > 95) && !slices.Contains(*ids, id), "payload id %q", id)
	*ids = append(*ids, id)
	r.want(isToken(name) && reNumber.MatchString(e.Attr("clockrate")) && e.Attr("clockrate") != "0", "%s", e)
	r.want(!slices.Contains([]string{"red", "ulpfec", "flexfec-03", "cn"}, strings.ToLower(name)), "codec %s", name)
	for child := range e.Children() {
		switch child.Name {
		case "parameter":
			r.want(child.Attr("name") != "" && child.Attr("value") != "" && !strings.ContainsAny(child.Attr("name")+child.Attr("value"), " \t;"), "%s", child)
			if slices.Contains([]string{"usedtx", "stereo", "useinbandfec", "cbr", "level-asymmetry-allowed"}, child.Attr("name")) {
				r.want(child.Attr("value") == "0" || child.Attr("value") == "1", "%s", child)
			}
		case "rtcp-fb":
			known := []string{"nack ", "nack pli", "ccm fir", "goog-remb ", "transport-cc "}
			r.want(slices.Contains(known, child.Attr("type")+" "+child.Attr("subtype")), "%s", child)
		}
	}
}

func (r *rules) candidates(transport *element.Element) {
	for c := range transport.Children() {
		if c.Name != "candidate" {
			continue
		}
		for _, name := range []string{"component", "foundation", "generation", "network", "port", "priority"} {
			r.want(reNumber.MatchString(c.Attr(name)), "candidate %s=%q", name, c.Attr(name))
		}
		r.want(c.Attr("protocol") == "udp" && c.Attr("component") == "1" && c.Attr("port") != "0", "%s", c)
		r.want(reIP.MatchString(c.Attr("ip")) && reID.MatchString(c.Attr("id")), "%s", c)
		r.want(slices.Contains([]string{"host", "srflx", "prflx", "relay"}, c.Attr("type")), "%s", c)
		_, address := c.LookupAttr("rel-addr")
		_, port := c.LookupAttr("rel-port")
		r.want(address == port, "half a related address: %s", c)
	}
}
