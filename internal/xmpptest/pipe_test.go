package xmpptest_test

import (
	"io"
	"testing"

	"github.com/jinglebridge/jinglebridge/internal/xmpptest"
)

// Both ends of a pipe hand over whole stanzas, however they are cut into packets, and the end.
func TestPipe(t *testing.T) {
	server := xmpptest.ListenFor(t, "call.example.org")
	ends := make(chan *xmpptest.Pipe, 1)
	go func() {
		p, err := server.AcceptPipe()
		if err != nil {
			t.Error(err)
		}
		ends <- p
	}()
	near, err := xmpptest.AttachPipe(server.URL(), server.Domain, xmpptest.Secret)
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	far := <-ends
	defer far.Close()
	want := []string{"<presence/>", "<iq type='get'><query xmlns='a&gt;b'/></iq>", "<message><body>1 &gt; <b/> text</body></message>"}
	for _, piece := range []string{"<pres", "ence/>", want[1] + "<mess", "age><body>1 &gt; <b/> text</body></message></stream:stream>"} {
		if err := near.Write(piece); err != nil {
			t.Fatal(err)
		}
	}
	for _, stanza := range want {
		if got, err := far.Next(); err != nil || string(got) != stanza {
			t.Fatalf("got %s, %v, want %s", got, err, stanza)
		}
	}
	if got, err := far.Next(); err != io.EOF {
		t.Errorf("got %s, %v at the end of the stream, want %v", got, err, io.EOF)
	}
}

func TestPipeWantsTheSecret(t *testing.T) {
	server := xmpptest.ListenFor(t, "call.example.org")
	refused := make(chan error, 1)
	go func() {
		_, err := server.AcceptPipe()
		refused <- err
	}()
	if _, err := xmpptest.AttachPipe(server.URL(), server.Domain, "wrong"); err == nil {
		t.Error("let in with a wrong secret")
	}
	if err := <-refused; err == nil {
		t.Error("the server took a wrong secret")
	}
}
