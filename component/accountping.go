package component

import "time"

// lookLater looks at a link again after a while, if it is the one that we have: the timer of
// a lost one is for the next login.
func (a *Account) lookLater(conn *conn) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if conn != nil && a.conn == conn {
		a.arm(a.all.timing.look, func() { a.look(conn) })
	}
}

// look finds a link that is dead. When nothing was heard for a while it asks the server.
func (a *Account) look(conn *conn) {
	t := a.all.timing
	idle := time.Since(conn.lastHeard())
	reading := !a.busy.Load() && time.Since(a.born)-time.Duration(a.free.Load()) >= t.pingWait
	switch {
	case idle >= t.idle+t.pingWait && reading:
		a.cut(errNoAnswer)
		return
	case idle >= t.idle:
		a.ping()
	}
	a.lookLater(conn)
}

// ping asks the server (XEP-0199 §4.2). That it answers is enough, whatever it says.
func (a *Account) ping() {
	ping := IQ{From: a.jid, To: a.who.domain.name, Type: "get", Payload: []byte("<ping xmlns='" + nsPing + "'/>")}
	if err := a.SendIQ(ping, func(*Stanza, error) {}); err != nil {
		a.log.Debug("ping not sent", "err", err)
	}
}
