package component

import "github.com/jinglebridge/jinglebridge/internal/element"

const nsGateway = "jabber:iq:gateway"

// answerGateway turns the name that a person types into the address to add as a contact
// (XEP-0100 §4.2): clients ask the domain what to ask for, and then for the address.
func (c *Component) answerGateway(w *element.Writer, iq *Stanza, query element.Element) {
	switch {
	case c.cfg.Address == nil || placeOf(iq.To) != atDomain:
		AppendError(w, iq, unavailable)
		return
	case iq.Type == "get":
		startResult(w, iq)
		w.Start(nsGateway, "query")
		w.Leaf(nsGateway, "desc", "Who shall be called? Type the name that they log in with on the call page.")
		w.Leaf(nsGateway, "prompt", "Name")
		w.End()
		w.End()
		return
	}
	address, err := c.cfg.Address(query.Child(nsGateway, "prompt").TrimmedText())
	if err != nil {
		refusal := badRequest
		refusal.Text = err.Error()
		AppendError(w, iq, refusal)
		return
	}
	startResult(w, iq)
	w.Start(nsGateway, "query")
	w.Leaf(nsGateway, "jid", address)
	w.End()
	w.End()
}
