package jingle

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// FromSDP reads a browser's description. local is our browser's role in the session,
// so that directions become senders. Candidates inside are kept; unfit ones dropped.
// What clients cannot read is left out, so that the call still works. Lines may end
// with CRLF or LF; what a line means that we do not know is not asked. An error names
// the line.
func FromSDP(sdp string, local Role) (*Description, error) {
	return (*Notes)(nil).FromSDP(sdp, local)
}

// FromSDP is the function FromSDP, and takes notes. What is made of the description later
// is noted too.
func (n *Notes) FromSDP(sdp string, local Role) (*Description, error) {
	if len(sdp) > maxSDP {
		return nil, fmt.Errorf("sdp: want at most %d bytes, got %d", maxSDP, len(sdp))
	}
	if !strings.HasPrefix(sdp, "v=0") {
		return nil, errors.New("sdp: want v=0 in front")
	}
	s := &scanner{sdp: sdp, local: local, shelf: newShelf()}
	s.d.notes = n
	s.d.Contents = make([]Content, 0, 3) // audio, video, and data at most times
	s.session.Senders = "both"
	s.c = &s.session
	if err := s.scan(); err != nil {
		return nil, err
	}
	if err := s.finish(); err != nil {
		return nil, fmt.Errorf("sdp: %w", err)
	}
	return &s.d, nil
}

// scanner reads line after line. What stands before the first m-line is a content of
// its own, that all others start from: session-level attributes are said of each.
type scanner struct {
	local Role
	*shelf
	d       Description
	session Content
	c       *Content // where attributes go: session, or the last of d.Contents

	sdp      string
	from, to int // the line being read, in sdp
	line     int // its number

	bundleOnly, disabled bool       // of this m-line
	ownFingerprint       bool       // this m-line has one: the session's does not count
	at                   [128]uint8 // position + 1 of a payload type in this m-line
	begin                marks      // of this m-line
}

func (s *scanner) scan() error {
	for next := 0; next < len(s.sdp); {
		s.from, s.line = next, s.line+1
		if i := strings.IndexByte(s.sdp[next:], '\n'); i >= 0 {
			s.to, next = next+i, next+i+1
		} else {
			s.to, next = len(s.sdp), len(s.sdp)
		}
		if s.to > s.from && s.sdp[s.to-1] == '\r' {
			s.to--
		}
		if want := s.read(s.sdp[s.from:s.to]); want != "" {
			return fmt.Errorf("sdp line %d %s: %s", s.line, quote(shown(s.sdp[s.from:s.to])), want)
		}
	}
	s.endLine()
	return nil
}

func (s *scanner) read(line string) (want string) {
	switch {
	case line == "":
	case len(line) < 2 || line[1] != '=':
		return "want a letter and ="
	case line[0] == 'a':
		return s.attribute(line[2:])
	case line[0] == 'm':
		s.endLine()
		return s.media(line[2:])
	case s.d.notes != nil:
		s.unread(line)
	}
	return ""
}

// shown is a line for people, without its secret.
func shown(line string) string {
	for _, secret := range [...]string{"a=ice-pwd:", "a=crypto:"} {
		if strings.HasPrefix(line, secret) {
			return secret + "…"
		}
	}
	return line
}

// note tells what became of the line being read.
func (s *scanner) note(kind NoteKind, why string) {
	if s.d.notes != nil {
		s.d.notes.add(kind, "line "+strconv.Itoa(s.line), shown(s.sdp[s.from:s.to]), why)
	}
}

// media starts an m-line: "audio 9 UDP/TLS/RTP/SAVPF 111 0" (RFC 8866 §5.14).
func (s *scanner) media(value string) (want string) {
	media, rest := field(value)
	portText, rest := field(rest)
	portText, _, _ = strings.Cut(portText, "/")
	port, ok := number(portText, 65535)
	if !ok {
		return "want a port"
	}
	protocol, formats := field(rest)
	if !isToken(media) || !only(protocol, visibleChar, 1, 64) {
		return "want a media, a port and a protocol"
	}
	if !only(strings.ReplaceAll(formats, " ", ""), visibleChar, 0, maxValue) {
		return "want formats of visible characters"
	}
	if len(s.d.Contents) == maxContents {
		return "want at most 16 m-lines"
	}
	s.d.Contents = append(s.d.Contents, s.session)
	s.c = &s.d.Contents[len(s.d.Contents)-1]
	s.c.Media, s.c.Creator, s.c.line = cmp.Or(mediaWord(media), media), "initiator", rest
	// Without DTLS-SRTP there is nothing that a browser could send.
	secure := strings.HasSuffix(protocol, "RTP/SAVPF") || strings.HasSuffix(protocol, "RTP/SAVP")
	s.c.Absent = media != "audio" && media != "video" || !secure
	s.disabled, s.bundleOnly, s.ownFingerprint = port == 0, false, false
	s.at = [128]uint8{}
	s.begin = s.marks()
	s.extensions = append(s.extensions, s.session.Extensions...)
	if s.c.Absent {
		s.note(Dropped, "clients call with audio and video over DTLS-SRTP only; in the answer it has port 0")
		return ""
	}
	if s.disabled {
		s.note(Dropped, "port 0: it is refused, or lives in another's transport (a=bundle-only)")
	}
	return s.formats(formats)
}

func (s *scanner) formats(formats string) (want string) {
	for count := 1; ; count++ {
		var word string
		if word, formats = field(formats); word == "" {
			return ""
		}
		id, ok := number(word, 127)
		switch {
		case !ok:
			return "want payload types from 0 to 127"
		case count > maxPayloads:
			return "want at most 128 payload types"
		case s.at[id] != 0:
			return "want each payload type once"
		}
		s.at[id] = uint8(count)
		s.d.numbers.add(int(id))
		s.payloads = append(s.payloads, Payload{ID: int(id)})
	}
}

// endLine closes the m-line (or the session part) that attributes went to.
func (s *scanner) endLine() {
	c := s.c
	c.Extensions = since(s.extensions, s.begin.extensions)
	if c == &s.session {
		return
	}
	s.hand(c, s.begin)
	c.Candidates = since(s.candidates, s.begin.candidates)
	c.dropFormer(s.d.notes)
	// RFC 9143 §6: port 0 with bundle-only is an m-line that lives in another's transport.
	c.Absent = c.Absent || s.disabled && !s.bundleOnly
}

// finish names the contents, checks them and leaves in them what peers can read.
func (s *scanner) finish() error {
	d := &s.d
	for i := range d.Contents {
		c := &d.Contents[i]
		if c.Name == "" {
			// No a=mid: the position names it, as browsers do.
			c.Name = [...]string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15"}[i]
			d.notes.content(Synthesised, c, "the content's name", "there is no a=mid")
		}
		if slices.ContainsFunc(d.Contents[:i], func(other Content) bool { return other.Name == c.Name }) {
			return fmt.Errorf("want each a=mid once, got %s again", quote(c.Name))
		}
	}
	d.shareTransport()
	d.fitBundle()
	there := false
	for i := range d.Contents {
		c := &d.Contents[i]
		if d.renameContent(i); c.Absent {
			continue
		}
		there = true
		described := len(c.Payloads) > 0
		d.ownSources(i)
		if c.fit(d.notes); !c.usable() {
			if !described {
				return fmt.Errorf("m-line %s: want a payload type", quote(c.Name))
			}
			return fmt.Errorf("m-line %s: %w: want a codec other than red and fec", quote(c.Name), ErrIncompatible)
		}
		if want := c.essentials(inSDP); want != "" {
			return fmt.Errorf("m-line %s: %s", quote(c.Name), want)
		}
	}
	if !there {
		return fmt.Errorf("%w: want audio or video", ErrIncompatible)
	}
	d.nameStreams()
	return nil
}

// nameStreams gives contents of one media a stream where the browser says none, as of
// m-lines that only receive, and each track a name of its own.
// COMPAT stanza.js 12: two of one media without are a duplicate a=msid.
func (d *Description) nameStreams() {
	for i := range d.Contents {
		c := &d.Contents[i]
		same := func(o Content) bool { return o.Name != c.Name && o.Media == c.Media && !o.Absent }
		if c.Stream == "" && !c.Absent && slices.ContainsFunc(d.Contents, same) {
			c.Stream, c.Track = "-", "track-"+c.Name
			d.notes.content(Synthesised, c, "a stream", "stanza.js takes a second "+c.Media+" for a duplicate without")
		}
		twin := func(o Content) bool { return !o.Absent && o.Stream == c.Stream && o.Track == c.Track }
		for n := 1; c.Stream != "" && !c.Absent && slices.ContainsFunc(d.Contents[:i], twin); n++ {
			d.notes.content(Repaired, c, "the track "+c.Track, "another content has it: browsers refuse a track twice")
			c.Track = "track-" + c.Name + "-" + strconv.Itoa(n)
		}
	}
}

// renameContent gives an m-line whose a=mid no client takes another name, and remembers
// the browser's.
// COMPAT Conversations and all of libwebrtc: at most 16 characters, no white space.
func (d *Description) renameContent(i int) {
	c := &d.Contents[i]
	mid := c.Name
	if isMID(mid) {
		return
	}
	d.nameLine(i)
	c.Name, c.Mid = c.Mid, mid
	d.notes.content(Repaired, c, "a=mid:"+mid, "longer than the 16 characters that Conversations and libwebrtc take; the browser hears it again")
	for b, name := range d.Bundle {
		if name == mid {
			d.Bundle[b] = c.Name
		}
	}
}
