package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/jinglebridge/jinglebridge/internal/element"
	"github.com/jinglebridge/jinglebridge/internal/xmpptest"
)

// process is a `jinglebridge serve` in this process.
type process struct {
	stop context.CancelFunc
	code chan int
	log  *bufio.Scanner
}

// start runs serve with a configuration that has all but what is in sets.
func start(t *testing.T, sets ...string) *process {
	t.Helper()
	config := filepath.Join(t.TempDir(), "config.toml")
	text := "[auth]\nanonymous = true\n[xmpp]\ndomain = \"call.example.org\"\nsecret = \"" + xmpptest.Secret + "\"\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"serve", "--config", config, "--set", "listen.address=127.0.0.1:0", "--set", "admin.address=127.0.0.1:0"}
	for _, set := range sets {
		args = append(args, "--set", set)
	}
	ctx, stop := context.WithCancel(t.Context())
	r, w, err := os.Pipe() // which buffers, so that nobody waits for us to read
	if err != nil {
		t.Fatal(err)
	}
	p := &process{stop: stop, code: make(chan int, 1), log: bufio.NewScanner(r)}
	go func() {
		p.code <- run(ctx, args, io.Discard, w)
		w.Close()
	}()
	t.Cleanup(func() {
		stop()
		r.Close()
	})
	return p
}

// until reads the log up to this line.
func (p *process) until(t *testing.T, message string) map[string]any {
	t.Helper()
	var seen strings.Builder
	for p.log.Scan() {
		seen.WriteString(p.log.Text() + "\n")
		var line map[string]any
		if json.Unmarshal(p.log.Bytes(), &line) == nil && line["msg"] == message {
			return line
		}
	}
	t.Fatalf("the log ended without %q:\n%s", message, &seen)
	return nil
}

// rest reads the log to its end.
func (p *process) rest() string {
	var all strings.Builder
	for p.log.Scan() {
		all.WriteString(p.log.Text() + "\n")
	}
	return all.String()
}

func (p *process) wait(t *testing.T) int {
	t.Helper()
	select {
	case code := <-p.code:
		return code
	case <-time.After(xmpptest.Wait):
		t.Fatal("it does not end")
		return 0
	}
}

// notifySocket plays systemd.
func notifySocket(t *testing.T) *net.UnixConn {
	t.Helper()
	name := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	t.Setenv("NOTIFY_SOCKET", name)
	return conn
}

func notified(t *testing.T, conn *net.UnixConn) string {
	t.Helper()
	conn.SetReadDeadline(time.Now().Add(xmpptest.Wait))
	buf := make([]byte, 1000)
	n, err := conn.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	return string(buf[:n])
}

func TestServe(t *testing.T) {
	systemd := notifySocket(t)
	server := xmpptest.ListenFor(t, "call.example.org")
	p := start(t, "xmpp.server="+server.URL())
	line := p.until(t, "listening")
	page, admin := line["page"].(string), line["admin"].(string)
	if got := notified(t, systemd); !strings.HasPrefix(got, "READY=1") {
		t.Errorf("systemd heard %q, want READY=1", got)
	}
	link := server.AcceptFor(t)
	p.until(t, "attached")

	ws := dial(t, page)
	say(t, ws, `{"type":"login","name":"juliet","v":1}`)
	if got := hear(t, ws); !strings.HasPrefix(got, `{"type":"login","success":true,`) {
		t.Fatalf("got %s", got)
	}
	if err := link.Write("<presence type='subscribe' from='romeo@montague.example' to='juliet@call.example.org'/>"); err != nil {
		t.Fatal(err)
	}
	await(t, link, "presence", "subscribed")
	// The first ping to ourselves went out with the attaching, and is on its way back.
	for deadline := time.Now().Add(xmpptest.Wait); ; {
		code, body := get(t, admin+"readyz")
		if code == http.StatusOK {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("/readyz: got %d %s", code, body)
		}
	}
	if _, body := get(t, admin+"metrics"); !strings.Contains(body, `jinglebridge_ws_sessions{auth="true"} 1`) {
		t.Errorf("/metrics: got %s, want one session in it", body)
	}

	p.stop()
	await(t, link, "presence", "unavailable")
	if got := notified(t, systemd); got != "STOPPING=1" {
		t.Errorf("systemd heard %q, want STOPPING=1", got)
	}
	for {
		_, frame, err := ws.ReadMessage()
		if err == nil {
			t.Logf("while stopping: %s", frame)
			continue
		}
		if !websocket.IsCloseError(err, websocket.CloseServiceRestart) {
			t.Errorf("got %v, want close 1012", err)
		}
		break
	}
	hangUp(link)
	p.until(t, "stopped")
	if code := p.wait(t); code != exitOK {
		t.Errorf("got exit code %d, want 0", code)
	}
}

// TestServeWaitsForTheServer wants browsers to be let in before the XMPP server is there.
func TestServeWaitsForTheServer(t *testing.T) {
	p := start(t, "xmpp.server=tcp://127.0.0.1:1")
	line := p.until(t, "listening")
	why := p.until(t, "not attached")
	if !strings.Contains(fmt.Sprint(why["advice"]), "nothing listens on 127.0.0.1:1") {
		t.Errorf("got %v, want advice", why)
	}
	if why := fmt.Sprint(why["retry"]); !strings.HasSuffix(why, "s") {
		t.Errorf("got retry %s, want a time that people can read", why)
	}
	if code, body := get(t, line["admin"].(string)+"readyz"); code != http.StatusServiceUnavailable || !strings.Contains(body, "not attached") {
		t.Errorf("/readyz: got %d %s", code, body)
	}
	if code, _ := get(t, line["page"].(string)); code != http.StatusOK {
		t.Errorf("/: got %d", code)
	}
	if code, _ := get(t, line["page"].(string)+"metrics"); code != http.StatusNotFound {
		t.Errorf("/metrics for everybody: got %d", code)
	}
	p.stop()
	p.until(t, "stopped")
	if code := p.wait(t); code != exitOK {
		t.Errorf("got exit code %d, want 0", code)
	}
}

// TestSecretsStayOut wants no secret in a log of everything.
func TestSecretsStayOut(t *testing.T) {
	server := xmpptest.ListenFor(t, "call.example.org")
	p := start(t, "xmpp.server="+server.URL(), "log.level=debug")
	link := server.AcceptFor(t)
	page := p.until(t, "listening")["page"].(string)
	p.until(t, "attached")
	ws := dial(t, page)
	say(t, ws, `{"type":"login","name":"juliet","v":1,"password":"canary","token":"canary"}`)
	hear(t, ws)
	ws.Close()
	p.stop()
	hangUp(link)
	if all := p.rest(); strings.Contains(all, xmpptest.Secret) || strings.Contains(all, "canary") {
		t.Errorf("a secret is in the log:\n%s", all)
	}
}

func TestServeRefuses(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, test := range []struct {
		set, want string
		code      int
	}{
		{"listen.address=" + taken.Addr().String(), "listen.address: ", exitRuntime},
		{"admin.address=" + taken.Addr().String(), "admin.address: ", exitRuntime},
		{"listen.address=0.0.0.0:0", "plain ws:// beyond this machine", exitConfig},
	} {
		p := start(t, "xmpp.server=tcp://127.0.0.1:1", test.set)
		said := p.rest()
		if code := p.wait(t); code != test.code || !strings.Contains(said, test.want) {
			t.Errorf("%s: got %d and %q, want %d and %q", test.set, code, said, test.code, test.want)
		}
	}
}

func TestCommands(t *testing.T) {
	t.Setenv("JINGLEBRIDGE_CONFIG", "")
	for _, test := range []struct {
		args           []string
		code           int
		stdout, stderr string
	}{
		{args: []string{"version"}, stdout: "jinglebridge " + version},
		{args: []string{"--help"}, stdout: "check-config"},
		{args: []string{"serve", "--help"}, stdout: "--config=FILE"},
		{args: []string{"serf"}, code: exitConfig, stderr: `did you mean "serve"?`},
		{args: []string{}, code: exitConfig, stderr: "expected one of"},
		{args: []string{"serve", "--config", "/does/not/exist"}, code: exitConfig, stderr: "open /does/not/exist: no such file or directory"},
		{args: []string{"check-config", "--config", "../../config.toml"}, code: exitConfig, stderr: "config.toml:12: xmpp.domain: want"},
		{args: []string{"check-config", "--config", "../../contrib/compose/jinglebridge.toml", "-s", "xmpp.domain=call.localhost"}, code: exitConfig, stderr: "xmpp.secret: want"},
	} {
		var stdout, stderr strings.Builder
		code := run(t.Context(), test.args, &stdout, &stderr)
		if code != test.code || !strings.Contains(stdout.String(), test.stdout) || !strings.Contains(stderr.String(), test.stderr) {
			t.Errorf("%q: got %d, %q and %q, want %d, %q and %q", test.args, code, &stdout, &stderr, test.code, test.stdout, test.stderr)
		}
	}
}

func TestGenSecret(t *testing.T) {
	var one, two strings.Builder
	for _, out := range []*strings.Builder{&one, &two} {
		if code := run(t.Context(), []string{"gen-secret"}, out, io.Discard); code != exitOK {
			t.Fatalf("got exit code %d", code)
		}
	}
	if len(strings.TrimSpace(one.String())) < 26 || one.String() == two.String() {
		t.Errorf("got %q and %q, want two different ones of 26 characters", &one, &two)
	}
}

// hangUp closes the link when the component has closed its stream.
func hangUp(link *xmpptest.Link) {
	for {
		if _, err := link.Next(); err != nil {
			link.Close()
			return
		}
	}
}

func dial(t *testing.T, page string) *websocket.Conn {
	t.Helper()
	ws, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(page, "http")+"ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ws.Close() })
	ws.SetReadDeadline(time.Now().Add(xmpptest.Wait))
	return ws
}

func say(t *testing.T, ws *websocket.Conn, text string) {
	t.Helper()
	if err := ws.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

func hear(t *testing.T, ws *websocket.Conn) string {
	t.Helper()
	_, text, err := ws.ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// await reads stanzas up to one of this kind and type.
func await(t *testing.T, link *xmpptest.Link, kind, typ string) element.Element {
	t.Helper()
	for {
		if e := link.NextFor(t); e.Name() == kind && e.Attr("type") == typ {
			return e
		}
	}
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}
