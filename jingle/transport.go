package jingle

import (
	"errors"
	"strings"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

// transport reads an ICE-UDP <transport/> into c (XEP-0176 §5.3). What is not there
// stays empty: a stub is legal, and essentials tells where it is not.
func (r *reader) transport(c *Content, e element.Element) error {
	r.at = e.Offset()
	if ufrag := e.Attr("ufrag"); isUfrag(ufrag) {
		c.Ufrag = ufrag
	} else if ufrag != "" {
		return errors.New("transport: want a ufrag of 4 to 256 ice-chars, got " + quote(ufrag))
	}
	if pwd := e.Attr("pwd"); isPwd(pwd) {
		c.Pwd = pwd
	} else if pwd != "" {
		return errors.New("transport: want a pwd of 22 to 256 ice-chars")
	}
	met := 0
	for child := e.First(); child.Exists(); child = child.Next() {
		switch {
		case child.Name() == "candidate" && child.Space() == nsICE:
			if met++; met > maxCandidates {
				return errors.New("transport: want at most 100 candidates")
			}
			r.candidate(c, child)
		case child.Name() == "fingerprint" && child.Space() == nsDTLS:
			if done := c.addFingerprint(child.Attr("hash"), trim(child.Text()), child.Attr("setup")); done != "" {
				r.d.notes.content(done, c, "fingerprint "+child.Attr("hash"), whyFingerprint)
			}
		case child.Name() == "sctpmap" && child.Space() == nsSCTP:
			c.sctp = sctp{port: small(child.Attr("number"), 65535), protocol: child.Attr("protocol")}
		case child.Name() == "gathering-complete" && child.Space() == nsICE:
			c.EndOfCandidates = true // COMPAT stanza.js 12: XEP-0371 §5 in the namespace of XEP-0176
		default:
			r.d.notes.unknown(c, child)
		}
	}
	return nil
}

func (r *reader) candidate(c *Content, e element.Element) {
	candidate, ok := parseCandidateElement(e)
	why := ""
	switch {
	case !ok:
		why = "want component, priority, protocol, type, ip and port"
	case candidate.Unfit() != "":
		why = candidate.WhyUnfit()
	default:
		c.Candidates = append(c.Candidates, candidate)
		return
	}
	if r.d.notes != nil {
		r.d.notes.content(Dropped, c, "candidate "+e.Attr("ip")+" "+e.Attr("port")+" "+e.Attr("protocol")+" "+e.Attr("type"), why)
	}
}

// addFingerprint keeps one of several fingerprints: sha-256, else the first good one. It says
// what became of this one, "" when it is kept as it is.
func (c *Content) addFingerprint(said, value, setup string) (done NoteKind) {
	hash, digest, ok := fingerprint(said, value)
	if !ok {
		return Dropped
	}
	if c.Setup == "" {
		c.Setup = setupOf(setup)
	}
	switch {
	case c.Fingerprint != "" && (hash != "sha-256" || c.Hash == "sha-256"):
		return Dropped
	case hash != said || digest != value:
		done = Repaired
	}
	c.Hash, c.Fingerprint = hash, digest
	return done
}

// setupOf is the role in DTLS, "" when odd: holdconn has no meaning here (RFC 5763 §5).
func setupOf(s string) string {
	switch s = strings.ToLower(s); s {
	case "actpass", "active", "passive":
		return s
	}
	return ""
}

// appendTransport writes a <transport/>: credentials and candidates, and the
// fingerprint when setup says so.
func (c *Content) appendTransport(w *element.Writer, setup string) {
	w.Start(nsICE, "transport")
	w.AttrIf("ufrag", c.Ufrag)
	w.AttrIf("pwd", c.Pwd)
	if setup != "" && c.Fingerprint != "" {
		w.Start(nsDTLS, "fingerprint")
		w.Attr("hash", c.Hash)
		w.Attr("setup", setup)
		w.Text(c.Fingerprint)
		w.End()
	}
	if c.sctp.there() {
		c.sctp.append(w)
	}
	for i := range c.Candidates {
		if c.Candidates[i].Unfit() == "" {
			c.Candidates[i].appendElement(w)
		}
	}
	w.End()
}
