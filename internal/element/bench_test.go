package element

import (
	"os"
	"testing"
)

func benchParse(b *testing.B, stanza []byte) {
	b.SetBytes(int64(len(stanza)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(stanza, "", Limits{Depth: 64, Elements: 20000}); err != nil {
			b.Fatal(err)
		}
	}
}
func BenchmarkReal(b *testing.B) {
	s, err := os.ReadFile("testdata/session-initiate.xml")
	if err != nil {
		b.Fatal(err)
	}
	benchParse(b, s)
}
func BenchmarkTransport(b *testing.B) {
	benchParse(b, []byte(`<jingle xmlns='urn:xmpp:jingle:1' action='transport-info' sid='s1'><content creator='initiator' name='0'><transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' ufrag='OfSg' pwd='Hbv44btyAlx8EpZT2IMTTsU/'><candidate component='1' foundation='191243257' generation='0' id='c51e4a1a5b2cd2a64' ip='192.0.2.2' network='0' port='55551' priority='2122194687' protocol='udp' type='host'/></transport></content></jingle>`))
}
