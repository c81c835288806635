package readers

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

// subset is no client. It is what we hold ourselves to, whoever reads: the strictest common
// subset of all of them, and what the XEPs demand besides.
func subset() Client {
	return Client{Name: Subset, jingle: subsetJingle, message: subsetMessage, answer: subsetAnswer, noPrefixes: true}
}

var (
	rePrint  = regexp.MustCompile(`^[0-9A-F]{2}(:[0-9A-F]{2}){19,63}$`)
	reNCName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*$`)
	reToken  = regexp.MustCompile("^[!#$%&'*+\\-.0-9A-Z^_`a-z{|}~]+$")
	reReal   = regexp.MustCompile(`^[1-9][0-9]{0,9}$`)
)

func subsetJingle(v *verdict, j element.Element) {
	v.want(j.Attr("sid") != "", "no sid")
	clean(v, j)
	var seen, setups []string
	for content := range all(j, "content") {
		name := content.Attr("name")
		v.want(reMID.MatchString(name) && !slices.Contains(seen, name), "content name %q", name)
		seen = append(seen, name)
		v.want(slices.Contains([]string{"initiator", "responder"}, content.Attr("creator")), "creator %q", content.Attr("creator"))
		if whole(j) {
			setups = append(setups, subsetContent(v, j, content))
		}
		subsetCandidates(v, named(content, "transport"))
	}
	subsetSources(v, j)
	v.want(len(set(setups)) <= 1, "contents differ in setup: %v", setups)
	if group := j.Child(nsGrouping, "group"); group.Exists() {
		v.want(group.Attr("semantics") == "BUNDLE" && len(names(group)) > 0, "group %s", group)
		for _, name := range names(group) {
			v.want(!action(j, "session-initiate", "session-accept") || slices.Contains(seen, name), "the group names %q", name)
		}
	}
	v.want(!whole(j) || len(seen) > 0, "no content")
	if action(j, "session-terminate") {
		v.want(standardReason(j), "no standard reason: %s", j)
	}
}

// standardReason wants exactly one condition of XEP-0166 §7.4.
func standardReason(e element.Element) bool {
	count := 0
	for child := range e.Child(nsJingle, "reason").Children() {
		if child.Space() == nsJingle && slices.Contains(reasons, child.Name()) {
			count++
		}
	}
	return count == 1
}

// clean looks for what no value may hold: what could become a line of its own in SDP.
func clean(v *verdict, e element.Element) {
	control := func(s string) bool {
		return strings.ContainsFunc(s, func(c rune) bool { return c < 0x20 || c == 0x7f })
	}
	for name, value := range e.Attrs() {
		v.want(!control(value), "%s %s=%q", e.Name(), name, value)
	}
	v.want(e.Name() == "text" || !control(strings.Trim(e.Text(), "\n")), "%s with text %q", e.Name(), e.Text())
	for child := range e.Children() {
		clean(v, child)
	}
}

func subsetContent(v *verdict, j, content element.Element) (setup string) {
	senders := []string{"both", "initiator", "responder"}
	v.want(slices.Contains(senders, content.Attr("senders")), "senders %q", content.Attr("senders"))
	subsetDescription(v, content.Child(nsRTP, "description"))
	transport := content.Child(nsICE, "transport")
	for name, least := range map[string]int{"ufrag": 4, "pwd": 22} {
		value := transport.Attr(name)
		v.want(len(value) >= least && reICE.MatchString(value), "%s %q", name, value)
	}
	prints := slices.Collect(all(transport, "fingerprint"))
	v.want(len(prints) == 1, "content %q has %d fingerprints", content.Attr("name"), len(prints))
	if len(prints) == 0 {
		return ""
	}
	f := prints[0]
	length := hashLengths[f.Attr("hash")]
	v.want(f.Space() == nsDTLS && length > 0 && rePrint.MatchString(f.Text()) && len(f.Text()) == 3*length-1, "fingerprint %s", f)
	setup = f.Attr("setup")
	offer := action(j, "session-initiate", "content-add")
	v.want(offer == (setup == "actpass") && (offer || setup == "active" || setup == "passive"), "setup %q in %s", setup, j.Attr("action"))
	return setup
}

func subsetDescription(v *verdict, e element.Element) {
	v.want(codecs[e.Attr("media")] != nil, "media %q", e.Attr("media"))
	v.want(e.Child(nsRTP, "rtcp-mux").Exists(), "no rtcp-mux")
	var ids, extensions, sources []string
	for child := range e.Children() {
		v.want(child.Name() != "encryption" && child.Name() != "bandwidth", "%s", child)
		switch child.Name() {
		case "payload-type":
			v.want(!slices.Contains(ids, child.Attr("id")), "payload type %q twice", child.Attr("id"))
			ids = append(ids, child.Attr("id"))
			subsetPayload(v, child)
		case "rtp-hdrext":
			id := child.Attr("id")
			v.want(number(id, 14) && id != "0" && !slices.Contains(extensions, id), "header extension id %q", id)
			v.want(child.Attr("uri") != "" && !blank(child.Attr("uri")) && !has(child, "senders") && child.Attr("uri") != encryptedExtension, "%s", child)
			extensions = append(extensions, id)
		case "source":
			v.want(reReal.MatchString(child.Attr("ssrc")) && number(child.Attr("ssrc"), 1<<32-1), "%s", child)
			sources = append(sources, child.Attr("ssrc"))
			for p := range child.Children() {
				value := p.Attr("value")
				v.want((p.Attr("name") == "cname" || p.Attr("name") == "msid") && value != "" && strings.TrimSpace(value) == value, "%s", p)
			}
		}
	}
	first := strings.ToLower(named(e, "payload-type").Attr("name"))
	v.want(!slices.Contains([]string{"", "rtx", "telephone-event"}, first), "first payload type is %q", first)
	subsetReferences(v, e, ids, sources)
}

// subsetSources: contents share no source, and a second one of a kind says its stream.
func subsetSources(v *verdict, j element.Element) {
	owners, kinds := map[string]string{}, map[string]int{}
	for content := range all(j, "content") {
		description, name := named(content, "description"), content.Attr("name")
		kind := description.Attr("media")
		kinds[kind]++
		v.want(!whole(j) || kinds[kind] == 1 || !named(description, "source").Exists() || named(description, "stream").Exists(), "no <stream/> in the second %s", kind)
		for source := range all(description, "source") {
			owner, taken := owners[source.Attr("ssrc")]
			v.want(!taken || owner == name, "ssrc %s in %q and %q", source.Attr("ssrc"), owner, name)
			owners[source.Attr("ssrc")] = name
		}
	}
}

// subsetReferences: nothing may name what is not there.
func subsetReferences(v *verdict, e element.Element, ids, sources []string) {
	for payload := range all(e, "payload-type") {
		if payload.Attr("name") == "rtx" {
			v.want(slices.Contains(ids, payloadOf(payload).parameters["apt"]), "rtx of unknown: %s", payload)
		}
	}
	for group := range all(e, "ssrc-group") {
		v.want(group.First().Exists(), "group of no sources: %s", group)
		for source := range group.Children() {
			v.want(slices.Contains(sources, source.Attr("ssrc")), "group of unlisted sources: %s", group)
		}
	}
}

func subsetPayload(v *verdict, e element.Element) {
	id, name := e.Attr("id"), e.Attr("name")
	v.want(number(id, 127) && (len(id) != 2 || id < "64" || id > "95"), "payload type id %q", id)
	v.want(reToken.MatchString(name) && reReal.MatchString(e.Attr("clockrate")), "%s", e)
	v.want(!has(e, "channels") || reReal.MatchString(e.Attr("channels")) && e.Attr("channels") != "1", "%s", e)
	v.want(!slices.Contains([]string{"red", "ulpfec", "flexfec-03", "cn"}, strings.ToLower(name)), "codec %s", name)
	for child := range e.Children() {
		switch child.Name() {
		case "parameter":
			both := child.Attr("name") + child.Attr("value")
			v.want(child.Attr("name") != "" && child.Attr("value") != "" && !strings.ContainsAny(both, " \t;"), "%s", child)
			boolean := slices.Contains(monalBooleans, strings.ReplaceAll(child.Attr("name"), "-", "_"))
			v.want(!boolean || child.Attr("value") == "0" || child.Attr("value") == "1", "%s", child)
		case "rtcp-fb":
			known := []string{"nack ", "nack pli", "ccm fir", "goog-remb ", "transport-cc "}
			v.want(slices.Contains(known, child.Attr("type")+" "+child.Attr("subtype")), "%s", child)
		}
	}
}

func subsetCandidates(v *verdict, transport element.Element) {
	count := 0
	for c := range all(transport, "candidate") {
		count++
		for name := range c.Attrs() {
			v.want(slices.Contains(movimCandidate, name) && name != "tcptype", "candidate with %s", name)
		}
		for _, name := range []string{"foundation", "generation", "network", "priority"} {
			v.want(number(c.Attr(name), 1<<32-1), "candidate with %s=%q", name, c.Attr(name))
		}
		v.want(number(c.Attr("port"), 65535) && c.Attr("port") != "0" && c.Attr("component") == "1" && c.Attr("protocol") == "udp", "%s", c)
		ip, err := netip.ParseAddr(c.Attr("ip"))
		v.want(err == nil && ip.Zone() == "" && reNCName.MatchString(c.Attr("id")), "%s", c)
		v.want(slices.Contains(candidateTypes, c.Attr("type")), "%s", c)
		v.want(has(c, "rel-addr") == has(c, "rel-port"), "half a related address: %s", c)
	}
	v.want(count == 0 || transport.Attr("ufrag") != "" && transport.Attr("pwd") != "", "candidates without ufrag and pwd: %s", transport)
}

// subsetAnswer: the same contents in the same order, and of each only what was offered.
func subsetAnswer(v *verdict, offer, answer element.Element) {
	v.want(slices.Equal(names(offer), names(answer)), "contents %q in the accept, %q in the initiate", names(answer), names(offer))
	v.want(offer.Child(nsGrouping, "group").Exists() == answer.Child(nsGrouping, "group").Exists(), "a group in one of initiate and accept")
	mine, theirs := sdpOf(answer), sdpOf(offer)
	for i := range min(len(mine.sections), len(theirs.sections)) {
		subsetSection(v, &mine.sections[i], &theirs.sections[i])
	}
}

// subsetSection: Firefox refuses header extensions that it did not offer, by id and URI.
func subsetSection(v *verdict, answer, offer *section) {
	v.want(answer.media == offer.media, "%q is %s in the initiate, %s in the accept", offer.mid, offer.media, answer.media)
	for _, e := range answer.extensions {
		offered := slices.ContainsFunc(offer.extensions, func(o extension) bool {
			id, _, _ := strings.Cut(o.id, "/") // COMPAT Conversations 2.19: the direction, too
			return id == e.id && o.uri == e.uri
		})
		v.want(offered, "header extension %s %s was not offered", e.id, e.uri)
	}
	for _, p := range answer.payloads {
		offered := slices.ContainsFunc(offer.payloads, func(o payload) bool { return o.id == p.id })
		v.want(offered, "payload type %s %s was not offered", p.id, p.name)
	}
}

// subsetMessage is XEP-0353 0.8.0 §3: who is addressed, and what for.
func subsetMessage(v *verdict, m, said element.Element) {
	kind := said.Name()
	if m.Attr("type") == "error" {
		v.want(false, "an error echoes <%s/>", kind)
		return
	}
	v.want(m.Attr("type") == "chat", "<%s/> in a message of type %q", kind, m.Attr("type"))
	v.want(m.Child(nsHints, "store").Exists(), "<%s/> without a store hint", kind)
	v.want(said.Attr("id") != "" && m.Attr("id") != "", "<%s/> without an id", kind)
	switch kind {
	case "propose":
		v.want(!full(m.Attr("to")) && full(m.Attr("from")), "<propose/> from %q to %q", m.Attr("from"), m.Attr("to"))
		kinds := mediaOfProposal(said)
		v.want(len(kinds) > 0 && !slices.ContainsFunc(kinds, func(kind string) bool { return codecs[kind] == nil }), "<propose/> of media %q", kinds)
	case "ringing", "proceed":
		v.want(full(m.Attr("to")) && full(m.Attr("from")), "<%s/> from %q to %q", kind, m.Attr("from"), m.Attr("to"))
	case "reject", "finish", "retract":
		v.want(kind == "retract" || full(m.Attr("to")), "<%s/> to %q", kind, m.Attr("to"))
		v.want(standardReason(said), "<%s/> without a standard reason", kind)
	default:
		v.want(false, "<%s/> is not in XEP-0353", kind)
	}
}
