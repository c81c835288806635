package jingle

import "github.com/jinglebridge/jinglebridge/internal/element"

// Reason why a session or a proposal ended (XEP-0166 §7.4).
type Reason struct {
	Condition string // "success", "decline", …; as written by the peer, known or not
	Text      string
	TieBreak  bool   // XEP-0353 §4.1
	Migrated  string // XEP-0353 §4.2: the id of the call that goes on
}

// conditions are the reasons of XEP-0166 §7.4.
var conditions = map[string]bool{
	"alternative-session": true, "busy": true, "cancel": true, "connectivity-error": true, "decline": true, "expired": true,
	"failed-application": true, "failed-transport": true, "general-error": true, "gone": true, "incompatible-parameters": true,
	"media-error": true, "security-error": true, "success": true, "timeout": true, "unsupported-applications": true,
	"unsupported-transports": true,
}

// parseReason reads a <reason/>; one without a condition is tolerated.
func parseReason(e element.Element) (r Reason) {
	for child := range e.Children() {
		switch {
		case child.Name() == "tie-break":
			r.TieBreak = true
		case child.Space() != NS:
		case child.Name() == "text":
			r.Text = clip(child.TrimmedText(), maxValue)
		case r.Condition == "":
			r.Condition = clip(repairCondition(child.Name()), 64)
		}
	}
	return r
}

// append writes the <reason/>, always with one known condition.
// COMPAT Conversations: a session-terminate without one, or with an unknown one, makes
// it fail inside and leaves the call on the screen.
func (r Reason) append(w *element.Writer) {
	condition := r.Condition
	if !conditions[condition] {
		condition = "general-error"
	}
	w.Start(NS, "reason")
	w.Start(NS, condition)
	w.End()
	if r.Text != "" {
		w.Leaf(NS, "text", r.Text)
	}
	w.End()
}

// clip shortens foreign text, not inside a character.
func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && s[most]&0xC0 == 0x80 {
		most--
	}
	return s[:most]
}

// Info is one payload of a session-info (XEP-0167 §8): "ringing", "mute", "hold", …
type Info struct {
	Space, Name string // NSRTPInfo, "mute"
	Content     string // @name, may be ""
}

// append writes what XEP-0167 §8 names; anything else cannot be ours.
func (i Info) append(w *element.Writer) {
	if i.Space != NSRTPInfo {
		return
	}
	switch i.Name {
	case "active", "hold", "mute", "ringing", "unhold", "unmute":
		w.Start(NSRTPInfo, i.Name)
		if i.Content != "" {
			w.Attr("creator", "initiator")
			w.Attr("name", i.Content)
		}
		w.End()
	}
}
