package jingle

import (
	"os"
	"testing"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

const benchFile = "testdata/sdp/chromium-156.0.8078.79.bundle-balanced-no-bundle-peer.00-offer.sdp"

// BenchmarkFromSDP is SDP of a browser to the bytes of a session-initiate.
func BenchmarkFromSDP(b *testing.B) {
	raw, err := os.ReadFile(benchFile)
	if err != nil {
		b.Fatal(err)
	}
	sdp := string(raw)
	var w element.Writer
	var buf []byte
	b.SetBytes(int64(len(sdp)))
	b.ReportAllocs()
	for b.Loop() {
		d, err := FromSDP(sdp, Initiator)
		if err != nil {
			b.Fatal(err)
		}
		w.Reset(buf[:0])
		j := Jingle{Action: SessionInitiate, SID: "s1", Initiator: "juliet@example.org/tab", Description: d}
		j.Append(&w, Common)
		buf = w.Bytes()
	}
}

// BenchmarkToSDP is the bytes of a session-initiate to SDP for a browser.
func BenchmarkToSDP(b *testing.B) {
	raw, err := os.ReadFile(benchFile)
	if err != nil {
		b.Fatal(err)
	}
	d, err := FromSDP(string(raw), Initiator)
	if err != nil {
		b.Fatal(err)
	}
	var w element.Writer
	j := Jingle{Action: SessionInitiate, SID: "s1", Initiator: "juliet@example.org/tab", Description: d}
	j.Append(&w, Common)
	b.SetBytes(int64(w.Len()))
	b.ReportAllocs()
	for b.Loop() {
		e, err := element.Parse(w.Bytes(), "", element.Limits{Depth: 64, Elements: 20000})
		if err != nil {
			b.Fatal(err)
		}
		j, err := Parse(e)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := j.Description.ToSDP(SDPFor{Local: Responder, Session: 1, Version: 1, Stream: "s1"}); err != nil {
			b.Fatal(err)
		}
	}
}

const benchCandidate = "candidate:191243257 1 udp 2122194687 192.0.2.2 55551 typ host generation 0 ufrag OfSg network-id 1"

// BenchmarkCandidateOut is a browser's candidate to the bytes of a transport-info.
func BenchmarkCandidateOut(b *testing.B) {
	var w element.Writer
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		c, err := ParseCandidate(benchCandidate)
		if err != nil || c.Unfit() != "" {
			b.Fatal(err)
		}
		w.Reset(buf[:0])
		j := Jingle{Action: TransportInfo, SID: "s1", Description: &Description{Contents: []Content{
			{Name: "0", Ufrag: "OfSg", Pwd: "Hbv44btyAlx8EpZT2IMTTsU/", Candidates: []Candidate{c}},
		}}}
		j.Append(&w, Common)
		buf = w.Bytes()
	}
}

// BenchmarkCandidateIn is the bytes of a transport-info to a browser's candidate.
func BenchmarkCandidateIn(b *testing.B) {
	c, err := ParseCandidate(benchCandidate)
	if err != nil {
		b.Fatal(err)
	}
	var w element.Writer
	j := Jingle{Action: TransportInfo, SID: "s1", Description: &Description{Contents: []Content{
		{Name: "0", Ufrag: "OfSg", Pwd: "Hbv44btyAlx8EpZT2IMTTsU/", Candidates: []Candidate{c}},
	}}}
	j.Append(&w, Common)
	b.ReportAllocs()
	for b.Loop() {
		e, err := element.Parse(w.Bytes(), "", element.Limits{Depth: 64, Elements: 20000})
		if err != nil {
			b.Fatal(err)
		}
		j, err := Parse(e)
		if err != nil || j.Description.Contents[0].Candidates[0].String() == "" {
			b.Fatal(err)
		}
	}
}
