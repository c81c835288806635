package main

import (
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jinglebridge/jinglebridge/internal/element"
	"github.com/jinglebridge/jinglebridge/internal/xmpptest"
)

// town is the XMPP side: all contacts, each with one device that can be called and answers at
// once. It is the server itself, or a component of a real one.
type town struct {
	people, bridge string // domains
	echo           bool   // we are the server, and send back what the bridge says to itself

	mu      sync.Mutex
	change  sync.Cond
	pipe    *xmpptest.Pipe
	friends map[string]*friend // by bare JID
	count   tally
	only    string // whose friends are counted when asked; "" for everybody's
	err     error  // why the town stopped; nil while it runs
}

// friend is a contact of one user.
type friend struct {
	bare, user string   // bare JIDs; user is "" for one who is called only
	tabs       []string // of the user, that the friend sees
	probed     bool     // asked since the last forgetting
	here       bool     // approved by the bridge
}

// tally is what was heard, over all friends.
type tally struct {
	approved  int // friends the bridge has approved
	green     int // friends that see somebody
	tabs      int // tabs seen, by all friends
	probed    int
	available int // presence that came
	gone      int
}

func newTown(people, bridge string, echo bool) *town {
	t := &town{people: people, bridge: bridge, echo: echo, friends: map[string]*friend{}}
	t.change.L = &t.mu
	return t
}

// settle makes friends of a user.
func (t *town) settle(user string, names ...string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, name := range names {
		bare := name + "@" + t.people
		t.friends[bare] = &friend{bare: bare, user: user + "@" + t.bridge}
	}
}

// run serves a link until it ends.
func (t *town) run(pipe *xmpptest.Pipe) {
	t.mu.Lock()
	t.pipe = pipe
	t.mu.Unlock()
	for {
		b, err := pipe.Next()
		if err == nil {
			var e element.Element
			if e, err = element.Parse(b, xmpptest.NSComponent, element.Limits{}); err == nil {
				t.take(pipe, b, e)
				continue
			}
			err = fmt.Errorf("%w in %q", err, b)
		}
		if errors.Is(err, io.EOF) {
			pipe.Close() // as servers do
			return
		}
		if errors.Is(err, net.ErrClosed) || strings.Contains(err.Error(), "reset by peer") {
			return
		}
		t.mu.Lock()
		t.err = err
		t.change.Broadcast()
		t.mu.Unlock()
		return
	}
}

func (t *town) take(pipe *xmpptest.Pipe, raw []byte, e element.Element) {
	from, to := e.Attr("from"), e.Attr("to")
	if t.echo && from == t.bridge && to == t.bridge {
		pipe.Add(string(raw))
		return
	}
	switch e.Name() {
	case "presence":
		t.mu.Lock()
		t.presence(pipe, e.Attr("type"), from, to)
		t.change.Broadcast()
		t.mu.Unlock()
	case "iq":
		if kind := e.Attr("type"); kind == "get" || kind == "set" {
			answer(pipe, e, from, to)
		}
	case "message":
		if p := e.Child(nsProposals, "propose"); p.Exists() {
			pipe.Add(fmt.Sprintf("<message type='chat' id='p' from='%s/phone' to='%s'><proceed xmlns='%s' id='%s'/></message>", to, from, nsProposals, p.Attr("id")))
		}
	}
}

// presence is what a friend hears; the mutex is held.
func (t *town) presence(pipe *xmpptest.Pipe, kind, from, to string) {
	f := t.friends[to]
	bare, _, _ := strings.Cut(from, "/")
	if f == nil || f.user != bare {
		return
	}
	before := len(f.tabs)
	at := slices.Index(f.tabs, from)
	switch kind {
	case "":
		t.count.available++
		if at < 0 {
			f.tabs = append(f.tabs, strings.Clone(from))
		}
	case "unavailable":
		t.count.gone++
		if at >= 0 {
			f.tabs = slices.Delete(f.tabs, at, at+1)
		}
	case "probe":
		t.asked(f)
		pipe.Add(here(to, from))
	case "subscribe":
		t.asked(f)
		pipe.Add(fmt.Sprintf("<presence type='subscribed' from='%s' to='%s'/>", to, from))
		pipe.Add(here(to, from))
	case "subscribed":
		if !f.here {
			f.here = true
			t.count.approved++
		}
	}
	t.count.tabs += len(f.tabs) - before
	t.count.green += min(1, len(f.tabs)) - min(1, before)
}

// asked counts a friend who was asked whether he is there, or to be seen at all.
func (t *town) asked(f *friend) {
	if !f.probed && (t.only == "" || t.only == f.user) {
		f.probed = true
		t.count.probed++
	}
}

// here says that a friend's device is online.
func here(friend, user string) string {
	return fmt.Sprintf("<presence from='%s/phone' to='%s'><show>chat</show><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='https://load.example' ver='%s'/></presence>", friend, user, ver)
}

const (
	nsProposals = "urn:xmpp:jingle-message:0"
	nsJingle    = "urn:xmpp:jingle:1"
	nsDisco     = "http://jabber.org/protocol/disco#info"
)

// features are those of a device that can be called, in order.
var features = []string{
	nsDisco, nsJingle, "urn:xmpp:jingle:apps:dtls:0", "urn:xmpp:jingle:apps:rtp:1", "urn:xmpp:jingle:apps:rtp:audio",
	nsProposals, "urn:xmpp:jingle:transports:ice-udp:1",
}

// ver is their hash (XEP-0115 §5.1), and info what a device says of itself.
var ver, info = func() (string, string) {
	sorted := slices.Sorted(slices.Values(features))
	sum := sha1.Sum([]byte("client/phone//load<" + strings.Join(sorted, "<") + "<"))
	text := "<identity category='client' type='phone' name='load'/>"
	for _, f := range sorted {
		text += "<feature var='" + f + "'/>"
	}
	return base64.StdEncoding.EncodeToString(sum[:]), text
}()

// accepted is what a device answers to the offer of a page here.
const accepted = `<content creator='initiator' name='0'><description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'><rtcp-mux/><payload-type channels='2' clockrate='48000' id='111' name='opus'/></description><transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' ufrag='h0kC' pwd='o259q6FCoGesPg3K0HWtbXeU'><fingerprint xmlns='urn:xmpp:jingle:apps:dtls:0' hash='sha-256' setup='active'>AD:83:78:4C:8A:04:87:96:AD:71:50:CF:45:F4:E1:B5:04:C7:30:2E:8A:E8:AA:E4:65:8E:70:C1:05:C0:D3:03</fingerprint></transport></content><group xmlns='urn:xmpp:jingle:apps:grouping:0' semantics='BUNDLE'><content name='0'/></group>`

// answer is what a device answers to a request, and a session with an acceptance.
func answer(pipe *xmpptest.Pipe, e element.Element, from, to string) {
	inside := ""
	if query := e.Child(nsDisco, "query"); query.Exists() {
		inside = "<query xmlns='" + nsDisco + "' node='" + query.Attr("node") + "'>" + info + "</query>"
	}
	pipe.Add(fmt.Sprintf("<iq type='result' id='%s' from='%s' to='%s'>%s</iq>", e.Attr("id"), to, from, inside))
	if j := e.Child(nsJingle, "jingle"); j.Attr("action") == "session-initiate" {
		sid := j.Attr("sid")
		pipe.Add(fmt.Sprintf("<iq type='set' id='accept-%s' from='%s' to='%s'><jingle xmlns='%s' action='session-accept' sid='%s' responder='%s'>%s</jingle></iq>", sid, to, from, nsJingle, sid, to, accepted))
	}
}

// until waits for something to be so, and says how long it took.
func (t *town) until(what string, so func(tally) bool) (time.Duration, error) {
	began := time.Now()
	late := time.AfterFunc(patience, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.change.Broadcast()
	})
	defer late.Stop()
	t.mu.Lock()
	defer t.mu.Unlock()
	for !so(t.count) {
		switch {
		case t.err != nil:
			return 0, t.err
		case time.Since(began) >= patience:
			return 0, fmt.Errorf("%s: not within %v: %+v", what, patience, t.count)
		}
		t.change.Wait()
	}
	return time.Since(began), nil
}

// befriend lets all friends that are none yet ask to see their user, some hundreds at once.
func (t *town) befriend() error {
	const window = 500
	t.mu.Lock()
	pipe, asked := t.pipe, t.count.approved
	var all []string
	for _, f := range t.friends {
		if !f.here && f.user != "" {
			all = append(all, fmt.Sprintf("<presence type='subscribe' from='%s' to='%s'/>", f.bare, f.user))
		}
	}
	t.mu.Unlock()
	for batch := range slices.Chunk(all, window) {
		if err := pipe.Write(strings.Join(batch, "")); err != nil {
			return err
		}
		asked += len(batch)
		if _, err := t.until("subscriptions", func(c tally) bool { return c.approved >= asked }); err != nil {
			return err
		}
	}
	return nil
}

// forget clears what is counted anew in each step, of the friends of one user, or "" for all;
// who sees whom stays.
func (t *town) forget(only string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.only = only
	t.count.probed, t.count.available, t.count.gone = 0, 0, 0
	for _, f := range t.friends {
		f.probed = false
	}
}

// seeing counts the friends of users that see as many tabs as this.
func (t *town) seeing(tabs int) (n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, f := range t.friends {
		if len(f.tabs) == tabs {
			n++
		}
	}
	return n
}
