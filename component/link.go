package component

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	xmpp "mellium.im/xmpp/component"
)

// Run attaches, hands stanzas to h, and attaches again for ever, until ctx ends; then
// it sends what waits (5 s at most), closes the stream and returns nil.
func (c *Component) Run(ctx context.Context, h Handler) error {
	var failed retries
	var said complaint
	for ctx.Err() == nil {
		begin := time.Now()
		conn, err := c.attach(ctx)
		up := time.Duration(0)
		if err == nil {
			err = c.serve(ctx, conn, h)
			up = time.Since(begin)
			err = fmt.Errorf("link: %w", err)
		}
		if ctx.Err() != nil {
			break
		}
		reason := reasonOf(err)
		c.metrics.downs.WithLabelValues(reason).Inc()
		wait := c.timing.retry(&failed, reason, up)
		c.complain(&said, reason, err, up, wait)
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
	return nil
}

// complaint is what the log was last told, so that it is not told every second.
type complaint struct {
	reason string
	at     time.Time
}

const complainAgain = 10 * time.Minute

// complain writes the one line that says what is wrong and what to do.
func (c *Component) complain(said *complaint, reason string, err error, up, wait time.Duration) {
	args := []any{"domain", c.domain, "server", c.cfg.Server, "err", err, "retry", wait.Round(10 * time.Millisecond)}
	if up == 0 && said.reason == reason && time.Since(said.at) < complainAgain {
		c.log.Debug("still not attached", args...)
		return
	}
	*said = complaint{reason, time.Now()}
	if advice := c.advice(reason); advice != "" {
		args = append(args, "advice", advice)
	}
	if up > 0 {
		c.log.Error("link lost", append(args, "up", up.Round(time.Second))...)
		return
	}
	c.log.Error("not attached", args...)
}

// attach dials and lets mellium make the handshake (XEP-0114 §3).
func (c *Component) attach(ctx context.Context) (*conn, error) {
	raw, err := c.connect(ctx)
	if err != nil {
		return nil, fmt.Errorf("attach: %w", err)
	}
	// The limit is ours: mellium must get a context that never ends, since its timers
	// would reach into the link later on.
	raw.SetDeadline(time.Now().Add(c.timing.handshake))
	stop := context.AfterFunc(ctx, func() { raw.Close() })
	conn := newConn(raw)
	_, err = xmpp.NewSession(context.Background(), c.addr, []byte(c.cfg.Secret), conn)
	if !stop() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		raw.Close()
		return nil, fmt.Errorf("attach: handshake: %w", err)
	}
	raw.SetDeadline(time.Time{})
	return conn, nil
}

// serve runs a link that is up, until it ends, and returns why. The reader is the
// caller's goroutine; the writer and the watch end with it.
func (c *Component) serve(ctx context.Context, conn *conn, h Handler) error {
	ended := make(chan struct{})
	var helpers sync.WaitGroup
	var once sync.Once
	var cause error
	end := func(err error) {
		once.Do(func() { cause = err; conn.Close() })
	}
	c.out.begin()
	c.self.begin()
	c.metrics.up.Set(1)
	c.metrics.ups.Inc()
	c.log.Info("attached", "domain", c.domain, "server", c.cfg.Server)
	c.ping() // the first thing on the link, before anybody can have said anything
	helpers.Go(func() { c.write(ctx, conn, end) })
	helpers.Go(func() { c.watch(ctx, conn, ended, end) })
	c.tell(h, true)

	err := c.receive(newFramer(conn, c.limits.StanzaIn, readSize), h)
	c.out.drop()
	end(err)
	close(ended)
	helpers.Wait()
	c.metrics.up.Set(0)
	c.iqs.fail(ErrDown)
	c.tell(h, false)
	return cause
}

// tell keeps a panic of the Handler from ending the link.
func (s *stream) tell(h Handler, up bool) {
	defer s.caught("HandleLink")
	defer s.inHandler()()
	h.HandleLink(up)
}

// write sends what is queued; after the last of it, which at the end of ctx is the end of
// our stream, it closes our half of the connection. The server closes its own, or the watch ends the link: to close
// at once could make the kernel drop what the server has not read.
func (c *Component) write(ctx context.Context, conn *conn, end func(error)) {
	raw := conn.Conn
	if err := c.out.writeTo(raw); err != nil {
		end(fmt.Errorf("write: %w", err))
		return
	}
	if ctx.Err() == nil {
		return // the link ended in another way
	}
	if half, ok := raw.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	}
}

var errNoAnswer = errors.New("the server does not answer")

// watch goes on pinging ourselves through the server, and begins the end when ctx ends. It ends
// with the link.
func (c *Component) watch(ctx context.Context, conn *conn, ended <-chan struct{}, end func(error)) {
	tick := time.NewTicker(c.timing.ping)
	defer tick.Stop()
	for {
		select {
		case <-ended:
			return
		case <-tick.C:
			if err := c.checkPing(conn.lastHeard()); err != nil {
				end(err)
				return
			}
		case <-ctx.Done():
			c.out.finish(streamEnd)
			last := time.AfterFunc(c.timing.flush, func() { end(net.ErrClosed) })
			defer last.Stop()
			<-ended
			return
		}
	}
}
