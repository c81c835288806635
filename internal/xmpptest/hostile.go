package xmpptest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Hostile is something that an ordinary account can send to its server, to do harm to
// a component or to those behind it.
type Hostile struct {
	Name  string
	Bytes string // with {to} for the component's domain, {user} for a full JID in it, {me} for the sender
	// ProsodyOnly marks what a plain ejabberd 23.01 does not survive.
	ProsodyOnly bool
}

// For fills in the addresses.
func (h Hostile) For(to, user, me string) string {
	return strings.NewReplacer("{to}", to, "{user}", user, "{me}", me).Replace(h.Bytes)
}

// HostileStanzas returns them all in the order of their names, which differ. Some are ill-formed, so
// that a server ends the sender's stream: log in again and go on.
func HostileStanzas() []Hostile {
	var all []Hostile
	for _, group := range []func() []Hostile{
		characters, sizes, forgedStreams, addresses, requests, answers, presences, extensions, jingles, messageInitiations,
	} {
		all = append(all, group()...)
	}
	slices.SortFunc(all, func(a, b Hostile) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

func message(inside string) string {
	return "<message id='h' type='chat' to='{user}'>" + inside + "</message>"
}

func set(inside string) string { return "<iq type='set' id='h' to='{user}'>" + inside + "</iq>" }

func characters() []Hostile {
	all := []Hostile{
		{Name: "undeclared entity", Bytes: message("<body>&nbsp;</body>")},
		{Name: "undeclared prefix", Bytes: message("<x:y/>")},
		{Name: "comment", Bytes: message("<!-- -->")},
		{Name: "processing instruction", Bytes: message("<?php x ?>")},
		{Name: "document type", Bytes: "<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]>" + message("<body>&b;</body>")},
		{Name: "CDATA", Bytes: message("<body><![CDATA[</message><iq/>]]></body>")},
		{Name: "unclosed", Bytes: "<message to='{user}'><body>"},
		{Name: "wrong end tag", Bytes: "<message to='{user}'></iq>"},
		{Name: "attribute twice", Bytes: "<message to='{user}' to='{user}'/>"},
		{Name: "stray end of text", Bytes: message("<body>]]></body>")},
		{Name: "noncharacters U+FDD0", Bytes: message("<body>\ufdd0\ufdef</body>")},
		{Name: "BOM inside", Bytes: message("<body>\ufeff</body>")},
		{Name: "plane 16", Bytes: message("<body>\U0010fffd\U0010ffff</body>")},
		{Name: "bidirectional override", Bytes: message("<body>\u202e evil</body><nick xmlns='http://jabber.org/protocol/nick'>\u202egpj.exe</nick>")},
		{Name: "C1 controls", Bytes: message("<body>\u0080\u0085\u009f</body>")},
		{Name: "ligatures", Bytes: message("<body>" + strings.Repeat("\ufb01", 20_000) + "</body>")},
		{Name: "odd element names", Bytes: message("<é xmlns='u'/><_ xmlns='u'/><a.b-c xmlns='u'/>")},
		{Name: "prefixes", Bytes: message("<p:x xmlns:p='u' p:a='1'><p:y/></p:x><q xmlns='' xmlns:r='v' r:s='t'/>")},
		{Name: "xml:lang and xml:space", Bytes: "<message xml:lang='\u202e' xml:space='preserve' to='{user}'><body xml:lang=''>x</body></message>"},
	}
	for name, c := range map[string]string{
		"reference to NUL": "&#0;", "reference to U+0001": "&#1;", "reference to U+001F": "&#x1f;", "reference to U+FFFE": "&#xFFFE;", "reference to U+FFFF": "&#xFFFF;",
		"reference to a surrogate": "&#xD800;", "reference beyond Unicode": "&#x110000;", "huge reference": "&#99999999999999999999;",
		"raw NUL": "\x00", "raw U+0001": "\x01", "raw backspace": "\b", "raw U+001B": "\x1b", "raw U+007F": "\x7f", "raw U+FFFE": "\ufffe", "raw U+FFFF": "\uffff",
		"lone continuation byte": "\x80", "byte FF": "\xff", "cut sequence": "\xe2\x82", "overlong slash": "\xc0\xaf", "encoded surrogate": "\xed\xa0\x80", "beyond plane 16": "\xf4\x90\x80\x80",
	} {
		all = append(all,
			Hostile{Name: name + " in text", Bytes: message("<body>a" + c + "b</body>")},
			Hostile{Name: name + " in an attribute", Bytes: message("<x xmlns='u' y='a" + c + "b'/>")})
	}
	return all
}

func sizes() []Hostile {
	nested := func(n int) string { return strings.Repeat("<x>", n) + strings.Repeat("</x>", n) }
	var attrs strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&attrs, " a%d='%d'", i, i)
	}
	var prefixes strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&prefixes, " xmlns:p%d='u%d'", i, i)
	}
	return []Hostile{
		{Name: "just under the limit", Bytes: message("<body>" + strings.Repeat("x", 255<<10) + "</body>")},
		{Name: "request just under the limit", Bytes: set("<jingle xmlns='urn:xmpp:jingle:1' action='session-initiate' sid='big'><content name='" + strings.Repeat("x", 255<<10) + "'/></jingle>")},
		{Name: "over the limit", Bytes: message("<body>" + strings.Repeat("x", 600<<10) + "</body>")},
		{Name: "50,000 elements", Bytes: message("<y xmlns='u'>" + strings.Repeat("<a/>", 50_000) + "</y>")},
		{Name: "30,000 pieces of text", Bytes: message("<y xmlns='u'>" + strings.Repeat("x<a/>", 30_000) + "</y>")},
		{Name: "request with 3000 attributes", Bytes: set("<jingle xmlns='urn:xmpp:jingle:1'" + attrs.String() + "/>")},
		{Name: "2000 prefixes", Bytes: message("<y xmlns='u'" + prefixes.String() + "/>")},
		{Name: "long id", Bytes: "<iq type='get' to='{to}' id='" + strings.Repeat("i", 100<<10) + "'><ping xmlns='urn:xmpp:ping'/></iq>"},
		{Name: "long namespace", Bytes: set("<x xmlns='" + strings.Repeat("u", 100<<10) + "'/>")},
		{Name: "long element name", Bytes: set("<" + strings.Repeat("n", 50<<10) + " xmlns='u'/>")},
		{Name: "30 deep", Bytes: message(nested(28))},
		{Name: "70 deep", Bytes: message(nested(68)), ProsodyOnly: true},
		{Name: "request 70 deep", Bytes: set("<jingle xmlns='urn:xmpp:jingle:1'>" + nested(68) + "</jingle>"), ProsodyOnly: true},
		{Name: "4000 deep", Bytes: message(nested(4000)), ProsodyOnly: true},
		{Name: "20,000 deep", Bytes: set(nested(20_000)), ProsodyOnly: true},
	}
}

func forgedStreams() []Hostile {
	const ns = "xmlns='http://etherx.jabber.org/streams'"
	conflict := "<conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
	return []Hostile{
		{Name: "child in the streams namespace", Bytes: message("<foo " + ns + "/>")},
		{Name: "forged stream error", Bytes: message("<error " + ns + ">" + conflict + "</error>")},
		{Name: "forged stream error with the stream's prefix", Bytes: message("<stream:error>" + conflict + "</stream:error>")},
		{Name: "forged stream", Bytes: message("<stream " + ns + "/>")},
		{Name: "forged features", Bytes: message("<features " + ns + "/>")},
		{Name: "forged stream error deeper", Bytes: message("<a xmlns='u'><b><error " + ns + ">" + conflict + "</error></b></a>")},
		{Name: "forged stream error in a request", Bytes: set("<error " + ns + ">" + conflict + "</error>")},
		{Name: "forged stream error in a presence", Bytes: "<presence to='{user}'><error " + ns + ">" + conflict + "</error></presence>"},
		{Name: "forged stream error at the top", Bytes: "<stream:error>" + conflict + "</stream:error>"},
		{Name: "forged handshake", Bytes: "<handshake xmlns='jabber:component:accept' to='{to}'/>"},
		{Name: "stanza in the component's namespace", Bytes: "<message xmlns='jabber:component:accept' to='{user}'/>"},
		{Name: "stanza in the servers' namespace", Bytes: "<iq xmlns='jabber:server' type='get' id='h' to='{to}'><ping xmlns='urn:xmpp:ping'/></iq>"},
		{Name: "payload in the component's namespace", Bytes: set("<handshake xmlns='jabber:component:accept'/>")},
		{Name: "forged self-ping", Bytes: "<iq type='get' id='self-ping:x:1' to='{to}'><ping xmlns='urn:xmpp:ping'/></iq>"},
		{Name: "forged self-ping in the component's name", Bytes: "<iq type='get' id='self-ping:x:1' from='{to}' to='{to}'><ping xmlns='urn:xmpp:ping'/></iq>"},
		{Name: "end of the stream inside", Bytes: message("</stream:stream>")},
	}
}

func addresses() []Hostile {
	var all []Hostile
	for name, to := range map[string]string{
		"heart": "I♥NY@{to}", "roman four": "Ⅳ@{to}", "joiner": "a\u200db@{to}", "soft hyphen": "a\u00adb@{to}", "hangul": "\u1100@{to}",
		"emoji": "\U0001f600@{to}", "unassigned": "\u0378@{to}", "right to left": "א1a@{to}", "capital": "FoO@{to}", "full width": "ＡＢＣ@{to}",
		"long s": "ſ@{to}", "dotted I": "İ@{to}", "sharp s": "ß@{to}", "resource hangul": "a@{to}/\u1100", "resource bidi": "a@{to}/\u202ex", "resource two @": "a@{to}/b@c/d",
		"resource blank": "a@{to}/ ", "resource quotes": "a@{to}/&apos;&quot;&lt;&gt;&amp;", "resource long": "a@{to}/" + strings.Repeat("r", 1023), "resource too long": "a@{to}/" + strings.Repeat("r", 1024),
		"local long": strings.Repeat("l", 1023) + "@{to}", "local too long": strings.Repeat("l", 1024) + "@{to}", "escaped": "a\\40b\\20c\\27d@{to}", "badly escaped": "\\20a\\zz@{to}",
		"two @": "a@b@{to}", "no local": "@{to}", "no resource": "{to}/", "blank in local": "a b@{to}", "quote in local": "a&apos;b@{to}", "trailing dot": "a@{to}.", "domain in capitals": "a@CALL.localhost", "subdomain": "a@x.{to}",
		"percent": "%00%0a@{to}", "path": "..@{to}/../../etc", "only dots": "...@{to}",
	} {
		all = append(all,
			Hostile{Name: "address: " + name, Bytes: "<iq type='get' id='h' to='" + to + "'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>"},
			Hostile{Name: "message to address: " + name, Bytes: "<message id='h' to='" + to + "'><propose xmlns='urn:xmpp:jingle-message:0' id='h'><description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'/></propose></message>"},
			Hostile{Name: "subscribe to address: " + name, Bytes: "<presence type='subscribe' to='" + to + "'/>"})
	}
	return append(all,
		Hostile{Name: "resource of one joiner", Bytes: "<message to='a@{to}/\u200d'/>", ProsodyOnly: true},
		Hostile{Name: "forged from", Bytes: "<message from='admin@localhost' to='{user}'/>"},
		Hostile{Name: "from in the component", Bytes: "<presence from='{user}' to='{user}'/>"},
	)
}

func requests() []Hostile {
	all := []Hostile{
		{Name: "get without payload", Bytes: "<iq type='get' id='h' to='{to}'/>"},
		{Name: "set without payload", Bytes: "<iq type='set' id='h' to='{user}'/>"},
		{Name: "set with text only", Bytes: set("text")},
		{Name: "text before the payload", Bytes: set("text<ping xmlns='urn:xmpp:ping'/>")},
		{Name: "two payloads", Bytes: set("<ping xmlns='urn:xmpp:ping'/><jingle xmlns='urn:xmpp:jingle:1'/>")},
		{Name: "no type", Bytes: "<iq id='h' to='{to}'><ping xmlns='urn:xmpp:ping'/></iq>"},
		{Name: "unknown type", Bytes: "<iq type='put' id='h' to='{to}'><ping xmlns='urn:xmpp:ping'/></iq>"},
		{Name: "no id", Bytes: "<iq type='get' to='{to}'><ping xmlns='urn:xmpp:ping'/></iq>"},
		{Name: "empty id", Bytes: "<iq type='get' id='' to='{to}'><ping xmlns='urn:xmpp:ping'/></iq>"},
		{Name: "id with newline and quotes", Bytes: "<iq type='get' id='&#10;&apos;&gt;&lt;/iq&gt;' to='{to}'><ping xmlns='urn:xmpp:ping'/></iq>"},
		{Name: "same id twice", Bytes: strings.Repeat("<iq type='get' id='twice' to='{to}'><ping xmlns='urn:xmpp:ping'/></iq>", 2)},
		{Name: "payload without namespace", Bytes: set("<ping xmlns=''/>")},
		{Name: "unknown request", Bytes: set("<nonsense xmlns='urn:x'/>")},
		{Name: "disco with odd node", Bytes: "<iq type='get' id='h' to='{user}'><query xmlns='http://jabber.org/protocol/disco#info' node='&#10;&lt;x&gt;'/></iq>"},
		{Name: "items with node", Bytes: "<iq type='get' id='h' to='{to}'><query xmlns='http://jabber.org/protocol/disco#items' node='http://jabber.org/protocol/commands'/></iq>"},
		{Name: "burst of requests", Bytes: strings.Repeat("<iq type='get' id='burst' to='{to}'><ping xmlns='urn:xmpp:ping'/></iq>", 60)},
	}
	for _, ns := range []string{"jabber:iq:roster", "jabber:iq:register", "jabber:iq:private", "jabber:iq:auth", "jabber:iq:gateway", "jabber:iq:search", "jabber:iq:last", "jabber:iq:version",
		"http://jabber.org/protocol/bytestreams", "http://jabber.org/protocol/disco#info", "http://jabber.org/protocol/muc#owner"} {
		all = append(all, Hostile{Name: "set " + ns, Bytes: set("<query xmlns='" + ns + "'><item jid='{me}' subscription='both' ask='&#10;'/></query>")})
	}
	return append(all,
		Hostile{Name: "set vCard", Bytes: set("<vCard xmlns='vcard-temp'><PHOTO><BINVAL>" + strings.Repeat("A", 100<<10) + "</BINVAL></PHOTO></vCard>")},
		Hostile{Name: "command", Bytes: set("<command xmlns='http://jabber.org/protocol/commands' node='http://jabber.org/protocol/admin#shutdown' action='execute'/>")},
		Hostile{Name: "in-band bytes", Bytes: set("<open xmlns='http://jabber.org/protocol/ibb' block-size='99999999999' sid='x'/>")},
		Hostile{Name: "pubsub", Bytes: set("<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='x'/></pubsub>")},
		Hostile{Name: "blocklist", Bytes: set("<block xmlns='urn:xmpp:blocking'><item jid='{to}'/></block>")},
		Hostile{Name: "privileged", Bytes: set("<privileged_iq xmlns='urn:xmpp:privilege:2'><iq xmlns='jabber:client' type='get' id='x' to='{me}'><query xmlns='jabber:iq:roster'/></iq></privileged_iq>")},
	)
}

func answers() []Hostile {
	failure := "<error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
	return []Hostile{
		{Name: "result for nobody", Bytes: "<iq type='result' id='h' to='{to}'/>"},
		{Name: "result with text", Bytes: "<iq type='result' id='h' to='{user}'>text</iq>"},
		{Name: "result with two payloads", Bytes: "<iq type='result' id='h' to='{user}'><a xmlns='u'/><b xmlns='u'/></iq>"},
		{Name: "error without payload", Bytes: "<iq type='error' id='h' to='{to}'/>"},
		{Name: "error for nobody", Bytes: "<iq type='error' id='h' to='{user}'>" + failure + "</iq>"},
		{Name: "error without condition", Bytes: "<iq type='error' id='h' to='{user}'><error/></iq>"},
		{Name: "error with odd parts", Bytes: "<iq type='error' id='h' to='{user}'><error type='no' code='-1'><no xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><no/></error></iq>"},
		{Name: "result without id", Bytes: "<iq type='result' to='{to}'/>"},
		{Name: "error message", Bytes: "<message type='error' id='h' to='{user}'>" + failure + "</message>"},
		{Name: "error message ping-pong", Bytes: strings.Repeat("<message type='error' id='h' to='{user}'><body>x</body>"+failure+"</message>", 20)},
		{Name: "error message with a proposal", Bytes: "<message type='error' id='jm-propose-h' to='{user}'><propose xmlns='urn:xmpp:jingle-message:0' id='h'><description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'/></propose>" + failure + "</message>"},
		{Name: "error presence", Bytes: "<presence type='error' to='{user}'>" + failure + "</presence>"},
		{Name: "answered disco from the wrong place", Bytes: "<iq type='result' id='disco' to='{user}'><query xmlns='http://jabber.org/protocol/disco#info'><feature var='urn:xmpp:jingle:1'/></query></iq>"},
	}
}

func presences() []Hostile {
	var all []Hostile
	for _, kind := range []string{"subscribe", "subscribed", "unsubscribe", "unsubscribed", "probe", "unavailable", "invisible", "&#10;"} {
		all = append(all,
			Hostile{Name: "presence " + kind + " to the domain", Bytes: "<presence type='" + kind + "' to='{to}'/>"},
			Hostile{Name: "presence " + kind + " to a user", Bytes: "<presence type='" + kind + "' to='{user}'/>"})
	}
	return append(all,
		Hostile{Name: "caps that lie", Bytes: "<presence to='{user}'><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='x' ver='&#10;'/></presence>"},
		Hostile{Name: "caps of unknown hash", Bytes: "<presence to='{user}'><c xmlns='http://jabber.org/protocol/caps' hash='md5000' node='' ver=''/></presence>"},
		Hostile{Name: "priority out of range", Bytes: "<presence to='{user}'><priority>99999999999999999999</priority><show>no</show></presence>"},
		Hostile{Name: "long status and nick", Bytes: "<presence to='{user}'><status>" + strings.Repeat("s", 60<<10) + "</status><nick xmlns='http://jabber.org/protocol/nick'>" + strings.Repeat("n", 60<<10) + "</nick></presence>"},
		Hostile{Name: "flicker", Bytes: strings.Repeat("<presence to='{user}'/><presence type='unavailable' to='{user}'/>", 30)},
		Hostile{Name: "room join", Bytes: "<presence to='{user}'><x xmlns='http://jabber.org/protocol/muc'/></presence>"},
	)
}

func extensions() []Hostile {
	inner := "<forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='yesterday'/><message xmlns='jabber:client' from='bob@localhost' to='{user}'><propose xmlns='urn:xmpp:jingle-message:0' id='h'/></message></forwarded>"
	return []Hostile{
		{Name: "forged carbon", Bytes: message("<received xmlns='urn:xmpp:carbons:2'>" + inner + "</received>")},
		{Name: "forged sent carbon", Bytes: message("<sent xmlns='urn:xmpp:carbons:2'>" + inner + "</sent>")},
		{Name: "forged archive result", Bytes: message("<result xmlns='urn:xmpp:mam:2' queryid='q' id='1'>" + inner + "</result>")},
		{Name: "forwarded message", Bytes: message(inner)},
		{Name: "forged privilege", Bytes: message("<privilege xmlns='urn:xmpp:privilege:2'><perm access='roster' type='both'/></privilege>")},
		{Name: "forged delegation", Bytes: message("<delegation xmlns='urn:xmpp:delegation:2'><delegated namespace='jabber:iq:roster'/></delegation>")},
		{Name: "forged delay", Bytes: message("<delay xmlns='urn:xmpp:delay' from='{to}' stamp='9999-99-99T99:99:99Z'/><body>x</body>")},
		{Name: "roster exchange", Bytes: message("<x xmlns='http://jabber.org/protocol/rosterx'><item action='delete' jid='{me}'/></x>")},
		{Name: "forged event", Bytes: message("<event xmlns='http://jabber.org/protocol/pubsub#event'><items node='urn:xmpp:avatar:metadata'><item/></items></event>")},
		{Name: "invitation to a room", Bytes: message("<x xmlns='jabber:x:conference' jid='{user}'/>")},
		{Name: "receipt loop", Bytes: message("<request xmlns='urn:xmpp:receipts'/><received xmlns='urn:xmpp:receipts' id='h'/>")},
		{Name: "chat markers", Bytes: message("<markable xmlns='urn:xmpp:chat-markers:0'/><displayed xmlns='urn:xmpp:chat-markers:0' id='&#10;'/>")},
		{Name: "script", Bytes: message("<body>&lt;script&gt;alert(1)&lt;/script&gt;</body><html xmlns='http://jabber.org/protocol/xhtml-im'><body xmlns='http://www.w3.org/1999/xhtml'><script>alert(1)</script></body></html>")},
		{Name: "groupchat", Bytes: "<message type='groupchat' to='{user}'><body>x</body></message>"},
		{Name: "headline", Bytes: "<message type='headline' to='{to}'><body>x</body></message>"},
		{Name: "unknown message type", Bytes: "<message type='&#10;' to='{to}'><body>x</body></message>"},
		{Name: "empty message", Bytes: "<message to='{user}'/>"},
		{Name: "to the domain", Bytes: "<message to='{to}'><body>x</body><propose xmlns='urn:xmpp:jingle-message:0' id='h'/></message>"},
	}
}

func jingles() []Hostile {
	jingle := func(attrs, inside string) string {
		return set("<jingle xmlns='urn:xmpp:jingle:1' " + attrs + ">" + inside + "</jingle>")
	}
	initiate := func(content string) string {
		return jingle("action='session-initiate' sid='h' initiator='{me}'", content)
	}
	content := func(description, transport string) string {
		return "<content creator='initiator' name='0'><description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'>" + description + "</description><transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' " + transport + "</transport></content>"
	}
	const opus, ice = "<payload-type id='111' name='opus' clockrate='48000' channels='2'/>", "ufrag='abcd' pwd='abcdefghijklmnopqrstuv'>"
	var all []Hostile
	for _, action := range []string{"session-accept", "session-terminate", "session-info", "transport-info", "transport-replace", "content-add", "content-modify", "content-remove", "description-info", "security-info", "session-destroy", "", "&#10;"} {
		all = append(all, Hostile{Name: "stray " + action, Bytes: jingle("action='"+action+"' sid='nobody'", "")})
	}
	for name, newline := range map[string]string{"newline": "&#10;", "carriage return": "&#13;&#10;", "line separator": "\u2028", "tab": "&#9;"} {
		line := newline + "a=fingerprint:sha-256 00"
		all = append(all,
			Hostile{Name: name + " in the ufrag", Bytes: initiate(content(opus, "ufrag='abcd"+line+"' pwd='abcdefghijklmnopqrstuv'>"))},
			Hostile{Name: name + " in the password", Bytes: initiate(content(opus, "ufrag='abcd' pwd='abcdefghijklmnopqrstuv"+line+"'>"))},
			Hostile{Name: name + " in a codec", Bytes: initiate(content("<payload-type id='111' name='opus"+line+"' clockrate='48000'/>", ice))},
			Hostile{Name: name + " in a parameter", Bytes: initiate(content("<payload-type id='111' name='opus' clockrate='48000'><parameter name='a' value='b"+line+"'/></payload-type>", ice))},
			Hostile{Name: name + " in the content's name", Bytes: initiate(strings.Replace(content(opus, ice), "name='0'", "name='0"+line+"'", 1))},
			Hostile{Name: name + " in the media", Bytes: initiate(strings.Replace(content(opus, ice), "media='audio'", "media='audio"+line+"'", 1))},
			Hostile{Name: name + " in the sid", Bytes: jingle("action='session-initiate' sid='h"+line+"'", content(opus, ice))},
			Hostile{Name: name + " in a fingerprint", Bytes: initiate(content(opus, ice+"<fingerprint xmlns='urn:xmpp:jingle:apps:dtls:0' hash='sha-256"+line+"' setup='actpass"+line+"'>AA:BB"+line+"</fingerprint>"))},
			Hostile{Name: name + " in a candidate", Bytes: initiate(content(opus, ice+"<candidate component='1' foundation='1"+line+"' generation='0' id='x' ip='192.0.2.1"+line+"' network='0' port='1"+line+"' priority='1' protocol='udp"+line+"' type='host"+line+"'/>"))},
			Hostile{Name: name + " in an extension", Bytes: initiate(content(opus+"<rtp-hdrext xmlns='urn:xmpp:jingle:apps:rtp:rtp-hdrext:0' id='1' uri='urn:x"+line+"'/>", ice))},
			Hostile{Name: name + " in a source", Bytes: initiate(content(opus+"<source xmlns='urn:xmpp:jingle:apps:rtp:ssma:0' ssrc='1'><parameter name='cname"+line+"' value='x"+line+"'/></source>", ice))})
	}
	return append(all,
		Hostile{Name: "10,000 candidates", Bytes: initiate(content(opus, ice+strings.Repeat("<candidate ip='1' port='1'/>", 9000)))},
		Hostile{Name: "1000 contents", Bytes: initiate(strings.Repeat("<content creator='initiator' name='0'/>", 1000))},
		Hostile{Name: "1000 codecs", Bytes: initiate(content(strings.Repeat("<payload-type id='1' name='x'/>", 1000), ice))},
		Hostile{Name: "numbers out of range", Bytes: initiate(content("<payload-type id='99999999999999999999' name='opus' clockrate='-1' channels='1e9'/>", ice+"<candidate component='-1' foundation='' generation='x' ip='999.1.1.1' port='70000' priority='99999999999' protocol='sctp' type='no'/>"))},
		Hostile{Name: "initiate without content", Bytes: initiate("")},
		Hostile{Name: "initiate without sid", Bytes: jingle("action='session-initiate'", content(opus, ice))},
		Hostile{Name: "initiate in another's name", Bytes: jingle("action='session-initiate' sid='h' initiator='bob@localhost/x' responder='x@y'", content(opus, ice))},
		Hostile{Name: "initiate to the domain", Bytes: strings.Replace(initiate(content(opus, ice)), "{user}", "{to}", 1)},
		Hostile{Name: "get jingle", Bytes: strings.Replace(initiate(content(opus, ice)), "type='set'", "type='get'", 1)},
		Hostile{Name: "file transfer", Bytes: initiate("<content creator='initiator' name='f'><description xmlns='urn:xmpp:jingle:apps:file-transfer:5'/><transport xmlns='urn:xmpp:jingle:transports:ibb:1' sid='x' block-size='1'/></content>")},
		Hostile{Name: "reason of no kind", Bytes: jingle("action='session-terminate' sid='h'", "<reason><made-up/><text>&#10;</text></reason>")},
		Hostile{Name: "jingle of another version", Bytes: set("<jingle xmlns='urn:xmpp:jingle:0' action='session-initiate' sid='h'/>")},
	)
}

func messageInitiations() []Hostile {
	var all []Hostile
	for _, name := range []string{"propose", "ringing", "proceed", "accept", "reject", "retract", "finish", "made-up"} {
		all = append(all,
			Hostile{Name: "stray " + name, Bytes: message("<" + name + " xmlns='urn:xmpp:jingle-message:0' id='nobody'/>")},
			Hostile{Name: name + " without id", Bytes: message("<" + name + " xmlns='urn:xmpp:jingle-message:0'/>")},
			Hostile{Name: name + " with newline in id", Bytes: message("<" + name + " xmlns='urn:xmpp:jingle-message:0' id='h&#10;a=x'/>")},
			Hostile{Name: name + " with long id", Bytes: message("<" + name + " xmlns='urn:xmpp:jingle-message:0' id='" + strings.Repeat("i", 10_000) + "'><reason xmlns='urn:xmpp:jingle:1'><x/></reason></" + name + ">")})
	}
	propose := "<propose xmlns='urn:xmpp:jingle-message:0' id='h%d'><description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'/></propose>"
	var many strings.Builder
	for i := range 30 {
		many.WriteString(message(fmt.Sprintf(propose, i)))
	}
	return append(all,
		Hostile{Name: "30 proposals", Bytes: many.String()},
		Hostile{Name: "two initiations in one message", Bytes: message(fmt.Sprintf(propose, 1) + fmt.Sprintf(propose, 2))},
		Hostile{Name: "proposal of no media", Bytes: message("<propose xmlns='urn:xmpp:jingle-message:0' id='h'/>")},
		Hostile{Name: "proposal of 1000 media", Bytes: message("<propose xmlns='urn:xmpp:jingle-message:0' id='h'>" + strings.Repeat("<description xmlns='urn:xmpp:jingle:apps:rtp:1' media='&#10;'/>", 1000) + "</propose>")},
		Hostile{Name: "stale proposal", Bytes: message(fmt.Sprintf(propose, 3) + "<delay xmlns='urn:xmpp:delay' stamp='2001-01-01T00:00:00Z'/>")},
		Hostile{Name: "proposal in a groupchat message", Bytes: strings.Replace(message(fmt.Sprintf(propose, 4)), "type='chat'", "type='groupchat'", 1)},
	)
}
