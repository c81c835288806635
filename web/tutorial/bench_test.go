package tutorial

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/jinglebridge/jinglebridge/web"
)

// BenchmarkRelay is a message from one member of a room to the other, over loopback: between
// two codelab pages, and between two plain WebSockets of version 1, in turns. The first is to
// cost no more than half as much again; both include what the clients cost.
func BenchmarkRelay(b *testing.B) {
	for _, size := range []struct{ name, data string }{
		{"short", `{"text":"hello"}`},
		{"long", `{"text":"` + strings.Repeat("a line of some length ", 32) + `"}`},
	} {
		b.Run(size.name, func(b *testing.B) {
			o := newTown(b, web.Limits{MessageBurst: enough, MessagesPerSecond: enough, LoginsPerMinute: -1, SocketsPerAddr: -1}, Config{})
			codelab := relay{kind: "codelab", open: o.codelabPair, say: `42["message",` + size.data + `]`, hear: `42["message",` + size.data + `]`}
			plain := relay{kind: "plain", open: o.v1Pair, say: `{"type":"message","room":"ROOM","data":` + size.data + `}`,
				hear: `{"type":"message","room":"ROOM","name":"anna ROOM","data":` + size.data + `}`}
			// A pair may say so many bytes before the bridge slows it down; more than some
			// hundred messages show nothing new.
			each := min(60_000/len(size.data), 400)
			for b.Loop() {
				codelab.run(b, each)
				plain.run(b, each)
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(codelab.each(codelab.time.Nanoseconds()), "codelab-ns")
			b.ReportMetric(plain.each(plain.time.Nanoseconds()), "v1-ns")
			b.ReportMetric(codelab.each(int64(codelab.mallocs)), "codelab-allocs")
			b.ReportMetric(plain.each(int64(plain.mallocs)), "v1-allocs")
			b.ReportMetric(codelab.each(codelab.time.Nanoseconds())/plain.each(plain.time.Nanoseconds()), "ns-ratio")
			b.ReportMetric(codelab.each(int64(codelab.mallocs))/plain.each(int64(plain.mallocs)), "allocs-ratio")
		})
	}
}

// relay is one way for messages, and what they have cost. ROOM stands for the room.
type relay struct {
	open      func(room string) (from, to *client)
	say, hear string
	kind      string
	pairs     int
	messages  int
	time      time.Duration
	mallocs   uint64
}

func (r *relay) each(cost int64) float64 { return float64(cost) / float64(r.messages) }

func (r *relay) run(b *testing.B, n int) {
	r.pairs++ // each in a room of its own: the pair before may not have gone yet
	room := fmt.Sprint(r.kind, r.pairs)
	from, to := r.open(room)
	say, hear := strings.ReplaceAll(r.say, "ROOM", room), strings.ReplaceAll(r.hear, "ROOM", room)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	for range n {
		if err := from.write(say); err != nil {
			b.Fatal(err)
		}
		if got, err := to.read(); err != nil || got != hear {
			b.Fatalf("got %.100s, %v, want %.100s", got, err, hear)
		}
	}
	r.time += time.Since(began)
	runtime.ReadMemStats(&after)
	r.mallocs += after.Mallocs - before.Mallocs
	r.messages += n
	from.hangUp()
	to.conn.SetReadDeadline(time.Now().Add(patience))
	for err := error(nil); err == nil; { // until it has heard that the other has gone
		var text string
		text, err = to.read()
		if strings.Contains(text, `"bye"`) || strings.Contains(text, `"left"`) {
			break
		}
	}
	to.hangUp()
}

func (o *town) codelabPair(room string) (from, to *client) {
	from, to = o.page(o.codelab, 4), o.page(o.codelab, 4)
	from.say(`["create or join","` + room + `"]`)
	from.want(`["created",*`)
	to.say(`["create or join","` + room + `"]`)
	to.want(`["joined",*`, `["ready",*`)
	from.want(`["join",*`, `["ready",*`)
	return from, to
}

func (o *town) v1Pair(room string) (from, to *client) {
	from, to = o.v1("anna "+room), o.v1("bob "+room)
	from.say(`{"type":"join","room":"` + room + `"}`)
	from.want(`{"type":"join",*`)
	to.say(`{"type":"join","room":"` + room + `"}`)
	to.want(`{"type":"join",*`)
	from.want(`{"type":"joined",*`)
	return from, to
}
