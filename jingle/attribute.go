package jingle

import "strings"

// attribute reads an a= line, given without its "a=". A bad value of something that a
// call can do without is dropped; want is for what it cannot.
func (s *scanner) attribute(line string) (want string) {
	name, value := cut(line, ':')
	if len(s.d.Contents) > 0 && s.c.Absent && !strings.HasPrefix(name, "ice-") && name != "mid" && name != "fingerprint" && name != "setup" {
		return "" // its transport may be that of the whole bundle
	}
	switch name {
	case "rtpmap":
		s.rtpmap(value)
	case "fmtp":
		return s.fmtp(value)
	case "rtcp-fb":
		s.feedback(value)
	case "extmap":
		return s.extmap(value)
	case "extmap-allow-mixed":
		s.c.AllowMixed = true
	case "ssrc":
		return s.ssrc(value)
	case "ssrc-group":
		return s.ssrcGroup(value)
	case "rtcp-mux", "rtcp", "msid-semantic":
		// Said of every content, or made up again.
	case "msid":
		s.c.Stream, s.c.Track = field(value)
		s.c.Track = trim(s.c.Track)
	case "ptime":
		s.c.Ptime = small(value, 1000)
	case "maxptime":
		s.c.MaxPtime = small(value, 1000)
	default:
		return s.transportAttribute(name, value)
	}
	return ""
}

func (s *scanner) transportAttribute(name, value string) (want string) {
	switch name {
	case "mid":
		if s.c == &s.session || !only(value, tokenChar, 1, maxName) {
			return "want a token in an m-line"
		}
		s.c.Name = value
	case "group":
		s.group(value)
	case "ice-ufrag":
		if s.c.Ufrag = value; !isUfrag(value) {
			return "want an ICE ufrag of 4 to 256 ice-chars"
		}
	case "ice-pwd":
		if s.c.Pwd = value; !isPwd(value) {
			return "want an ICE pwd of 22 to 256 ice-chars"
		}
	case "fingerprint":
		if s.c != &s.session && !s.ownFingerprint {
			s.ownFingerprint, s.c.Hash, s.c.Fingerprint = true, "", ""
		}
		hash, digest := field(value)
		if done := s.c.addFingerprint(hash, trim(digest), ""); done != "" {
			s.note(done, whyFingerprint)
		}
	case "setup":
		if s.c.Setup = setupOf(value); s.c.Setup == "" {
			s.note(Dropped, "want actpass, active or passive (RFC 5763 §5)")
		}
	case "candidate":
		return s.candidate(value)
	case "end-of-candidates":
		s.c.EndOfCandidates = true
		s.note(Dropped, "Jingle has no word for it")
	case "bundle-only":
		s.bundleOnly = true
	case "sendrecv", "sendonly", "recvonly", "inactive":
		d, _ := fromAttribute(name, s.local)
		s.c.Senders = d.String()
	default:
		if s.d.notes != nil {
			s.unread(name)
		}
	}
	return ""
}

// payloadOf finds the payload type that a line is about, in front of its value.
func (s *scanner) payloadOf(value string) (p *Payload, rest string) {
	word, rest := field(value)
	id, ok := number(word, 127)
	if !ok || s.at[id] == 0 || s.c == &s.session {
		return nil, rest
	}
	return &s.payloads[s.begin.payloads+int(s.at[id])-1], rest
}

// rtpmap reads "111 opus/48000/2" (RFC 8866 §6.6).
func (s *scanner) rtpmap(value string) {
	p, rest := s.payloadOf(value)
	if p == nil {
		s.note(Dropped, "its payload type is not in the m-line")
		return
	}
	name, rest := cut(rest, '/')
	clock, channels := cut(rest, '/')
	p.Name, p.Clock, p.Channels = name, small(clock, 1<<31-1), small(trim(channels), 255)
}

// fmtp reads "111 minptime=10;useinbandfec=1". What has no name, as in "111/111" (red)
// and "0-15" (telephone-event), is dropped.
func (s *scanner) fmtp(value string) (want string) {
	p, rest := s.payloadOf(value)
	if p == nil {
		s.note(Dropped, "its payload type is not in the m-line")
		return ""
	}
	if len(p.Params) > 0 {
		return "want one a=fmtp for a payload type"
	}
	mark := len(s.params)
	for rest != "" {
		var pair string
		pair, rest = cut(rest, ';')
		name, parameter, ok := strings.Cut(trim(pair), "=")
		if !ok {
			s.note(Dropped, "a parameter without a name ends the call at Monal, one without a value at Conversations")
			continue
		}
		param := Param{trim(name), trim(parameter)}
		switch {
		case len(s.params)-mark == maxParams:
			return "want at most 64 parameters"
		case len(s.params) == maxAllParams:
			return "want at most 1024 parameters in all"
		case param.Name == "" || param.Value == "":
			s.note(Dropped, "want a name and a value")
		default:
			s.params = append(s.params, param)
		}
	}
	p.Params = since(s.params, mark)
	return ""
}

// feedback reads "96 nack pli" and "* nack pli" (RFC 4585 §4.2).
func (s *scanner) feedback(value string) {
	if rest, all := strings.CutPrefix(value, "* "); all {
		s.c.Feedback |= s.feedbackLine(rest)
		return
	}
	if p, rest := s.payloadOf(value); p != nil {
		p.Feedback |= s.feedbackLine(rest)
	}
}

func (s *scanner) feedbackLine(value string) Feedback {
	kind, sub := field(trim(value))
	f := feedbackOf(kind, sub)
	if f == 0 {
		s.note(Dropped, whyFeedback)
	}
	return f
}

// extmap reads "2/recvonly urn:… attributes" (RFC 8285 §5).
// COMPAT Monal 2024.10: a direction is a parse error; Siskin drops one. None is said.
func (s *scanner) extmap(value string) (want string) {
	id, rest := field(value)
	id, _, directed := strings.Cut(id, "/")
	if directed {
		s.note(Repaired, "the direction of a header extension is left out: Monal ends the call at it, Siskin drops the extension")
	}
	uri, _ := field(rest)
	if len(s.extensions)-s.begin.extensions >= maxExtensions {
		return "want at most 64 header extensions"
	}
	s.extensions = append(s.extensions, Extension{ID: small(id, 1<<16), URI: uri})
	return ""
}

// ssrc reads "1234 cname:x" and "1234 msid:stream track" (RFC 5576 §4.1).
func (s *scanner) ssrc(value string) (want string) {
	word, rest := field(value)
	ssrc, ok := number(word, 1<<32-1)
	if !ok || s.c == &s.session {
		return ""
	}
	var source *Source
	for i := len(s.sources) - 1; i >= s.begin.sources && source == nil; i-- {
		if s.sources[i].SSRC == uint32(ssrc) {
			source = &s.sources[i]
		}
	}
	if source == nil {
		if len(s.sources) == maxSources {
			return "want at most 256 sources"
		}
		s.sources = append(s.sources, Source{SSRC: uint32(ssrc)})
		source = &s.sources[len(s.sources)-1]
	}
	name, parameter := cut(rest, ':')
	switch name {
	case "cname":
		source.CNAME = trim(parameter)
	case "msid":
		source.MSID = trim(parameter)
	default:
		s.note(Dropped, "a source is told by its cname and msid")
	}
	return ""
}

// ssrcGroup reads "FID 1234 5678" (RFC 5576 §4.2).
func (s *scanner) ssrcGroup(value string) (want string) {
	if s.c == &s.session {
		return "want it in an m-line"
	}
	if len(s.groups) == maxSources {
		return "want at most 256 groups of sources"
	}
	semantics, rest := field(value)
	mark := len(s.grouped)
	for rest != "" {
		var word string
		word, rest = field(rest)
		if ssrc, ok := number(word, 1<<32-1); ok && len(s.grouped) < maxGrouped {
			s.grouped = append(s.grouped, uint32(ssrc))
		}
	}
	s.groups = append(s.groups, SourceGroup{Semantics: semantics, Sources: since(s.grouped, mark)})
	return ""
}

// group reads "BUNDLE 0 1" (RFC 9143 §7.1).
func (s *scanner) group(value string) {
	semantics, rest := field(value)
	if semantics != "BUNDLE" || s.c != &s.session || s.d.Bundle != nil {
		s.note(Dropped, "only one BUNDLE group is passed on")
		return
	}
	s.d.Bundle = s.bundle[:0]
	for rest != "" && len(s.d.Bundle) < maxContents {
		var mid string
		if mid, rest = field(rest); mid != "" {
			s.d.Bundle = append(s.d.Bundle, mid)
		}
	}
}

func (s *scanner) candidate(value string) (want string) {
	if s.c == &s.session {
		return "want it in an m-line"
	}
	if len(s.candidates)-s.begin.candidates == maxCandidates {
		return "want at most 100 candidates"
	}
	c, bad := parseCandidate(value)
	switch {
	case bad != "":
		s.note(Dropped, "want "+bad)
	case c.Unfit() != "":
		s.note(Dropped, c.WhyUnfit())
	default:
		if s.candidates == nil {
			s.candidates = make([]Candidate, 0, 8)
		}
		s.candidates = append(s.candidates, c)
	}
	return ""
}
