package jingle

import (
	"slices"
	"strings"
	"testing"

	"github.com/jinglebridge/jinglebridge/internal/element"
	"github.com/jinglebridge/jinglebridge/internal/readers"
)

// readersOf are those that hear what is written in a dialect.
func readersOf(to Dialect) []readers.Client {
	switch to {
	case Movim:
		return readers.Only(readers.Movim, readers.Subset)
	case Monal:
		return readers.Only(readers.Monal, readers.Subset)
	case Dino:
		return readers.Only(readers.Dino, readers.Subset)
	case WebRTC:
		return readers.Only(readers.Conversations, readers.Siskin, readers.Subset)
	case StanzaJS:
		return readers.Only(readers.StanzaJS) // of data channels nobody else wants to hear
	}
	return readers.All()
}

// hearers are those of a dialect that can hear it at all: who does not bundle cannot talk to
// Movim, and who has none of the codecs of clients to nobody, whatever is written; Dino is
// told of contents one by one, which is up to the caller.
func hearers(j *Jingle, to Dialect) []readers.Client {
	d, deaf := j.Description, map[string]bool{}
	if d != nil {
		present := func(name string) bool { return d.Content(name) != nil }
		deaf[readers.Movim] = !slices.ContainsFunc(d.Bundle, present)
		for _, name := range []string{readers.Conversations, readers.Dino, readers.Monal, readers.Movim, readers.StanzaJS} {
			deaf[name] = deaf[name] || slices.ContainsFunc(d.Contents, strange)
		}
		deaf[readers.Dino] = deaf[readers.Dino] || len(d.Contents) > 1 && strings.HasPrefix(string(j.Action), "content-")
	}
	return slices.DeleteFunc(readersOf(to), func(c readers.Client) bool { return deaf[c.Name] })
}

// strange says whether a content, if it is one, has no codec that clients have.
func strange(c Content) bool {
	codecs := map[string][]string{"audio": {"opus", "g722", "pcmu", "pcma"}, "video": {"vp8", "vp9", "h264"}}[c.Media]
	return !c.Absent && len(c.Payloads) > 0 && !slices.ContainsFunc(c.Payloads, func(p Payload) bool {
		return slices.Contains(codecs, strings.ToLower(p.Name))
	})
}

// objections are what the readers of a dialect have against a <jingle/>.
func objections(xml []byte, j *Jingle, to Dialect) []string {
	var all []string
	for _, client := range hearers(j, to) {
		for _, objection := range client.ObjectionsTo(string(xml)) {
			all = append(all, client.Name+": "+objection)
		}
	}
	return all
}

// wantAnswer: no reader of a dialect objects to the accept of its own initiate. Movim has a
// dialect for that: common one-way answers look turned to it.
func wantAnswer(t testing.TB, offer, answer element.Element, to Dialect) {
	t.Helper()
	for _, client := range readersOf(to) {
		if client.Name == readers.Movim && to != Movim {
			continue
		}
		for _, objection := range client.Answer(offer, answer) {
			t.Errorf("%s objects to an answer: %s in\n%.2000s\nto\n%.2000s", client.Name, objection, answer, offer)
		}
	}
}

// Monal reads the parameters of codecs in its own spelling only.
func TestMonalLosesNothing(t *testing.T) {
	for _, file := range files(t, "sdp/*offer.sdp") {
		j, err := said(t, file, Initiator)
		if err != nil {
			continue // TestPairsFromSDP tells why
		}
		for _, loss := range readers.Only(readers.Monal)[0].Losses(parseXML(t, write(t, j, Monal))) {
			t.Errorf("%s: %s", file, loss)
		}
	}
}

// TestAnswersToClients: what the clients themselves offer, answered by a browser that takes
// all of it: neither they nor anybody else may object.
func TestAnswersToClients(t *testing.T) {
	for _, file := range files(t, "jingle/*-offer.xml") {
		heard := parseXML(t, read(t, file))
		j, err := Parse(heard)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		to := Common
		switch client, _, _ := strings.Cut(strings.TrimPrefix(file, "jingle/"), "-"); client {
		case "movim":
			to = Movim
		case "monal":
			to = Monal
		case "dino":
			to = Dino
		case "conversations", "siskin":
			to = WebRTC
		case "stanzajs":
			to = StanzaJS
		}
		sdp, err := j.Description.ToSDP(SDPFor{Local: Responder, Session: 1, Version: 1, Stream: "s1"})
		if err != nil {
			continue // no browser hears it; TestPairsToSDP tells why
		}
		d := fromSDP(t, strings.ReplaceAll(sdp, "a=setup:actpass", "a=setup:active"), Responder)
		if err := d.Answers(j.Description); err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		answer := &Jingle{Action: SessionAccept, SID: "s1", Description: d}
		wantAnswer(t, heard, parseXML(t, write(t, answer, to)), to)
	}
}

// TestDirectionsPlease: one-way offers and answers, as each client hears them.
func TestDirectionsPlease(t *testing.T) {
	for _, to := range []Dialect{Common, Movim, Monal, StanzaJS, Dino, WebRTC} {
		for offered, answers := range map[string][]string{
			"sendrecv": {"sendrecv", "sendonly", "recvonly", "inactive"},
			"sendonly": {"recvonly", "inactive"},
			"recvonly": {"sendonly", "inactive"},
		} {
			for _, answered := range answers {
				offer := fromSDP(t, directed(offered, "actpass"), Initiator)
				xml := write(t, &Jingle{Action: SessionInitiate, SID: "s1", Description: offer}, to)
				answer := fromSDP(t, directed(answered, "active"), Responder)
				if err := answer.Answers(parse(t, xml).Description); err != nil {
					t.Errorf("%s to %s: %v", answered, offered, err)
					continue
				}
				accept := write(t, &Jingle{Action: SessionAccept, SID: "s1", Description: answer}, to)
				wantAnswer(t, parseXML(t, xml), parseXML(t, accept), to)
			}
		}
	}
}
