package jingle

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

// filled repeats a part, numbered, until the whole is as long as a description may be.
func filled(head, format, tail string) string {
	var b strings.Builder
	b.WriteString(head)
	for i := 0; b.Len()+len(tail)+len(format)+10 < maxSDP; i++ {
		if strings.Contains(format, "%") {
			fmt.Fprintf(&b, format, i)
		} else {
			b.WriteString(format)
		}
	}
	b.WriteString(tail)
	return b.String()
}

// lines of a 64 kB SDP that cost as much as we know how to.
func worstSDP() map[string]string {
	payloads := "m=video 9 UDP/TLS/RTP/SAVPF"
	for id := range 128 {
		payloads += fmt.Sprintf(" %d", id)
	}
	section := payloads + "\r\na=mid:%d\r\n" + credentials + dtls
	var full strings.Builder
	full.WriteString(session)
	for i := range maxContents {
		fmt.Fprintf(&full, section, i)
		for id := range 128 {
			fmt.Fprintf(&full, "a=rtpmap:%d VP8/90000\r\n", id)
		}
	}
	var parameters strings.Builder
	for p := range maxParams {
		fmt.Fprintf(&parameters, "p%d=;", p)
	}
	sections := ""
	for i := range maxContents {
		sections += fmt.Sprintf("m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:%d\r\na=rtpmap:111 opus/48000/2\r\n", i) + credentials + dtls
	}
	return map[string]string{
		"every payload type, in 16 m-lines": full.String(),
		"one source after another":          filled(smallOffer, "a=ssrc:%[1]d cname:x\r\n", ""),
		"one source again and again":        filled(smallOffer, "a=ssrc:7 cname:x\r\n", ""),
		"groups of sources":                 filled(smallOffer+"a=ssrc:1 cname:x\r\na=ssrc:2 cname:x\r\n", "a=ssrc-group:SIM 1 2\r\n", ""),
		"a group of many sources":           filled(smallOffer+"a=ssrc-group:FID", " %[1]d", "\r\n"),
		"candidates":                        filled(smallOffer, "a=candidate:%[1]d 1 udp 1 192.0.2.1 9 typ host\r\n", ""),
		"an extension again and again":      filled(smallOffer, "a=extmap:1 u\r\n", ""),
		"parameters of every payload type":  filled(session+payloads+"\r\n"+credentials+dtls, "a=fmtp:%[1]d "+parameters.String()+"\r\n", ""),
		"empty parameters":                  filled(session+payloads+"\r\n"+credentials+dtls, "a=fmtp:%[1]d "+strings.Repeat("=;", 64)+"\r\n", ""),
		"short parameters":                  filled(session+payloads+"\r\n"+credentials+dtls, "a=fmtp:%[1]d "+strings.Repeat("a=b;", 64)+"\r\n", ""),
		"feedback":                          filled(smallOffer, "a=rtcp-fb:* nack pli\r\n", ""),
		"empty lines":                       filled(smallOffer, "\n", ""),
		"unknown attributes":                filled(smallOffer, "a=x\n", ""),
		"16 m-lines and a bundle of names":  strings.Replace(session, "t=0 0\r\n", "t=0 0\r\na=group:BUNDLE"+strings.Repeat(" 0", 25000)+"\r\n", 1) + sections,
		"one line":                          filled(smallOffer+"a=", "x", ""),
		"blanks":                            filled(smallOffer+"a=fmtp:111 ", " ", "x"),
	}
}

// worstXML are stanzas of 64 kB that cost as much as we know how to.
func worstXML() map[string]string {
	open := `<jingle xmlns='urn:xmpp:jingle:1' action='session-initiate' sid='s1'>`
	description := `<content creator='initiator' name='0'><description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'>`
	end := `</description>` + transportXML + `</content></jingle>`
	opus := `<payload-type id='111' name='opus' clockrate='48000' channels='2'/>`
	return map[string]string{
		"contents":                   filled(open, `<content name='%[1]d'/>`, `</jingle>`),
		"payload types":              filled(open+description, `<payload-type id='%[1]d' name='x' clockrate='8000'/>`, end),
		"parameters":                 filled(open+description+`<payload-type id='1' name='x' clockrate='8000'>`, `<parameter name='p%[1]d' value='x'/>`, `</payload-type>`+end),
		"sources":                    filled(open+description+opus, `<source xmlns='urn:xmpp:jingle:apps:rtp:ssma:0' ssrc='%[1]d'/>`, end),
		"a group of many sources":    filled(open+description+opus+`<ssrc-group xmlns='urn:xmpp:jingle:apps:rtp:ssma:0' semantics='SIM'>`, `<source ssrc='%[1]d'/>`, `</ssrc-group>`+end),
		"names in the group":         filled(open+`<group xmlns='urn:xmpp:jingle:apps:grouping:0' semantics='BUNDLE'>`, `<content name='0'/>`, `</group>`+description+opus+end),
		"blanks between elements":    filled(open+strings.Repeat(" ", 30_000), `<x/> `, `</jingle>`),
		"elements that nobody knows": filled(open+description+opus, `<x/>`, end),
		"fingerprints":               filled(open+description+opus+`</description><transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' ufrag='OfSg' pwd='Hbv44btyAlx8EpZT2IMTTsU/'>`, `<fingerprint xmlns='urn:xmpp:jingle:apps:dtls:0' hash='sha-256'>`+sha256+`</fingerprint>`, `</transport></content></jingle>`),
	}
}

// translateSDP takes a text as far as it goes: to the bytes of a stanza.
func translateSDP(sdp string) {
	d, err := FromSDP(sdp, Initiator)
	if err != nil {
		return
	}
	var w element.Writer
	(&Jingle{Action: SessionInitiate, SID: "s1", Description: d}).Append(&w, Common)
}

// translateXML takes a stanza as far as it goes: to SDP.
func translateXML(xml string) {
	e, err := element.Parse([]byte(xml), "", anyLimits)
	if err != nil {
		return
	}
	j, err := Parse(e)
	if err != nil || j.Description == nil {
		return
	}
	_, _ = j.Description.ToSDP(SDPFor{Local: Responder, Session: 1, Version: 1, Stream: "s1"})
}

// TestMemoryIsBounded: no 64 kB of anything make us take 5 MiB.
func TestMemoryIsBounded(t *testing.T) {
	const most = 5 << 20
	for what, translate := range map[string]func(string){"sdp": translateSDP, "jingle": translateXML} {
		inputs := worstSDP()
		if what == "jingle" {
			inputs = worstXML()
		}
		for name, input := range inputs {
			if len(input) < maxSDP/2 {
				t.Errorf("%s, %s: %d bytes are no bad case", what, name, len(input))
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			translate(input)
			runtime.ReadMemStats(&after)
			if took := after.TotalAlloc - before.TotalAlloc; took > most {
				t.Errorf("%s, %s: took %d bytes for %d, want at most %d", what, name, took, len(input), most)
			}
		}
	}
}

// TestWhatIsKeptIsBounded: a description is kept for a whole call. None holds more than a
// few times the longest text.
func TestWhatIsKeptIsBounded(t *testing.T) {
	const most = 4 * maxSDP
	payloads := " 0"
	for id := 96; id < 128; id++ {
		payloads += fmt.Sprintf(" %d", id)
	}
	section := "m=audio 9 UDP/TLS/RTP/SAVPF" + payloads + "\r\na=mid:%d\r\na=rtpmap:111 opus/48000/2\r\n" + credentials + dtls
	for name, parameters := range map[string]string{"empty": strings.Repeat("=;", 64), "short": "a=b;"} {
		sdp := session
		for i := range maxContents {
			sdp += fmt.Sprintf(section, i)
			for id := 96; id < 128 && len(sdp) < maxSDP-1000; id++ {
				sdp += fmt.Sprintf("a=fmtp:%d %s\r\n", id, parameters)
			}
		}
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		const calls = 20
		kept := make([]*Description, calls)
		for i := range kept {
			kept[i] = fromSDP(t, strings.Clone(sdp), Initiator)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		if held := (int(after.HeapAlloc) - int(before.HeapAlloc)) / calls; held > most {
			t.Errorf("%s parameters: %d bytes are held for an SDP of %d, want at most %d", name, held, len(sdp), most)
		}
		runtime.KeepAlive(kept)
	}
}

// BenchmarkWorst shows the time for the same: none takes 10 ms.
func BenchmarkWorst(b *testing.B) {
	for name, input := range worstSDP() {
		b.Run("sdp "+name, func(b *testing.B) {
			for b.Loop() {
				translateSDP(input)
			}
		})
	}
	for name, input := range worstXML() {
		b.Run("jingle "+name, func(b *testing.B) {
			for b.Loop() {
				translateXML(input)
			}
		})
	}
}

// longSDP is the browser's offer of BenchmarkFromSDP with its video m-line again and
// again, as long as a description may be.
func longSDP(tb testing.TB) string {
	sdp := read(tb, strings.TrimPrefix(benchFile, "testdata/"))
	head, video, _ := strings.Cut(sdp, "m=video")
	head = strings.Replace(head, "a=group:BUNDLE 0 1", "a=group:BUNDLE 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15", 1)
	for i := 1; len(head)+len(video)+7 < maxSDP && i < maxContents; i++ {
		head += "m=video" + strings.Replace(video, "a=mid:1", fmt.Sprintf("a=mid:%d", i), 1)
	}
	return head
}

// BenchmarkLength shows that cost grows with the length and not faster.
func BenchmarkLength(b *testing.B) {
	for name, sdp := range map[string]string{"usual": read(b, strings.TrimPrefix(benchFile, "testdata/")), "longest": longSDP(b)} {
		b.Run("sdp to jingle, "+name, func(b *testing.B) {
			b.SetBytes(int64(len(sdp)))
			for b.Loop() {
				translateSDP(sdp)
			}
		})
		var w element.Writer
		(&Jingle{Action: SessionInitiate, SID: "s1", Description: fromSDP(b, sdp, Initiator)}).Append(&w, Common)
		xml := string(w.Bytes())
		b.Run("jingle to sdp, "+name, func(b *testing.B) {
			b.SetBytes(int64(len(xml)))
			for b.Loop() {
				translateXML(xml)
			}
		})
	}
}
