package component

import "github.com/jinglebridge/jinglebridge/internal/element"

// Inner is a stanza that s carries (XEP-0297), as if it had come by itself, for to. What is in
// it has the namespace that it was written with, mostly jabber:client.
func Inner(s *Stanza, carried element.Element, to string) *Stanza {
	return &Stanza{
		Element: carried, Type: carried.Attr("type"), ID: carried.Attr("id"), From: carried.Attr("from"), To: to, Size: s.Size,
	}
}
