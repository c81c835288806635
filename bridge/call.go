package bridge

import (
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"
)

// call joins two ends. What one end says comes in as a move, is checked against the table,
// and is told to the other end in the other end's own language.
type call struct {
	b      *Bridge
	state  state
	media  []string
	caller end
	callee end   // nil while several may still take it
	rung   []end // whom it rings at, callee included while it has not answered
	hunt   *hunt // of a visitor's call; nil for a call to one name

	offer   *description // the caller's, while it waits for somebody who takes the call
	offered bool         // the callee has it
	rang    bool
	busy    bool // one of several devices said busy
	early   map[end][]candidate
	heard   map[end]int // candidates so far

	reoffer   end // who waits for an answer in a running call
	reoffered time.Time

	settled []func() // to be done when it rings no more

	timer     *time.Timer
	id        string // in the log
	direction string // for the metrics
	called    string // the bare JID of whom it was for
	began     time.Time
	answered  time.Time
	log       *slog.Logger
}

type state int

const (
	ringing state = iota // asked; nobody has taken it
	taken                // somebody took it; descriptions are on their way
	active               // both have both descriptions
	ended
)

func (s state) String() string { return [...]string{"ringing", "taken", "active", "ended"}[s] }

type move int

const (
	moveRing move = iota
	moveTake
	moveOffer
	moveAnswer
	moveCandidate
	moveInfo
	moveReoffer
	moveReanswer
)

// next is all a call may do; what is not here is out of order. Ending is always in order.
var next = map[state]map[move]state{
	ringing: {moveRing: ringing, moveTake: taken, moveOffer: ringing, moveAnswer: active, moveCandidate: ringing, moveInfo: ringing},
	taken:   {moveTake: taken, moveOffer: taken, moveAnswer: active, moveCandidate: taken, moveInfo: taken},
	active:  {moveTake: active, moveCandidate: active, moveInfo: active, moveReoffer: active, moveReanswer: active},
}

var errOutOfOrder = errors.New("not at this point of a call")

func (c *call) move(m move) error {
	to, ok := next[c.state][m]
	if !ok {
		return Failed(OutOfOrder, errOutOfOrder)
	}
	c.state = to
	return nil
}

// ring begins a call. The offer may be nil: then the caller is asked for it when
// somebody takes the call.
func (b *Bridge) ring(c *call, rung []end, limit time.Duration) error {
	c.rung = rung
	b.enter(c, rung[0].who())
	c.arm(limit, NoAnswer)
	err := c.invite()
	if err != nil {
		c.caller.release()
		c.close(faultOf(err), "")
	}
	return err
}

// enter puts a call on the books.
func (b *Bridge) enter(c *call, to string) {
	b.calls[c] = true
	c.direction = "browser-browser"
	if _, xmpp := c.caller.(*xmppEnd); xmpp {
		c.direction = "xmpp-browser"
	} else if c.meetsXMPP() {
		c.direction = "browser-xmpp"
	}
	b.metrics.calls.Inc()
	room := ""
	c.called = to
	if len(c.rung) > 0 {
		room, c.called = roomOf(c.rung[0]), addressOfEnd(c.rung[0])
	}
	c.log.Info("call begins", "from", c.caller.who(), "to", to, "room", room, "media", c.media)
}

// invite asks each of those it rings at. The error is that of the last one, when nobody rings.
func (c *call) invite() error {
	var err error
	for _, e := range slices.Clone(c.rung) {
		if err = e.invite(); err != nil && c.state != ended {
			e.release()
			c.rung = slices.DeleteFunc(c.rung, func(o end) bool { return o == e })
			c.hunt.note(faultOf(err))
		}
		if c.state != ringing || c.callee != nil {
			return nil
		}
	}
	if len(c.rung) == 0 {
		return err
	}
	return nil
}

func (b *Bridge) newCall(caller end, media []string) *call {
	c := &call{
		b: b, id: b.newID(), caller: caller, media: media, began: time.Now(),
		early: map[end][]candidate{}, heard: map[end]int{},
	}
	c.log = b.log.With("call", c.id)
	return c
}

func (c *call) other(e end) end {
	if e == c.caller {
		return c.callee
	}
	return c.caller
}

// ring tells the caller once that a device rings.
func (c *call) ring(by end) {
	if c.move(moveRing) != nil || c.rang || by == c.caller {
		return
	}
	c.rang = true
	c.caller.ringing(by)
}

// take is somebody accepting the call; the others stop ringing.
func (c *call) take(by end) {
	if by == c.caller || c.state != ringing || c.move(moveTake) != nil {
		return
	}
	asked := c.callee != nil || c.hunt.asked() // an early offer was asked for already
	c.settle(by)
	c.b.mind(c)
	c.unpend()
	c.arm(c.b.cfg.Setup, NoPath)
	if !asked {
		c.caller.taken(by, false)
	}
	c.deliver()
}

// want is a callee that does not ring, or not truly, until it has the offer: an old
// page, a client that knows no invitations.
func (c *call) want(by end) {
	if c.hunt != nil {
		c.fork(by)
		return
	}
	c.settle(by)
	if c.offer == nil {
		c.caller.taken(by, true)
	}
	c.deliver()
}

// settle fixes who the callee is.
func (c *call) settle(by end) {
	c.callee = by
	rung := c.rung
	c.rung = nil
	for _, e := range rung {
		if e != by {
			e.over(Elsewhere, "")
		}
	}
}

// deliver hands the offer to the callee once both are there.
func (c *call) deliver() {
	if c.hunt != nil && c.callee == nil {
		c.feed()
		return
	}
	if c.offer == nil || c.callee == nil || c.offered || c.state == ended {
		return
	}
	c.offered = true
	if err := c.callee.offer(c.offer); err != nil {
		c.fail(err)
		return
	}
	c.outdate(c.caller, c.offer)
	c.offer = nil
	c.flush(c.caller)
}

// takesOffer says whether an offer of this end is in order. A caller may think again as
// long as nobody has heard the first one.
func (c *call) takesOffer(from end) bool {
	return c.state == active || from == c.caller && !c.offered && !c.hunt.offered()
}

// takesAnswer says whether this end has been asked for an answer.
func (c *call) takesAnswer(from end) bool {
	if c.state == active {
		return c.reoffer != nil && c.reoffer != from
	}
	return from == c.callee && c.offered || c.callee == nil && c.hunt.has(from)
}

// fromOffer takes the first offer of the call, or one that changes it while it runs.
func (c *call) fromOffer(from end, d *description) error {
	if c.state == active {
		return c.change(from, d)
	}
	if !c.takesOffer(from) {
		return Failed(OutOfOrder, errOutOfOrder)
	}
	if err := c.move(moveOffer); err != nil {
		return err
	}
	c.offer = d
	c.deliver()
	return nil
}

// change relays an offer in a running call. Crossing ones are put in order here: the later
// one is told so, and its page rolls back (docs/protocol.md).
func (c *call) change(from end, d *description) error {
	if c.reoffer != nil && c.reoffer != from && time.Since(c.reoffered) < c.b.cfg.Setup {
		return Failed(Glare, errors.New("the other side is changing the call at this moment"))
	}
	if err := c.move(moveReoffer); err != nil {
		return err
	}
	if err := c.other(from).offer(d); err != nil {
		return err
	}
	c.reoffer, c.reoffered = from, time.Now()
	clear(c.heard) // its candidates may be of a new generation
	return nil
}

func (c *call) fromAnswer(from end, d *description) error {
	if !c.takesAnswer(from) {
		return Failed(OutOfOrder, errOutOfOrder)
	}
	if c.state == active {
		c.reoffer = nil
		return c.other(from).answer(d)
	}
	if err := c.move(moveAnswer); err != nil {
		return err
	}
	if c.callee == nil {
		c.choose(from)
	}
	c.answered = time.Now()
	c.disarm()
	c.unpend()
	c.b.mind(c)
	if err := c.caller.answer(d); err != nil {
		c.fail(err)
		return nil
	}
	c.b.metrics.setup.Observe(c.answered.Sub(c.began).Seconds())
	c.log.Debug("call answered", "after", c.answered.Sub(c.began).Round(time.Millisecond))
	c.outdate(c.callee, d)
	c.flush(c.callee)
	c.flush(c.caller) // what waited for one of several to answer
	return nil
}

// fromCandidates passes candidates on, or keeps them until the other side has the
// description they belong to.
func (c *call) fromCandidates(from end, cs []candidate) {
	if c.move(moveCandidate) != nil {
		return
	}
	room := max(0, c.b.cfg.Limits.Candidates-c.heard[from])
	if len(cs) > room {
		c.b.metrics.limited.WithLabelValues("candidates").Add(float64(len(cs) - room))
		cs = cs[:room]
	}
	c.heard[from] += len(cs)
	if !c.ready(from) {
		c.keep(from, cs)
		return
	}
	if len(cs) > 0 {
		c.other(from).candidates(cs)
	}
}

// maxEarly bounds the bytes of the candidates that wait on one side, which are some hundred
// each: all of them go out at once, and must not look like a slow browser's queue.
const maxEarly = 64 << 10

// keep holds candidates that come before they can be used.
func (c *call) keep(from end, cs []candidate) {
	size := 0
	for _, known := range c.early[from] {
		size += len(known.raw)
	}
	for _, one := range cs {
		if size += len(one.raw); size > maxEarly {
			c.b.metrics.limited.WithLabelValues("early_bytes").Inc()
			return
		}
		one.ice, one.content = one.ice.Clone(), strings.Clone(one.content)
		c.early[from] = append(c.early[from], one)
	}
}

// ready says whether the other side can use candidates of this one.
func (c *call) ready(from end) bool {
	if from == c.caller {
		return c.offered && c.callee != nil
	}
	return c.state == active
}

func (c *call) flush(from end) {
	cs := c.early[from]
	delete(c.early, from)
	if len(cs) > 0 && c.state != ended {
		c.other(from).candidates(cs)
	}
}

func (c *call) fromInfo(from end, raw json.RawMessage) {
	if c.state == active && c.move(moveInfo) == nil {
		c.other(from).info(raw)
	}
}

// leave is an end that goes. One of several devices that declines leaves the others
// ringing. Without a reason, or when there is nothing to hang up yet, the state of the
// call tells what it means. COMPAT Conversations 2.19: hangs up with success also before
// anybody answered.
func (c *call) leave(e end, f Fault, text string) {
	if c.state == ended {
		return
	}
	if f == None || f == Hangup && c.state != active {
		f = c.usual(e)
	}
	e.release()
	if c.oneOfSeveral(e) {
		c.without(e, f)
		return
	}
	if e != c.caller && e != c.callee && len(c.rung) > 1 {
		c.rung = slices.DeleteFunc(c.rung, func(o end) bool { return o == e })
		return
	}
	c.finish(e, f, text)
}

// usual is what an end means that leaves without saying why.
func (c *call) usual(e end) Fault {
	switch {
	case c.state == active:
		return Hangup
	case e == c.caller:
		return Cancelled
	case c.state == taken:
		return Hangup
	}
	return Declined
}

// fail ends a call for both sides.
func (c *call) fail(err error) {
	f := faultOf(err)
	c.log.Warn("call fails", "err", err)
	c.finish(nil, f, "")
}

// finish ends a call; each end but from is told, exactly once.
func (c *call) finish(from end, f Fault, text string) {
	if c.state == ended {
		return
	}
	tell := append(c.callees(), c.caller)
	c.rung = nil
	c.close(f, text)
	for _, e := range tell {
		if e != from {
			e.over(f, text)
		}
	}
}

// callees are those it rings at, and who has taken it.
func (c *call) callees() []end {
	all := slices.Clone(c.rung)
	if c.callee != nil && !slices.Contains(all, c.callee) {
		all = append(all, c.callee)
	}
	return all
}

// close takes the call off the books.
func (c *call) close(f Fault, text string) {
	if c.state == ended {
		return
	}
	c.state = ended
	c.disarm()
	c.unpend()
	delete(c.b.calls, c)
	c.b.mind(c)
	c.b.metrics.calls.Dec()
	reason := faults[f].leave
	if reason == "" {
		reason = "error"
	}
	c.b.metrics.callsTotal.WithLabelValues(c.direction, reason).Inc()
	length := time.Duration(0)
	if !c.answered.IsZero() {
		length = time.Since(c.answered)
		c.b.metrics.duration.Observe(length.Seconds())
	}
	c.record(reason)
	c.log.Info("call ends", "reason", reason, "text", text, "length", length.Round(time.Second))
}

// arm gives the call a time limit for what comes next.
func (c *call) arm(d time.Duration, f Fault) {
	c.disarm()
	c.timer = time.AfterFunc(d, func() {
		c.b.do(func() {
			if c.state == ended || c.state == active {
				return
			}
			if f == NoAnswer && c.busy && len(c.rung) <= 1 {
				f = Busy
			}
			if c.hunt != nil && c.callee == nil {
				c.unanswered(f)
				return
			}
			c.finish(nil, f, "")
		})
	})
}

func (c *call) disarm() {
	if c.timer != nil {
		c.timer.Stop()
	}
}
