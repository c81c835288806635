package element

import (
	"os"
	"testing"
)

// benchTransportInfo is one candidate on its way, as we write it.
const benchTransportInfo = `<iq xmlns='jabber:component:accept' from='romeo@call.example.org/tab' to='juliet@example.org/balcony' id='a17' type='set'>` +
	`<jingle xmlns='urn:xmpp:jingle:1' action='transport-info' sid='s1'><content creator='initiator' name='0'>` +
	`<transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' ufrag='OfSg' pwd='Hbv44btyAlx8EpZT2IMTTsU/'>` +
	`<candidate component='1' foundation='191243257' generation='0' id='c51e4a1a5b2cd2a64' ip='192.0.2.2' network='0' port='55551' ` +
	`priority='2122194687' protocol='udp' type='host'/></transport></content></jingle></iq>`

// benchStanza is as large as a session-initiate with audio and video, in few words.
func benchStanza() []byte {
	var w Writer
	w.Start("jabber:component:accept", "iq")
	w.Attr("from", "juliet@example.org/balcony")
	w.Start("urn:xmpp:jingle:1", "jingle")
	for range 90 {
		w.Start("urn:xmpp:jingle:apps:rtp:1", "payload-type")
		w.Attr("id", "111")
		w.Attr("name", "opus")
		w.Empty("urn:xmpp:jingle:apps:rtp:1", "parameter", "name", "minptime", "value", "10")
		w.End()
	}
	w.End()
	w.End()
	return w.Bytes()
}

// sessionInitiate is what Conversations 2.19.16 offers for audio and video.
func sessionInitiate(b *testing.B) []byte {
	stanza, err := os.ReadFile("testdata/session-initiate.xml")
	if err != nil {
		b.Fatal(err)
	}
	return stanza
}

func BenchmarkParse(b *testing.B)                { benchParse(b, benchStanza()) }
func BenchmarkParseSessionInitiate(b *testing.B) { benchParse(b, sessionInitiate(b)) }
func BenchmarkParseTransportInfo(b *testing.B)   { benchParse(b, []byte(benchTransportInfo)) }

func benchParse(b *testing.B, stanza []byte) {
	b.SetBytes(int64(len(stanza)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(stanza, "", Limits{Depth: 64, Elements: 20000}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWriteSessionInitiate(b *testing.B) { benchWrite(b, sessionInitiate(b)) }
func BenchmarkWriteTransportInfo(b *testing.B)   { benchWrite(b, []byte(benchTransportInfo)) }

func benchWrite(b *testing.B, stanza []byte) {
	e, err := Parse(stanza, "", Limits{})
	if err != nil {
		b.Fatal(err)
	}
	var buf []byte
	b.SetBytes(int64(len(stanza)))
	b.ReportAllocs()
	for b.Loop() {
		var w Writer
		w.Reset(buf[:0])
		w.Element(e)
		buf = w.Bytes()
	}
}
