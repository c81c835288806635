package jingle

import "github.com/jinglebridge/jinglebridge/internal/element"

// sctp is an <sctpmap/> of XEP-0343: the data channels of a content. No browser hears of
// them, but who offers them wants them back.
type sctp struct {
	port     int
	protocol string
}

func (s sctp) there() bool { return s.port > 0 && isToken(s.protocol) }

func (s sctp) append(w *element.Writer) {
	w.Start(nsSCTP, "sctpmap")
	w.AttrUint("number", uint64(s.port))
	w.Attr("protocol", s.protocol)
	w.End()
}

// echoData puts the data channels of the offer into an answer, on the transport that the
// bundle has anyway. Nobody will answer in them.
//
// COMPAT stanza.js 12: an accept without them has an m-line less than its offer, and is
// refused by its browser. There is no word that makes it refuse one m-line.
func (d *Description) echoData(offer *Description) {
	if len(d.Bundle) == 0 {
		return
	}
	first := d.Content(d.Bundle[0])
	for i := range offer.Contents {
		o := &offer.Contents[i]
		if !o.Absent || !o.sctp.there() {
			continue
		}
		d.Contents = append(d.Contents, Content{
			Name: o.Name, Mid: o.Mid, Creator: o.Creator, Senders: "both", Absent: true, sctp: o.sctp,
			Ufrag: first.Ufrag, Pwd: first.Pwd, Hash: first.Hash, Fingerprint: first.Fingerprint, Setup: first.Setup,
		})
		d.Bundle = append(d.Bundle, o.Name)
		d.notes.content(Synthesised, o, "the content, of data channels", "stanza.js refuses an answer without; nobody answers in them")
	}
}

// told says whether a reader hears of the content.
func (c *Content) told(to Dialect) bool { return !c.Absent || to == StanzaJS && c.sctp.there() }
