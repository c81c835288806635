package jingle

import (
	"reflect"
	"strings"
	"testing"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

// everything is a session-initiate with every element and attribute that we read.
const everything = `<jingle xmlns='urn:xmpp:jingle:1' action='session-initiate' sid='s1' initiator='a@b/c' responder='d@e/f'>` +
	`<group xmlns='urn:xmpp:jingle:apps:grouping:0' semantics='BUNDLE'><content name='0'/><content name='1'/></group>` +
	`<content creator='initiator' name='0' senders='both'><description xmlns='urn:xmpp:jingle:apps:rtp:1' media='video' ssrc='1' ptime='20' maxptime='60'>` +
	`<payload-type id='96' name='H264' clockrate='90000' channels='1'><parameter name='profile-level-id' value='42e01f'/>` +
	`<rtcp-fb xmlns='urn:xmpp:jingle:apps:rtp:rtcp-fb:0' type='nack' subtype='pli'/></payload-type>` +
	`<payload-type id='97' name='rtx' clockrate='90000'><parameter name='apt' value='96'/></payload-type>` +
	`<rtp-hdrext xmlns='urn:xmpp:jingle:apps:rtp:rtp-hdrext:0' id='1' uri='urn:x'/><extmap-allow-mixed xmlns='urn:xmpp:jingle:apps:rtp:rtp-hdrext:0'/>` +
	`<ssrc-group xmlns='urn:xmpp:jingle:apps:rtp:ssma:0' semantics='FID'><source ssrc='1'/><source ssrc='2'/></ssrc-group>` +
	`<source xmlns='urn:xmpp:jingle:apps:rtp:ssma:0' ssrc='1'><parameter name='cname' value='x'/><parameter name='msid' value='a b'/></source>` +
	`<source xmlns='urn:xmpp:jingle:apps:rtp:ssma:0' ssrc='2'/><stream xmlns='urn:xmpp:jingle:apps:rtp:msid:0' id='a' track='b'/><rtcp-mux/></description>` +
	`<transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' ufrag='OfSg' pwd='Hbv44btyAlx8EpZT2IMTTsU/'>` +
	`<fingerprint xmlns='urn:xmpp:jingle:apps:dtls:0' hash='sha-256' setup='actpass'>` + sha256 + `</fingerprint>` +
	`<candidate component='1' foundation='1' generation='0' id='c1' ip='192.0.2.2' network='0' port='7' priority='5' protocol='udp' type='srflx'` +
	` rel-addr='10.0.0.1' rel-port='8' rel_port='8' network-id='0' ufrag='OfSg'/></transport></content>` +
	`<content creator='initiator' name='1'>` + audioXML + transportXML + `</content></jingle>`

// TestNothingIsInjected puts what ends a line into every attribute and text, in front, in
// the middle and behind. Either it is refused, or the text has lines that the clean one
// has too, and no other.
func TestNothingIsInjected(t *testing.T) {
	clean := map[string]bool{"a=extmap-allow-mixed": true} // once the other content is out
	for _, line := range strings.Split(toSDP(t, parse(t, everything).Description, SDPFor{Local: Responder}), "\r\n") {
		clean[kind(line)] = true
	}
	tried, written := 0, 0
	for _, value := range values(parseXML(t, everything)) {
		original := value.text
		for _, evil := range []string{"\r", "\n", "\r\n", "\x00", "\t", "\u2028", "\u0085", "\x7f", "\ufeff", " ", ";", "=", "\"", "<"} {
			for _, hostile := range []string{evil + "a=evil:1", original + evil + "a=evil:1" + evil, original[:len(original)/2] + evil + original[len(original)/2:]} {
				tried++
				j, err := Parse(value.as(hostile).Root())
				if err != nil {
					continue
				}
				sdp, err := j.Description.ToSDP(SDPFor{Local: Responder, Session: 1, Version: 1, Stream: "s1"})
				if err != nil {
					continue
				}
				written++
				for _, line := range strings.Split(sdp, "\r\n") {
					if !clean[kind(line)] || strings.ContainsAny(line, "\r\n\x00\t\u2028\u0085\x7f\ufeff") || strings.HasPrefix(line, "a=evil") {
						t.Errorf("%q for %q: got the line %q", hostile, original, line)
					}
				}
				ownNames(j.Description)
				write(t, &Jingle{Action: SessionInitiate, SID: "s1", Description: j.Description}, Common)
			}
		}
	}
	if tried < 3000 || written < 500 {
		t.Errorf("tried %d, of which %d were written: the test has lost its point", tried, written)
	}
}

// ownNames gives contents the names that a browser hears: a peer's own odd name goes
// back to that peer only.
func ownNames(d *Description) {
	d.Bundle = nil
	for i := range d.Contents {
		d.Contents[i].Name = d.Contents[i].MID()
	}
}

// kind is what a line is about: "a=fmtp", "m=video", "c=IN".
func kind(line string) string {
	if i := strings.IndexAny(line, ": "); i >= 0 {
		return line[:i]
	}
	return line
}

// value is an attribute or a text.
type value struct {
	text string
	as   func(other string) element.Element // what has it, had it another
}

func values(e element.Element) []value {
	var all []value
	for name, text := range e.Attrs() {
		all = append(all, value{text, func(other string) element.Element { return e.With(name, other) }})
	}
	if e.Text() != "" {
		all = append(all, value{e.Text(), e.WithText})
	}
	for child := range e.Children() {
		all = append(all, values(child)...)
	}
	return all
}

// TestNothingIsInjectedByHand: a Description that no Parse has seen is checked by ToSDP.
func TestNothingIsInjectedByHand(t *testing.T) {
	for _, evil := range []string{"\r\na=evil:1", "\n", "\r", "\x00", "é"} {
		d := parse(t, everything).Description
		for _, value := range stringsIn(reflect.ValueOf(d).Elem()) {
			original := value.String()
			value.SetString(original + evil)
			if sdp, err := d.ToSDP(SDPFor{Local: Responder, Stream: "s1"}); err == nil && (strings.Contains(sdp, "evil") || strings.Contains(sdp, "é")) {
				t.Errorf("%q after %q came through:\n%s", evil, original, sdp)
			}
			value.SetString(original)
		}
	}
	for _, stream := range []string{"", "a b", "a\r\nb", "é", strings.Repeat("x", 65)} {
		sdp, err := parse(t, everything).Description.ToSDP(SDPFor{Local: Responder, Stream: stream})
		if err != nil || !strings.Contains(sdp, "\r\na=msid:s") {
			t.Errorf("stream %q: got %v", stream, err)
		}
	}
}

// stringsIn are all exported strings below v.
func stringsIn(v reflect.Value) []reflect.Value {
	var all []reflect.Value
	switch v.Kind() {
	case reflect.String:
		if v.CanSet() {
			all = append(all, v)
		}
	case reflect.Slice:
		for i := range v.Len() {
			all = append(all, stringsIn(v.Index(i))...)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				all = append(all, stringsIn(v.Field(i))...)
			}
		}
	}
	return all
}

// TestNothingIsInjectedFromSDP: a browser is a stranger too. Hostile bytes inside its
// lines never reach a stanza, whose readers would copy them into SDP.
func TestNothingIsInjectedFromSDP(t *testing.T) {
	base := read(t, "sdp/firefox-153.7.0.audio-video.00-offer.sdp")
	lines := strings.SplitAfter(base, "\n")
	for i := range lines {
		original := lines[i]
		for _, evil := range []string{"\r", "\x00", "\t", "\u2028", "\u0085", "\xff", "'", "<", "&"} {
			half := len(original) / 2
			lines[i] = original[:half] + evil + original[half:]
			d, err := FromSDP(strings.Join(lines, ""), Initiator)
			if err == nil {
				initiate(t, d) // the readers' rules are checked there
			}
		}
		lines[i] = original
	}
}
