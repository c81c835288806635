package bridge

import (
	"strings"
	"testing"
	"time"

	"github.com/jinglebridge/jinglebridge/internal/store"
)

// records takes the records of calls out of what is queued.
func (d *drawer) records() []store.CallRecord {
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []store.CallRecord
	for _, c := range d.queued {
		if r, ok := c.(store.CallRecord); ok {
			all = append(all, r)
		}
	}
	return all
}

// Each call leaves one record when it has ended, of who and when, and not of what was said.
func TestCallsAreRecorded(t *testing.T) {
	withDrawer(t, store.State{}, func(p *theatre, d *drawer) {
		p.b.HandleLink(true)
		began := time.Now()
		p.scene(`ann > {"type":"login","name":"Ann","v":1}`, `bob > {"type":"login","name":"Bob","v":1}`)
		p.scene(`ann > {"type":"offer","name":"Bob","call":"c1","offer":{"type":"offer","sdp":"v=0"}}`)
		time.Sleep(time.Second)
		p.scene(`bob > {"type":"answer","name":"Ann","answer":{"type":"answer","sdp":"v=0"}}`)
		time.Sleep(time.Minute)
		p.scene(`ann > {"type":"leave","name":"Bob"}`)
		p.scene(`ann > {"type":"offer","name":"Bob","call":"c2","offer":{"type":"offer","sdp":"v=0"}}`, `bob > {"type":"leave","name":"Ann","reason":"decline"}`)
		p.scene(`ann > {"type":"offer","name":"nobody","call":"c3","offer":{"type":"offer","sdp":"v=0"}}`)
		records := d.records()
		if len(records) != 2 {
			t.Fatalf("got %+v, want two records", records)
		}
		for i, want := range []store.CallRecord{
			{Began: began, Answered: began.Add(time.Second), Ended: began.Add(time.Minute + time.Second), Reason: "hangup"},
			{Began: began.Add(time.Minute + time.Second), Ended: began.Add(time.Minute + time.Second), Reason: "decline"},
		} {
			want.Direction, want.From, want.To = "browser-browser", "ann@call.example.org", "bob@call.example.org"
			want.ID, want.Media = records[i].ID, records[i].Media
			if records[i] != want || want.ID == "" {
				t.Errorf("got  %+v\nwant %+v", records[i], want)
			}
		}
	})
}

// A name that was proved is shown as it was written, also when nobody is logged in with it,
// and after a restart.
func TestSpellings(t *testing.T) {
	spelling := store.PutName{Local: `anna\20smith`, Name: "Anna SMITH", Method: "password"}
	withDrawer(t, store.State{Names: []store.Name{{Local: "joerg", Name: "Jörg"}}}, func(p *theatre, d *drawer) {
		p.b.cfg.Auth = gate{"right": {Method: "password", Name: "Anna SMITH", Multi: true}}
		p.b.HandleLink(true)
		p.scene(`ann > {"type":"login","name":"Anna SMITH","password":"right","v":1}`)
		time.Sleep(2 * time.Second)
		p.scene(`ann gone`)
		found := false
		d.mu.Lock()
		for _, c := range d.queued {
			found = found || c == store.Change(spelling)
		}
		d.mu.Unlock()
		if !found {
			t.Errorf("queued %+v, want %+v", d.queued, spelling)
		}
		d.queued, d.done = nil, nil
		p.told(t, "xmpp > <presence type='subscribe' from='juliet@example.org' to='joerg@call.example.org'/>")
		d.commit(t, nil, store.PutContact{Local: "joerg", Bare: "juliet@example.org", From: true, Asked: true})
		if got := strings.Join(p.hush(), "\n"); !strings.Contains(got, ">Jörg</nick>") {
			t.Errorf("got %s, want a request of Jörg's", got)
		}
	})
}

// Capitals, which only its owner says, do not tell whether a name is here; and there is an end
// to the names that are known by them.
func TestSpellingsTellNothing(t *testing.T) {
	onStage(t, func(p *theatre) {
		p.scene(`set proven`, `set rosters 2`)
		for _, who := range []string{"Foo", "Bar", "Baz"} {
			p.scene(`ann > {"type":"login","name":"` + who + `","v":1}`)
			here := p.b.nameOf(strings.ToLower(who) + "@call.example.org")
			p.scene(`ann gone`)
			if gone := p.b.nameOf(strings.ToLower(who) + "@call.example.org"); here != who || gone != who && who != "Baz" {
				t.Errorf("%s is called %q when he is here, %q when not", who, here, gone)
			}
		}
		if len(p.b.spellings) != 2 {
			t.Errorf("%d names are known, want 2", len(p.b.spellings))
		}
	})
}
