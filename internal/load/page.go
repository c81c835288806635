package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// patience is how long anything may take before it counts as broken.
const patience = 2 * time.Minute

// page is a browser that is logged in.
type page struct {
	name string
	conn *websocket.Conn
	said chan message // what is about calls
	seen atomic.Int64 // presence told
	gone chan struct{}
}

// message is what matters of what a page is told.
type message struct {
	Type, Name, Call, Code, Message, Reason string
	Success                                 bool
}

// perAddress is how many browsers share an address: as many as the bridge allows by default.
const perAddress = 200

// open connects from an address of this machine's own, and logs in.
func open(url string, number int, name, password string) (*page, error) {
	from := &net.TCPAddr{IP: net.IPv4(127, 0, byte(1+number/perAddress/250), byte(1+number/perAddress%250))}
	dialer := websocket.Dialer{
		NetDial:        (&net.Dialer{LocalAddr: from, Timeout: patience}).Dial,
		ReadBufferSize: 1024, WriteBufferSize: 1024,
	}
	conn, answer, err := dialer.Dial(url, http.Header{})
	if err != nil {
		if answer != nil {
			err = fmt.Errorf("%w: %s", err, answer.Status)
		}
		return nil, err
	}
	p := &page{name: name, conn: conn, said: make(chan message, 16), gone: make(chan struct{})}
	if err := p.login(password); err != nil {
		conn.Close()
		return nil, fmt.Errorf("login of %s: %w", name, err)
	}
	go p.read()
	return p, nil
}

func (p *page) login(password string) error {
	login := map[string]any{"type": "login", "v": 1, "name": p.name, "caps": []string{"invite"}}
	if password != "" {
		login["password"] = password
	}
	if err := p.say(login); err != nil {
		return err
	}
	p.conn.SetReadDeadline(time.Now().Add(patience))
	defer p.conn.SetReadDeadline(time.Time{})
	for {
		m, err := p.hear()
		switch {
		case err != nil:
			return err
		case m.Type == "login" && !m.Success:
			return fmt.Errorf("refused: %s %s", m.Code, m.Message)
		case m.Type == "login":
			return nil
		}
	}
}

func (p *page) say(m map[string]any) error { return p.conn.WriteJSON(m) }

func (p *page) hear() (m message, err error) {
	_, text, err := p.conn.ReadMessage()
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	return m, err
}

// read takes what the page is told until its socket ends.
func (p *page) read() {
	defer close(p.gone)
	for {
		m, err := p.hear()
		if err != nil {
			return
		}
		switch m.Type {
		case "presence":
			p.seen.Add(1)
		case "answer", "leave", "error", "ringing", "accept":
			select {
			case p.said <- m:
			default: // nobody listens: it makes no calls
			}
		}
	}
}

func (p *page) close() { p.conn.Close() }

var errNoAnswer = errors.New("no answer")

// call calls somebody, waits for the answer, hangs up, and says how long the answer took.
func (p *page) call(to, id string) (time.Duration, error) {
	began := time.Now()
	err := p.say(map[string]any{"type": "offer", "name": to, "call": id, "offer": map[string]string{"type": "offer", "sdp": offer}})
	if err != nil {
		return 0, err
	}
	late := time.NewTimer(20 * time.Second)
	defer late.Stop()
	for {
		select {
		case m := <-p.said:
			switch {
			case m.Call != id:
			case m.Type == "answer":
				return time.Since(began), p.say(map[string]any{"type": "leave", "call": id})
			case m.Type == "leave" || m.Type == "error":
				return 0, fmt.Errorf("call %s to %s: %s %s%s: %s", id, to, m.Type, m.Code, m.Reason, m.Message)
			}
		case <-p.gone:
			return 0, fmt.Errorf("call %s: the socket is gone", id)
		case <-late.C:
			return 0, fmt.Errorf("call %s to %s: %w", id, to, errNoAnswer)
		}
	}
}

// offer is a browser's, shortened.
const offer = "v=0\r\no=- 2418700618881389573 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n" +
	"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n" +
	"a=ice-ufrag:0xjH\r\na=ice-pwd:hz5TtxaCGbYN9Yw+T4YQMuy0\r\na=ice-options:trickle\r\n" +
	"a=fingerprint:sha-256 14:C0:42:62:79:45:07:15:56:16:9C:B3:7D:7C:05:69:61:E4:1D:53:90:44:A3:67:3C:91:C7:65:64:C2:CC:EF\r\n" +
	"a=setup:actpass\r\na=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n"
