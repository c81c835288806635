package bridge

import (
	"encoding/json"
	"sort"

	"github.com/jinglebridge/jinglebridge/jingle"
)

// Mute and hold, which a page says as {"hold":true,"mute":{"0":true}} and a client as
// session-info (XEP-0167 §8).

var knownInfos = []string{"active", "hold", "unhold", "mute", "unmute", "ringing"}

type info struct {
	Hold *bool           `json:"hold,omitempty"`
	Mute map[string]bool `json:"mute,omitempty"`
}

// infosOf translates a page's info; it names m-lines by their a=mid.
func (x *xmppEnd) infosOf(raw json.RawMessage) []jingle.Info {
	var said info
	if json.Unmarshal(raw, &said) != nil || x.local == nil {
		return nil
	}
	var out []jingle.Info
	if said.Hold != nil {
		out = append(out, jingle.Info{Space: jingle.NSRTPInfo, Name: onOff(*said.Hold, "hold", "unhold")})
	}
	names := make([]string, 0, len(said.Mute))
	for name := range said.Mute {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		if content := x.local.Line(name, -1); content != nil {
			out = append(out, jingle.Info{Space: jingle.NSRTPInfo, Name: onOff(said.Mute[name], "mute", "unmute"), Content: content.Name})
		}
	}
	return out
}

// infoOf translates a client's; without a name it means all contents.
func (x *xmppEnd) infoOf(i jingle.Info) json.RawMessage {
	var say info
	switch i.Name {
	case "hold", "unhold", "active":
		on := i.Name == "hold"
		say.Hold = &on
	case "mute", "unmute":
		say.Mute = map[string]bool{}
		for n := 0; x.local != nil && n < len(x.local.Contents); n++ {
			if content := &x.local.Contents[n]; !content.Absent && (i.Content == "" || i.Content == content.Name) {
				say.Mute[content.MID()] = i.Name == "mute"
			}
		}
	}
	raw, err := json.Marshal(say)
	if err != nil || string(raw) == "{}" {
		return nil
	}
	return raw
}

func onOff(on bool, yes, no string) string {
	if on {
		return yes
	}
	return no
}
