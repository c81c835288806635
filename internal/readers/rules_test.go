package readers

import (
	"slices"
	"strings"
	"testing"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

// who names the readers that object, in the order of All.
func who(objections func(Client) []string) string {
	var names []string
	for _, client := range All() {
		if len(objections(client)) > 0 {
			names = append(names, client.Name)
		}
	}
	return strings.Join(names, " ")
}

const (
	ours   = "from='bob@call.example.org/tab'"
	phone  = " to='alice@example.org/phone' "
	alice  = " to='alice@example.org' "
	stores = "<store xmlns='urn:xmpp:hints'/>"
	offers = "<description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'/>"
)

func jmi(kind, to, inside string) string {
	return "<message type='chat' id='1' " + ours + to + "><" + kind + " xmlns='urn:xmpp:jingle-message:0' id='s1'>" + inside + "</" + kind + ">" + stores + "</message>"
}

func reason(condition string) string {
	return "<reason xmlns='urn:xmpp:jingle:1'><" + condition + "/></reason>"
}

// Messages of XEP-0353, and who objects.
func TestProposals(t *testing.T) {
	video := strings.Replace(offers, "audio'", "video'", 1)
	for _, test := range []struct{ stanza, want string }{
		{jmi("propose", alice, offers), ""},
		{jmi("propose", alice, offers+video), ""},
		{jmi("ringing", phone, ""), ""},
		{jmi("proceed", phone, ""), ""},
		{jmi("reject", phone, reason("busy")), ""},
		{jmi("retract", alice, reason("cancel")), ""},
		{jmi("finish", phone, reason("success")), ""},
		{jmi("propose", phone, offers), "subset"},
		{jmi("propose", alice, video), "monal"},
		{jmi("propose", alice, ""), "conversations monal subset"},
		{jmi("propose", alice, offers+strings.Replace(offers, "audio'", "text'", 1)), "conversations subset"},
		{jmi("propose", alice, offers+"<file xmlns='urn:xmpp:jingle:apps:file-transfer:5'/>"), "conversations"},
		{jmi("ringing", alice, ""), "conversations subset"},
		{jmi("proceed", alice, ""), "conversations dino subset"},
		{jmi("reject", alice, reason("busy")), "conversations subset"},
		{jmi("proceed", phone, "<device xmlns='http://gultsch.de/xmpp/drafts/omemo/dlts-srtp-verification' id='1'/>"), "conversations monal"},
		{jmi("reject", phone, ""), "subset"},
		{jmi("retract", alice, reason("dance")), "subset"},
		{jmi("accept", phone, ""), "siskin subset"},
		{strings.Replace(jmi("ringing", phone, ""), stores, "", 1), "subset"},
		{strings.Replace(jmi("ringing", phone, ""), "type='chat' ", "", 1), "subset"},
		{strings.Replace(jmi("propose", phone, offers), "'chat'", "'error'", 1), "movim siskin subset"},
		{"<message type='chat'" + phone + "><body>hello</body></message>", ""},
	} {
		if got := who(func(c Client) []string { return c.Objections(parse(t, test.stanza)) }); got != test.want {
			t.Errorf("%s: got %q, want %q", test.stanza, got, test.want)
		}
	}
}

func request(action, inside string) string {
	return "<iq type='set' id='1' " + ours + phone + "><jingle xmlns='urn:xmpp:jingle:1' action='" + action + "' sid='s1'>" + inside + "</jingle></iq>"
}

func part(name, inside string) string {
	return "<content xmlns='urn:xmpp:jingle:1' creator='initiator' name='" + name + "'>" + inside + "</content>"
}

func ice(ufrag string, candidates int) string {
	one := "<candidate component='1' foundation='1' generation='0' id='c1' ip='192.0.2.1' network='0' port='50000' priority='2122260223' protocol='udp' type='host'/>"
	return "<transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' ufrag='" + ufrag + "' pwd='Hbv44btyAlx8EpZT2IMTTsU/'>" + strings.Repeat(one, candidates) + "</transport>"
}

// Requests other than the first ones, and who objects.
func TestRequests(t *testing.T) {
	nobodys := "<x xmlns='urn:x-nobody'/>"
	stubs := "<description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'/><transport xmlns='urn:xmpp:jingle:transports:ice-udp:1'/>"
	for _, test := range []struct{ stanza, want string }{
		{request("session-terminate", "<reason><success/></reason>"), ""},
		{request("session-terminate", ""), "conversations subset"},
		{request("session-terminate", "<reason><failed_transport/></reason>"), "conversations subset"},
		{request("session-terminate", "<reason><success/><busy/></reason>"), "subset"},
		{request("session-info", "<ringing xmlns='urn:xmpp:jingle:apps:rtp:info:1'/>"), ""},
		{request("session-info", ""), ""},
		{request("session-info", nobodys), "dino"},
		{request("transport-info", part("0", ice("OfSg", 1))), ""},
		{request("transport-info", part("0", ice("OfSg", 2))), "monal"},
		{request("transport-info", part("0", ice("OfSg", 1))+part("1", ice("OfSg", 1))), "dino monal"},
		{request("transport-info", part("0", ice("", 1))), "conversations monal subset"},
		{request("transport-info", strings.Replace(part("0", ice("OfSg", 1)), "foundation='1'", "foundation='a'", 1)), "siskin subset"},
		{request("transport-info", strings.Replace(part("0", ice("OfSg", 1)), "'host'", "'odd'", 1)), "dino monal subset"},
		{request("content-reject", part("1", stubs)), ""},
		{request("content-reject", part("1", "")), "conversations"},
		{request("content-remove", part("0", stubs)+part("1", stubs)), "dino"},
		{request("content-modify", part("0", "")), ""},
		{strings.Replace(request("content-modify", part("0", "")), "'initiator'", "'responder'", 1), "dino"},
		{"<iq type='error' id='1'" + phone + ">" + request("session-terminate", "") + "</iq>", ""},
		{"<iq type='result' id='1'" + phone + "/>", ""},
	} {
		if got := who(func(c Client) []string { return c.Objections(parse(t, test.stanza)) }); got != test.want {
			t.Errorf("%s: got %q, want %q", test.stanza, got, test.want)
		}
	}
}

// What Siskin does not take of an initiate; it was read, not run.
func TestSiskin(t *testing.T) {
	initiate, _ := good(t)
	for name, test := range map[string]struct {
		edit edit
		want bool
	}{
		"good":          {same, false},
		"no clockrate":  {drop(opus, "clockrate"), true},
		"no name":       {drop("<payload-type id='0'", "name"), true},
		"no creator":    {drop(content, "creator"), true},
		"SDES":          {before(mux, crypto), true},
		"odd candidate": {candidate("foundation", "abc"), true},
		"no foundation": {candidateWithout("foundation"), true},
		"candidate":     {with(same), false},
	} {
		if got := Only(Siskin)[0].Objections(parse(t, test.edit(initiate))); (len(got) > 0) != test.want {
			t.Errorf("%s: got %q, want objections: %v", name, got, test.want)
		}
	}
}

// The subset is stricter than any client: nothing that somebody objects to passes.
func TestSubsetIsStrictest(t *testing.T) {
	browsers := []string{"18-no-group", "11-only-unknown-audio-codec"} // what the browser said, and we cannot make up
	initiate, accept := good(t)
	offer := parse(t, initiate)
	for _, p := range slices.Concat(mediaProbes, transportProbes, candidateProbes, shapeProbes) {
		objections := func(c Client) []string {
			if !isAccept(p.name) {
				return c.ObjectionsTo(p.edit(initiate))
			}
			changed := p.edit(accept)
			return append(c.ObjectionsTo(changed), c.Answer(offer, parse(t, changed))...)
		}
		if got := objections(Only(Subset)[0]); p.verdict != fine && len(got) == 0 && !slices.Contains(browsers, p.name) {
			t.Errorf("%s: somebody objects, and the subset does not", p.name)
		}
	}
}

// What was said before counts.
func TestSessions(t *testing.T) {
	initiate, accept := good(t)
	iq := func(from, to, jingle string) string {
		return "<iq type='set' id='1' from='" + from + "' to='" + to + "'>" + jingle + "</iq>"
	}
	const bob, she = "bob@call.example.org/tab", "alice@example.org/phone"
	group := "<group xmlns='urn:xmpp:jingle:apps:grouping:0' semantics='BUNDLE'><content name='0'/><content name='1'/></group>"
	screen := "<content creator='initiator' name='2' senders='both'>" + strings.SplitN(initiate, "name='1' senders='both'>", 2)[1]
	add := func(group string) string {
		return request("content-add", group+strings.TrimSuffix(strings.TrimSpace(screen), "</jingle>"))
	}
	restart := strings.Replace(request("transport-info", part("0", ice("herNew", 0))), ours+phone, "from='"+she+"' to='"+bob+"' ", 1)
	hers := func(xml string) string {
		return strings.Replace(xml, ours+phone, "from='"+she+"' to='"+bob+"' ", 1)
	}
	for name, test := range map[string]struct {
		stanzas []string // hers begin with <iq type='set' id='…' from='alice…
		want    string   // who objects to the last of ours
	}{
		"candidate":              {[]string{iq(bob, she, initiate), request("transport-info", part("0", ice("OfSg", 1)))}, ""},
		"candidate of later":     {[]string{iq(bob, she, initiate), request("transport-info", part("0", ice("other", 1)))}, "conversations dino monal"},
		"restart":                {[]string{iq(bob, she, initiate), request("transport-info", part("0", ice("other", 0)))}, "dino monal"},
		"answer to her restart":  {[]string{iq(she, bob, initiate), iq(bob, she, accept), restart, request("transport-info", part("0", ice("other", 1)))}, "dino monal"},
		"accept":                 {[]string{iq(she, bob, initiate), iq(bob, she, accept)}, ""},
		"accept of one":          {[]string{iq(she, bob, initiate), iq(bob, she, only(0)(accept))}, "conversations monal movim stanza.js subset"},
		"initiate":               {[]string{jmi("propose", alice, offers), iq(bob, she, only(0)(initiate))}, ""},
		"initiate with video":    {[]string{jmi("propose", alice, offers), iq(bob, she, initiate)}, "conversations monal"},
		"add":                    {[]string{iq(bob, she, initiate), add(strings.Replace(group, "</group>", "<content name='2'/></group>", 1))}, ""},
		"add without the old":    {[]string{iq(bob, she, initiate), add(strings.Replace(group, "<content name='0'/>", "<content name='2'/>", 1))}, "conversations siskin"},
		"add of what is there":   {[]string{iq(bob, she, initiate), strings.Replace(add(group), "name='2' senders", "name='1' senders", 1)}, "conversations"},
		"accept of her video":    {[]string{iq(bob, she, initiate), hers(add("")), strings.NewReplacer("content-add", "content-accept", "actpass", "active").Replace(add(strings.Replace(group, "</group>", "<content name='2'/></group>", 1)))}, ""},
		"another senders":        {[]string{iq(bob, she, initiate), hers(add("")), request("content-reject", strings.Replace(part("2", stubsOf("video")), "name=", "senders='responder' name=", 1))}, "conversations"},
		"reject of her video":    {[]string{iq(bob, she, initiate), hers(add("")), request("content-reject", part("2", stubsOf("video")))}, ""},
		"reject of nothing":      {[]string{iq(bob, she, initiate), request("content-reject", part("2", stubsOf("video")))}, "conversations"},
		"remove":                 {[]string{iq(bob, she, initiate), request("content-remove", part("1", stubsOf("video")))}, "conversations"},
		"unknown content":        {[]string{iq(bob, she, initiate), request("transport-info", part("7", ice("OfSg", 1)))}, "dino"},
		"a new call of that sid": {[]string{iq(bob, she, initiate), request("session-terminate", "<reason><success/></reason>"), iq(bob, she, initiate)}, ""},
	} {
		var last string
		var sessions []*Session
		for _, client := range All() {
			sessions = append(sessions, &Session{Client: client})
		}
		for _, xml := range test.stanzas {
			last = who(hearing(t, sessions, parse(t, xml)))
		}
		if last != test.want {
			t.Errorf("%s: got %q, want %q", name, last, test.want)
		}
	}
}

func stubsOf(media string) string {
	return "<description xmlns='urn:xmpp:jingle:apps:rtp:1' media='" + media + "'/><transport xmlns='urn:xmpp:jingle:transports:ice-udp:1'/>"
}

// hearing lets each client say, or hear, a stanza.
func hearing(t *testing.T, sessions []*Session, e element.Element) func(Client) []string {
	t.Helper()
	return func(c Client) []string {
		for _, session := range sessions {
			if session.Client.Name != c.Name {
				continue
			}
			if !strings.HasPrefix(e.Attr("from"), "alice@") {
				return session.Hears(e)
			}
			session.Says(e)
		}
		return nil
	}
}

// What Monal reads of H264 in its own spelling, and what it does not.
func TestLosses(t *testing.T) {
	initiate, _ := good(t)
	if got := Only(Monal)[0].Losses(parse(t, initiate)); len(got) == 0 || !strings.Contains(got[0], "level-asymmetry-allowed") {
		t.Errorf("got %q, want the parameters of H264", got)
	}
	spelled := also(swapAll("level-asymmetry-allowed", "level_asymmetry_allowed"), swapAll("packetization-mode", "packetization_mode"),
		swapAll("profile-level-id", "profile_level_id"), swapAll("42001f", "4325407"), swapAll("42e01f", "4382751"), swapAll("4d001f", "5046303"))
	if got := Only(Monal)[0].Losses(parse(t, spelled(initiate))); len(got) != 0 {
		t.Errorf("got %q, want none", got)
	}
}
