package jingle

import (
	"fmt"
	"slices"
	"strings"
)

// facts is a description taken apart: what each m-line says, one thing at a time, so that
// neither the order of lines and parameters counts nor where a thing was said that counts for all.
// A number of a payload type carries its codec, "111<opus>".
type facts struct {
	mids []string                       // in the order of the m-lines
	of   map[string]map[string]struct{} // by mid; "" is the session
}

// perSession are attributes that may be said once for all m-lines.
var perSession = []string{
	"fingerprint", "setup", "ice-ufrag", "ice-pwd", "ice-options", "extmap-allow-mixed", "sendrecv", "sendonly", "recvonly", "inactive",
}

func factsOf(sdp string) facts {
	f := facts{of: map[string]map[string]struct{}{"": {}}}
	sdp = strings.ReplaceAll(strings.TrimSpace(sdp), "\r\n", "\n")
	parts := strings.Split(sdp, "\nm=")
	var shared, bundled []string
	for line := range strings.SplitSeq(parts[0], "\n") {
		name, value, _ := strings.Cut(strings.TrimPrefix(line, "a="), ":")
		switch {
		case slices.Contains(perSession, name):
			shared = append(shared, line)
		case name == "group":
			bundled = strings.Fields(value)[1:]
		case name == "msid-semantic":
			f.add("", "a=msid-semantic: "+strings.TrimSpace(value))
		default:
			f.add("", line)
		}
	}
	for i, part := range parts[1:] {
		m := mline{lines: strings.Split("m="+part, "\n")}
		m.read()
		if m.mid == "" {
			m.mid = fmt.Sprint(i)
		}
		f.mids = append(f.mids, m.mid)
		if slices.Contains(bundled, m.mid) {
			f.add(m.mid, "a=group:BUNDLE")
		}
		for _, line := range append(m.lines, m.without(shared)...) {
			for _, fact := range m.facts(line) {
				f.add(m.mid, fact)
			}
		}
	}
	return f
}

func (f *facts) add(mid, fact string) {
	if f.of[mid] == nil {
		f.of[mid] = map[string]struct{}{}
	}
	f.of[mid][fact] = struct{}{}
}

// live says whether there is an m-line that was not refused.
func (f *facts) live(mid string) bool {
	for fact := range f.of[mid] {
		if strings.HasPrefix(fact, "m=") {
			return !strings.HasSuffix(fact, " 0")
		}
	}
	return false
}

// without lists what is in f and not in g. Where an m-line or content is not in g, or refused
// there, it stands for all of it; so does an element for what is in it.
func (f *facts) without(g facts) (missing []string) {
	for mid, said := range f.of {
		whole := mid != "" && (g.of[mid] == nil || f.live(mid) != g.live(mid))
		for fact := range said {
			_, found := g.of[mid][fact]
			if !found && (!whole || strings.HasPrefix(fact, "m=") || strings.HasPrefix(fact, "content ")) {
				missing = append(missing, fact)
			}
		}
	}
	slices.Sort(missing)
	missing = slices.Compact(missing)
	return slices.DeleteFunc(slices.Clone(missing), func(fact string) bool {
		return slices.ContainsFunc(missing, func(whole string) bool { return strings.HasPrefix(fact, whole+" ") })
	})
}

// mline is one m-line and what belongs to it.
type mline struct {
	lines  []string
	mid    string
	codecs map[string]string // by payload type
	order  []string          // of codecs that are no retransmissions, "111<opus>"
}

func (m *mline) read() {
	m.codecs = map[string]string{}
	apt := map[string]string{}
	for _, line := range m.lines {
		name, value, _ := strings.Cut(line, ":")
		number, rest, _ := strings.Cut(value, " ")
		switch name {
		case "a=mid":
			m.mid = value
		case "a=rtpmap":
			m.codecs[number], _, _ = strings.Cut(rest, "/")
		case "a=fmtp":
			if media, ok := strings.CutPrefix(rest, "apt="); ok {
				apt[number] = media
			}
		}
	}
	for number, media := range apt {
		m.codecs[number] = "rtx of " + m.codecs[media]
	}
	for _, number := range strings.Fields(m.lines[0])[3:] {
		if codec := m.codecs[number]; !strings.HasPrefix(codec, "rtx") {
			m.order = append(m.order, number+"<"+codec+">")
		}
	}
}

// without are the session's lines that this m-line does not say otherwise.
func (m *mline) without(shared []string) (kept []string) {
	kind := func(line string) string {
		name, _, _ := strings.Cut(line, ":")
		if slices.Index(perSession, strings.TrimPrefix(name, "a=")) >= 6 {
			return "a direction"
		}
		return name
	}
	for _, line := range shared {
		if !slices.ContainsFunc(m.lines, func(own string) bool { return kind(own) == kind(line) }) {
			kept = append(kept, line)
		}
	}
	return kept
}

// facts takes one line apart.
func (m *mline) facts(line string) []string {
	name, value, _ := strings.Cut(line, ":")
	first, rest, _ := strings.Cut(value, " ")
	switch name {
	case "a=rtpmap", "a=rtcp-fb":
		rest = strings.TrimSuffix(rest, "/1") // one channel is the default
		return []string{name + ":" + m.payload(first) + " " + rest}
	case "a=fmtp":
		return each(name+":"+m.payload(first)+" ", strings.Split(rest, ";"))
	case "a=ice-options":
		return each(name+":", strings.Fields(value))
	case "a=extmap":
		id, direction, said := strings.Cut(first, "/")
		if said {
			return []string{name + ":" + id + " " + rest, name + ":" + id + "/" + direction}
		}
	case "a=candidate":
		words := strings.Fields(value)
		core := "a=candidate:" + strings.ToLower(strings.Join(words[:8], " "))
		all := []string{core}
		for pair := range slices.Chunk(words[8:], 2) {
			all = append(all, core+" "+strings.Join(pair, " "))
		}
		return all
	}
	if words := strings.Fields(line); strings.HasPrefix(line, "m=") {
		// RFC 9143 §6: port 0 with bundle-only is an m-line that lives in another's transport.
		if words[1] == "0" && !slices.Contains(m.lines, "a=bundle-only") {
			return []string{words[0] + " 0"}
		}
		return []string{words[0] + " " + words[2]}
	}
	return []string{line}
}

func each(prefix string, parts []string) (facts []string) {
	for _, part := range parts {
		facts = append(facts, prefix+strings.TrimSpace(part))
	}
	return facts
}

func (m *mline) payload(number string) string {
	if codec := m.codecs[number]; codec != "" {
		return number + "<" + codec + ">"
	}
	return number
}
