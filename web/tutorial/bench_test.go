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
			codelab := relay{open: o.codelabPair, say: `42["message",` + size.data + `]`, hear: `42["message",` + size.data + `]`}
			plain := relay{open: o.v1Pair, say: `{"type":"message","room":"foo","data":` + size.data + `}`,
				hear: `{"type":"message","room":"foo","name":"anna","data":` + size.data + `}`}
			// A pair may say so many bytes before the bridge slows it down.
			each := 60_000 / len(size.data)
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

// relay is one way for messages, and what they have cost.
type relay struct {
	open      func() (from, to *client)
	say, hear string
	messages  int
	time      time.Duration
	mallocs   uint64
}

func (r *relay) each(cost int64) float64 { return float64(cost) / float64(r.messages) }

func (r *relay) run(b *testing.B, n int) {
	from, to := r.open()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	for range n {
		if err := from.write(r.say); err != nil {
			b.Fatal(err)
		}
		if got, err := to.read(); err != nil || got != r.hear {
			b.Fatalf("got %.100s, %v, want %.100s", got, err, r.hear)
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

func (o *town) codelabPair() (from, to *client) {
	from, to = o.page(o.codelab, 4), o.page(o.codelab, 4)
	from.say(`["create or join","bar"]`)
	from.want(`["created",*`)
	to.say(`["create or join","bar"]`)
	to.want(`["joined",*`, `["ready",*`)
	from.want(`["join",*`, `["ready",*`)
	return from, to
}

func (o *town) v1Pair() (from, to *client) {
	o.pairs++ // the last one may not have gone yet
	from, to = o.v1("anna"), o.v1(fmt.Sprint("bob", o.pairs))
	from.say(`{"type":"join","room":"foo"}`)
	from.want(`{"type":"join",*`)
	to.say(`{"type":"join","room":"foo"}`)
	to.want(`{"type":"join",*`)
	from.want(`{"type":"joined",*`)
	return from, to
}
