package readers

import "strings"

const (
	groupNS = "xmlns='urn:xmpp:jingle:apps:grouping:0'"
	content = "<content creator"
	mux     = "<rtcp-mux"
)

var (
	noGroup = cutAll("<group", "</group>", "")
	noMux   = cut(mux)
	foreign = "<x xmlns='urn:x-nobody' id='1'><content name='y'/></x>"
	crypto  = "<encryption><crypto crypto-suite='AES_CM_128_HMAC_SHA1_80' key-params='inline:x' tag='1'/></encryption>"
)

// named1 gives the first content another name, in the group, too.
func named1(name string) edit {
	return also(swap("<content name='0'/>", "<content name='"+name+"'/>"), swap("name='0' senders", "name='"+name+"' senders"))
}

// prefixed writes the names of all elements of Jingle with a prefix.
func prefixed(xml string) string {
	for _, name := range []string{"jingle", "content", "description", "payload-type", "transport"} {
		xml = strings.ReplaceAll(xml, "<"+name+" ", "<j:"+name+" ")
		xml = strings.ReplaceAll(xml, "</"+name+">", "</j:"+name+">")
	}
	for _, space := range []string{"urn:xmpp:jingle:1", "urn:xmpp:jingle:apps:rtp:1", "urn:xmpp:jingle:transports:ice-udp:1", "urn:xmpp:jingle:apps:grouping:0"} {
		xml = strings.ReplaceAll(xml, "xmlns='"+space+"'", "xmlns='"+space+"' xmlns:j='"+space+"'")
	}
	return xml
}

// screen is a second video with sources of its own, and no <stream/> to tell them apart.
var screen = also(again(1, "2", also(swapAll("2615398919", "77"), swapAll("132767429", "78"), swapAll("bfa707fe", "dfa707fe"))), cut("<stream"))

var reversed = also(swap("<content name='0'/>", "<content name='-'/>"), swap("<content name='1'/>", "<content name='0'/>"), swap("<content name='-'/>", "<content name='1'/>"), exchange)

var shapeProbes = []probe{
	{"01-accept-drops-video", "Rwww.", only(0)},
	{"01-audio-only-initiate", fine, only(0)},
	{"01-audio-only-accept", fine, only(0)},
	{"01-video-only-initiate", fine, only(1)},

	{"18-no-group", "..w..", noGroup},
	{"18-no-group-accept", "..w..", noGroup},
	{"18-group-extra-mid", "wwww.", before("</group>", "<content name='9'/>")},
	{"18-group-empty", "wRww.", cut("<content name=")},
	{"18-group-ls", "..w..", give("<group", "semantics", "LS")},
	{"18-group-unknown", ".Rw..", give("<group", "semantics", "NOBODY")},
	{"22-group-content-no-name", ".Rw..", swap("<content name='1'/>", "<content/>")},
	{"18-no-rtcp-mux", ".www.", noMux},
	{"18-no-rtcp-mux-no-group", "wwww.", also(noMux, noGroup)},
	{"18-accept-no-rtcp-mux", ".www.", noMux},
	{"18-group-partial", fine, cut("<content name='1'")},
	{"18-group-last", fine, also(noGroup, before("</jingle>", "<group "+groupNS+" semantics='BUNDLE'><content name='0'/><content name='1'/></group>"))},

	{"19-name-17-chars", "Rwww.", named1("12345678901234567")},
	{"19-name-with-space", "Rwww.", named1("my audio")},
	{"19-name-missing", "RR..R", drop(content, "name")},
	{"19-names-equal", "Rwww.", swapAll("name='1'", "name='0'")},
	{"19-name-unicode", "wwww.", named1("tön")},
	{"19-no-creator", ".R...", drop(content, "creator")},
	{"19-accept-reversed-order", "wwww.", exchange},
	{"19-accept-reversed-order-group-too", "wwww.", reversed},
	{"19-two-audio-contents", "wwww.", again(0, "2", same)},
	{"19-second-video-screen", "...w.", screen},
	{"19-media-application", "wwwwR", swap("media='video'", "media='application'")},
	{"19-media-text", "dRddR", swap("media='video'", "media='text'")},
	{"19-media-missing", "dRwdR", swap(" media='video'", "")},
	{"19-names-audio-video", fine, also(named1("audio"), swapAll("name='1'", "name='video'"))},
	{"19-name-16-chars", fine, named1("1234567890123456")},
	{"19-creator-responder", fine, swapAll("creator='initiator'", "creator='responder'")},
	{"19-creator-responder-accept", fine, swapAll("creator='initiator'", "creator='responder'")},
	{"19-disposition-attr", fine, give(content, "disposition", "session")},

	{"20-encryption-required", "....R", before(mux, "<encryption required='1'/>")},
	{"20-encryption-crypto", fine, before(mux, crypto)},
	{"22-crypto-malformed", fine, before(mux, "<encryption><crypto/></encryption>")},
	{"20-bandwidth-text", ".R...", before(mux, "<bandwidth type='AS'>64</bandwidth>")},
	{"20-bandwidth-attr", ".R...", before(mux, "<bandwidth type='AS' value='64'/>")},
	{"20-all-prefixed", "..R..", prefixed},
	{"20-no-sid", "....R", drop("<jingle", "sid")},
	{"20-category", fine, before("</content>", "<category xmlns='urn:xmpp:jingle:apps:category:0' name='slides'/>")},
	{"20-rtcp-reduced-size", fine, before(mux, "<rtcp-reduced-size/>")},
	{"20-foreign-in-description", fine, before(mux, foreign)},
	{"20-foreign-in-transport", fine, before("</transport>", foreign)},
	{"20-foreign-in-content", fine, before("</content>", foreign)},
	{"20-foreign-in-jingle", fine, before("</jingle>", foreign)},
	{"20-muji-child", fine, before("</jingle>", "<muji xmlns='urn:xmpp:jingle:muji:0' room='r@muc.example.org'/>")},
	{"20-foreign-in-payload", fine, before("</payload-type>", foreign)},
	{"20-transport-before-description", fine, transportFirst},
	{"20-pretty-printed", fine, swapAll("\n", "\n   ")},
	{"20-prefixed-namespaces", fine, swapAll("<rtcp-fb xmlns='urn:xmpp:jingle:apps:rtp:rtcp-fb:0'", "<f:rtcp-fb xmlns:f='urn:xmpp:jingle:apps:rtp:rtcp-fb:0'")},
	{"20-jingle-no-initiator", fine, drop("<jingle", "initiator")},
	{"20-accept-no-responder", fine, drop("<jingle", "responder")},
	{"20-accept-with-initiator", fine, give("<jingle", "initiator", "romeo@example.org/phone")},
	{"20-double-quotes-entities", fine, also(swapAll("'", "\""), swap("urn:ietf:params", "urn:&#x69;etf:params"))},

	{"22-empty-jingle", "R.RRR", also(noGroup, cutAll(content, "</content>", ""))},
	{"22-content-empty", "RRwRR", in(1, cutAll(content, "</content>", "<content creator='initiator' name='1'/>\n"))},
	{"22-description-empty-media-only", "RwwwR", in(1, cutAll("<description", "</description>", "<description xmlns='urn:xmpp:jingle:apps:rtp:1' media='video'/>\n"))},
}

func transportFirst(xml string) string {
	from, to := strings.Index(xml, "<transport"), strings.Index(xml, "</transport>\n")+len("</transport>\n")
	at := strings.Index(xml, "<description")
	return xml[:at] + xml[from:to] + xml[at:from] + xml[to:]
}
