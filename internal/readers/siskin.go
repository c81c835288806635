package readers

import (
	"github.com/jinglebridge/jinglebridge/internal/element"
)

// siskin is the Martin library of 2025-01, in Siskin, BeagleIM and Snikket for iOS. It was
// read, not run: what its WebRTC makes of it is not known.
func siskin() Client {
	return Client{Name: Siskin, jingle: siskinJingle, message: siskinMessage, later: func(v *verdict, t *talk, j element.Element) {
		if action(j, "content-add", "content-accept") {
			grouped(v, t, j)
		}
	}}
}

func siskinJingle(v *verdict, j element.Element) {
	for content := range all(j, "content") {
		v.want(has(content, "creator"), "it drops a content without creator")
		for child := range named(content, "description").Children() {
			switch child.Name() {
			case "payload-type":
				v.want(has(child, "name") && has(child, "clockrate"), "it crashes at a payload type without name or clockrate: %s", child)
			case "encryption":
				v.want(false, "it refuses an offer with SDES")
			}
		}
		for c := range all(named(content, "transport"), "candidate") {
			v.want(number(c.Attr("foundation"), 1<<64-1), "it drops a candidate whose foundation %q is no number", c.Attr("foundation"))
		}
	}
}

func siskinMessage(v *verdict, m, said element.Element) {
	echoed(v, m, said)
	v.want(said.Name() != "accept", "it takes <accept/> for another device of its own, and stops ringing")
}
