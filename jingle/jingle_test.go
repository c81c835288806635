package jingle

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

// content is one that is complete, for tests that change it.
const (
	transportXML = `<transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' ufrag='OfSg' pwd='Hbv44btyAlx8EpZT2IMTTsU/'>` +
		`<fingerprint xmlns='urn:xmpp:jingle:apps:dtls:0' hash='sha-256' setup='actpass'>` + sha256 + `</fingerprint></transport>`
	audioXML   = `<description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'><payload-type id='111' name='opus' clockrate='48000' channels='2'/></description>`
	videoXML   = `<description xmlns='urn:xmpp:jingle:apps:rtp:1' media='video'><payload-type id='96' name='VP8' clockrate='90000'/></description>`
	contentXML = `<content creator='initiator' name='0'>` + audioXML + transportXML + `</content>`
)

func stanza(action, inside string) string {
	return fmt.Sprintf("<jingle xmlns='urn:xmpp:jingle:1' action='%s' sid='s1'>%s</jingle>", action, inside)
}

func TestParseRefuses(t *testing.T) {
	change := func(old, new string) string {
		if !strings.Contains(contentXML, old) {
			t.Fatalf("no %s", old)
		}
		return stanza("session-initiate", strings.Replace(contentXML, old, new, 1))
	}
	for _, test := range []struct{ in, want string }{
		{`<message xmlns='urn:xmpp:jingle:1'/>`, "want a <jingle/>"},
		{`<jingle xmlns='urn:xmpp:jingle:1' sid='s1'/>`, "want an action"},
		{`<jingle xmlns='urn:xmpp:jingle:1' action='session-info'/>`, "want a sid"},
		{`<jingle xmlns='urn:xmpp:jingle:1' action='session-info' sid='a&#10;b'/>`, "want a sid"},
		{stanza("session-initiate", ""), "want a content"},
		{change(`name='0'`, ``), "want a name"},
		{change(`name='0'`, `name='a&#13;b'`), "want a name"},
		{stanza("session-initiate", contentXML+contentXML), "each name once"},
		{stanza("session-initiate", strings.Repeat(contentXML, 17)), "at most 16 contents"},
		{change(`ufrag='OfSg'`, ``), `content "0": want an ICE ufrag`},
		{change(`ufrag='OfSg'`, `ufrag='a&#10;bcd'`), `want a ufrag of 4 to 256 ice-chars, got "a\nbcd"`},
		{change(`pwd='Hbv44btyAlx8EpZT2IMTTsU/'`, ``), "want an ICE pwd"},
		{change(`pwd='Hbv44btyAlx8EpZT2IMTTsU/'`, `pwd='x'`), "want a pwd"},
		{change(sha256, ``), "want a DTLS fingerprint"},
		{change(sha256, sha256+":AA"), "want a DTLS fingerprint"},
		{change("9A:", "9G:"), "want a DTLS fingerprint"},
		{change(`hash='sha-256'`, `hash='md5'`), "want a DTLS fingerprint"},
		{change(transportXML, strings.Replace(transportXML, "<fingerprint", strings.Repeat("<candidate/>", 101)+"<fingerprint", 1)), "at most 100 candidates"},
		{change(transportXML, strings.Replace(transportXML, "<fingerprint", strings.Repeat("<candidate/>", 101)+"<fingerprint", 1)+transportXML), "at most 100 candidates"},
		{change(`<payload-type`, strings.Repeat("<payload-type id='1'/>", 129)+"<payload-type"), "at most 128 payload types"},
		{change(`<payload-type`, strings.Repeat("<rtp-hdrext xmlns='urn:xmpp:jingle:apps:rtp:rtp-hdrext:0'/>", 65)+"<payload-type"), "at most 64"},
		{change(`<payload-type`, strings.Repeat("<source xmlns='urn:xmpp:jingle:apps:rtp:ssma:0' ssrc='1'/>", 257)+"<payload-type"), "at most 256"},
	} {
		j, err := Parse(parseXML(t, test.in))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%.300s:\n got %v, %v\nwant %s", test.in, j, err, test.want)
		}
	}
	for _, in := range []string{
		change(`<payload-type id='111' name='opus' clockrate='48000' channels='2'/>`, ``),
		change(`name='opus'`, `name='red'`),
		change(`id='111'`, `id='300'`),
		change(`name='opus' clockrate='48000'`, `name='speex' clockrate='x'`),
	} {
		d := parse(t, in).Description
		if _, err := d.ToSDP(SDPFor{Local: Responder}); !d.Contents[0].Absent || !errors.Is(err, ErrIncompatible) || errors.Is(err, ErrTransport) {
			t.Errorf("%.300s: got %v, want %v", in, err, ErrIncompatible)
		}
	}
	for _, transport := range []string{"urn:xmpp:jingle:transports:raw-udp:1", "urn:xmpp:jingle:transports:ice:0"} {
		in := stanza("session-initiate", strings.Replace(contentXML, transportXML, "<transport xmlns='"+transport+"'/>", 1))
		if _, err := parse(t, in).Description.ToSDP(SDPFor{Local: Responder}); !errors.Is(err, ErrTransport) || !errors.Is(err, ErrIncompatible) {
			t.Errorf("%s: got %v, want %v", transport, err, ErrTransport)
		}
	}
	if _, err := Parse(element.Element{}); err == nil {
		t.Errorf("nothing was read as a <jingle/>")
	}
}

// TestParseAbsent: contents that no browser could be told of, beside one that it could.
func TestParseAbsent(t *testing.T) {
	for _, odd := range []string{
		`<content creator='initiator' name='d'>` + transportXML + `</content>`,
		`<content creator='initiator' name='d'><description xmlns='urn:xmpp:jingle:apps:file-transfer:5'/>` + transportXML + `</content>`,
		`<content creator='initiator' name='d'><description xmlns='urn:xmpp:jingle:apps:rtp:1' media='application'/>` + transportXML + `</content>`,
		`<content creator='initiator' name='d'>` + audioXML + `<transport xmlns='urn:xmpp:jingle:transports:raw-udp:1'/></content>`,
	} {
		d := parse(t, stanza("session-initiate", odd+contentXML)).Description
		if len(d.Contents) != 2 || d.Contents[0].Name != "0" || !d.Contents[1].Absent || len(d.Media()) != 1 {
			t.Errorf("%s: got %+v", odd, d.Contents)
		}
		if sdp := toSDP(t, d, SDPFor{Local: Responder}); strings.Count(sdp, "m=") != 1 {
			t.Errorf("%s: got %s", odd, sdp)
		}
		alone := parse(t, stanza("session-initiate", odd)).Description
		if _, err := alone.ToSDP(SDPFor{Local: Responder}); !errors.Is(err, ErrIncompatible) {
			t.Errorf("%s: got %v, want %v", odd, err, ErrIncompatible)
		}
	}
}

func TestParseSharesTheTransportOfABundle(t *testing.T) {
	bundle := `<group xmlns='urn:xmpp:jingle:apps:grouping:0' semantics='BUNDLE'><content name='0'/><content name='1'/></group>`
	second := `<content name='1'>` + videoXML + `<transport xmlns='urn:xmpp:jingle:transports:ice-udp:1'/></content>`
	d := parse(t, stanza("session-initiate", contentXML+second+bundle)).Description
	sdp := toSDP(t, d, SDPFor{Local: Responder})
	wantLines(t, section(t, sdp, "1"), "a=ice-ufrag:OfSg", "a=fingerprint:sha-256 "+sha256)
	if _, err := Parse(parseXML(t, stanza("session-initiate", contentXML+second))); err == nil {
		t.Errorf("without a bundle there is nothing to share")
	}
}

func TestParseOthers(t *testing.T) {
	for _, test := range []struct {
		in   string
		want Jingle
	}{
		{stanza("session-terminate", "<reason><busy/><text> later </text></reason>"), Jingle{Reason: Reason{Condition: "busy", Text: "later"}}},
		{stanza("session-terminate", "<reason/>"), Jingle{}},
		{stanza("session-terminate", ""), Jingle{}},
		{stanza("session-terminate", "<reason><failed_application/></reason>"), Jingle{Reason: Reason{Condition: "failed-application"}}},
		{stanza("session-terminate", "<reason><text>x</text><alternative-session><sid>b</sid></alternative-session></reason>"), Jingle{Reason: Reason{Condition: "alternative-session", Text: "x"}}},
		{stanza("session-info", ""), Jingle{}},
		{stanza("session-info", "<mute xmlns='urn:xmpp:jingle:apps:rtp:info:1' creator='initiator' name='0'/>"), Jingle{Info: []Info{{NSRTPInfo, "mute", "0"}}}},
		{stanza("session-info", "<x xmlns='y'/>"), Jingle{Info: []Info{{"y", "x", ""}}}},
		{stanza("dance", "<x xmlns='y'/>"), Jingle{}},
	} {
		got := parse(t, test.in)
		test.want.Action, test.want.SID = got.Action, "s1"
		if !reflect.DeepEqual(*got, test.want) {
			t.Errorf("%s:\n got %+v\nwant %+v", test.in, *got, test.want)
		}
	}
}

func TestParseTransportInfo(t *testing.T) {
	for file, want := range map[string]Content{
		"jingle/stanzajs-12.22.1.gathering-complete.xml": {Name: "audio", Creator: "initiator", Senders: "both", Ufrag: "H2+L", EndOfCandidates: true},
		"jingle/stanzajs-12.22.1.transport-info.xml": {Name: "audio", Creator: "initiator", Senders: "both", Ufrag: "H2+L", Candidates: []Candidate{{
			Foundation: "221752444", Component: 1, Protocol: "udp", Priority: 2122194687, IP: "192.0.2.2", Port: 46116, Type: "host",
		}}},
	} {
		if got := parse(t, read(t, file)).Description.Contents[0]; !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %+v\nwant %+v", file, got, want)
		}
	}
	stub := parse(t, stanza("content-accept", "<content name='1'>"+videoXML+"<transport xmlns='urn:xmpp:jingle:transports:ice-udp:1'/></content>"))
	if c := stub.Description.Content("1"); c.Ufrag != "" || len(c.Payloads) != 1 {
		t.Errorf("got %+v of a stub", c)
	}
}

// TestAppendEveryAction: each action carries what it must and no more.
func TestAppendEveryAction(t *testing.T) {
	for action, want := range map[Action]string{
		SessionInitiate:  contentsXML("both", audioXML2+transportXML),
		SessionAccept:    contentsXML("both", audioXML2+strings.Replace(transportXML, "actpass", "active", 1)),
		ContentAdd:       contentsXML("both", audioXML2+transportXML),
		ContentAccept:    contentsXML("both", audioXML2+strings.Replace(transportXML, "actpass", "active", 1)),
		ContentModify:    `<content creator='initiator' name='0' senders='both'/>`,
		ContentReject:    stubXML,
		ContentRemove:    stubXML,
		TransportInfo:    `<content creator='initiator' name='0'><transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' ufrag='OfSg' pwd='Hbv44btyAlx8EpZT2IMTTsU/'/></content>`,
		TransportReject:  `<content creator='initiator' name='0'><transport xmlns='urn:xmpp:jingle:transports:ice-udp:1'/></content>`,
		TransportReplace: `<content creator='initiator' name='0'>` + transportXML + `</content>`,
		TransportAccept:  `<content creator='initiator' name='0'>` + strings.Replace(transportXML, "actpass", "active", 1) + `</content>`,
		DescriptionInfo:  `<content creator='initiator' name='0'>` + audioXML2 + `</content>`,
		SecurityInfo:     `<content creator='initiator' name='0'/>`,
	} {
		j := parse(t, stanza("session-initiate", contentXML))
		j.Action = action
		if got := write(t, j, Common); got != stanza(string(action), want) {
			t.Errorf("%s:\n got %s\nwant %s", action, got, stanza(string(action), want))
		}
	}
	for want, j := range map[string]*Jingle{
		stanza("session-terminate", "<reason><decline/><text>no</text></reason>"):                                {Action: SessionTerminate, Reason: Reason{Condition: "decline", Text: "no"}},
		stanza("session-terminate", "<reason><general-error/></reason>"):                                         {Action: SessionTerminate, Reason: Reason{Condition: "dance"}},
		stanza("session-info", "<ringing xmlns='urn:xmpp:jingle:apps:rtp:info:1'/>"):                             {Action: SessionInfo, Info: []Info{{NSRTPInfo, "ringing", ""}}},
		stanza("session-info", "<unmute xmlns='urn:xmpp:jingle:apps:rtp:info:1' creator='initiator' name='0'/>"): {Action: SessionInfo, Info: []Info{{NSRTPInfo, "unmute", "0"}, {"other", "thing", ""}}},
		strings.Replace(stanza("session-info", ""), "></jingle>", "/>", 1):                                       {Action: SessionInfo},
		strings.Replace(stanza("security-info", ""), "></jingle>", "/>", 1):                                      {Action: SecurityInfo, Description: &Description{Contents: []Content{{Name: "x", Absent: true}}}},
	} {
		j.SID = "s1"
		if got := write(t, j, Common); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

var (
	audioXML2 = strings.Replace(audioXML, "</description>", "<rtcp-mux/></description>", 1)
	stubXML   = `<content creator='initiator' name='0' senders='both'><description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'/>` +
		`<transport xmlns='urn:xmpp:jingle:transports:ice-udp:1'/></content>`
)

func contentsXML(senders, inside string) string {
	return `<content creator='initiator' name='0' senders='` + senders + `'>` + inside + `</content>`
}

// TestGroupOfContentAdd: an added content goes with the group of all, old and new.
func TestGroupOfContentAdd(t *testing.T) {
	d := parse(t, stanza("session-initiate", contentXML)).Description
	d.Bundle = []string{"before", "0"}
	got := write(t, &Jingle{Action: ContentAdd, SID: "s1", Description: d}, Common)
	if want := `<group xmlns='urn:xmpp:jingle:apps:grouping:0' semantics='BUNDLE'><content name='before'/><content name='0'/></group>`; !strings.Contains(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := initiate(t, d); strings.Contains(got, "before") {
		t.Errorf("got a name without a content: %s", got)
	}
	d.Bundle = []string{"before"}
	if got := initiate(t, d); strings.Contains(got, "group") {
		t.Errorf("got a group of nobody: %s", got)
	}
}

func TestDialects(t *testing.T) {
	for node, want := range map[string]Dialect{
		"http://monal-im.org/": Monal, "https://movim.eu": Movim, "http://moxl.movim.eu/": Movim, "https://dino.im": Dino, "http://conversations.im": WebRTC, "https://siskin.im": WebRTC, "https://stanzajs.org": StanzaJS, "": Common,
	} {
		if got := DialectOf(node); got != want {
			t.Errorf("%q: got %v, want %v", node, got, want)
		}
	}
	for _, test := range []struct {
		action  Action
		writer  Role
		to      Dialect
		senders string
		want    string
	}{
		{SessionAccept, Responder, Common, "initiator", "initiator"}, {SessionAccept, Responder, Movim, "initiator", "responder"},
		{SessionAccept, Responder, Movim, "both", "both"}, {SessionInitiate, Initiator, Movim, "initiator", "initiator"},
		{ContentAdd, Initiator, Movim, "responder", "responder"}, {ContentAdd, Responder, Movim, "responder", "initiator"},
		{ContentAccept, Initiator, Movim, "responder", "responder"}, {ContentAccept, Responder, Movim, "responder", "initiator"},
		{ContentModify, Initiator, Movim, "responder", "responder"}, {ContentModify, Responder, Movim, "responder", "initiator"},
		{SessionInitiate, Initiator, Dino, "responder", "both"}, {SessionInitiate, Initiator, Dino, "initiator", "initiator"},
		{SessionAccept, Responder, Dino, "responder", "responder"}, {SessionInitiate, Initiator, Common, "none", "both"}, {ContentAdd, Responder, Common, "none", "both"},
	} {
		d := parse(t, stanza("session-initiate", contentXML)).Description
		d.Contents[0].Senders = test.senders
		got := write(t, &Jingle{Action: test.action, Writer: test.writer, SID: "s1", Description: d}, test.to)
		if !strings.Contains(got, "senders='"+test.want+"'") {
			t.Errorf("%s to %v with %s: got %s, want %s", test.action, test.to, test.senders, got, test.want)
		}
	}
	whole := &Jingle{Action: ContentModify, SID: "s1", Description: parse(t, stanza("session-initiate", contentXML)).Description}
	if got := write(t, whole, Movim); !strings.Contains(got, "payload-type") {
		t.Errorf("Movim wants all in a content-modify, got %s", got)
	}
}

// TestSourcesAreOneContents: a source that two contents list, or one lists and the other's
// group names, stays with the first.
func TestSourcesAreOneContents(t *testing.T) {
	const source = "<source xmlns='urn:xmpp:jingle:apps:rtp:ssma:0' ssrc='%d'><parameter name='cname' value='x'/></source>"
	group := "<ssrc-group xmlns='urn:xmpp:jingle:apps:rtp:ssma:0' semantics='FID'><source ssrc='2'/><source ssrc='1'/></ssrc-group>"
	first := strings.Replace(contentXML, "</description>", fmt.Sprintf(source, 1)+"</description>", 1)
	second := strings.Replace(strings.Replace(contentXML, "name='0'", "name='1'", 1), "</description>", fmt.Sprintf(source, 1)+fmt.Sprintf(source, 2)+group+"</description>", 1)
	d := parse(t, stanza("session-initiate", first+second)).Description
	if len(d.Contents[0].Sources) != 1 || len(d.Contents[1].Sources) != 1 || d.Contents[1].Sources[0].SSRC != 2 || len(d.Contents[1].Groups) != 0 {
		t.Errorf("got %+v and %+v", d.Contents[0].Sources, d.Contents[1])
	}
}
