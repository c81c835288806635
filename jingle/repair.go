package jingle

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

// What named clients write wrong, put right on the way in.

// repairPayloads reads the spellings of one writer; it says whether it met that writer.
func (c *Content) repairPayloads(n *Notes) (monal bool) {
	for i := range c.Payloads {
		monal = c.Payloads[i].repairParams(c, n) || monal
	}
	if monal {
		c.repairOrder(n)
	}
	return monal
}

// repairParams reads the parameters of one payload type.
//
// COMPAT Monal 2024.10: parameter names have "_" for "-", profile_level_id is a decimal
// number and stands on every codec, truth is "true", and what has no name in SDP is
// called encodings (red) or dtmp_tones (telephone-event).
func (p *Payload) repairParams(c *Content, n *Notes) (monal bool) {
	if !slices.ContainsFunc(p.Params, Param.odd) {
		return false
	}
	kept := p.Params[:0]
	for _, said := range p.Params {
		param := said
		switch param.Name {
		case "encodings", "dtmp_tones", "dtmf_tones":
			monal = true
			n.param(Dropped, c, p, said, "Monal's word for what has no name in SDP")
			continue
		case "profile_level_id":
			monal = true
			level, ok := number(param.Value, 1<<24-1)
			if !ok || !strings.EqualFold(p.Name, "H264") {
				n.param(Dropped, c, p, said, "Monal says it of every codec; it means something to H264 only")
				continue
			}
			param.Value = strconv.FormatUint(level|1<<24, 16)[1:]
		}
		if strings.IndexByte(param.Name, '_') >= 0 {
			monal = true
			param.Name = strings.ReplaceAll(param.Name, "_", "-")
		}
		if isBoolean(param.Name) {
			param.Value = boolean(param.Value)
		}
		if slices.Contains(kept, param) {
			continue // Monal says some of them twice
		}
		if param != said {
			n.param(Repaired, c, p, said, "SDP has "+param.Name+"="+param.Value)
		}
		kept = append(kept, param)
	}
	p.Params = kept
	return monal
}

// odd says whether a parameter may be of that spelling.
func (p Param) odd() bool {
	return strings.IndexByte(p.Name, '_') >= 0 || p.Name == "encodings" || p.Value == "true" || p.Value == "false"
}

func boolean(s string) string {
	switch s {
	case "true":
		return "1"
	case "false":
		return "0"
	}
	return s
}

// forMonal spells a parameter as Monal does.
//
// COMPAT Monal 2024.10: reads its own spelling only. Of the usual one, several parameters
// become one, parted by commas, and no H264 can be agreed on.
func (p *Payload) forMonal(param Param) Param {
	switch param.Name {
	case "profile-level-id":
		level, err := strconv.ParseUint(param.Value, 16, 24)
		if err != nil {
			return param
		}
		param.Value = strconv.FormatUint(level, 10)
	case "level-asymmetry-allowed", "packetization-mode", "max-fs", "max-fr", "max-br", "max-mbps", "max-cpb", "max-dpb":
	default:
		return param
	}
	param.Name = strings.ReplaceAll(param.Name, "-", "_")
	return param
}

// repairOrder undoes a random order: what carries media first, the same order each time.
//
// COMPAT Monal 2024.10: payload types come in the order of a hash map, another each time.
func (c *Content) repairOrder(n *Notes) {
	rank := func(p Payload) int {
		switch {
		case common(p.Name):
			return 0
		case auxiliary(p.Name):
			return 2
		}
		return 1
	}
	// Browsers number from 96 on, and from 35 when those are used up: second-best profiles.
	number := func(p Payload) int { return (p.ID - 96 + 128) % 128 }
	slices.SortStableFunc(c.Payloads, func(a, b Payload) int {
		return cmp.Or(rank(a)-rank(b), number(a)-number(b))
	})
	n.content(Repaired, c, "the order of payload types", "Monal has another each time; opus and VP8 go first, helpers last")
}

// repairSources lists a retransmission's source that only its group names, as long as
// there is room for more.
//
// COMPAT stanza.js 12: an accept lists the first source of a FID group only. Without the
// other the group would mean nothing, and retransmissions would belong to nobody.
func (c *Content) repairSources(room int, n *Notes) (added int) {
	for _, g := range c.Groups {
		if g.Semantics != "FID" || len(g.Sources) != 2 || c.source(g.Sources[1]) != nil {
			continue
		}
		if media := c.source(g.Sources[0]); media != nil && added < room {
			added++
			n.source(Repaired, c, g.Sources[1], "", "its group names it, and nothing else; it is listed like what it retransmits")
			c.Sources = append(c.Sources, Source{SSRC: g.Sources[1], CNAME: media.CNAME, MSID: media.MSID})
		}
	}
	return added
}

// repair reads a candidate's attributes that only some client writes.
func (c *Candidate) repair(name, value string) {
	switch name {
	case "rel_port": // COMPAT Monal 2024.10: underscore
		c.RelPort = small(value, 65535)
	case "network-id": // COMPAT Movim 0.34: for network
		c.Network = small(value, 1<<31-1)
	case "ufrag": // COMPAT Movim 0.34: as in the browser's line
		if isUfrag(value) {
			c.Ufrag = value
		}
	}
}

// extensionID reads the number of a header extension.
//
// COMPAT Conversations 2.19: keeps Firefox's direction in it, "2/recvonly".
func extensionID(s string) int {
	id, _, _ := strings.Cut(s, "/")
	return small(id, 255)
}

// isTurned knows a writer that ignores roles: to it "initiator" is whoever writes.
//
// COMPAT Movim 0.34: such is every description it makes. It names its own bare JID as
// the initiator and its peer as the responder, always. Where it did initiate, both
// readings are the same.
func isTurned(jingle element.Element) bool {
	initiator := jingle.Attr("initiator")
	return initiator != "" && strings.IndexByte(initiator, '/') < 0 && jingle.Attr("responder") != ""
}

// repairCondition puts a reason's name right.
//
// COMPAT Dino: writes failed_application and failed_transport.
func repairCondition(name string) string { return strings.ReplaceAll(name, "_", "-") }
