package bridge

import "time"

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
