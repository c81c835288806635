// Package bridge is where the two streets meet: browsers and XMPP users call each other
// through it. It is the only package that knows both sides.
//
// One goroutine, the loop in Run, owns every user and every call; there is no mutex here.
// Exported methods are doors, which may be called from anywhere; unexported ones are inside.
package bridge

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"hash/fnv"
	"hash/maphash"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/internal/element"
	"github.com/jinglebridge/jinglebridge/web"
)

// Stream is the XMPP side as the bridge needs it; component.Component is the real one.
type Stream interface {
	Send(stanza []byte) error
	SendIQ(iq component.IQ, done func(*component.Stanza, error)) error
	AppendCaps(w *element.Writer)
}

// Bridge joins both sides. It implements component.Handler and web.Handler.
type Bridge struct {
	cfg     Config
	link    *link // the component's
	log     *slog.Logger
	metrics *metrics
	todo    chan func()   // never closed
	done    chan struct{} // closed when the loop has ended
	vanish  time.Duration // how long a device may be offline in a call before it is asked
	alive   time.Duration // how often it is asked in every call

	newID  func() string // random; plays set them
	newSID func() string

	// Owned by the loop.
	stopping   bool
	sessions   map[web.Sender]*session
	users      map[string]*user  // by key
	spellings  map[string]string // of names, by local part, where they differ from it
	tabs       map[string]*tab   // by full JID
	calls      map[*call]bool
	jingles    map[sessionKey]*xmppEnd
	proposals  map[proposalKey]*xmppEnd
	caps       map[string]*caps     // by node#ver
	asking     map[string][]device  // of those that somebody is asked for: who waits for the answer
	used       map[string]time.Time // links that count once, when there is no store
	pace       pace
	arrivals   uint64              // of devices, counted
	seed       maphash.Seed        // of hashes that mean something here only
	sorry      func()              // answers what this turn is about, should it fail; nil when it is answered
	next       []func()            // at the end of this turn
	policies   map[string]Policy   // of names that have one, by local part
	askers     map[string]int      // requests that wait for an answer, by whose they are
	contacts   int                 // of names here
	borrowed   int                 // of accounts
	devices    map[string]*contact // of each XMPP user the entry that knows devices of his, the last one told
	rooms      int                 // with somebody in them
	pending    map[string]int      // calls that ring, by who they ring at and by whose they are
	perAddr    *meters
	perTarget  *meters
	perCaller  *meters
	perRefusal *meters
	perPage    *meters
	visits     map[string]int // visitors of pages, by address
	perWriter  *meters
	perReader  *meters
	perAdder   *meters
}

// New makes a Bridge that sends on stream.
func New(cfg Config, stream Stream) *Bridge {
	cfg = cfg.WithDefaults()
	b := &Bridge{
		cfg: cfg, link: &link{stream: stream}, log: cfg.Log, metrics: newMetrics(cfg.Metrics),
		todo: make(chan func(), 64), done: make(chan struct{}), vanish: 4 * time.Second, alive: time.Minute,
		newID: func() string { return rand.Text()[:16] }, newSID: newUUID,
		sessions: map[web.Sender]*session{}, users: map[string]*user{}, spellings: map[string]string{}, tabs: map[string]*tab{}, calls: map[*call]bool{},
		jingles: map[sessionKey]*xmppEnd{}, proposals: map[proposalKey]*xmppEnd{}, caps: map[string]*caps{}, asking: map[string][]device{}, pending: map[string]int{}, devices: map[string]*contact{}, used: map[string]time.Time{}, pace: newPace(), seed: maphash.MakeSeed(),
		perAddr: newMeters(cfg.Limits.NewCallsPerAddr), perTarget: newMeters(cfg.Limits.NewCallsPerTarget), perCaller: newMeters(cfg.Limits.RingsPerCaller), perRefusal: newMeters(1),
		perPage: newMeters(cfg.Limits.CallsPerPage), visits: map[string]int{},
		perWriter: newMeters(writesPerSender), perReader: newMeters(writesPerName), perAdder: newMeters(addsPerSender), askers: map[string]int{}, policies: policiesOf(cfg),
	}
	b.remember(cfg.State)
	b.openPages()
	return b
}

// newUUID makes the random UUID that XEP-0353 §3.1 wants for ids.
func newUUID() string {
	var u [16]byte
	rand.Read(u[:])
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

// Run is the loop that owns every user and every call; it ends with ctx.
func (b *Bridge) Run(ctx context.Context) error {
	defer close(b.done)
	hourly := time.NewTicker(time.Hour)
	defer hourly.Stop()
	for {
		select {
		case f := <-b.todo:
			b.turn(f)
		case <-hourly.C:
			b.turn(b.prune)
		case <-ctx.Done():
			return nil
		}
	}
}

// turn is one turn of the loop; a bug costs this turn, not every call.
func (b *Bridge) turn(f func()) {
	defer func() {
		if r := recover(); r != nil {
			b.metrics.panics.Inc()
			b.log.Error("a turn of the loop failed; this is a bug", "err", r, "stack", string(debug.Stack()))
			if b.sorry != nil {
				b.sorry()
			}
		}
	}()
	b.sorry = nil
	f()
	for len(b.next) > 0 {
		f, b.next = b.next[0], b.next[1:]
		f()
	}
	b.next = nil
}

// soon does something at the end of this turn, when all is said that belongs together.
func (b *Bridge) soon(f func()) { b.next = append(b.next, f) }

// do runs f inside the loop. It waits while the loop is busy: that is the backpressure
// readers feel. After the loop has ended it does nothing.
func (b *Bridge) do(f func()) {
	select {
	case b.todo <- f:
	case <-b.done:
	}
}

// HandleStanza takes a stanza from XMPP. It implements component.Handler.
func (b *Bridge) HandleStanza(s *component.Stanza) {
	b.do(func() {
		if s.Name() == "iq" {
			b.sorry = func() { b.refuseIQ(s, faults[Internal].iq) }
		}
		b.fromXMPP(s)
	})
}

// HandleLink hears that the link came up or went down. It implements component.Handler.
func (b *Bridge) HandleLink(up bool) { b.do(func() { b.linked(b.link, up) }) }

// Receive takes a message from a browser. It implements web.Handler.
func (b *Bridge) Receive(s web.Sender, m web.Message) {
	b.do(func() {
		b.sorry = func() { b.refuse(&session{sock: s}, m, errFailed) }
		b.fromBrowser(s, m)
	})
}

var errFailed = Failed(Internal, errors.New("the turn failed"))

// Closed hears that a browser is gone. It implements web.Handler.
func (b *Bridge) Closed(s web.Sender) { b.do(func() { b.closed(s) }) }

// Shutdown ends all calls, says unavailable for everyone and tells the browsers. It returns
// when all of it is queued, or the link is lost, or with ctx.
func (b *Bridge) Shutdown(ctx context.Context) {
	told := make(chan struct{})
	b.do(func() {
		b.shutdown()
		b.whenSaid(func() { close(told) })
	})
	select {
	case <-told:
	case <-b.done:
	case <-ctx.Done():
	}
}

func (b *Bridge) shutdown() {
	b.stopping, b.pace.hurry = true, true
	for c := range b.calls {
		c.finish(nil, Shutdown, "")
	}
	for _, s := range b.sessions {
		if s.tab == nil {
			continue
		}
		b.logout(s)
		if !s.sock.Old() {
			s.sock.Send(web.Message{Type: "shutdown", Text: "the server restarts", Reconnect: 1 + jitter(4)})
		}
	}
}

// jitter is a random share of n, so that not all come back at once.
func jitter(n float64) float64 {
	var r [2]byte
	rand.Read(r[:])
	return float64(int(n*(float64(r[0])*256+float64(r[1]))/65536*10)) / 10
}

func (b *Bridge) closed(sock web.Sender) {
	if s := b.sessions[sock]; s != nil {
		b.logout(s)
		delete(b.sessions, sock)
	}
}

// sessionNumber makes the session id of an SDP's o= line, the same for all of a call.
func (b *Bridge) sessionNumber(call string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(call))
	return h.Sum64() >> 2
}
