package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jinglebridge/jinglebridge/jingle"
)

// fromCandidates makes a transport-info of a browser's candidates.
func (t *translation) fromCandidates(all []candidate) (string, error) {
	if t.Action != nil && t.Action.Action != jingle.TransportInfo {
		return "", fmt.Errorf("--action: candidates go into a transport-info, not a %s", t.Action.Action)
	}
	t.tell("read: candidates")
	role, _ := t.role(jingle.Initiator, "") // which matters to directions only
	about, err := t.offered(role)
	if err != nil {
		return "", err
	}
	d := &jingle.Description{}
	refused := errors.New("no contents to translate: an empty candidate is the end of them, which apps are not told")
	for _, said := range all {
		if said.Candidate == "" {
			continue
		}
		c, err := jingle.ParseCandidate(said.Candidate)
		if err != nil {
			return "", err
		}
		content, err := t.contentOf(said, c, about)
		if err != nil {
			return "", err
		}
		if why := c.WhyUnfit(); why != "" {
			t.note(jingle.Dropped, said.Candidate, why)
			refused = fmt.Errorf("candidate %.80q is not passed on: %s", said.Candidate, why)
			continue
		}
		add(d, content, c)
	}
	if len(d.Contents) == 0 {
		return "", refused
	}
	return t.write(jingle.TransportInfo, role, d), nil
}

// contentOf is the content that a candidate belongs to, as far as it is known.
func (t *translation) contentOf(said candidate, c jingle.Candidate, about *jingle.Description) (*jingle.Content, error) {
	if about != nil {
		known := about.Line(said.SDPMid, said.SDPMLineIndex)
		if known == nil {
			return nil, fmt.Errorf("candidate %.80q: --offer has no such m-line", said.Candidate)
		}
		return &jingle.Content{Name: known.Name, Creator: known.Creator, Ufrag: known.Ufrag, Pwd: known.Pwd}, nil
	}
	content := &jingle.Content{Name: said.SDPMid, Ufrag: c.Ufrag, Pwd: said.pwd}
	if content.Ufrag == "" {
		content.Ufrag = said.UsernameFragment
	}
	if content.Name == "" {
		content.Name = strconv.Itoa(max(said.SDPMLineIndex, 0))
		t.note(jingle.Synthesised, "content "+content.Name, "no sdpMid or a=mid says where the candidate belongs")
	}
	return content, nil
}

// add puts a candidate into its content.
func add(d *jingle.Description, content *jingle.Content, c jingle.Candidate) {
	to := d.Content(content.Name)
	if to == nil {
		d.Contents = append(d.Contents, *content)
		to = &d.Contents[len(d.Contents)-1]
	}
	to.Candidates = append(to.Candidates, c)
}

// toCandidates writes the candidates of a <jingle/> as lines of SDP, by m-line (RFC 8840 §4).
func (t *translation) toCandidates(j *jingle.Jingle) (string, error) {
	role, _ := t.role(jingle.Initiator, "")
	about, err := t.offered(role)
	if err != nil {
		return "", err
	}
	t.tell("read: %s", j.Action)
	t.tell("written: candidates")
	var b strings.Builder
	for i := range j.Description.Contents {
		c := &j.Description.Contents[i]
		mid := c.MID()
		if known := about.Content(c.Name); known != nil {
			mid = known.MID()
		}
		if lines := transportLines(c); lines != "" {
			b.WriteString("a=mid:" + mid + "\r\n" + lines)
		}
	}
	if b.Len() == 0 {
		return "", noContents(j)
	}
	return b.String(), nil
}

// transportLines is what a content says of its transport.
func transportLines(c *jingle.Content) string {
	var b strings.Builder
	if c.Ufrag != "" {
		b.WriteString("a=ice-ufrag:" + c.Ufrag + "\r\n")
	}
	if c.Pwd != "" {
		b.WriteString("a=ice-pwd:" + c.Pwd + "\r\n")
	}
	for _, candidate := range c.Candidates {
		b.WriteString("a=" + candidate.String() + "\r\n")
	}
	if c.EndOfCandidates {
		b.WriteString("a=end-of-candidates\r\n")
	}
	return b.String()
}
