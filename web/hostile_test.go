package web

import (
	"errors"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/jinglebridge/jinglebridge/web/webtest"
)

// TestHostile sends everything hostile, old and new, and looks whether the sender, or at
// least somebody else, is served on.
func TestHostile(t *testing.T) {
	frames := webtest.Hostile("example.org")
	if len(frames) < 100 {
		t.Fatalf("only %d frames", len(frames))
	}
	bridge := newBridge()
	s, url := serve(t, Config{Handler: bridge, Limits: Limits{LoginsPerMinute: -1, MessagesPerSecond: -1, MessageBurst: -1}})
	bystander := dial(t, url)
	bystander.login(true)
	for _, v1 := range []bool{true, false} {
		var b *browser
		for _, f := range frames {
			if b == nil {
				b = dial(t, url)
				b.login(v1)
			}
			if _, err := b.NetConn().Write(f.Wire()); err != nil {
				t.Fatalf("%s: %v", f.Name, err)
			}
			if f.Closes {
				wantEnd(t, b, f.Name)
				b = nil
				continue
			}
			if got := roundTrip(b); got != nil {
				t.Fatalf("%s: the next message: %v", f.Name, got)
			}
		}
		if b != nil {
			b.Close()
		}
	}
	if err := roundTrip(bystander); err != nil {
		t.Errorf("a bystander: %v", err)
	}
	bystander.Close()
	waitEmpty(t, s)
}

// roundTrip says something that is always answered, and waits for that answer.
func roundTrip(b *browser) error {
	if err := b.WriteMessage(websocket.TextMessage, []byte(`{"type":"are you there","id":"there"}`)); err != nil {
		return err
	}
	b.SetReadDeadline(time.Now().Add(patience))
	for {
		_, data, err := b.ReadMessage()
		switch string(data) {
		case `{"type":"error","message":"unknown type \"are you there\"","code":"unknown-type","id":"there"}`,
			`{"type":"error","message":"Unrecognized command: are you there"}`:
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// wantEnd reads until the server hangs up.
func wantEnd(t *testing.T, b *browser, what string) {
	t.Helper()
	defer b.Close()
	b.SetReadDeadline(time.Now().Add(patience))
	for {
		if _, _, err := b.ReadMessage(); err != nil {
			var closed *websocket.CloseError
			if !errors.As(err, &closed) {
				t.Errorf("%s: got %v, want a close frame", what, err)
			}
			return
		}
	}
}

// TestHostileAtOnce: many of them from many sockets, and all goes away again.
func TestHostileAtOnce(t *testing.T) {
	bridge := newBridge()
	s, url := serve(t, Config{Handler: bridge, Limits: Limits{WaitingPerAddr: -1, LoginsPerMinute: -1}})
	for _, f := range webtest.Hostile("example.org") {
		conn := handshake(t, url, "")
		if _, err := conn.Write(f.Wire()); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
		conn.Close() // in the middle of the server's answer
	}
	waitEmpty(t, s)
	if len(bridge.heard) != 0 && len(bridge.closed) == 0 {
		t.Error("the bridge does not know who is gone")
	}
}
