package bridge

import "strings"

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
