package main

import (
	"cmp"
	"strings"
	"time"

	"mellium.im/xmpp/jid"

	"github.com/jinglebridge/jinglebridge/bridge"
)

// pageKeys are the keys of one [[page]].
func pageKeys(p *bridge.Page) []key {
	return []key{
		{path: "name", value: text{&p.Name, nil}},
		{path: "title", value: text{&p.Title, nil}},
		{path: "ring", value: list{&p.Ring, anything}},
		{path: "order", value: choice[string]{&p.Order, []string{"all", "one"}}},
		{path: "ring_timeout", value: span{&p.RingTime, 5 * time.Second, 10 * time.Minute}},
		{path: "called_by", value: whom{&p.CalledBy, []string{"anyone"}}},
		{path: "seen_by", value: whom{&p.SeenBy, []string{"anyone"}}},
	}
}

// checkPages wants each page to have a name of its own and somebody to ring.
func (l *loader) checkPages() {
	domain := l.cfg.XMPP.Domain
	names := map[string]string{}
	for i, p := range l.cfg.Bridge.Pages {
		local, err := bridge.FoldName(p.Name)
		switch {
		case p.Name == "":
			l.refuseIn("page", i, "", "want a name, as in frontdoor@%s", domain)
		case err != nil:
			l.refuseIn("page", i, "name", "%q cannot be a name: %v", p.Name, err)
		case names[local] != "":
			l.refuseIn("page", i, "name", "want another name than that of the page %q", names[local])
		default:
			names[local] = p.Name
		}
		if len(p.Ring) == 0 {
			l.refuseIn("page", i, "ring", "want somebody to ring, such as [\"romeo@example.org\"]")
		}
	}
	for i, p := range l.cfg.Bridge.Pages {
		for _, who := range p.Ring {
			if why := l.cannotRing(who, names); why != "" {
				l.refuseIn("page", i, "ring", "%s, got %q", why, who)
			}
		}
	}
}

// cannotRing says what is wrong with one of those whom a page rings; "" for nothing.
func (l *loader) cannotRing(who string, pages map[string]string) string {
	folded, err := bridge.FoldName(who)
	if strings.Contains(who, "@") {
		j, wrong := jid.Parse(who)
		switch {
		case wrong != nil || j.Localpart() == "" || j.Resourcepart() != "":
			return "want an address such as \"romeo@example.org\", or a name here"
		case j.Domainpart() != l.cfg.XMPP.Domain:
			return ""
		}
		folded, err = bridge.FoldLocal(j.Localpart())
	}
	switch {
	case err != nil:
		return "want an address such as \"romeo@example.org\", or a name here"
	case pages[folded] != "":
		return "want a person, not a page"
	}
	return ""
}

// visits are the titles of the pages, by the names in their addresses.
func (c *Config) visits() map[string]string {
	titles := make(map[string]string, len(c.Bridge.Pages))
	for _, p := range c.Bridge.Pages {
		titles[strings.ToLower(p.Name)] = cmp.Or(p.Title, p.Name)
	}
	return titles
}
