// Package jingle is the Jingle dialect of real clients (XEP-0166, 0167, 0176, 0293,
// 0294, 0320, 0338, 0339, 0353) and its translation to and from the SDP of browsers
// (RFC 8866, 8829). It is pure: no I/O, no clock, no goroutine.
//
// A Description holds only what passed its grammar, whichever side it came from, and
// only what every known client can read (docs/interop.md): FromSDP and Parse see to
// that with the same rules, so that both ends agree on what was negotiated. Its strings
// share the memory of the SDP or stanza that they came from.
package jingle

import (
	"errors"
	"fmt"
	"slices"
)

// Namespaces.
const (
	NS        = "urn:xmpp:jingle:1"
	NSErrors  = "urn:xmpp:jingle:errors:1"
	NSRTP     = "urn:xmpp:jingle:apps:rtp:1"
	NSRTPInfo = "urn:xmpp:jingle:apps:rtp:info:1"
	NSMessage = "urn:xmpp:jingle-message:0"

	nsGrouping = "urn:xmpp:jingle:apps:grouping:0"
	nsFeedback = "urn:xmpp:jingle:apps:rtp:rtcp-fb:0"
	nsHdrExt   = "urn:xmpp:jingle:apps:rtp:rtp-hdrext:0"
	nsSource   = "urn:xmpp:jingle:apps:rtp:ssma:0"
	nsMSID     = "urn:xmpp:jingle:apps:rtp:msid:0"
	nsICE      = "urn:xmpp:jingle:transports:ice-udp:1"
	nsDTLS     = "urn:xmpp:jingle:apps:dtls:0"
	nsSCTP     = "urn:xmpp:jingle:transports:dtls-sctp:1"
)

// Action of a <jingle/> (XEP-0166 §7.2).
type Action string

// Actions.
const (
	SessionInitiate  Action = "session-initiate"
	SessionAccept    Action = "session-accept"
	SessionInfo      Action = "session-info"
	SessionTerminate Action = "session-terminate"
	TransportInfo    Action = "transport-info"
	TransportReplace Action = "transport-replace"
	TransportAccept  Action = "transport-accept"
	TransportReject  Action = "transport-reject"
	ContentAdd       Action = "content-add"
	ContentAccept    Action = "content-accept"
	ContentReject    Action = "content-reject"
	ContentModify    Action = "content-modify"
	ContentRemove    Action = "content-remove"
	DescriptionInfo  Action = "description-info"
	SecurityInfo     Action = "security-info"
)

// Jingle is one <jingle/>, either way.
type Jingle struct {
	Action               Action
	SID                  string
	Initiator, Responder string
	Writer               Role // who writes; an accept is the responder's whatever it says
	Reason               Reason
	Info                 []Info       // session-info; none means "are you there?"
	Description          *Description // whatever contents the action carries; nil when none
}

// Role is the side of a session that our browser is on.
type Role int

// Roles.
const (
	Initiator Role = iota
	Responder
)

func (r Role) String() string {
	if r == Responder {
		return "responder"
	}
	return "initiator"
}

// Other is the role of the other side.
func (r Role) Other() Role { return 1 - r }

// Description is what both languages say about the media of a call: the contents of a
// <jingle/>, the m-lines of an SDP.
type Description struct {
	Contents []Content // in the order of the m-lines
	Bundle   []string  // names in the BUNDLE group; nil without a group

	writer    Dialect // whose spelling it had
	initiates bool    // a session: whatever it says of creators, the initiator offers all
	notes     *Notes  // is told what becomes of it
	numbers   numbers // payload types that were said in SDP, kept or not
}

// Content is one m-line, one <content/>.
type Content struct {
	Name    string // content@name
	Mid     string // a=mid, where the other side's word for it would not do; "" when it is Name
	Media   string // "audio", "video"; in SDP also "application"
	Creator string // "initiator", "responder"
	Senders string // "both", "initiator", "responder", "none", by role
	// Absent marks an m-line that has no <content/>: port 0, or media that no client
	// calls with (data channels). It keeps its place for the answer. In what came from
	// XMPP it is a content that no browser could be told of; those come last.
	Absent bool

	// Transport: XEP-0176, XEP-0320.
	Ufrag, Pwd      string
	Hash            string // of the fingerprint: "sha-256"
	Fingerprint     string // upper-case hex pairs with colons
	Setup           string // "actpass", "active", "passive"; "" when not said
	Candidates      []Candidate
	EndOfCandidates bool // no more will come

	// Media: XEP-0167, 0293, 0294, 0339.
	Payloads        []Payload // most wanted first
	Feedback        Feedback  // said of all payload types; already in each of them
	Extensions      []Extension
	AllowMixed      bool // one- and two-byte header extensions may be mixed
	Sources         []Source
	Groups          []SourceGroup
	Stream          string // a=msid, first part
	Track           string // a=msid, second part
	Ptime, MaxPtime int    // milliseconds; 0 when not said

	line  string // of an Absent m-line: what stands after the port
	space string // namespace of a transport that is not ours
	sctp  sctp   // of a data channel, in an Absent content
}

// MID is the name of the content in SDP: a=mid, sdpMid.
func (c *Content) MID() string {
	if c.Mid != "" {
		return c.Mid
	}
	return c.Name
}

// ErrIncompatible is wrapped by errors that mean: both are well-formed, but no call can
// come of them (no common codec, a content refused, an answer that does not answer).
var ErrIncompatible = errors.New("incompatible media")

// ErrTransport is the ErrIncompatible that is the transport's fault.
var ErrTransport = fmt.Errorf("%w: want an ICE-UDP transport (XEP-0176)", ErrIncompatible)

// Media lists the kinds of the contents that are not Absent, each once, in order.
func (d *Description) Media() []string {
	var media []string
	for i := range d.Contents {
		if c := &d.Contents[i]; !c.Absent && c.Media != "" && !slices.Contains(media, c.Media) {
			media = append(media, c.Media)
		}
	}
	return media
}

// Content finds a content by name, or nil.
func (d *Description) Content(name string) *Content {
	if d == nil {
		return nil
	}
	for i := range d.Contents {
		if d.Contents[i].Name == name {
			return &d.Contents[i]
		}
	}
	return nil
}

// Line finds what a browser's candidate belongs to: by sdpMid or, where that is "", by
// sdpMLineIndex; nil when there is no such m-line or it is Absent.
func (d *Description) Line(mid string, index int) *Content {
	for i := range d.Contents {
		if c := &d.Contents[i]; mid != "" && c.MID() == mid || mid == "" && i == index {
			if c.Absent {
				return nil
			}
			return c
		}
	}
	return nil
}
