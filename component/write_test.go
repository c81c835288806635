package component

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestQueue(t *testing.T) {
	q := newQueue(10, 3)
	if err := q.push([]byte("a"), nil); !errors.Is(err, ErrDown) {
		t.Errorf("before the link: got %v, want %v", err, ErrDown)
	}
	q.begin()
	for _, s := range []string{"12345", "6789"} {
		if err := q.push([]byte(s), nil); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
	if err := q.push([]byte("ab"), nil); !errors.Is(err, ErrFull) {
		t.Errorf("11 bytes of 10: got %v, want %v", err, ErrFull)
	}
	q.push([]byte("a"), nil)
	if err := q.push(nil, nil); !errors.Is(err, ErrFull) {
		t.Errorf("4 stanzas of 3: got %v, want %v", err, ErrFull)
	}
	if got := string(q.take()); got != "123456789a" {
		t.Errorf("got %q, want all of it in order", got)
	}
	q.push([]byte("last"), nil)
	q.finish("")
	if err := q.push([]byte("late"), nil); !errors.Is(err, ErrDown) {
		t.Errorf("after the end: got %v, want %v", err, ErrDown)
	}
	if got := string(q.take()); got != "last" {
		t.Errorf("got %q, want what waited", got)
	}
	if got := q.take(); got != nil {
		t.Errorf("got %q, want the end", got)
	}
	q.begin()
	q.push([]byte("lost"), nil)
	q.drop()
	q.begin()
	q.push([]byte("new"), nil)
	if got := string(q.take()); got != "new" {
		t.Errorf("got %q, want nothing of the old link", got)
	}
}

func TestWriterGivesUpOnAServerThatReadsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer theirs.Close()
		q := newQueue(1000, 10)
		q.begin()
		q.push([]byte("hello"), nil)
		begin := time.Now()
		if err := q.writeTo(ours); err == nil || time.Since(begin) != writeWait {
			t.Errorf("got %v after %v, want an error after %v", err, time.Since(begin), writeWait)
		}
	})
}

// counter counts the writes, each of which takes as long as a system call.
type counter struct {
	net.Conn
	writes, bytes int
	call          io.Writer
}

func (c *counter) SetWriteDeadline(time.Time) error { return nil }
func (c *counter) Write(p []byte) (int, error) {
	c.writes++
	c.bytes += len(p)
	return c.call.Write(p)
}

func TestWritesCoalesceInOrder(t *testing.T) {
	q := newQueue(1<<20, 1<<16)
	q.begin()
	var want, got bytes.Buffer
	for i := range 5000 {
		fmt.Fprintf(&want, "<%d>", i)
		q.push(fmt.Appendf(nil, "<%d>", i), nil)
	}
	q.finish("")
	c := &counter{call: &got}
	if err := q.writeTo(c); err != nil {
		t.Fatal(err)
	}
	if c.writes != 1 || got.String() != want.String() {
		t.Errorf("got %d bytes in %d writes, want %d in 1", got.Len(), c.writes, want.Len())
	}
}

// BenchmarkSend is what a stanza costs to go out under load, over loopback TCP:
// checking, queueing and its part of the system calls.
func BenchmarkSend(b *testing.B) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer listener.Close()
	var sink sync.WaitGroup
	sink.Go(func() {
		if conn, err := listener.Accept(); err == nil {
			io.Copy(io.Discard, conn)
		}
	})
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	c, err := New(testConfig("tcp://127.0.0.1:1"))
	if err != nil {
		b.Fatal(err)
	}
	counted := &counter{Conn: conn, call: conn}
	c.out.begin()
	var writer sync.WaitGroup
	writer.Go(func() { c.out.writeTo(counted) })
	stanza := []byte("<message type='chat' id='abcdefghijklmnop' from='juliet@call.example.org/balcony' to='romeo@example.org/orchard'><propose xmlns='urn:xmpp:jingle-message:0' id='a1b2c3d4'><description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'/></propose></message>")
	b.SetBytes(int64(len(stanza)))
	b.ReportAllocs()
	sent := 0
	for b.Loop() {
		for errors.Is(c.Send(stanza), ErrFull) {
			time.Sleep(50 * time.Microsecond) // let the writer catch up
		}
		sent++
	}
	c.out.finish("")
	writer.Wait()
	conn.Close()
	sink.Wait()
	b.ReportMetric(float64(counted.writes)/float64(sent), "writes/op")
}
