package jingle

import (
	"strconv"
	"strings"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

// parseCandidateElement reads a <candidate/>; ok is false when something is missing
// that cannot be guessed.
func parseCandidateElement(e element.Element) (c Candidate, ok bool) {
	for name, value := range e.Attrs() {
		switch name {
		case "foundation":
			c.Foundation = value
		case "component":
			c.Component = small(value, 256)
		case "protocol":
			c.Protocol = strings.ToLower(value)
		case "priority":
			priority, _ := number(value, 1<<32-1)
			c.Priority = uint32(priority)
		case "ip":
			c.IP = value
		case "port":
			c.Port = small(value, 65535)
		case "type":
			c.Type = value
		default:
			c.option(name, value)
		}
	}
	if !only(c.Foundation, iceChar, 1, 32) {
		c.Foundation = "1" // none or an odd one: such candidates only unfreeze together
	}
	ok = c.Component > 0 && c.Priority > 0 && isToken(c.Protocol) && isToken(c.Type) && isAddress(c.IP)
	if ok {
		c.complete()
	}
	return c, ok
}

// option reads the attributes that not every client sends.
func (c *Candidate) option(name, value string) {
	switch name {
	case "rel-addr":
		c.RelAddr = value
	case "rel-port":
		c.RelPort = small(value, 65535)
	case "generation":
		c.Generation = small(value, 1<<31-1)
	case "network":
		c.Network = small(value, 1<<31-1)
	case "id":
		if isNCName(value) {
			c.ID = value
		}
	default:
		c.repair(name, value)
	}
}

// appendElement writes a <candidate/> with all that any reader asks for.
func (c *Candidate) appendElement(w *element.Writer) {
	w.Start(nsICE, "candidate")
	w.AttrUint("component", uint64(c.Component))
	w.AttrUint("foundation", c.numericFoundation())
	w.AttrUint("generation", uint64(max(c.Generation, 0)))
	if isNCName(c.ID) {
		w.Attr("id", c.ID)
	} else {
		var id [17]byte
		w.Attr("id", string(strconv.AppendUint(append(id[:0], 'c'), c.hash(), 16)))
	}
	w.Attr("ip", c.IP)
	w.AttrUint("network", uint64(max(c.Network, 0)))
	w.AttrUint("port", uint64(c.Port))
	w.AttrUint("priority", uint64(c.Priority))
	w.Attr("protocol", c.Protocol)
	if c.RelAddr != "" {
		w.Attr("rel-addr", c.RelAddr)
		w.AttrUint("rel-port", uint64(c.RelPort))
	}
	w.Attr("type", c.Type)
	w.End()
}

// COMPAT Siskin: the foundation must be an unsigned integer.
func (c *Candidate) numericFoundation() uint64 {
	if n, ok := number(c.Foundation, 1<<32-1); ok {
		return n
	}
	return fnv(fnvStart, c.Foundation) & (1<<32 - 1)
}

// hash tells candidates of one session apart, the same each time.
func (c *Candidate) hash() uint64 {
	h := fnv(fnvStart, c.Foundation)
	h = fnv(h, c.IP)
	h = fnv(h, c.Type)
	for _, n := range [...]uint64{uint64(c.Component), uint64(c.Priority), uint64(c.Port), uint64(c.Generation)} {
		h = (h ^ n) * fnvPrime
	}
	return h
}

// FNV-1a, inlined because hash/fnv wants an allocation.
const (
	fnvStart = 14695981039346656037
	fnvPrime = 1099511628211
)

func fnv(h uint64, s string) uint64 {
	for i := 0; i < len(s); i++ {
		h = (h ^ uint64(s[i])) * fnvPrime
	}
	return h
}
