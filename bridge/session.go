package bridge

import (
	"errors"
	"slices"
	"strings"

	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/jingle"
)

// What the Jingle requests of a peer do to its end of a call, one function per action.

func (x *xmppEnd) sessionInitiate(s *component.Stanza, j *jingle.Jingle) {
	x.self = strings.Clone(s.To)
	x.stage = initiated
	x.remote = j.Description
	x.c.media = j.Description.Media() // not always what was proposed
	x.meet(x.peer)
	if err := x.c.fromOffer(x, &description{jingle: j.Description}); err != nil && x.c.state != ended {
		x.c.fail(err)
	}
}

func (x *xmppEnd) sessionAccept(j *jingle.Jingle) {
	x.stage = accepted
	x.watch()
	x.remote = j.Description
	if x.remote == nil {
		x.c.drop(x, Failed(Incompatible, errors.New("session-accept without contents")))
		return
	}
	for i := range x.remote.Contents {
		content := &x.remote.Contents[i]
		if senders := x.senders[content.Name]; senders != "" && content.Senders == "both" {
			content.Senders = senders
		}
	}
	if err := x.c.fromAnswer(x, &description{jingle: x.remote}); err != nil {
		x.c.drop(x, err)
	}
}

// contentModify before the accept is how Dino says that it will not send video; in a
// running call it changes nothing that the page has to know.
func (x *xmppEnd) contentModify(j *jingle.Jingle) {
	if x.stage != initiated || j.Description == nil {
		return
	}
	if x.senders == nil {
		x.senders = map[string]string{}
	}
	for i := range j.Description.Contents {
		content := &j.Description.Contents[i]
		if ours := x.local.Content(content.Name); ours != nil {
			x.senders[ours.Name] = content.Senders
		}
	}
}

// transportInfo takes candidates. New credentials would be an ICE restart, which is
// refused as if ours came first: that is the one refusal no client ends the call for.
func (x *xmppEnd) transportInfo(s *component.Stanza, j *jingle.Jingle) {
	if j.Description == nil {
		x.b.result(s)
		return
	}
	if x.restarts(j.Description) {
		x.b.refuseIQ(s, faults[Glare].iq)
		return
	}
	x.b.result(s)
	var cs []candidate
	for i := range j.Description.Contents {
		content := &j.Description.Contents[i]
		for _, ice := range content.Candidates {
			if why := ice.Unfit(); why != "" {
				x.b.metrics.candidates.WithLabelValues(why).Inc()
				continue
			}
			if ice.Ufrag == "" {
				ice.Ufrag = content.Ufrag
			}
			cs = append(cs, candidate{ice: ice, content: content.Name})
		}
		if content.EndOfCandidates { // COMPAT stanza.js 12: an element of its own for it
			cs = append(cs, candidate{ice: jingle.Candidate{Ufrag: content.Ufrag}, content: content.Name, last: true})
		}
	}
	x.c.fromCandidates(x, cs)
}

func (x *xmppEnd) restarts(d *jingle.Description) bool {
	if x.remote == nil {
		return false
	}
	for i := range d.Contents {
		content := &d.Contents[i]
		known := x.remote.Content(content.Name)
		if known != nil && content.Ufrag != "" && known.Ufrag != "" && content.Ufrag != known.Ufrag {
			return true
		}
	}
	return false
}

// sessionInfo passes on what the page can show. What we do not know is refused, not
// ignored (XEP-0166 §6.8); an empty one is a ping.
func (x *xmppEnd) sessionInfo(s *component.Stanza, j *jingle.Jingle) {
	for _, i := range j.Info {
		if i.Space != jingle.NSRTPInfo || !slices.Contains(knownInfos, i.Name) {
			x.b.refuseIQ(s, faults[Incompatible].iq)
			return
		}
	}
	x.b.result(s)
	for _, i := range j.Info {
		if i.Name == "ringing" {
			x.c.ring(x)
			continue
		}
		if raw := x.infoOf(i); raw != nil {
			x.c.fromInfo(x, raw)
		}
	}
}

func (x *xmppEnd) sessionTerminate(j *jingle.Jingle) {
	if x.jmi {
		_ = x.say(x.peer, jingle.Message{Kind: "finish", Reason: jingle.Reason{Condition: orSuccess(j.Reason.Condition)}})
	}
	x.c.leave(x, faultOfCondition(j.Reason.Condition), j.Reason.Text)
}

func orSuccess(condition string) string {
	if faultOfCondition(condition) == None {
		return "success"
	}
	return condition
}

// refuseContent: a call is not changed while it runs, and goes on as it is.
func (x *xmppEnd) refuseContent(j *jingle.Jingle) {
	if j.Description != nil {
		_ = x.tell(&jingle.Jingle{Action: jingle.ContentReject, Description: j.Description, Reason: jingle.Reason{Condition: "unsupported-applications"}}, nil)
	}
}
