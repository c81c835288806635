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

// answers are the gets that any entity answers by itself. Each writes a whole stanza.
var answers = map[payload]func(c *Component, w *element.Writer, iq *Stanza, query element.Element){
	{nsDiscoInfo, "query"}:  (*Component).answerInfo,
	{nsDiscoItems, "query"}: (*Component).answerItems,
	{nsPing, "ping"}:        (*Component).answerPing,
	{nsVersion, "query"}:    (*Component).answerVersion,
	{nsTime, "time"}:        (*Component).answerTime,
	{nsLast, "query"}:       (*Component).answerLast,
	{nsVCard, "vCard"}:      (*Component).answerVCard,
	{nsGateway, "query"}:    (*Component).answerGateway,
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
// in a component's name (RFC 6120 §8.2.3 wants exactly one answer).
func (c *Component) answer(iq *Stanza, query element.Element) {
	write := answers[payload{query.Space(), query.Name()}]
	switch {
	case write == nil:
		c.sendError(iq, unavailable)
	case iq.Type == "set" && query.Space() != nsGateway:
		c.sendError(iq, notAllowed) // what we say of ourselves nobody else can change
	default:
		c.reply(func(w *element.Writer) { write(c, w, iq, query) })
	}
}

func (c *Component) sendError(s *Stanza, e Error) {
	c.reply(func(w *element.Writer) { AppendError(w, s, e) })
}

// reply sends a stanza of our own. When the queue is full it is lost, and counted: the
// asker's timer tells them.
func (c *Component) reply(write func(*element.Writer)) {
	var w element.Writer
	write(&w)
	if err := c.Send(w.Bytes()); err != nil {
		c.log.Debug("answer not sent", "err", err)
	}
}

func (c *Component) answerInfo(w *element.Writer, iq *Stanza, query element.Element) {
	what, node := c.domainInfo, query.Attr("node")
	known := node == ""
	switch placeOf(iq.To) {
	case atAccount:
		what = c.accountInfo
	case atUser:
		what = c.userInfo
		known = known || node == capsNode+"#"+c.caps
	}
	if !known {
		AppendError(w, iq, notFound)
		return
	}
	startResult(w, iq)
	what.appendQuery(w, node)
	w.End()
}

// answerItems says that there is nothing: who is online is told by presence, to
// those who may know.
func (c *Component) answerItems(w *element.Writer, iq *Stanza, query element.Element) {
	if query.Attr("node") != "" {
		AppendError(w, iq, notFound)
		return
	}
	startResult(w, iq)
	w.Empty(nsDiscoItems, "query")
	w.End()
}

func (c *Component) answerPing(w *element.Writer, iq *Stanza, _ element.Element) {
	AppendResult(w, iq)
}

func (c *Component) answerVersion(w *element.Writer, iq *Stanza, _ element.Element) {
	startResult(w, iq)
	w.Start(nsVersion, "query")
	w.Leaf(nsVersion, "name", c.cfg.Name)
	w.Leaf(nsVersion, "version", c.cfg.Version)
	w.End()
	w.End()
}

// answerTime answers XEP-0202. Where a browser is, is its own business: all say UTC.
func (c *Component) answerTime(w *element.Writer, iq *Stanza, _ element.Element) {
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
