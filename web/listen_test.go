package web

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// serveAs opens one more listener of a server, and returns its host and port.
func serveAs(t testing.TB, s *Server, as Listener) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var done sync.WaitGroup
	done.Go(func() {
		if err := s.ServeAs(context.Background(), ln, as); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		s.Shutdown(ctx)
		done.Wait()
	})
	return ln.Addr().String()
}

// TestDialects: each listener speaks its tutorial's, at the same time.
func TestDialects(t *testing.T) {
	bridge := newBridge()
	s, plain := serve(t, Config{Handler: bridge})
	first := "ws://" + serveAs(t, s, Listener{Dialect: UnrecognizedCommand})
	second := "ws://" + serveAs(t, s, Listener{Dialect: CommandNotFound})
	all := map[*browser]Dialect{dial(t, plain): UnrecognizedCommand, dial(t, first): UnrecognizedCommand, dial(t, second): CommandNotFound}
	for b, dialect := range all {
		b.say(`{"type":"foo"}`)
		b.want(`{"type":"error","message":"` + string(dialect) + `: foo"}`)
	}
	for b := range all { // version 1 is the same everywhere
		b.login(true)
		bridge.hear(t)
		b.say(`{"type":"foo"}`)
		b.want(`{"type":"error","message":"unknown type \"foo\"","code":"unknown-type"}`)
	}
}

// TestAnyOrigin: on one listener all pages may come, on the others not, and beyond loopback
// only when the configuration says so.
func TestAnyOrigin(t *testing.T) {
	s, closed := serve(t, Config{Handler: newBridge()})
	open := "ws://" + serveAs(t, s, Listener{AnyOrigin: true})
	for _, origin := range []string{"https://evil.example", "null", "file://"} {
		from := http.Header{"Origin": {origin}}
		if code, text := dialFrom(open, from); code != http.StatusSwitchingProtocols {
			t.Errorf("%s where all may come: got %d %s", origin, code, text)
		}
		if code, _ := dialFrom(closed, from); code != http.StatusForbidden {
			t.Errorf("%s where not: got %d", origin, code)
		}
	}
	for _, wide := range []bool{false, true} {
		s := newServer(t, Config{Handler: newBridge(), AnyOrigin: wide})
		ln, err := net.Listen("tcp", "0.0.0.0:0")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		served := make(chan error, 1)
		go func() { served <- s.ServeAs(ctx, ln, Listener{AnyOrigin: true}) }()
		if wide {
			port := ln.Addr().(*net.TCPAddr).Port
			code, text := dialFrom(fmt.Sprintf("ws://127.0.0.1:%d", port), http.Header{"Origin": {"https://evil.example"}})
			if code != http.StatusSwitchingProtocols {
				t.Errorf("any_origin: got %d %s", code, text)
			}
			cancel()
		}
		if err := <-served; (err == nil) != wide || err != nil && !strings.Contains(err.Error(), "listen.any_origin") {
			t.Errorf("beyond loopback, any_origin %v: got %v", wide, err)
		}
		if _, err := ln.Accept(); err == nil {
			t.Error("a listener that is not served stays open")
		}
		cancel()
		s.Shutdown(context.Background())
	}
}

// TestListenerHandler: a listener may serve something else, which lets guests in; it ends
// with the others.
func TestListenerHandler(t *testing.T) {
	bridge := newBridge()
	s := newServer(t, Config{Handler: bridge})
	var guests sync.WaitGroup
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g, ok := s.Admit(w, r)
		if !ok {
			return
		}
		guests.Go(func() {
			v := &visitor{Guest: g}
			defer v.Leave(v)
			if err := v.Say(v, []byte(`{"type":"login","name":"guest","v":1}`)); err != nil {
				t.Error(err)
			}
			fmt.Fprint(w, len(v.got), " ", v.got[0].Login.Success)
		})
		guests.Wait()
	})
	strict := "http://" + serveAs(t, s, Listener{Handler: handler})
	open := "http://" + serveAs(t, s, Listener{Handler: handler, AnyOrigin: true})
	for _, row := range []struct {
		url, origin string
		code        int
		want        string
	}{
		{strict, "", http.StatusOK, "1 true"},
		{strict, strict, http.StatusOK, "1 true"},
		{strict, "https://evil.example", http.StatusForbidden, "listen.origins"},
		{open, "https://evil.example", http.StatusOK, "1 true"},
		{open + "/ws", "null", http.StatusOK, "1 true"}, // no page and no WebSocket of ours
	} {
		r, err := http.NewRequest("GET", row.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if row.origin != "" {
			r.Header.Set("Origin", row.origin)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != row.code || !strings.Contains(string(body), row.want) {
			t.Errorf("%s from %q: got %d %s, want %d %s", row.url, row.origin, resp.StatusCode, body, row.code, row.want)
		}
	}
	wantHere(t, s, 0, 0)
	if len(bridge.heard) != 4 || len(bridge.closed) != 4 {
		t.Errorf("heard of %d guests and %d ends, want 4 of each", len(bridge.heard), len(bridge.closed))
	}
	http.DefaultClient.CloseIdleConnections()
	s.Shutdown(t.Context())
	for _, url := range []string{strict, open} {
		if _, err := http.Get(url); err == nil {
			t.Error("answered after Shutdown")
		}
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.ServeAs(t.Context(), ln, Listener{Handler: handler}); err != nil {
		t.Errorf("after Shutdown: got %v", err)
	}
	if _, err := net.DialTimeout("tcp", ln.Addr().String(), time.Second); err == nil {
		t.Error("let in after Shutdown")
	}
}

// TestShutdownOfAll: sockets of every listener are told to come back.
func TestShutdownOfAll(t *testing.T) {
	bridge := newBridge()
	s, plain := serve(t, Config{Handler: bridge})
	other := "ws://" + serveAs(t, s, Listener{Dialect: CommandNotFound, AnyOrigin: true})
	all := []*browser{dial(t, plain), dial(t, other)}
	for _, b := range all {
		b.login(true)
		bridge.hear(t)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	done := make(chan struct{})
	go func() { s.Shutdown(ctx); close(done) }()
	for _, b := range all {
		b.wantClose(websocket.CloseServiceRestart)
	}
	<-done
	if ctx.Err() != nil {
		t.Error("it did not end by itself")
	}
}

// TestLongAnswer: a handler that answers late is not cut off by the time a request may take to
// arrive, nor told that its client has gone.
func TestLongAnswer(t *testing.T) {
	t.Parallel() // it waits for a while that must pass
	const header = 100 * time.Millisecond
	s := newServer(t, Config{Handler: newBridge(), HeaderTimeout: header})
	url := "http://" + serveAs(t, s, Listener{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		select {
		case <-r.Context().Done():
			http.Error(w, "gone", http.StatusGone)
		case <-time.After(5 * header):
			io.WriteString(w, "late")
		}
	})})
	for _, body := range []string{"", "something"} {
		resp, err := http.Post(url, "text/plain", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		got, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if string(got) != "late" {
			t.Errorf("with body %q: got %s", body, got)
		}
	}
}
