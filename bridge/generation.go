package bridge

import (
	"slices"
	"strings"

	"github.com/jinglebridge/jinglebridge/web"
)

// outdate forgets the candidates that an end has waiting and that are of another description than
// this one: of an offer that crossed another and was rolled back. A page cannot tell them apart
// and fails at them (RFC 8839 §5.4: a candidate belongs to a username fragment).
func (c *call) outdate(from end, d *description) {
	if d.raw == nil || len(c.early[from]) == 0 {
		return
	}
	_, sdp, ok := web.SDP(d.raw)
	if !ok || !strings.Contains(sdp, "a=ice-ufrag:") {
		return
	}
	c.early[from] = slices.DeleteFunc(c.early[from], func(one candidate) bool {
		ufrag := ufragOf(one)
		return ufrag != "" && !strings.Contains(sdp, "a=ice-ufrag:"+ufrag+"\r") && !strings.Contains(sdp, "a=ice-ufrag:"+ufrag+"\n")
	})
}

// ufragOf is the generation that a browser says its candidate is of; "" when it does not. Browsers
// say it in the line, too, which is all that some pages pass on.
func ufragOf(c candidate) string {
	said, err := web.ParseICECandidate(c.raw)
	if err != nil {
		return ""
	}
	if said.UsernameFragment != "" {
		return said.UsernameFragment
	}
	_, after, _ := strings.Cut(said.Candidate, " ufrag ")
	ufrag, _, _ := strings.Cut(after, " ")
	return ufrag
}
