package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jinglebridge/jinglebridge/jingle"
	"github.com/jinglebridge/jinglebridge/web"
)

// fromSDP makes Jingle of a browser's description.
func (t *translation) fromSDP(in *pasted) (string, error) {
	answer, why := t.isAnswer(in)
	role, action := jingle.Initiator, jingle.SessionInitiate
	if answer {
		role = jingle.Responder
	}
	role = t.role(role, why)
	if answer || role == jingle.Responder {
		action = jingle.SessionAccept
	}
	if t.Action != nil {
		action = t.Action.Action
	}
	if slices.Contains(telling, action) {
		return "", fmt.Errorf("--action: %s has no contents to translate SDP to", action)
	}
	d, err := t.notes.FromSDP(in.sdp, role)
	if err != nil {
		return "", err
	}
	offer, err := t.described(1 - role)
	if err != nil {
		return "", err
	}
	switch {
	case offer != nil:
		if err := d.Answers(offer); err != nil {
			return "", err
		}
	case action == jingle.SessionAccept || action == jingle.ContentAccept:
		t.tell("the answer is not fitted to an offer: none was given with --offer")
	}
	return t.write(action, d), nil
}

// isAnswer tells an answer from an offer, and by what.
func (t *translation) isAnswer(in *pasted) (answer bool, why string) {
	switch {
	case t.Action != nil && slices.Contains(describing, t.Action.Action):
		answer = isAnswering(t.Action.Action)
		return answer, "that is who writes a " + string(t.Action.Action)
	case t.offer != nil:
		return true, "it answers --offer"
	case in.kind == "offer":
		return false, `the type is "offer"`
	case in.kind == "answer" || in.kind == "pranswer":
		return true, fmt.Sprintf("the type is %q", in.kind)
	}
	for _, setup := range []string{"active", "passive"} {
		if strings.Contains(in.sdp, "\na=setup:"+setup) {
			return true, "a=setup:" + setup + " is an answer's"
		}
	}
	return false, "without a=setup:active or passive it is an offer"
}

// fromCandidates makes a transport-info of candidates.
func (t *translation) fromCandidates(in *pasted) (string, error) {
	if t.Action != nil && t.Action.Action != jingle.TransportInfo {
		return "", fmt.Errorf("--action: candidates go into a %s, not a %s", jingle.TransportInfo, t.Action.Action)
	}
	about, err := t.described(t.role(jingle.Initiator, "nothing tells otherwise, and candidates are the same for both"))
	if err != nil {
		return "", err
	}
	d := &jingle.Description{}
	var unfit error
	for _, said := range in.candidates {
		c, content, err := t.candidate(said, about)
		switch {
		case err != nil:
			return "", err
		case content == nil:
			continue
		}
		if why := c.Unfit(); why != "" {
			unfit = fmt.Errorf("candidate %.80q: not passed on: %s", said.Candidate, why)
			t.notes.All = append(t.notes.All, jingle.Note{Kind: jingle.Dropped, What: said.Candidate, Why: why})
			continue
		}
		add(d, content, c)
	}
	switch {
	case len(d.Contents) > 0:
		return t.write(jingle.TransportInfo, d), nil
	case unfit != nil:
		return "", unfit
	}
	return "", errors.New("no contents to translate: an empty candidate is the last one, which is not told to apps")
}

// candidate reads one, and finds its content; that is nil for the end of candidates.
func (t *translation) candidate(said web.ICECandidate, about *jingle.Description) (c jingle.Candidate, content *jingle.Content, err error) {
	if said.Candidate == "" {
		return c, nil, nil
	}
	if c, err = jingle.ParseCandidate(said.Candidate); err != nil {
		return c, nil, err
	}
	if about != nil {
		if content = about.Line(said.SDPMid, said.SDPMLineIndex); content == nil {
			return c, nil, fmt.Errorf("candidate %.80q: --offer has no m-line %s", said.Candidate, lineName(said))
		}
		return c, content, nil
	}
	name := said.SDPMid
	if name == "" {
		name = strconv.Itoa(max(said.SDPMLineIndex, 0))
		t.notes.All = append(t.notes.All, jingle.Note{Kind: jingle.Synthesised, What: "content " + name, Why: "the candidate names no m-line by sdpMid"})
	}
	ufrag := c.Ufrag
	if ufrag == "" {
		ufrag = said.UsernameFragment
	}
	return c, &jingle.Content{Name: name, Creator: "initiator", Ufrag: ufrag}, nil
}

func lineName(said web.ICECandidate) string {
	if said.SDPMid != "" {
		return fmt.Sprintf("%.64q", said.SDPMid)
	}
	return strconv.Itoa(said.SDPMLineIndex)
}

// add puts a candidate into the content that it belongs to.
func add(d *jingle.Description, content *jingle.Content, c jingle.Candidate) {
	to := d.Content(content.Name)
	if to == nil {
		d.Contents = append(d.Contents, jingle.Content{
			Name: content.Name, Media: content.Media, Creator: content.Creator, Senders: content.Senders,
			Ufrag: content.Ufrag, Pwd: content.Pwd,
		})
		to = &d.Contents[len(d.Contents)-1]
	}
	to.Candidates = append(to.Candidates, c)
}
