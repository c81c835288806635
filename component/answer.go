package component

import (
	"strings"
	"time"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

// place is which kind of address an IQ was sent to.
type place int

const (
	atDomain place = iota
	atAccount
	atUser
)

func placeOf(to string) place {
	local, _, resource := Split(to)
	switch {
	case local == "":
		return atDomain
	case resource == "":
		return atAccount
	}
	return atUser
}

type payload struct{ space, name string }

// answerer writes the whole stanza that answers a request.
type answerer func(w *element.Writer, iq *Stanza, query element.Element)

// answerer finds who answers what every entity answers by itself, or asks the role.
func (s *stream) answerer(p payload) answerer {
	switch p {
	case payload{nsDiscoInfo, "query"}:
		return s.answerInfo
	case payload{nsDiscoItems, "query"}:
		return answerItems
	case payload{nsPing, "ping"}:
		return answerPing
	case payload{nsVersion, "query"}:
		return s.answerVersion
	case payload{nsTime, "time"}:
		return answerTime
	}
	return s.role.answerer(p)
}

// answerer finds who answers what only a component answers.
func (c *Component) answerer(p payload) answerer {
	switch p {
	case payload{nsLast, "query"}:
		return c.answerLast
	case payload{nsVCard, "vCard"}:
		return c.answerVCard
	case payload{nsGateway, "query"}:
		return c.answerGateway
	}
	return nil
}

// Answers to what we do not do.
var (
	badRequest  = Error{Type: "modify", Condition: "bad-request"}
	unavailable = Error{Type: "cancel", Condition: "service-unavailable"}
	notFound    = Error{Type: "cancel", Condition: "item-not-found"}
	notAllowed  = Error{Type: "cancel", Condition: "not-allowed"}
	tooMuch     = Error{Type: "wait", Condition: "resource-constraint"}
	tooBig      = Error{Type: "modify", Condition: "policy-violation", Text: "The stanza is too big."}
	broken      = Error{Type: "cancel", Condition: "internal-server-error"}
)

// answer answers a get or set that the Handler does not want; a server never answers
// in its peer's name (RFC 6120 §8.2.3 wants exactly one answer).
func (s *stream) answer(iq *Stanza, query element.Element) {
	write := s.answerer(payload{query.Space(), query.Name()})
	switch {
	case write == nil:
		s.sendError(iq, unavailable)
	case iq.Type == "set" && query.Space() != nsGateway:
		s.sendError(iq, notAllowed) // what we say of ourselves nobody else can change
	default:
		s.reply(func(w *element.Writer) { write(w, iq, query) })
	}
}

func (s *stream) sendError(to *Stanza, e Error) {
	s.reply(func(w *element.Writer) { AppendError(w, to, e) })
}

// reply sends a stanza of our own. When the queue is full it is lost, and counted: the
// asker's timer tells them.
func (s *stream) reply(write func(*element.Writer)) {
	var w element.Writer
	write(&w)
	if err := s.Send(w.Bytes()); err != nil {
		s.log.Debug("answer not sent", "err", err)
	}
}

func (s *stream) answerInfo(w *element.Writer, iq *Stanza, query element.Element) {
	what, node := s.role.infoOf(iq.To), query.Attr("node")
	if node != "" && (what != &s.userInfo || node != capsNode+"#"+s.caps) {
		AppendError(w, iq, notFound)
		return
	}
	startResult(w, iq)
	what.appendQuery(w, node)
	w.End()
}

func (c *Component) infoOf(to string) *info {
	switch placeOf(to) {
	case atDomain:
		return &c.domainInfo
	case atAccount:
		return &c.accountInfo
	}
	return &c.userInfo
}

// answerItems says that there is nothing: who is online is told by presence, to
// those who may know.
func answerItems(w *element.Writer, iq *Stanza, query element.Element) {
	if query.Attr("node") != "" {
		AppendError(w, iq, notFound)
		return
	}
	startResult(w, iq)
	w.Empty(nsDiscoItems, "query")
	w.End()
}

func answerPing(w *element.Writer, iq *Stanza, _ element.Element) {
	AppendResult(w, iq)
}

func (s *stream) answerVersion(w *element.Writer, iq *Stanza, _ element.Element) {
	startResult(w, iq)
	w.Start(nsVersion, "query")
	w.Leaf(nsVersion, "name", s.name)
	w.Leaf(nsVersion, "version", s.version)
	w.End()
	w.End()
}

// answerTime answers XEP-0202. Where a browser is, is its own business: all say UTC.
func answerTime(w *element.Writer, iq *Stanza, _ element.Element) {
	startResult(w, iq)
	w.Start(nsTime, "time")
	w.Leaf(nsTime, "tzo", "+00:00")
	w.Leaf(nsTime, "utc", time.Now().UTC().Format("2006-01-02T15:04:05Z"))
	w.End()
	w.End()
}

// answerLast gives the domain's uptime (XEP-0012 §4); when a person was last seen is
// not for strangers.
func (c *Component) answerLast(w *element.Writer, iq *Stanza, _ element.Element) {
	if placeOf(iq.To) != atDomain {
		AppendError(w, iq, Error{Type: "auth", Condition: "forbidden"})
		return
	}
	startResult(w, iq)
	w.Start(nsLast, "query")
	w.AttrUint("seconds", uint64(time.Since(c.born)/time.Second))
	w.End()
	w.End()
}

// answerVCard gives a name to show (XEP-0054), the same for names that nobody has.
func (c *Component) answerVCard(w *element.Writer, iq *Stanza, _ element.Element) {
	name := c.cfg.Name
	if local, _, _ := Split(iq.To); local != "" {
		name = unescapeNode.Replace(local)
	}
	startResult(w, iq)
	w.Start(nsVCard, "vCard")
	w.Leaf(nsVCard, "FN", name)
	w.End()
	w.End()
}

// unescapeNode undoes XEP-0106.
var unescapeNode = strings.NewReplacer(`\20`, " ", `\22`, `"`, `\26`, "&", `\27`, "'", `\2f`, "/",
	`\3a`, ":", `\3c`, "<", `\3e`, ">", `\40`, "@", `\5c`, `\`)
