package bridge

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// What one of three people of a page does with a call, and what the visitor hears when all do so.
var moves = []struct {
	says   string // to our proposal of this sid; "" for nothing
	reason string
}{
	{"<message type='chat' from='%[1]s@example.org/x' to='%[3]s'><proceed xmlns='urn:xmpp:jingle-message:0' id='%[2]s'/></message>", ""},
	{"<message type='chat' from='%[1]s@example.org/x' to='%[3]s'><reject xmlns='urn:xmpp:jingle-message:0' id='%[2]s'><reason xmlns='urn:xmpp:jingle:1'><decline/></reason></reject></message>", "decline"},
	{"<message type='chat' from='%[1]s@example.org/x' to='%[3]s'><reject xmlns='urn:xmpp:jingle-message:0' id='%[2]s'><reason xmlns='urn:xmpp:jingle:1'><busy/></reason></reject></message>", "busy"},
	{"<message type='error' id='jm-propose-%[2]s' from='%[1]s@example.org' to='%[3]s'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>", "unavailable"},
	{"", "timeout"},
}

const takes = 0 // of moves

// TestHunts plays every way in which three people can take a visitor's call or not, in every
// order: one of them has it, or the visitor hears the best reason, once; and nobody rings on.
func TestHunts(t *testing.T) {
	orders := [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}
	for n := range len(moves) * len(moves) * len(moves) {
		will := []int{n % len(moves), n / len(moves) % len(moves), n / len(moves) / len(moves)}
		for _, order := range orders {
			synctest.Test(t, func(t *testing.T) { newHunters(t, "all").play(will, order) })
		}
		synctest.Test(t, func(t *testing.T) { newHunters(t, "one").play(will, orders[0]) })
	}
}

// hunters are a visitor and three people.
type hunters struct {
	*theatre
	one     bool
	ringing []string // sids
	reason  string   // of the leave
	taken   int      // times it was
	will    []int
}

var trio = []string{"a", "b", "c"}

func newHunters(t *testing.T, order string) *hunters {
	h := &hunters{theatre: newStage(t), one: order == "one"}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() { cancel(); synctest.Wait() })
	go h.b.Run(ctx)
	h.b.HandleLink(true)
	synctest.Wait()
	h.do("set page door order=" + order + " ring=a@example.org,b@example.org,c@example.org")
	h.do(`anna > {"type":"login","v":1,"page":"door"}`)
	h.do(`anna > {"type":"invite","call":"1"}`)
	return h
}

// do plays a line, and looks what it leads to.
func (h *hunters) do(line string) {
	h.t.Helper()
	if err := h.theatre.play(line); err != nil {
		h.t.Fatalf("%v: %s: %v", h.will, line, err)
	}
	synctest.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.stanzas {
		_, id, _ := strings.Cut(s, "id='jm-")
		kind, id, said := strings.Cut(id, "-")
		id, _, _ = strings.Cut(id, "'")
		switch {
		case said && kind == "propose":
			h.ringing = append(h.ringing, id)
		case said && kind == "retract":
			if !slices.Contains(h.ringing, id) {
				h.t.Errorf("%v: retracted what does not ring: %s", h.will, s)
			}
			h.quiet(id)
		}
	}
	h.stanzas = nil
	anna := h.browsers["anna"]
	if anna == nil {
		return
	}
	for _, said := range anna.heard {
		var m struct{ Type, Reason string }
		if err := json.Unmarshal([]byte(said), &m); err != nil {
			h.t.Fatal(err)
		}
		switch m.Type {
		case "accept":
			h.taken++
		case "leave":
			h.reason += m.Reason
		}
	}
	anna.heard = nil
}

func (h *hunters) quiet(sid string) {
	h.ringing = slices.DeleteFunc(h.ringing, func(other string) bool { return other == sid })
}

// play lets them do what they will, and compares.
func (h *hunters) play(will, order []int) {
	h.will = will
	var to string
	for _, t := range h.b.users["door"].tabs {
		to = t.jid
	}
	for i, who := range order {
		sid := fmt.Sprint("sid", who+1)
		if !slices.Contains(h.ringing, sid) {
			continue
		}
		if h.one && len(h.ringing) != 1 {
			h.t.Errorf("%v: %d ring at once", will, len(h.ringing))
		}
		switch move := moves[will[who]]; {
		case move.says != "":
			h.quiet(sid)
			h.do("xmpp > " + fmt.Sprintf(move.says, trio[who], sid, to))
		case h.one:
			h.do(fmt.Sprint("wait ", NewPage().RingTime))
		}
		time.Sleep(time.Duration(i) * time.Second)
	}
	if h.taken == 0 {
		h.do(fmt.Sprint("wait ", NewPage().RingTime))
	}
	wantReason, wantTaken := h.want(will)
	if h.taken != wantTaken || wantTaken == 0 && h.reason != wantReason {
		h.t.Errorf("will %v, order %v, one %v: got %d acceptances and %q, want %d and %q", will, order, h.one, h.taken, h.reason, wantTaken, wantReason)
	}
	if len(h.ringing) > 0 {
		h.t.Errorf("will %v, order %v, one %v: %v ring on", will, order, h.one, h.ringing)
	}
	h.curtain()
}

func (h *hunters) want(will []int) (reason string, taken int) {
	if slices.Contains(will, takes) {
		return "", 1
	}
	for _, best := range []string{"timeout", "decline", "busy", "unavailable"} {
		for _, move := range will {
			if moves[move].reason == best {
				return best, 0
			}
		}
	}
	return "", 0
}
