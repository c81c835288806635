package readers

const (
	transport   = "<transport"
	fingerprint = "<fingerprint"
	offerPrint  = "9A:97:C3:1A:DC:94:3F:6B:0A:2A:22:18:F9:6B:A0:D6:A8:76:01:B9:D7:4B:F3:A2:C8:38:7C:C9:9F:3A:B3:3E"
	dtls        = "xmlns='urn:xmpp:jingle:apps:dtls:0'"
	udp         = "xmlns='urn:xmpp:jingle:transports:ice-udp:1'"
)

func setup(value string) edit {
	return also(swapAll("setup='actpass'", "setup='"+value+"'"), swapAll("setup='active'", "setup='"+value+"'"))
}

func printed(text string) edit { return swapAll(offerPrint, text) }

var noSetup = also(swapAll(" setup='actpass'", ""), swapAll(" setup='active'", ""))

var transportProbes = []probe{
	{"16-setup-active-initiate", "R....", setup("active")},
	{"16-setup-passive-initiate", "R....", setup("passive")},
	{"16-setup-holdconn-initiate", "Rwww.", setup("holdconn")},
	{"16-setup-actpass-accept", "wwww.", setup("actpass")},
	{"16-setup-holdconn-accept", "Rwww.", setup("holdconn")},
	{"16-setup-differs-accept", "R....", in(1, setup("passive"))},
	{"16-setup-passive-accept", fine, setup("passive")},
	{"16-no-setup-initiate", "RR.w.", noSetup},
	{"16-no-setup-accept", "RR.w.", noSetup},
	{"16-no-fingerprint", "Rwwdd", cut(fingerprint)},
	{"16-fingerprint-only-first-content", "R.ddd", in(1, cut(fingerprint))},
	{"16-hash-uppercase", ".R...", swapAll("hash='sha-256'", "hash='SHA-256'")},
	{"16-fingerprint-whitespace", "R.ww.", printed(" " + offerPrint + " ")},
	{"16-no-pwd", "Rwwdd", also(in(0, drop(transport, "pwd")), in(1, drop(transport, "pwd")))},
	{"16-no-ufrag", "Rwwdd", also(in(0, drop(transport, "ufrag")), in(1, drop(transport, "ufrag")))},
	{"16-short-pwd-ufrag", "wwww.", also(give(transport, "ufrag", "abc"), give(transport, "pwd", "short"))},
	{"16-second-content-empty-transport", "R.ddd", in(1, cutAll(transport, "</transport>", "<transport "+udp+"/>\n"))},
	{"16-ice1-transport", "R...R", swapAll(udp, "xmlns='urn:xmpp:jingle:transports:ice:0'")}, // the one of XEP-0371
	{"16-no-transport", "R.ddR", in(1, cutAll(transport, "</transport>", ""))},
	{"16-fingerprint-lowercase", fine, printed("9a:97:c3:1a:dc:94:3f:6b:0a:2a:22:18:f9:6b:a0:d6:a8:76:01:b9:d7:4b:f3:a2:c8:38:7c:c9:9f:3a:b3:3e")},
	{"16-fingerprint-sha1", fine, also(printed("9A:97:C3:1A:DC:94:3F:6B:0A:2A:22:18:F9:6B:A0:D6:A8:76:01:B9"), swapAll("'sha-256'", "'sha-1'"))},
	{"16-two-fingerprints", fine, after(fingerprint, "<fingerprint "+dtls+" hash='sha-1' setup='actpass'>9A:97:C3:1A:DC:94:3F:6B:0A:2A:22:18:F9:6B:A0:D6:A8:76:01:B9</fingerprint>")},
	{"16-fingerprint-required-attr", fine, give(fingerprint, "required", "true")},
	{"16-fingerprint-cryptex-attr", fine, give(fingerprint, "cryptex", "true")},
	{"16-different-creds-per-content", fine, in(1, give(transport, "ufrag", "other"), give(transport, "pwd", "0123456789abcdef01234567"))},
	{"16-trickle-option", fine, before(fingerprint, "<trickle xmlns='http://gultsch.de/xmpp/drafts/jingle/transports/ice-udp/option'/>")},
	{"16-trickle-renomination", fine, before(fingerprint, "<renomination xmlns='http://gultsch.de/xmpp/drafts/jingle/transports/ice-udp/option'/>")},
	{"16-gathering-complete", fine, before("</transport>", "<gathering-complete/>")},

	{"22-fingerprint-not-hex", "w!ww.", printed("9G:97")},
	{"22-fingerprint-short", "wwww.", printed("9A:97:C3:1A")},
	{"22-fingerprint-empty", "RRwwd", printed("")},
	{"22-fingerprint-no-colons", "w!ww.", printed("9A97C31ADC943F6B0A2A2218F96BA0D6A87601B9D74BF3A2C8387CC99F3AB33E")},
	{"22-hash-unknown", "wRww.", swapAll("'sha-256'", "'sha-999'")},
	{"22-ufrag-with-space", "Rwww.", give(transport, "ufrag", "a b c d")},
	{"22-pwd-newline", "R....", give(transport, "pwd", "0123456789abcdef01234567&#10;a=x")},

	{"15-senders-none-initiate", ".R..R", swap("senders='both'", "senders='none'")},
	{"15-senders-none-accept", ".R..R", swap("senders='both'", "senders='none'")},
	{"15-senders-rejected-initiate", "RRw.R", swap("senders='both'", "senders='rejected'")},
	{"15-senders-rejected-accept", "RRw.R", swap("senders='both'", "senders='rejected'")},
	{"23-answer-senders-none-video", ".R..R", in(1, swap("senders='both'", "senders='none'"))},
	{"15-senders-initiator-initiate", fine, swap("senders='both'", "senders='initiator'")},
	{"15-senders-initiator-accept", fine, swap("senders='both'", "senders='initiator'")},
	{"15-senders-responder-initiate", fine, swap("senders='both'", "senders='responder'")},
	{"15-senders-responder-accept", fine, swap("senders='both'", "senders='responder'")},
	{"15-senders-absent", fine, swapAll(" senders='both'", "")},
}

var candidateProbes = []probe{
	{"17-cand-no-component", "ccww.", candidateWithout("component")},
	{"17-cand-no-foundation", "cc...", candidateWithout("foundation")},
	{"17-cand-no-generation", ".c...", candidateWithout("generation")},
	{"17-cand-no-ip", "cc...", candidateWithout("ip")},
	{"17-cand-no-port", "ccww.", candidateWithout("port")},
	{"17-cand-no-priority", "ccww.", candidateWithout("priority")},
	{"17-cand-no-protocol", "ccwR.", candidateWithout("protocol")},
	{"17-cand-no-type", ".cww.", candidateWithout("type")},
	{"17-cand-tcp", "cc...", candidate("protocol", "tcp")},
	{"17-cand-tcp-tcptype", "cc...", with(also(give("<candidate", "protocol", "tcp"), give("<candidate", "tcptype", "active")))},
	{"17-cand-UDP-upper", ".c...", candidate("protocol", "UDP")},
	{"17-cand-type-unknown", ".cww!", candidate("type", "odd")},
	{"17-cand-generation-text", ".cw..", candidate("generation", "first")},
	{"17-cand-extra-attrs", "..w..", candidate("network-cost", "10")},
	{"17-cand-port-0", "..w..", with(also(give("<candidate", "port", "0"), swap("type='host'", related+"type='srflx'")))},
	{"22-cand-port-70000", "..ww.", candidate("port", "70000")},
	{"22-cand-priority-negative", ".cww.", candidate("priority", "-1")},
	{"22-cand-ip-newline", "c.ww.", candidate("ip", "192.0.2.1&#10;a=x")},
	{"22-cand-no-attrs", "ccwR.", with(func(string) string { return "<candidate/>" })},
	{"17-cand-full", fine, with(swap("type='host'", related+"type='srflx'"))},
	{"17-cand-no-id", fine, candidateWithout("id")},
	{"17-cand-no-network", fine, candidateWithout("network")},
	{"17-cand-rel-addr-only", fine, candidate("rel-addr", "10.0.0.1")},
	{"17-cand-mdns", fine, candidate("ip", "8f2b1c0e-1a2b-4c3d-9e8f-0123456789ab.local")},
	{"17-cand-ipv6", fine, candidate("ip", "2001:db8::1")},
	{"17-cand-fe80", fine, candidate("ip", "fe80::1")},
	{"17-cand-ipv6-zone", fine, candidate("ip", "fe80::1%eth0")},
	{"17-cand-component-2", fine, candidate("component", "2")},
	{"17-cand-foundation-text", fine, candidate("foundation", "abc")},
	{"17-cand-foundation-huge", fine, candidate("foundation", "123456789012345678901234567890")},
	{"17-cand-type-prflx", fine, candidate("type", "prflx")},
	{"17-cand-type-relay", fine, candidate("type", "relay")},
	{"17-cand-network-text", fine, candidate("network", "wifi")},
	{"17-cand-hostname", fine, candidate("ip", "host.example.org")},
	{"17-cand-priority-huge", fine, candidate("priority", "4294967295")},
	{"22-cand-component-0", fine, candidate("component", "0")},
	{"22-cand-component-300", fine, candidate("component", "300")},
	{"22-cand-300-candidates", fine, func(xml string) string {
		for range 300 {
			xml = with(same)(xml)
		}
		return xml
	}},
}
