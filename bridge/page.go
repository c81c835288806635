package bridge

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/internal/element"
)

// Page is a contact that anybody may call without a name of their own: its visitors are
// resources of it, each shown by a nickname, and ring at the people of the page.
type Page struct {
	Name, Title string
	Ring        []string      // whom its visitors call: bare JIDs, and names here
	Order       string        // "all" at once, or "one" after the other
	RingTime    time.Duration // of all, or of each
	CalledBy    []string      // who may call a visitor, besides Ring: JIDs, domains, "anyone"
	SeenBy      []string      // who may see the visitors, besides Ring
}

// NewPage is a Page of which nothing has been said.
func NewPage() Page { return Page{Order: "all", RingTime: 30 * time.Second} }

// page is what a user has that is a page; its tabs are visitors.
type page struct {
	Page
	people []address // Ring
}

// openPages makes the users that are pages. They are always there.
func (b *Bridge) openPages() {
	for _, p := range b.cfg.Pages {
		local, err := localOf(p.Name)
		if err != nil {
			b.log.Error("a page cannot be", "name", p.Name, "err", err)
			continue
		}
		u := b.user(local)
		u.name, u.title = p.Name, p.Title
		u.page = &page{Page: p}
		for _, who := range p.Ring {
			to, err := b.addressOf(who)
			if err != nil || to.local == local || slices.Contains(u.page.people, to) {
				b.log.Error("a page cannot ring", "name", p.Name, "to", who, "err", err)
				continue
			}
			u.page.people = append(u.page.people, to)
		}
	}
}

// pageOf finds the page of this name; nil when there is none.
func (b *Bridge) pageOf(name string) *user {
	to, err := b.addressOf(name)
	if err != nil {
		return nil
	}
	if u := b.users[to.local]; u != nil && u.page != nil {
		return u
	}
	return nil
}

// rings says whether this bare JID is one of those whom the page rings.
func (p *page) rings(b *Bridge, bare string) bool {
	return slices.ContainsFunc(p.people, func(to address) bool {
		return to.bare == bare || to.local != "" && to.local+"@"+b.cfg.Domain == bare
	})
}

// lets says whether a list of the page, or its people, include this bare JID.
func (p *page) lets(b *Bridge, list []string, bare string) bool {
	_, domain, _ := component.Split(bare)
	return p.rings(b, bare) || slices.ContainsFunc(list, func(who string) bool {
		return who == "anyone" || who == bare || who == domain
	})
}

// hides says whether this name is a page that this bare JID may not see.
func (b *Bridge) hides(local, bare string) bool {
	u := b.users[local]
	return u != nil && u.page != nil && !u.page.lets(b, u.page.SeenBy, bare)
}

// people makes the ends of those whom a visitor's call rings at next. Who is known not to be
// there, or is rung at by too many already, is left out.
func (c *call) people(all []address) []end {
	b, me := c.b, c.caller.(*browserEnd)
	var rung []end
	for _, to := range all {
		switch {
		case b.pending["to "+to.key()] >= b.cfg.Limits.PendingPerCallee:
			b.metrics.limited.WithLabelValues("pending_per_callee").Inc()
			c.hunt.note(Busy)
		case to.local != "":
			rung = append(rung, b.ringTabs(c, b.callable(to.local, me.tab.user.bare), me.tab.user.name, me.tab.shown())...)
		case me.tab.user.link.up && !b.absent(me.tab.user, to.bare):
			rung = append(rung, b.newXMPPEnd(c, me.tab, to.bare))
		}
	}
	return rung
}

// absent says whether an XMPP user is known to have no device online. Most are not known.
func (b *Bridge) absent(u *user, bare string) bool {
	c := u.contacts[bare]
	return c != nil && c.to && c.absent && b.devices[bare] == nil
}

func (to address) key() string { return cmp.Or(to.bare, to.local) }

// callable are the tabs of a name that is a person, and has not blocked the page.
func (b *Bridge) callable(local, by string) []*tab {
	if u := b.users[local]; u != nil && u.page == nil && !u.room && !u.blocks(by) {
		return u.tabs
	}
	return nil
}

// countRung counts a visitor's call among those that ring at each of its people, until it is
// taken, or rings at others.
func (b *Bridge) countRung(c *call) {
	counted := map[string]bool{}
	for _, e := range c.rung {
		key := ""
		switch e := e.(type) {
		case *browserEnd:
			key = "to " + e.tab.own.user.key
		case *xmppEnd:
			key = "to " + e.bare
		}
		if !counted[key] {
			counted[key] = true
			b.countUntilSettled(c, key)
		}
	}
}

// nickname shows in a proposal who calls (XEP-0172 §4.3), where the address does not: a page has
// no contact for each visitor, and a guest's name says nothing.
func (x *xmppEnd) nickname(w *element.Writer) {
	t := x.b.tabs[x.self]
	if t == nil || t.user.account != nil || t.visitor == nil && t.user.nick() == "" {
		return
	}
	w.Leaf(nsNick, "nick", t.shown())
}

// rejoin makes the people of a page see its visitors, whether or not they have it in a list:
// the call button, and who may be called back, come with presence (XEP-0353 §3.1).
func (b *Bridge) rejoin(u *user) {
	for _, to := range u.page.people {
		if to.bare == "" {
			continue
		}
		if c := b.contact(u, to.bare); c != nil && !c.watches {
			c.watches = true
			b.keepContact(u, c, b.kept)
		}
	}
}

// joiners are not seen, and part of how words of some languages, and emoji, are written.
const joiners = "\u200c\u200d"

// plain makes a nickname of what a stranger typed: one line, no characters that are not seen
// or turn others around, and not too long.
func plain(nick string) string {
	words := strings.FieldsFunc(nick, func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsGraphic(r) && !strings.ContainsRune(joiners, r)
	})
	var seen []string
	for _, word := range words {
		if word = strings.Trim(word, joiners); word != "" {
			seen = append(seen, word)
		}
	}
	return strings.TrimRight(clip(strings.Join(seen, " "), maxNick), " "+joiners)
}
