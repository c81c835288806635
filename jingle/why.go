package jingle

import (
	"strings"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

// The words that notes have for what is not passed on.

// Reasons that are told in more than one place.
const (
	whyFeedback    = "all clients know nack, nack pli, ccm fir, goog-remb and transport-cc; any other ends the call at Monal"
	whyFingerprint = "one fingerprint is passed on, sha-256 where there is one, in upper-case hex as long as its hash"
	whyNotTwice    = "it is there twice"
	whyOwnName     = "packets would carry a mid that the other side has another name for, and Chromium drops those"
	whyNotInOffer  = "it was not offered"
	whySimulcast   = "simulcast is reduced to its first layer"
	whyTurned      = "turned round: to Movim initiator is who writes"
)

// unfitness explains what Candidate.Unfit says.
var unfitness = map[string]string{
	"tcp":         "clients read UDP only, and Dino would take it for that",
	"component":   "RTCP goes over the same port (rtcp-mux)",
	"type":        "want host, srflx, prflx or relay: Dino 0.4 crashes at any other",
	"port":        "want a port other than 0",
	"mdns":        "nobody outside the local network can resolve a .local name",
	"hostname":    "want a numeric address",
	"loopback":    "it means the reader's own machine",
	"unspecified": "it is no address to send to",
	"multicast":   "it is no address of one machine",
	"link-local":  "it means nothing beyond its own network",
}

// unread explains SDP that has no word in Jingle, by attribute.
var unread = map[string]string{
	"rtcp-rsize": "Jingle has no word for it; full RTCP packets are sent",
	"rtcp-xr":    "Jingle has no word for it; statistics only",
	"rid":        whySimulcast,
	"simulcast":  whySimulcast,
	"crypto":     "media is encrypted by DTLS-SRTP only",
	"identity":   "no client checks identities of WebRTC",
	"ice-lite":   "Jingle has no word for it",
	"imageattr":  "Jingle has no word for it",
}

// unread notes an attribute, or a line that is none, that nobody asks for.
func (s *scanner) unread(what string) {
	why, known := unread[what]
	switch {
	case known:
	case what == "ice-options":
		if s.sdp[s.from:s.to] == "a=ice-options:trickle" {
			return // said again of every content
		}
		why = "trickle is meant always; of others no client knows"
	case strings.HasPrefix(what, "b="):
		why = "a bandwidth ends the call at Monal; congestion control finds it"
	case len(what) > 1 && what[1] == '=' && strings.IndexByte("vostc", what[0]) >= 0:
		return // made up again
	default:
		why = "no client reads it"
	}
	s.note(Dropped, why)
}

// unknown notes an element that is not asked for.
func (n *Notes) unknown(c *Content, e element.Element) {
	if n == nil {
		return
	}
	why := "no browser would understand it"
	switch e.Name() {
	case "encryption":
		why = "media is encrypted by DTLS-SRTP only"
	case "bandwidth":
		why = "congestion control finds the bandwidth"
	case "rtcp-reduced-size":
		why = "full RTCP packets are understood by all"
	case "trickle":
		return // meant always
	case "renomination":
		why = "browsers nominate once"
	}
	n.content(Dropped, c, "<"+e.Name()+" xmlns='"+e.Space()+"'/>", why)
}
