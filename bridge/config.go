package bridge

import (
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/jinglebridge/jinglebridge/internal/store"
	"github.com/jinglebridge/jinglebridge/web"
)

// Config says how the bridge behaves. Zero durations and limits take the defaults.
type Config struct {
	Domain    string   // the component's JID
	Anonymous bool     // any name may log in, unless it is taken; only without Auth
	Call      []string // whom browsers may call: JIDs, domains, "*"; empty: the domain above ours
	Policy             // what names let others do; CalledBy: "anyone", SeenBy: if Anonymous "anyone", else "ask"
	People    []Person // names with a policy of their own
	OldPages  string   // whose calls a page without ringing answers: "contacts" (default), "anyone", "nobody"
	StrictOld bool     // old pages get no error frame for unknown names (docs/protocol.md)

	Auth Authenticator // who may log in as whom; nil: as Anonymous says
	// Accounts holds the sessions of browsers that are an XMPP account; nil: there are none.
	Accounts Accounts
	// AsNames is the domain whose accounts are names here, alice@example.org as alice, and
	// not themselves; "" for none.
	AsNames string

	Store Keeper      // what outlives a restart; nil: nothing does
	State store.State // what an earlier run left in it

	ICEServers []web.IceServer
	ICETTL     time.Duration

	Pages []Page // contacts of strangers

	RingIn, RingOut, Setup time.Duration // 45 s, 60 s, 30 s
	Limits                 Limits

	Log     *slog.Logger
	Metrics prometheus.Registerer
}

// Limits bound what one browser or one stranger may ask of others. Zero takes the default.
type Limits struct {
	CallsPerSession int // 4

	// New calls of browsers a minute: to one target, of one session, from one address.
	NewCallsPerTarget, NewCallsPerSession, NewCallsPerAddr int // 3, 10, 30
	// New calls of one XMPP user a minute.
	RingsPerCaller int // 3
	// Calls of XMPP users that ring at once.
	PendingPerCallee, PendingPerSender int // 5, 2

	Candidates int // 100, of each side of a call
	Roster     int // 1000 contacts of one name
	Rosters    int // 100000 contacts of all names

	VisitorsPerPage, VisitorsPerAddr int // 100, 20, at once
	CallsPerPage                     int // 30, new ones of its visitors a minute

	RoomMembers     int // 2, of one room, and never more than MaxRoomMembers
	Rooms           int // 10000 rooms with somebody in them
	RoomsPerSession int // 8
}

// MaxRoomMembers is how many can call each other at once: each sends its media to every other.
const MaxRoomMembers = 8

// WithDefaults returns the configuration with its defaults filled in.
func (c Config) WithDefaults() Config {
	orInt := func(n *int, value int) {
		if *n == 0 {
			*n = value
		}
	}
	orTime := func(d *time.Duration, value time.Duration) {
		if *d == 0 {
			*d = value
		}
	}
	orTime(&c.RingIn, 45*time.Second)
	orTime(&c.RingOut, time.Minute)
	orTime(&c.Setup, 30*time.Second)
	l := &c.Limits
	orInt(&l.CallsPerSession, 4)
	orInt(&l.NewCallsPerTarget, 3)
	orInt(&l.NewCallsPerSession, 10)
	orInt(&l.NewCallsPerAddr, 30)
	orInt(&l.RingsPerCaller, 3)
	orInt(&l.PendingPerCallee, 5)
	orInt(&l.PendingPerSender, 2)
	orInt(&l.Candidates, 100)
	orInt(&l.Roster, 1000)
	orInt(&l.Rosters, 100_000)
	orInt(&l.VisitorsPerPage, 100)
	orInt(&l.VisitorsPerAddr, 20)
	orInt(&l.CallsPerPage, 30)
	orInt(&l.RoomMembers, 2)
	l.RoomMembers = min(l.RoomMembers, MaxRoomMembers)
	orInt(&l.Rooms, 10_000)
	orInt(&l.RoomsPerSession, 8)
	if c.CalledBy == nil {
		c.CalledBy = []string{"anyone"}
	}
	if c.OldPages == "" {
		c.OldPages = "contacts"
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}
