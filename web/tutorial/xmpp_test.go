package tutorial

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/internal/element"
	"github.com/jinglebridge/jinglebridge/web"
)

const (
	audioSDP = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n" +
		"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\na=ice-ufrag:aBcD\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n" +
		"a=fingerprint:sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\n" +
		"a=setup:SETUP\r\na=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n"

	transport = `<transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' ufrag='eFgH' pwd='abcdefghijklmnopqrstuvwx'>`
	initiate  = `<content creator='initiator' name='0'><description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'><rtcp-mux/>` +
		`<payload-type id='111' name='opus' clockrate='48000' channels='2'/></description>` + transport +
		`<fingerprint xmlns='urn:xmpp:jingle:apps:dtls:0' hash='sha-256' setup='actpass'>00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF</fingerprint>` +
		`</transport></content>`
	trickle = `<content creator='initiator' name='0'>` + transport +
		`<candidate component='1' foundation='1' generation='0' id='c1' ip='192.0.2.1' network='0' port='4000' priority='1' protocol='udp' type='host'/></transport></content>`
)

func description(kind, setup string) string {
	return string(web.Description(kind, strings.Replace(audioSDP, "SETUP", setup, 1)))
}

// stanza is what the XMPP server sends.
func (o *town) stanza(text string) {
	o.t.Helper()
	e, err := element.Parse([]byte(text), component.NS, element.Limits{})
	if err != nil {
		o.t.Fatal(err)
	}
	o.bridge.HandleStanza(&component.Stanza{Element: e, Type: e.Attr("type"), ID: e.Attr("id"), From: e.Attr("from"), To: e.Attr("to")})
}

// wantStanza waits for one that has this in it, and returns what the pattern's group matches.
func (o *town) wantStanza(pattern string) string {
	o.t.Helper()
	var others []string
	for {
		select {
		case stanza := <-o.xmpp.stanzas:
			others = append(others, stanza)
			if found := regexp.MustCompile(pattern).FindStringSubmatch(stanza); found != nil {
				return found[len(found)-1]
			}
		case <-time.After(patience):
			o.t.Fatalf("no stanza with %s, but %q", pattern, others)
		}
	}
}

// juliet does something in the session that she began with a member of a room.
func (o *town) juliet(to, action, inside string) {
	o.t.Helper()
	o.stanza(`<iq type='set' id='q' from='juliet@example.org/phone' to='` + to + `'><jingle xmlns='urn:xmpp:jingle:1' action='` + action +
		`' sid='s1' initiator='juliet@example.org/phone'>` + inside + `</jingle></iq>`)
}

// An XMPP user who has the room as a contact calls it, and the page that waits there answers.
func TestXMPPCallsCodelab(t *testing.T) {
	o := newTown(t, web.Limits{}, Config{})
	o.stanza(`<presence type='subscribe' from='juliet@example.org' to='foo@call.example.org'/>`)
	page := o.page(o.codelab, 3)
	page.say(`["create or join","foo"]`)
	page.want(`["joined","foo","`+page.id+`"]`, `["ready","foo"]`)
	page.say(`["message","got user media"]`)
	member := o.wantStanza(`<presence xmlns='[^']*' from='(foo@call.example.org/[^']*)' to='juliet@example.org'`)
	o.juliet(member, "session-initiate", initiate)
	page.want(`["message",{"sdp":"v=0*","type":"offer"}]`)
	o.juliet(member, "transport-info", trickle)
	page.want(`["message",{"type":"candidate","label":0,"id":"0","candidate":"candidate:1 1 udp 1 192.0.2.1 4000 typ host*"}]`)
	page.say(`["message",` + description("answer", "active") + `]`)
	o.wantStanza(`action='session-accept'`)
	page.say(`["message",` + theLabelled + `]`)
	o.wantStanza(`action='transport-info'`)
	o.juliet(member, "session-terminate", `<reason><success/></reason>`)
	page.want(`["message","bye"]`, `["bye"]`)
	// She calls again, and now the page hangs up by leaving.
	o.stanza(`<iq type='set' id='q' from='juliet@example.org/phone' to='` + member + `'><jingle xmlns='urn:xmpp:jingle:1' action='session-initiate' sid='s2' initiator='juliet@example.org/phone'>` + initiate + `</jingle></iq>`)
	page.want(`["message",{"sdp":"v=0*","type":"offer"}]`)
	page.say(`["bye","foo"]`)
	o.wantStanza(`action='session-terminate'`)
}

func TestXMPPCallsBrave(t *testing.T) {
	o := newTown(t, web.Limits{}, Config{})
	o.stanza(`<presence type='subscribe' from='juliet@example.org' to='foo@call.example.org'/>`)
	page := o.page(o.brave, 4)
	page.say(`["join",{"room":"foo","name":"Anna"}]`)
	page.want(`["room_users",[]]`)
	member := o.wantStanza(`<presence xmlns='[^']*' from='(foo@call.example.org/[^']*)' to='juliet@example.org'`)
	o.juliet(member, "session-initiate", initiate)
	page.want(`["getOffer",{"sdp":"v=0*","type":"offer"}]`)
	page.say(`["answer",` + description("answer", "active") + `]`)
	o.wantStanza(`action='session-accept'`)
	o.juliet(member, "session-terminate", `<reason><success/></reason>`)
	page.want(`["user_exit",{"id":"juliet@example.org"}]`)
}

// The room of an XMPP user calls her; she declines, and is not called again by that.
func TestPagesCallXMPP(t *testing.T) {
	o := newTown(t, web.Limits{LoginsPerMinute: -1}, Config{})
	for _, dialect := range []struct {
		host, enter, offer string
		greeting, ending   []string
	}{
		{o.codelab, `["create or join","juliet@example.org"]`, "message",
			[]string{`["created","juliet@example.org","*"]`, `["join","juliet@example.org"]`, `["ready","juliet@example.org"]`, `["message","got user media"]`},
			[]string{`["message","bye"]`, `["bye"]`}},
		{o.brave, `["join",{"room":"juliet@example.org","name":"Anna"}]`, "offer",
			[]string{`["room_users",[{"id":"juliet@example.org","name":"juliet@example.org"}]]`},
			[]string{`["user_exit",{"id":"juliet@example.org"}]`}},
	} {
		page := o.page(dialect.host, 4)
		for range 2 {
			page.say(dialect.enter)
			page.want(dialect.greeting...)
			page.say(`["` + dialect.offer + `",` + description("offer", "actpass") + `]`)
			who, sid, _ := strings.Cut(o.wantStanza(`from='(guest[^']*' to='juliet@example.org'><propose xmlns='[^']*' id='[^']*)'`), "' to=")
			sid = sid[strings.LastIndex(sid, "'")+1:]
			o.stanza(`<message type='chat' from='juliet@example.org/phone' to='` + who + `'><reject xmlns='urn:xmpp:jingle-message:0' id='` + sid + `'/></message>`)
			page.want(dialect.ending...)
		}
		page.hangUp()
	}
}
