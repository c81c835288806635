package jingle

// direction is the set of roles that send; XEP-0166 §7.3 calls it senders, SDP tells it
// by one of four words from the writer's point of view.
type direction uint8

const (
	fromInitiator direction = 1 << iota
	fromResponder
	fromNobody direction = 0
	fromBoth             = fromInitiator | fromResponder
)

func sentBy(r Role) direction { return fromInitiator << r }

// sendersOf reads content@senders; what is not there or odd means both, the default.
func sendersOf(s string) direction {
	switch s {
	case "initiator":
		return fromInitiator
	case "responder":
		return fromResponder
	case "none":
		return fromNobody
	}
	return fromBoth
}

func (d direction) String() string {
	return [...]string{"none", "initiator", "responder", "both"}[d&fromBoth]
}

// turned exchanges the roles.
func (d direction) turned() direction { return d>>1&1 | d<<1&2 }

// sdp is the attribute as the side that has role me writes it.
func (d direction) sdp(me Role) string {
	switch d {
	case fromBoth:
		return "sendrecv"
	case fromNobody:
		return "inactive"
	case sentBy(me):
		return "sendonly"
	}
	return "recvonly"
}

// fromAttribute reads an SDP direction that the side with role me wrote.
func fromAttribute(s string, me Role) (direction, bool) {
	switch s {
	case "sendrecv":
		return fromBoth, true
	case "inactive":
		return fromNobody, true
	case "sendonly":
		return sentBy(me), true
	case "recvonly":
		return sentBy(me.Other()), true
	}
	return fromBoth, false
}
