package bridge

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
)

// says plays a line and returns what is heard of it.
func (p *theatre) says(t *testing.T, line string) []string {
	t.Helper()
	p.hush()
	if err := p.play(line); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	synctest.Wait()
	return p.hush()
}

// seat logs browsers in and joins them to a room.
func (p *theatre) seat(t *testing.T, room string, browsers ...string) {
	t.Helper()
	for _, who := range browsers {
		p.says(t, who+` > {"type":"login","name":"`+who+`","v":1}`)
		heard := strings.Join(p.says(t, who+` > {"type":"join","room":"`+room+`"}`), "\n")
		if !strings.Contains(heard, `"self":"`+who+`"`) {
			t.Fatalf("%s joins %s: got %s", who, room, heard)
		}
	}
}

// What a room and a browser may have of the other is bounded, and told by metrics.
func TestRoomsAreBounded(t *testing.T) {
	onStage(t, func(p *theatre) {
		p.b.cfg.Limits.Rooms, p.b.cfg.Limits.RoomsPerSession = 5, 3
		p.b.perAddr.perMinute = 1000
		for i := range 3 {
			heardOnly(t, p.says(t, fmt.Sprintf(`bob > {"type":"join","room":"r%d"}`, i)), `"members":[]`)
		}
		heardOnly(t, p.says(t, `bob > {"type":"join","room":"r3"}`), `"message":"in too many rooms at once","code":"rate-limited"`)
		heardOnly(t, p.says(t, `bob > {"type":"join","room":"r2"}`), `"members":[]`) // it is there
		p.seat(t, "r2", "Eve")
		heardOnly(t, p.says(t, `Eve > {"type":"join","room":"r3"}`), `"members":[]`)
		heardOnly(t, p.says(t, `Eve > {"type":"join","room":"r4"}`), `"members":[]`)
		p.says(t, `Zed > {"type":"login","name":"Zed","v":1}`)
		heardOnly(t, p.says(t, `Zed > {"type":"join","room":"r5"}`), `"message":"there are too many rooms","code":"rate-limited"`)
		heardOnly(t, p.says(t, `Zed > {"type":"join","room":"r4"}`), `Zed: {"type":"join"*"members":[{"name":"Eve"}]`, `Eve: {"type":"joined"`) // it is one of them
		if n := p.house.counter(t, "jinglebridge_rooms"); n != 5 || p.b.rooms != 5 {
			t.Errorf("%v rooms are shown, %d counted, want 5", n, p.b.rooms)
		}
		heardOnly(t, p.says(t, `bob > {"type":"leave","room":"r0"}`))
		heardOnly(t, p.says(t, `Zed > {"type":"join","room":"r5"}`), `"members":[]`)
		if n := p.house.counter(t, "jinglebridge_limited_total"); n != 2 {
			t.Errorf("%v times a limit is counted, want 2", n)
		}
	})
}

// Who joins again and again is stopped, by browser and by network, refused attempts included.
func TestJoinsAreBounded(t *testing.T) {
	onStage(t, func(p *theatre) {
		joined := func(who string, n int) (taken int) {
			for i := range n {
				heard := strings.Join(p.says(t, fmt.Sprintf(`%s > {"type":"join","room":"%s%d"}`, who, who, i%2)), "\n")
				if strings.Contains(heard, `"members":[]`) {
					taken++
				} else if !strings.Contains(heard, `"code":"rate-limited"`) || !strings.Contains(heard, `"retry":`) {
					t.Fatalf("%s, %d: got %s", who, i, heard)
				}
				p.says(t, fmt.Sprintf(`%s > {"type":"leave","room":"%s%d"}`, who, who, i%2))
			}
			return taken
		}
		if n, want := joined("bob", 20), p.b.cfg.Limits.NewCallsPerSession; n != want {
			t.Errorf("one browser joins %d times, want %d", n, want)
		}
		if heard := strings.Join(p.says(t, `bob > {"type":"invite","name":"nobody"}`), ""); !strings.Contains(heard, "rate-limited") {
			t.Errorf("calls are counted apart from joins: %s", heard)
		}
		all := p.b.cfg.Limits.NewCallsPerSession
		for _, who := range []string{"Eve", "Zed", "Kim"} {
			p.says(t, who+` > {"type":"login","name":"`+who+`","v":1}`)
			all += joined(who, 20)
		}
		if want := p.b.cfg.Limits.NewCallsPerAddr; all != want {
			t.Errorf("one address joins %d times, want %d", all, want)
		}
		p.scene("wait 61s")
		if n, want := joined("bob", 20), p.b.cfg.Limits.NewCallsPerSession; n != want {
			t.Errorf("a minute later it joins %d times, want %d", n, want)
		}
	})
}

// The calls of a room are bounded by its size, not by the calls that a browser may have
// elsewhere; how often one may call is one allowance.
func TestCallsInRoomsAreBounded(t *testing.T) {
	onStage(t, func(p *theatre) {
		p.b.cfg.Limits.CallsPerSession, p.b.cfg.Limits.RoomMembers = 1, 4
		p.b.perTarget.perMinute = 1000
		p.seat(t, "foo", "Eve", "Zed", "Kim")
		p.says(t, `bob > {"type":"join","room":"foo"}`)
		call := func(name, room string) string {
			return strings.Join(p.says(t, `bob > {"type":"offer","offer":{"type":"offer","sdp":"x"},"name":"`+name+`"`+room+`}`), "\n")
		}
		const inFoo = `,"room":"foo"`
		for _, who := range []string{"Eve", "Zed", "Kim"} {
			if got := call(who, inFoo); !strings.Contains(got, who+`: {"type":"offer"`) {
				t.Errorf("%s is not called: %s", who, got)
			}
		}
		p.says(t, `Tim > {"type":"login","name":"Tim","v":1,"caps":["invite"]}`)
		p.says(t, `Ann > {"type":"login","name":"Ann","v":1,"caps":["invite"]}`)
		if got := call("Tim", ""); !strings.Contains(got, `Tim: {"type":"invite"`) {
			t.Errorf("a call outside: %s", got)
		}
		if got := call("Ann", ""); !strings.Contains(got, `"message":"too many calls at once","code":"rate-limited"`) {
			t.Errorf("a second call outside: %s", got)
		}
		p.says(t, `bob > {"type":"leave"}`)
		taken := 6 // with the join
		for range 20 {
			if got := call("Eve", inFoo); strings.Contains(got, `Eve: {"type":"offer"`) {
				taken++
			} else if !strings.Contains(got, `"code":"rate-limited"`) {
				t.Fatalf("got %s", got)
			}
			p.says(t, `bob > {"type":"leave"}`)
		}
		if want := p.b.cfg.Limits.NewCallsPerSession; taken != want {
			t.Errorf("%d calls a minute, want %d", taken, want)
		}
	})
}

// A stranger from XMPP rings in a room as seldom as elsewhere.
func TestRingsInRoomsAreBounded(t *testing.T) {
	onStage(t, func(p *theatre) {
		p.b.cfg.Limits.RoomMembers = 8
		p.says(t, `bob > {"type":"join","room":"foo"}`)
		p.seat(t, "foo", "Eve")
		propose := func(from string, i int) string {
			return strings.Join(p.says(t, fmt.Sprintf(`xmpp > <message type='chat' id='p%d' from='%s@example.org/x' to='foo@call.example.org'><propose xmlns='urn:xmpp:jingle-message:0' id='s%d'><description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'/></propose></message>`, i, from, i)), "\n")
		}
		rang := 0
		for i := range 10 {
			if strings.Contains(propose("mallory", i), `bob: {"type":"invite"`) {
				rang++
			}
		}
		if want := p.b.cfg.Limits.PendingPerSender; rang != want {
			t.Errorf("one rings %d times at once, want %d", rang, want)
		}
		for i := range 10 {
			if strings.Contains(propose(fmt.Sprint("mallory", i), i), `bob: {"type":"invite"`) {
				rang++
			}
		}
		if want := p.b.cfg.Limits.PendingPerCallee; rang != want {
			t.Errorf("%d ring at once, want %d", rang, want)
		}
		p.scene("bob gone", "Eve gone")
		if len(p.b.calls) != 0 || len(p.b.pending) != 0 {
			t.Errorf("%d calls ring at nobody, %d are pending", len(p.b.calls), len(p.b.pending))
		}
	})
}

// What one member may make the others receive is bounded, and leaving does not renew it.
func TestMessagesAreBoundedInBytes(t *testing.T) {
	onStage(t, func(p *theatre) {
		p.seat(t, "foo", "Eve")
		p.says(t, `bob > {"type":"join","room":"foo"}`)
		const piece = 4 << 10
		line := `bob > {"type":"message","room":"foo","data":"` + strings.Repeat("x", piece-2) + `"}`
		told := func(n int) (heard int) {
			for range n {
				switch got := strings.Join(p.says(t, line), "\n"); {
				case strings.Contains(got, `Eve: {"type":"message"`):
					heard++
				case !strings.Contains(got, `"code":"rate-limited"`):
					t.Fatalf("got %s", clip(got, 300))
				}
			}
			return heard
		}
		if n := told(40); n != relayBurst/piece {
			t.Errorf("%d messages of %d bytes are heard, want %d", n, piece, relayBurst/piece)
		}
		p.says(t, `bob > {"type":"leave","room":"foo"}`)
		p.says(t, `bob > {"type":"join","room":"foo"}`)
		if n := told(10); n != 0 {
			t.Errorf("who was away for a moment tells %d more", n)
		}
		if got := strings.Join(p.says(t, `Eve > {"type":"message","room":"foo","data":1}`), ""); !strings.Contains(got, `bob: {"type":"message"`) {
			t.Errorf("the other has to be silent, too: %s", got)
		}
		p.scene("wait 1s")
		if n := told(10); n != relaySecond/piece {
			t.Errorf("a second later %d are heard, want %d", n, relaySecond/piece)
		}
	})
}

// A thousand rooms leave nothing behind, and nobody who was in them.
func TestRoomsLeaveNothing(t *testing.T) {
	onStage(t, func(p *theatre) {
		p.b.perAddr.perMinute = 1 << 30
		p.b.perTarget.perMinute = 1 << 30
		for i := range 1000 {
			if i%5 == 0 { // each has an allowance of its own
				p.scene("Eve gone", "Zed gone")
				p.scene(fmt.Sprintf(`Eve > {"type":"login","name":"e%d","v":1}`, i), fmt.Sprintf(`Zed > {"type":"login","name":"z%d","v":1}`, i))
			}
			room := fmt.Sprint("room ", i)
			p.scene(`Eve > {"type":"join","room":"`+room+`"}`, `Zed > {"type":"join","room":"`+room+`"}`)
			if u := p.b.users[escape(room)]; u == nil || len(u.tabs) != 2 {
				t.Fatalf("%s: got %+v, want two in it", room, u)
			}
			p.scene(fmt.Sprintf(`Zed > {"type":"offer","offer":{"type":"offer","sdp":"x"},"name":"e%d","room":"%s"}`, i/5*5, room))
			if len(p.b.calls) != 1 {
				t.Fatalf("%s: %d calls, want 1", room, len(p.b.calls))
			}
			if i%2 == 0 {
				p.scene(`Eve > {"type":"leave","room":"`+room+`"}`, `Zed > {"type":"leave","room":"`+room+`"}`)
			} else { // by another name, and by going
				p.scene(fmt.Sprintf(`Eve > {"type":"login","name":"e%d","v":1}`, i/5*5+1000), "Zed gone")
				p.scene(fmt.Sprintf(`Eve > {"type":"login","name":"e%d","v":1}`, i/5*5), fmt.Sprintf(`Zed > {"type":"login","name":"z%d","v":1}`, i/5*5))
			}
			if p.b.rooms != 0 || len(p.b.calls) != 0 {
				t.Fatalf("%s: %d rooms and %d calls are left", room, p.b.rooms, len(p.b.calls))
			}
		}
		if n := len(p.b.users); n != 3 { // bob, Eve, Zed
			t.Errorf("%d names are kept, want 3", n)
		}
		p.scene("bob gone", "Eve gone", "Zed gone")
		p.b.leftovers(t.Errorf)
		if n := len(p.b.users); n != 0 {
			t.Errorf("%d names are kept, want none", n)
		}
	})
}

// Pages of the tutorials hear in rooms their own bytes, and those of docs/protocol.md.
func TestOldPagesInRooms(t *testing.T) {
	onStage(t, func(p *theatre) {
		for _, step := range []struct {
			line string
			want []string
		}{
			{`ann > {"type":"login","name":"Ann"}`, []string{`ann: {"type":"login","success":true}`}},
			{`ben > {"type":"login","name":"Ben"}`, []string{`ben: {"type":"login","success":true}`}},
			{`ann > {"type":"join","room":"foo","title":"<A>","id":1}`, []string{`ann: {"type":"join","room":"foo","self":"Ann","members":[],"max":2}`}},
			{`ben > {"type":"join","room":"foo","offers":true}`, []string{
				`ann: {"type":"joined","room":"foo","name":"Ben","offers":true}`,
				`ben: {"type":"join","room":"foo","self":"Ben","members":[{"name":"Ann","title":"<A>"}],"max":2}`,
			}},
			{`ben > {"type":"offer","offer":"Hello","name":"Ann"}`, []string{`ann: {"type":"offer","offer":"Hello","name":"Ben"}`}},
			{`ann > {"type":"answer","answer":"Hi","name":"Ben"}`, []string{`ben: {"type":"answer","answer":"Hi"}`}},
			{`ann > {"type":"candidate","candidate":"c","name":"Ben"}`, []string{`ben: {"type":"candidate","candidate":"c"}`}},
			{`bob > {"type":"join","room":"foo"}`, []string{`bob: {"type":"error","message":"room \"foo\" is full","code":"room-full","room":"foo"}`}},
			{`ben gone`, []string{`ann: {"type":"leave"}`, `ann: {"type":"left","room":"foo","name":"Ben","reason":"gone"}`}},
			{`bob > {"type":"join","room":"foo"}`, []string{`ann: {"type":"joined","room":"foo","name":"Bob"}`, `bob: {"type":"join","room":"foo","self":"Bob"`}},
			{`bob > {"type":"message","room":"foo","data":"hello"}`, nil},
			{`bob > {"type":"invite","name":"Ann","room":"foo","call":"c"}`, []string{`bob: {"type":"accept","name":"Ann","call":"c","room":"foo","early":true}`}},
			{`bob > {"type":"leave","call":"c"}`, nil},
		} {
			got := p.says(t, step.line)
			heardOnly(t, got, step.want...)
		}
	})
}
