package bridge

import "strings"

// What is known of the devices of a contact.

// resource is one device of a contact.
type resource struct {
	jid      string
	show     string
	status   string
	priority int
	node     string // caps
	caps     *caps  // nil while not known
	since    uint64 // the greater, the later it said something
}

const maxResources = 32

// deviceList are those of one contact, mostly one: so they are a list.
type deviceList []*resource

// of finds a device by its full JID; nil when there is none.
func (d deviceList) of(jid string) *resource {
	for _, r := range d {
		if r.jid == jid {
			return r
		}
	}
	return nil
}

// come adds a device, unless there are too many.
func (d *deviceList) come(jid string) *resource {
	if len(*d) >= maxResources {
		return nil
	}
	r := &resource{jid: strings.Clone(jid)}
	*d = append((*d)[:len(*d):len(*d)], r) // no room for more than there are
	return r
}

// go removes a device.
func (d *deviceList) leave(jid string) {
	for i, r := range *d {
		if r.jid == jid {
			last := len(*d) - 1
			(*d)[i], (*d)[last] = (*d)[last], nil
			*d = (*d)[:last]
			return
		}
	}
}

// best is the device that a call would rather reach.
func (c *contact) best() *resource {
	var best *resource
	for _, r := range c.resources {
		if best == nil || r.rank() > best.rank() || r.rank() == best.rank() && r.jid < best.jid {
			best = r
		}
	}
	return best
}

func (r *resource) rank() int {
	rank := r.priority
	if r.caps != nil && r.caps.audio {
		rank += 1000
	}
	return rank
}

// media is what any of the devices can be called with. Before we know, or when the
// devices at hand cannot call, nothing is claimed.
func (c *contact) media() []string {
	audio, video := false, false
	for _, r := range c.resources {
		if r.caps != nil {
			audio = audio || r.caps.audio
			video = video || r.caps.video
		}
	}
	switch {
	case audio && video:
		return []string{"audio", "video"}
	case audio:
		return []string{"audio"}
	}
	return []string{}
}

func showOf(show string) string {
	for _, known := range []string{"chat", "away", "xa", "dnd"} {
		if show == known {
			return known // a part of a stanza would keep all of it
		}
	}
	return "available"
}
