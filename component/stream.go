package component

import (
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

// stream is what a component's link and an account's share: stanzas leave by one bounded
// queue and come in by one bounded reader, requests are matched with their answers, and what
// every entity is asked is answered. What differs is the role's.
type stream struct {
	*manners
	role    role
	home    string // whom a request without `to` asks; "" when there is nobody
	out     *queue
	iqs     *requests
	remotes *remotes     // used by the reader only
	busy    atomic.Bool  // the reader is in the Handler
	free    atomic.Int64 // when it last came back, nanoseconds after born
}

// role is what a component and an account do differently.
type role interface {
	// mayLeave says why a stanza with these addresses cannot be sent.
	mayLeave(from, to string) error
	// admit completes the addresses of what came, or says why it is dropped.
	admit(s *Stanza) string
	// keeps says whether a stanza is the link's own business, and sees to it.
	keeps(s *Stanza) bool
	// infoOf is what disco#info says of an address of ours.
	infoOf(to string) *info
	// answerer is who answers a request that not every entity answers; nil for nobody.
	answerer(p payload) answerer
}

// manners are the same for all streams of one kind.
type manners struct {
	name, version string          // what XEP-0092 answers
	claimed       map[string]bool // payloads of requests that the Handler answers
	userInfo      info            // of a full JID
	caps          string          // its hash
	limits        Limits
	born          time.Time
	log           *slog.Logger
	metrics       *metrics
}

func newManners(name, version string, namespaces []string, user info, l Limits, log *slog.Logger) *manners {
	m := &manners{name: name, version: version, claimed: map[string]bool{}, userInfo: user, caps: user.ver(), limits: l, born: time.Now(), log: log}
	for _, ns := range namespaces {
		m.claimed[ns] = true
	}
	return m
}

func newStream(m *manners, r role, remotes *remotes) stream {
	return stream{
		manners: m, role: r, remotes: remotes,
		out: newQueue(m.limits.QueueBytes, m.limits.QueueStanzas), iqs: newRequests(m.limits.OpenIQs),
	}
}

// Send queues one rendered stanza. It never blocks. The stanza must be well-formed, and
// have a `from` that is ours and, from a component, a `to` (XEP-0114: else servers end the
// link); what has not is refused here.
func (s *stream) Send(stanza []byte) error {
	if len(stanza) > s.limits.StanzaOut {
		s.metrics.limited("stanza_out_bytes")
		return ErrTooBig
	}
	head, err := checkStanza(stanza, s.role.mayLeave)
	if err != nil {
		s.metrics.reject("malformed-out")
		return err
	}
	if err := s.out.push(stanza[:head.xmlns.begin], stanza[head.xmlns.end:]); err != nil {
		if errors.Is(err, ErrFull) {
			s.metrics.limited("send_queue")
		}
		return err
	}
	s.metrics.out[head.kind].Inc()
	return nil
}

// AppendCaps writes the <c/> of XEP-0115 that all our full JIDs share.
func (s *stream) AppendCaps(w *element.Writer) {
	w.Empty(nsCaps, "c", "hash", "sha-1", "node", capsNode, "ver", s.caps)
}
