package jingle

import (
	"regexp"
	"strings"
	"testing"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

// offeredDirections: what a browser offers, what we say of it in content@senders, and what the
// browser on the other side hears. To Movim there is only one role, the writer's: "initiator".
const offeredDirections = `
by         browser   to      senders    heard
initiator  sendrecv  common  both       sendrecv
initiator  sendonly  common  initiator  sendonly
initiator  recvonly  common  responder  recvonly
initiator  inactive  common  both       sendrecv   # hold: Monal and Dino cannot read none
responder  sendrecv  common  both       sendrecv
responder  sendonly  common  responder  sendonly
responder  recvonly  common  initiator  recvonly
responder  inactive  common  both       sendrecv
initiator  sendrecv  movim   both       sendrecv
initiator  sendonly  movim   initiator  sendonly
initiator  recvonly  movim   responder  recvonly
initiator  inactive  movim   both       sendrecv
`

// answeredDirections: what was offered by the other side, what our browser answers, what we say
// as responder, as initiator, and as responder to Movim, and what the other side hears.
const answeredDirections = `
offer     answer    responder  initiator  movim      heard
sendrecv  sendrecv  both       both       both       sendrecv
sendrecv  sendonly  responder  initiator  initiator  sendonly  # an answerer that wants to see nothing
sendrecv  recvonly  initiator  responder  responder  recvonly  # an answerer without camera or microphone
sendrecv  inactive  initiator  responder  responder  recvonly  # one that has nothing and wants nothing
sendonly  sendrecv  initiator  responder  responder  recvonly  # more than offered
sendonly  sendonly  initiator  responder  responder  recvonly  # the wrong way round
sendonly  recvonly  initiator  responder  responder  recvonly  # the other side holds, or shows only
sendonly  inactive  initiator  responder  responder  recvonly
recvonly  sendrecv  responder  initiator  initiator  sendonly
recvonly  sendonly  responder  initiator  initiator  sendonly  # it has no camera, we have
recvonly  recvonly  responder  initiator  initiator  sendonly
recvonly  inactive  responder  initiator  initiator  sendonly  # two without a camera
inactive  sendrecv  none       none       none       inactive  # who writes none can read it
inactive  sendonly  none       none       none       inactive
inactive  recvonly  none       none       none       inactive
inactive  inactive  none       none       none       inactive
`

// rowsOf reads a table: its header's names to each row's words.
func rowsOf(table string) (rows []map[string]string) {
	var header []string
	for line := range strings.Lines(strings.TrimSpace(table)) {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if header == nil {
			header = words
			continue
		}
		row := map[string]string{}
		for i, name := range header {
			row[name] = words[i]
		}
		rows = append(rows, row)
	}
	return rows
}

var dialects = map[string]Dialect{"common": Common, "movim": Movim}

// directed is a small offer or answer of a browser.
func directed(direction, setup string) string {
	return strings.Replace(smallOffer, "actpass", setup, 1) + "a=" + direction + "\r\n"
}

func TestOfferedDirections(t *testing.T) {
	rows := rowsOf(offeredDirections)
	if len(rows) != 4*3 {
		t.Fatalf("got %d rows, want all", len(rows))
	}
	for _, row := range rows {
		local, action := Initiator, SessionInitiate
		if row["by"] == "responder" {
			local, action = Responder, ContentAdd
		}
		d := fromSDP(t, directed(row["browser"], "actpass"), local)
		xml := write(t, &Jingle{Action: action, SID: "s1", Description: d}, dialects[row["to"]])
		if got := sendersIn(xml); got != row["senders"] {
			t.Errorf("%v: got senders %s", row, got)
		}
		if got := hears(t, xml, row["to"], local, nil); got != row["heard"] {
			t.Errorf("%v: heard %s", row, got)
		}
	}
}

func TestAnsweredDirections(t *testing.T) {
	rows := rowsOf(answeredDirections)
	if len(rows) != 4*4 {
		t.Fatalf("got %d rows, want all", len(rows))
	}
	for _, row := range rows {
		for _, as := range []string{"responder", "initiator", "movim"} {
			local, to, action, creator := Responder, "common", SessionAccept, "initiator"
			switch as {
			case "initiator":
				local, action, creator = Initiator, ContentAccept, "responder"
			case "movim":
				to = "movim"
			}
			// The other side's offer, in its browser's words and as we read its stanza.
			offer := fromSDP(t, directed(row["offer"], "actpass"), local.Other())
			offer.Contents[0].Creator = creator
			answer := fromSDP(t, directed(row["answer"], "active"), local)
			if err := answer.Answers(offer); err != nil {
				t.Fatalf("%v: %v", row, err)
			}
			// none goes only to who said it, and the readers' rules are for all.
			var xml string
			if j := (&Jingle{Action: action, SID: "s1", Description: answer}); row["offer"] == "inactive" {
				xml = unchecked(j, dialects[to])
			} else {
				xml = write(t, j, dialects[to])
			}
			if got := sendersIn(xml); got != row[as] {
				t.Errorf("%v as %s: got senders %s", row, as, got)
			}
			if got := hears(t, xml, to, local, offer); got != row["heard"] {
				t.Errorf("%v as %s: heard %s", row, as, got)
			}
		}
	}
}

func unchecked(j *Jingle, to Dialect) string {
	var w element.Writer
	j.Append(&w, to)
	return string(w.Bytes())
}

func sendersIn(xml string) string {
	return regexp.MustCompile(`senders='(\w+)'`).FindStringSubmatch(xml)[1]
}

// hears is the direction in the SDP that the other side makes of a stanza: by our own
// translator or, for Movim, as its code was seen to: "initiator" is who wrote.
func hears(t *testing.T, xml, to string, writer Role, offer *Description) string {
	t.Helper()
	if to == "movim" {
		return sendersOf(sendersIn(xml)).sdp(Initiator)
	}
	sdp := toSDP(t, parse(t, xml).Description, SDPFor{Local: writer.Other(), Offer: offer})
	return regexp.MustCompile(`a=(sendrecv|sendonly|recvonly|inactive)\r`).FindStringSubmatch(sdp)[1]
}
