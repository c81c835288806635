package bridge

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/internal/element"
	"github.com/jinglebridge/jinglebridge/web"
)

// house is the audience of a play: it knows what is wrong in any play.
type house struct {
	asked    map[string]int  // requests of XMPP that wait for their answer, by id and who asked
	left     map[string]bool // calls a browser heard the end of
	wrong    []string
	failures float64 // turns of the loop that were made to fail
	registry *prometheus.Registry
	listeners
}

// sent sees a stanza of ours: a request is answered once, and only if it was made.
func (h *house) sent(stanza []byte) {
	e, err := element.Parse(stanza, component.NS, element.Limits{})
	if err != nil {
		h.wrong = append(h.wrong, fmt.Sprintf("stanza %s: %v", stanza, err))
		return
	}
	if e.Name() != "iq" {
		return
	}
	key := e.Attr("id") + " " + e.Attr("to")
	if h.asked[key]--; h.asked[key] < 0 {
		h.wrong = append(h.wrong, fmt.Sprintf("answered twice: %s", stanza))
	}
}

// heard sees a message to a browser: a call ends once, and nothing is said of it afterwards.
func (h *house) heard(a *actor, m web.Message) {
	if m.Type == "login" { // all begins anew, its calls' ids, too
		clear(h.left)
	}
	if m.Call == "" || m.Type == "error" || m.Type == "ok" {
		return
	}
	key := fmt.Sprintf("%p %s", a, m.Call)
	if h.left[key] {
		h.wrong = append(h.wrong, "said of a call that has ended: "+string(m.Append(nil)))
	}
	if m.Type == "leave" {
		h.left[key] = true
	}
}

// curtain makes all browsers go, and looks what is left on the stage.
func (p *theatre) curtain() {
	p.t.Helper()
	p.mu.Lock()
	for _, a := range p.browsers {
		p.b.Closed(a)
	}
	p.mu.Unlock()
	synctest.Wait()
	for key, n := range p.house.asked {
		if n > 0 {
			p.t.Errorf("request %s: no answer", key)
		}
	}
	for _, wrong := range p.house.wrong {
		p.t.Error(wrong)
	}
	if n := p.house.counter(p.t, "jinglebridge_panics_total"); n != p.house.failures {
		p.t.Errorf("%v turns of the loop failed", n)
	}
	p.b.leftovers(p.t.Errorf)
}

// leftovers tells what the bridge still holds after every browser has gone: nothing of calls,
// and of names only those that somebody has in a contact list.
func (b *Bridge) leftovers(complain func(string, ...any)) {
	for what, n := range map[string]int{
		"calls": len(b.calls), "jingles": len(b.jingles), "proposals": len(b.proposals), "pending": len(b.pending),
		"tabs": len(b.tabs), "sessions": len(b.sessions), "rooms": b.rooms, "visits": len(b.visits),
	} {
		if n != 0 {
			complain("%d %s are left after everybody has gone", n, what)
		}
	}
	for bare, c := range b.devices {
		if len(c.resources) == 0 {
			complain("devices of %s are remembered where there are none", bare)
		}
	}
	contacts := 0
	for _, u := range b.users {
		if u.account == nil {
			contacts += len(u.contacts)
		}
		if len(u.contacts) == 0 && u.page == nil {
			complain("%s is remembered, and nobody has it in a list", u.bare)
		}
		for _, c := range u.contacts {
			if !c.inList() && !c.pending && !c.approved && b.link.up { // who was greeted has yet to hear that it is over
				complain("%s is in the list of %s for nothing", c.bare, u.bare)
			}
		}
	}
	if contacts != b.contacts {
		complain("%d contacts are counted, %d are there", b.contacts, contacts)
	}
	if b.borrowed != 0 {
		complain("%d contacts of accounts are counted after everybody has gone", b.borrowed)
	}
	for bare, n := range b.askers {
		if n <= 0 {
			complain("%d requests of %s are counted", n, bare)
		}
	}
}

// counter reads a metric that has no labels, or the sum over its labels.
func (h *house) counter(t *testing.T, name string) float64 {
	t.Helper()
	families, err := h.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, m := range family.GetMetric() {
			sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return sum
}
