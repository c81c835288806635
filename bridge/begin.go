package bridge

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jinglebridge/jinglebridge/jingle"
	"github.com/jinglebridge/jinglebridge/web"
)

// A browser's call begins.

// begin is a browser that calls somebody.
func (b *Bridge) begin(t *tab, m web.Message, offer json.RawMessage) error {
	if t.visitor != nil {
		return b.callPeople(t, m, offer)
	}
	seat, err := b.seatFor(t, m)
	if err != nil {
		return err
	}
	if seat != nil {
		return b.beginInRoom(seat, m, offer)
	}
	now := time.Now()
	to, err := b.addressOf(m.Name)
	if err != nil {
		return Failed(NotFound, err)
	}
	if err := b.mayBegin(t, to, now); err != nil {
		return err
	}
	if to.bare != "" && m.Media != nil {
		if m.Media = callMedia(m.Media); len(m.Media) == 0 {
			return Failed(Incompatible, errors.New("XMPP users can be called with audio and video"))
		}
	}
	if t.user.is(to) {
		return Failed(NotFound, errors.New("that is you"))
	}
	if crossing := t.crossing(to); crossing != nil {
		return b.cross(t, m, crossing)
	}
	c := b.newCall(nil, m.Media)
	me := b.newBrowserEnd(c, t, m.Call, jingle.Initiator)
	me.peer, me.room = m.Name, m.Room
	c.caller = me
	var rung []end
	if u := b.users[to.local]; u != nil && u.room {
		me.release()
		return Failed(Unavailable, fmt.Errorf("%q is a room; join it to call who is there", m.Name))
	} else if to.local != "" {
		rung = b.ringTabs(c, b.tabsOf(to.local, t), t.user.name, t.user.shown())
	} else {
		rung = []end{b.newXMPPEnd(c, t, to.bare)}
	}
	if len(rung) == 0 {
		me.release()
		return Failed(Unavailable, fmt.Errorf("%q is not here", m.Name))
	}
	return b.ringAt(c, me, rung, m, offer)
}

// ringAt lets a call of a browser begin; from then on what is wrong with it is told by the call.
func (b *Bridge) ringAt(c *call, me *browserEnd, rung []end, m web.Message, offer json.RawMessage) error {
	if err := b.firstOffer(c, me, rung, offer); err != nil {
		abandon(me, rung)
		return err
	}
	b.ok(me.tab, m, me.id)
	if err := b.ring(c, rung, b.ringTime(m)); err != nil {
		me.over(faultOf(err), "")
	}
	return nil
}

// firstOffer reads the offer that comes with the call, if one does; its media are the call's.
func (b *Bridge) firstOffer(c *call, me *browserEnd, rung []end, offer json.RawMessage) error {
	if offer == nil && !me.tab.sock.Old() {
		return nil
	}
	c.rung = rung
	d, err := me.hear("offer", offer)
	if err != nil {
		return err
	}
	c.offer = d
	if d.jingle != nil {
		c.media = d.jingle.Media()
	} else if len(c.media) == 0 {
		c.media = mediaOf(d.raw)
	}
	return nil
}

// callMedia is what a client can be asked for: a screen is shown as video.
func callMedia(asked []string) []string {
	var media []string
	for _, kind := range asked {
		if kind == "screen" {
			kind = "video"
		}
		if (kind == "audio" || kind == "video") && !slices.Contains(media, kind) {
			media = append(media, kind)
		}
	}
	return media
}

// mediaOf guesses the media of a call between browsers; the payload may be anything.
func mediaOf(raw json.RawMessage) []string {
	_, sdp, ok := web.SDP(raw)
	if !ok {
		return nil
	}
	if d, err := jingle.FromSDP(sdp, jingle.Initiator); err == nil {
		return d.Media()
	}
	return nil
}

func abandon(me *browserEnd, rung []end) {
	me.release()
	for _, e := range rung {
		e.release()
	}
}

func (b *Bridge) ringTime(m web.Message) time.Duration {
	if asked := time.Duration(m.Timeout) * time.Second; asked > 0 && asked < b.cfg.RingOut {
		return asked
	}
	return b.cfg.RingOut
}

var errCalls = errors.New("too many calls in a short time; wait a little")

// notCallable: policy does not let browsers call this XMPP user.
func notCallable(bare string) error {
	return Failed(Forbidden, fmt.Errorf("%s may not be called from here (policy.call in the server's config.toml)", bare))
}

// mayBegin checks limits first, so that refused attempts count, then policy.
func (b *Bridge) mayBegin(t *tab, to address, now time.Time) error {
	target := to.local + " " + to.bare
	if !t.calls.AllowN(now, 1) || !b.perAddr.allow(web.Network(t.sock.Addr()), now) || !b.perTarget.allow(t.user.bare+" "+target, now) {
		b.metrics.limited.WithLabelValues("new_calls").Inc()
		return Failed(TooMuch, errCalls)
	}
	if err := t.mayReach(to, b.cfg.Domain); err != nil {
		return err
	}
	if t.elsewhere() >= b.cfg.Limits.CallsPerSession {
		b.metrics.limited.WithLabelValues("calls_per_session").Inc()
		return Failed(TooMuch, errors.New("too many calls at once"))
	}
	switch {
	case t.user.blocks(b.bareOf(to)):
		return errBlocked
	case to.bare == "":
		return nil
	case t.user.account == nil && !b.mayCall(to.bare):
		return notCallable(to.bare)
	case !t.user.link.up:
		return Failed(Upstream, errors.New("the XMPP server cannot be reached at the moment"))
	}
	return nil
}

// tabsOf are those that this caller reaches by a name; a guest's link says whom it may.
func (b *Bridge) tabsOf(local string, caller *tab) []*tab {
	u := b.users[local]
	switch {
	case u == nil, !b.mayBeReached(u, caller):
		return nil
	case u.page == nil:
		return u.tabs
	}
	return b.visitorFor(u, u.bare)
}

// mayBeReached says whether one here may ring at another, or write to him. What a guest's link
// allows, policy need not; whom he has blocked, nothing does.
func (b *Bridge) mayBeReached(u *user, by *tab) bool {
	if by.only != nil {
		return !u.blocks(by.user.bare)
	}
	return b.mayRing(u, by.user.bare)
}

// ringTabs makes an end for each tab that a call rings at.
func (b *Bridge) ringTabs(c *call, tabs []*tab, peer, title string) []end {
	var rung []end
	for _, t := range tabs {
		e := b.newBrowserEnd(c, t, "", jingle.Responder)
		e.peer, e.peerTitle = peer, title
		if t.visitor != nil { // who of its people it is, is the page's business
			e.peer, e.peerTitle = t.user.name, t.user.shown()
		}
		if t.seat != nil {
			e.room = t.seat.room
		}
		rung = append(rung, e)
	}
	return rung
}
