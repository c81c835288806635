package tutorial

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/jinglebridge/jinglebridge/bridge"
	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/internal/element"
	"github.com/jinglebridge/jinglebridge/web"
)

// patience is how long a test waits for what must come.
const patience = 10 * time.Second

// xmpp is an XMPP server that keeps the stanzas it gets, and answers none.
type xmpp struct{ stanzas chan string }

func (x xmpp) Send(stanza []byte) error {
	x.stanzas <- string(stanza)
	return nil
}

func (x xmpp) SendIQ(iq component.IQ, done func(*component.Stanza, error)) error {
	x.stanzas <- fmt.Sprintf("<iq type='%s' from='%s' to='%s'>%s</iq>", iq.Type, iq.From, iq.To, iq.Payload)
	return nil
}

func (xmpp) AppendCaps(*element.Writer) {}

// town is a whole bridge with a listener of each dialect.
type town struct {
	t                     testing.TB
	web                   *web.Server
	bridge                *bridge.Bridge
	xmpp                  xmpp
	plain, codelab, brave string // host:port
}

const enough = 1 << 20 // for limits that are not what a test is about

func newTown(t testing.TB, limits web.Limits, cfg Config, gates ...bridge.Authenticator) *town {
	o := &town{t: t, xmpp: xmpp{make(chan string, 10_000)}}
	rules := bridge.Config{
		Domain: "call.example.org", Anonymous: true, Call: []string{"*"}, OldPages: "anyone",
		Limits: bridge.Limits{NewCallsPerAddr: enough, NewCallsPerSession: enough, NewCallsPerTarget: enough},
	}
	for _, gate := range gates {
		rules.Auth = gate
	}
	o.bridge = bridge.New(rules, o.xmpp)
	var err error
	o.web, err = web.New(web.Config{Handler: o.bridge, Origins: []string{"*"}, Limits: limits, Page: noPage})
	if err != nil {
		t.Fatal(err)
	}
	cfg.Web = o.web
	brave := cfg
	brave.Files = ""
	codelabs, err := NewCodelab(cfg)
	if err != nil {
		t.Fatal(err)
	}
	braves, err := NewBrave(brave)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { o.bridge.Run(ctx) })
	o.bridge.HandleLink(true)
	o.plain = o.listen(&done, web.Listener{})
	o.codelab = o.listen(&done, web.Listener{Handler: codelabs})
	o.brave = o.listen(&done, web.Listener{Handler: braves})
	t.Cleanup(func() {
		last, stop := context.WithTimeout(context.Background(), patience)
		defer stop()
		codelabs.Shutdown(last)
		braves.Shutdown(last)
		o.web.Shutdown(last)
		cancel()
		done.Wait()
		if last.Err() != nil {
			t.Error("something was left over after Shutdown")
		}
	})
	return o
}

func (o *town) listen(done *sync.WaitGroup, as web.Listener) string {
	o.t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		o.t.Fatal(err)
	}
	done.Go(func() {
		if err := o.web.ServeAs(context.Background(), ln, as); err != nil {
			o.t.Error(err)
		}
	})
	return ln.Addr().String()
}

// client is a WebSocket that speaks Socket.IO of a version of Engine.IO, or, with 0, the
// bridge's own protocol.
type client struct {
	t    testing.TB
	conn *websocket.Conn
	eio  int
	id   string
}

func (o *town) page(host string, eio int) *client {
	o.t.Helper()
	c, err := dialPage(host, eio)
	if err != nil {
		o.t.Fatal(err)
	}
	c.t = o.t
	o.t.Cleanup(func() { c.conn.Close() })
	return c
}

func dialPage(host string, eio int) (*client, error) {
	conn, _, err := websocket.DefaultDialer.Dial(fmt.Sprintf("ws://%s/socket.io/?EIO=%d&transport=websocket", host, eio), nil)
	if err != nil {
		return nil, err
	}
	c := &client{conn: conn, eio: eio}
	var hello struct{ SID string }
	open, err := c.read()
	if err != nil || !strings.HasPrefix(open, "0") {
		return nil, fmt.Errorf("got %q, %v, want an open packet", open, err)
	}
	if eio == 4 {
		c.write("40")
	}
	connected, err := c.read()
	if err != nil || !strings.HasPrefix(connected, "40") {
		return nil, fmt.Errorf("got %q, %v, want a connect packet", connected, err)
	}
	about := open[1:]
	if eio == 4 {
		about = connected[2:]
	}
	err = json.Unmarshal([]byte(about), &hello)
	c.id = hello.SID
	return c, err
}

// v1 is a browser that speaks the bridge's own protocol, logged in.
func (o *town) v1(name string) *client {
	o.t.Helper()
	conn, _, err := websocket.DefaultDialer.Dial("ws://"+o.plain+"/ws", nil)
	if err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(func() { conn.Close() })
	c := &client{t: o.t, conn: conn}
	c.say(`{"type":"login","name":"` + name + `","v":1}`)
	c.want(`{"type":"login","success":true,*`)
	return c
}

func (c *client) read() (string, error) {
	c.conn.SetReadDeadline(time.Now().Add(patience))
	for {
		_, data, err := c.conn.ReadMessage()
		if err != nil || c.eio == 0 || string(data) != "2" {
			return string(data), err
		}
		c.write("3")
	}
}

func (c *client) write(text string) error {
	return c.conn.WriteMessage(websocket.TextMessage, []byte(text))
}

// say says one event, ["name",argument,…], or a message.
func (c *client) say(text string) {
	c.t.Helper()
	if c.eio > 0 {
		text = "42" + text
	}
	if err := c.write(text); err != nil {
		c.t.Fatal(err)
	}
}

// next returns what the client hears next, but for the log.
func (c *client) next() string {
	c.t.Helper()
	for {
		text, err := c.read()
		if err != nil {
			c.t.Fatal(err)
		}
		if c.eio > 0 {
			text = strings.TrimPrefix(text, "42")
		}
		if !strings.HasPrefix(text, `["log",`) {
			return text
		}
	}
}

// want compares what is heard next with each line; "*" stands for any text.
func (c *client) want(lines ...string) {
	c.t.Helper()
	for _, line := range lines {
		if got := c.next(); !like(line, got) {
			c.t.Fatalf("got  %s\nwant %s", got, line)
		}
	}
}

func like(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == text
	}
	if !strings.HasPrefix(text, parts[0]) || !strings.HasSuffix(text, parts[len(parts)-1]) {
		return false
	}
	for _, part := range parts {
		i := strings.Index(text, part)
		if i < 0 {
			return false
		}
		text = text[i+len(part):]
	}
	return true
}

// silent says that the client has heard nothing, by something that it says to the one that
// answers at once and after what was to be heard.
func (c *client) silent() {
	c.t.Helper()
	c.say(`["no such event"]`)
	for {
		text, err := c.read()
		switch {
		case err != nil:
			c.t.Fatal(err)
		case strings.Contains(text, "no such event"):
			return
		case !strings.HasPrefix(text, `42["log",`):
			c.t.Fatalf("got %s, want nothing", text)
		}
	}
}

func (c *client) hangUp() {
	c.write("41")
	c.conn.Close()
}

const (
	theOffer     = `{"sdp":"v=0 <o>","type":"offer"}`
	theAnswer    = `{"type":"answer","sdp":"v=0 <a>"}`
	theCandidate = `{"candidate":"candidate:1 1 udp 1 192.0.2.1 9 typ host","sdpMid":"0","sdpMLineIndex":0}`
	theLabelled  = `{"type":"candidate","label":0,"id":"0","candidate":"candidate:1 1 udp 1 192.0.2.1 9 typ host"}`
)
