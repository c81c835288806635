package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jinglebridge/jinglebridge/internal/xmpptest"
)

// TestAccountSecretsStayOut wants neither the password of an account in a log of everything or in
// the metrics, nor what is written to it, whatever its server says.
func TestAccountSecretsStayOut(t *testing.T) {
	server := xmpptest.ListenFor(t, "call.example.org")
	home := &xmpptest.Accounts{Domain: "example.net", Password: "canary-password"}
	home.ListenFor(t)
	p := start(t, "xmpp.server="+server.URL(), "log.level=debug", fmt.Sprintf(`account=[{domain = "example.net", server = %q}]`, home.Address()))
	link := server.AcceptFor(t)
	line := p.until(t, "listening")
	p.until(t, "attached")
	ws := dial(t, line["page"].(string))
	login := func(password string) string {
		say(t, ws, `{"type":"login","name":"alice@example.net","v":1,"caps":["messages"],"password":"`+password+`"}`)
		return hear(t, ws)
	}
	refused := make(chan error, 1)
	go func() {
		_, err := home.Accept()
		refused <- err
	}()
	if got := login("canary-guess"); !strings.Contains(got, "auth-failed") {
		t.Errorf("a wrong password: got %s", got)
	}
	if err := <-refused; err == nil {
		t.Error("the server has let a guess in")
	}
	sessions := make(chan *xmpptest.Session, 1)
	go func() {
		s, _ := home.Accept()
		sessions <- s
	}()
	if got := login("canary-password"); !strings.Contains(got, `"success":true`) {
		t.Fatalf("got %s", got)
	}
	session := <-sessions
	if session == nil {
		t.Fatal("the server has not let her in")
	}
	ws.SetReadDeadline(time.Now().Add(xmpptest.Wait))
	say(t, ws, `{"type":"message","name":"juliet@example.net","body":"canary-letter"}`)
	const streams = "xmlns='urn:ietf:params:xml:ns:xmpp-streams'"
	for _, text := range []string{
		"<message from='juliet@example.net/x' id='m'><body>canary-answer</body></message>",
		"<message from='juliet@example.net/x' type='error' id='m'><error type='cancel'><canary-error xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>canary-error</text></error></message>",
		"<iq type='set' id='j' from='juliet@example.net/x'><jingle xmlns='urn:xmpp:jingle:1' action='canary-action' sid='s'/></iq>",
		"<presence from='juliet@example.net/x'><status>canary-status</status></presence>",
		"<stream:error><see-other-host " + streams + ">canary-host</see-other-host><text " + streams + ">canary-password</text></stream:error></stream:stream>",
	} {
		if err := session.Write(text); err != nil {
			t.Fatal(err)
		}
	}
	for !strings.Contains(hear(t, ws), "upstream") { // all of it has been read
	}
	all := metricsOf(t, line["admin"].(string))
	ws.Close()
	p.stop()
	hangUp(link)
	if all += p.rest(); strings.Contains(all, "canary") {
		t.Errorf("a secret is in the log, or the metrics:\n%s", all)
	}
	if !strings.Contains(all, "account not attached") {
		t.Errorf("the log does not say everything:\n%s", all)
	}
}

// metricsOf reads what is counted.
func metricsOf(t *testing.T, admin string) string {
	t.Helper()
	answer, err := http.Get(admin + "metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("metrics: %v, %s", err, answer.Status)
	}
	return string(text)
}
