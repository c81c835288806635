package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jinglebridge/jinglebridge/jingle"
)

// actionFlag is a jingle.Action on the command line.
type actionFlag struct{ jingle.Action }

// actions are all of XEP-0166 §7.2 by what convert makes of them.
var (
	describing = []jingle.Action{ // media: a whole SDP
		jingle.SessionInitiate, jingle.SessionAccept, jingle.ContentAdd, jingle.ContentAccept,
	}
	transporting = []jingle.Action{ // candidates: lines of SDP
		jingle.TransportInfo, jingle.TransportReplace, jingle.TransportAccept,
	}
	changing = []jingle.Action{ // what is said of contents otherwise: written, never read into SDP
		jingle.ContentModify, jingle.ContentReject, jingle.ContentRemove, jingle.DescriptionInfo, jingle.TransportReject,
	}
	telling = []jingle.Action{ // no contents at all
		jingle.SessionInfo, jingle.SessionTerminate, jingle.SecurityInfo,
	}
)

// UnmarshalText reads the action's name.
func (f *actionFlag) UnmarshalText(text []byte) error {
	all := slices.Concat(describing, transporting, changing, telling)
	if f.Action = jingle.Action(text); !slices.Contains(all, f.Action) {
		return wantOneOf(all, text)
	}
	return nil
}

// isAnswering says whether an action answers another: then the initiator's browser hears it,
// or the responder's said it.
func isAnswering(a jingle.Action) bool {
	switch a {
	case jingle.SessionAccept, jingle.ContentAccept, jingle.TransportAccept, jingle.ContentReject, jingle.TransportReject:
		return true
	}
	return false
}

// noContents is the error for a <jingle/> that is fine and has nothing to translate.
func noContents(j *jingle.Jingle) error {
	return fmt.Errorf("no contents to translate: this %s is well-formed and %s", j.Action, meaning(j))
}

// meaning says what an action without media does, in words.
func meaning(j *jingle.Jingle) string {
	switch j.Action {
	case jingle.SessionTerminate:
		return "ends the session, reason " + reasonOf(j)
	case jingle.SessionInfo:
		var names []string
		for _, info := range j.Info {
			names = append(names, info.Name)
		}
		if names == nil {
			return "asks whether the session is still there"
		}
		return "says " + strings.Join(names, ", ")
	case jingle.ContentModify:
		return "changes who sends: " + contentsOf(j, func(c *jingle.Content) string { return c.Senders })
	}
	if j.Description == nil {
		return "names no content"
	}
	return "is about " + contentsOf(j, func(c *jingle.Content) string { return c.Media })
}

func reasonOf(j *jingle.Jingle) string {
	switch r := j.Reason; {
	case r.Condition == "":
		return "not said"
	case r.Text != "":
		return fmt.Sprintf("%.64q (%.200q)", r.Condition, r.Text)
	default:
		return fmt.Sprintf("%.64q", r.Condition)
	}
}

// contentsOf lists the contents by name, each with a word about it.
func contentsOf(j *jingle.Jingle, word func(*jingle.Content) string) string {
	if j.Description == nil {
		return "no content"
	}
	var list []string
	for i := range j.Description.Contents {
		c := &j.Description.Contents[i]
		text := fmt.Sprintf("content %.64q", c.Name)
		if w := word(c); w != "" {
			text += " (" + w + ")"
		}
		list = append(list, text)
	}
	return strings.Join(list, ", ")
}
