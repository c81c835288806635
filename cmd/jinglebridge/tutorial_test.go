package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jinglebridge/jinglebridge/internal/xmpptest"
)

// Each tutorial's listener says what its tutorial's server says, to pages from anywhere.
func TestTutorials(t *testing.T) {
	server := xmpptest.ListenFor(t, "call.example.org")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "index.html"), []byte("<title>mine</title>"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, "xmpp.server="+server.URL(), "tutorial.learning_webrtc=127.0.0.1:0", "tutorial.tutorialspoint=127.0.0.1:0",
		"tutorial.brave=127.0.0.1:0", "tutorial.codelab=127.0.0.1:0", "tutorial.codelab_files="+dir)
	at := map[string]string{}
	for range 4 {
		line := p.until(t, "listening for tutorial pages")
		at[line["key"].(string)] = "http://" + line["address"].(string) + "/"
	}
	for key, want := range map[string]string{
		"tutorial.learning_webrtc": `{"type":"error","message":"Unrecognized command: foo"}`,
		"tutorial.tutorialspoint":  `{"type":"error","message":"Command not found: foo"}`,
	} {
		ws := dial(t, at[key])
		say(t, ws, `{"type":"foo"}`)
		if got := hear(t, ws); got != want {
			t.Errorf("%s: got %s, want %s", key, got, want)
		}
	}
	for _, key := range []string{"tutorial.brave", "tutorial.codelab"} {
		if code, text := get(t, at[key]+"socket.io/?EIO=4&transport=polling"); code != 200 || !strings.HasPrefix(text, `0{"sid":"`) {
			t.Errorf("%s: got %d %s, want a session", key, code, text)
		}
	}
	if code, text := get(t, at["tutorial.codelab"]); code != 200 || text != "<title>mine</title>" {
		t.Errorf("got %d %s, want the codelab's file", code, text)
	}
	if code, _ := get(t, at["tutorial.brave"]); code != 404 {
		t.Errorf("got %d, want no files beside the codelab's", code)
	}
	p.stop()
	if code := p.wait(t); code != exitOK {
		t.Errorf("got exit code %d\n%s", code, p.rest())
	}
}
