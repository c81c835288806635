package component

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

type reply struct {
	stanza *Stanza
	err    error
}

// askAway sends a request and returns where its answer comes.
func askAway(t *testing.T, c *Component, to string) <-chan reply {
	t.Helper()
	answers := make(chan reply, 10)
	err := c.SendIQ(IQ{From: "bob@" + domain + "/tab", To: to, Type: "get", Payload: []byte("<ping xmlns='urn:xmpp:ping'/>")},
		func(s *Stanza, err error) { answers <- reply{s, err} })
	if err != nil {
		t.Fatalf("send: %v", err)
	}
	return answers
}

func TestAnswerCountsFromTheOneAskedOnly(t *testing.T) {
	c, link, _ := attached(t, nil, nil)
	for _, test := range []struct{ to, from string }{
		{"alice@example.org/x", "alice@example.org/x"},
		{"Alice@Example.org/X", "alice@example.org/X"},
		{"example.org", "example.org"},
	} {
		answers := askAway(t, c, test.to)
		id := link.NextFor(t).Attr("id")
		for _, wrong := range []string{
			"<iq type='result' id='" + id + "' from='mallory@evil.example/x' to='bob@" + domain + "/tab'/>",
			"<iq type='error' id='" + id + "' from='alice@example.org' to='bob@" + domain + "/tab'/>",
			"<iq type='result' id='" + id + "x' from='" + test.from + "' to='bob@" + domain + "/tab'/>",
			"<message type='result' id='" + id + "' from='" + test.from + "' to='bob@" + domain + "/tab'/>",
		} {
			send(t, link, wrong)
		}
		send(t, link, "<iq type='result' id='"+id+"' from='"+test.from+"' to='bob@"+domain+"/tab'><right xmlns='u'/></iq>")
		got := await(t, answers, "answer")
		if got.err != nil || !got.stanza.Child("u", "right").Exists() {
			t.Errorf("%s: got %v, %v; want the real answer", test.to, got.stanza, got.err)
		}
		send(t, link, "<iq type='result' id='"+id+"' from='"+test.from+"' to='bob@"+domain+"/tab'/>")
		settle(t, link)
		if n := len(answers); n != 0 {
			t.Errorf("%s: got %d more answers, want none", test.to, n)
		}
	}
	if got := rejected(c, "unasked-answer"); got != 12 {
		t.Errorf("counted %d unasked answers, want 12", got)
	}
}

func TestErrorAnswer(t *testing.T) {
	c, link, _ := attached(t, nil, nil)
	answers := askAway(t, c, "alice@example.org/x")
	asked := link.NextFor(t)
	var w element.Writer
	s := stanzaOf(asked)
	AppendError(&w, s, Error{Type: "cancel", Condition: "service-unavailable"})
	send(t, link, string(w.Bytes()))
	got := await(t, answers, "answer")
	if e := ErrorOf(got.stanza); got.err != nil || e.Condition != "service-unavailable" {
		t.Errorf("got %+v, %v; want the error stanza", e, got.err)
	}
}

func TestRequestsEndWithTheLink(t *testing.T) {
	c, link, h := attached(t, nil, nil)
	answers := askAway(t, c, "alice@example.org/x")
	link.NextFor(t)
	link.Close()
	if got := await(t, answers, "answer"); !errors.Is(got.err, ErrDown) {
		t.Errorf("got %v, want %v", got.err, ErrDown)
	}
	if await(t, h.links, "link") {
		t.Error("got up, want down")
	}
}

func TestRequestsTimeOutAndAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newComponent(t, testConfig("tcp://127.0.0.1:1"))
		c.out.begin()
		begin := time.Now()
		ended := make(chan error, 2000)
		iq := IQ{From: domain, To: "example.org", Type: "set", Payload: []byte("<x xmlns='u'/>")}
		for i := range 1024 {
			iq.To = fmt.Sprintf("%d.example.org", i)
			if err := c.SendIQ(iq, func(_ *Stanza, err error) { ended <- err }); err != nil {
				t.Fatalf("request %d: %v", i, err)
			}
		}
		if err := c.SendIQ(iq, func(*Stanza, error) { t.Error("done was called for a request that was refused") }); !errors.Is(err, ErrFull) {
			t.Errorf("request 1025: got %v, want %v", err, ErrFull)
		}
		if err := c.SendIQ(iq, nil); err != nil {
			t.Errorf("a request whose answer nobody waits for: %v", err)
		}
		for range 1024 {
			if err := <-ended; !errors.Is(err, ErrTimeout) {
				t.Fatalf("got %v, want %v", err, ErrTimeout)
			}
		}
		if took := time.Since(begin); took != iqWait {
			t.Errorf("took %v, want %v", took, iqWait)
		}
		if n := testutil.ToFloat64(c.metrics.iqTimeouts); n != 1024 {
			t.Errorf("counted %v, want 1024", n)
		}
		if len(c.iqs.waiting) != 0 {
			t.Errorf("%d requests are left", len(c.iqs.waiting))
		}
	})
}

func TestSendIQRefuses(t *testing.T) {
	c := newComponent(t, testConfig("tcp://127.0.0.1:1"))
	done := func(*Stanza, error) { t.Error("done was called") }
	good := IQ{From: domain, To: "example.org", Type: "get", Payload: []byte("<x xmlns='u'/>")}
	if err := c.SendIQ(good, done); !errors.Is(err, ErrDown) {
		t.Errorf("link down: got %v, want %v", err, ErrDown)
	}
	c.out.begin()
	for name, edit := range map[string]func(*IQ){
		"type result":      func(iq *IQ) { iq.Type = "result" },
		"no payload":       func(iq *IQ) { iq.Payload = nil },
		"payload escapes":  func(iq *IQ) { iq.Payload = []byte("<x/></iq><iq>") },
		"foreign from":     func(iq *IQ) { iq.From = "example.org" },
		"a JID of no kind": func(iq *IQ) { iq.To = "a@b@c" },
	} {
		iq := good
		edit(&iq)
		if err := c.SendIQ(iq, done); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
	if len(c.iqs.waiting) != 0 {
		t.Errorf("%d requests wait, want none", len(c.iqs.waiting))
	}
}
