package web

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// body returns what is said to a person; "" when the key is missing.
func (m *members) body() string {
	if m.value(keyBody) == nil {
		return ""
	}
	body := m.text(keyBody)
	if body == "" || utf8.RuneCountInString(body) > maxBody {
		m.want(keyBody, fmt.Sprintf("1 to %d characters", maxBody))
		return ""
	}
	return body
}

// roster reads what is to become of a contact; nothing when the list is asked for.
func (m *members) roster(msg *Message) {
	msg.Set = m.set()
	msg.Remove = m.text(keyRemove)
	if m.value(keyRemove) != nil && (msg.Remove == "" || msg.Set != nil) {
		m.want(keyRemove, "a name, and no \"set\" beside it")
	}
}

// set reads a contact's name, title and groups; its other keys are the server's.
func (m *members) set() *Item {
	if m.value(keySet) == nil {
		return nil
	}
	v := m.payload(keySet)
	item, ok := Item{}, v[0] == '{'
	said := map[string]bool{}
	if ok {
		each(v, func(key string, value json.RawMessage) {
			switch key {
			case "name":
				ok = ok && !said[key] && text(value, &item.Name)
			case "title":
				ok = ok && !said[key] && text(value, &item.Title)
			case "groups":
				ok = ok && !said[key] && groups(value, &item.Groups)
			}
			said[key] = true
		})
	}
	if !ok || item.Name == "" {
		m.want(keySet, fmt.Sprintf("an object of a name, and perhaps a title and up to %d groups", maxGroups))
		return nil
	}
	return &item
}

// text decodes a string; null is none.
func text(value json.RawMessage, into *string) bool {
	if value[0] == '"' {
		*into = unquote(value)
	}
	return value[0] == '"' || value[0] == 'n'
}

func groups(value json.RawMessage, into *[]string) bool {
	if value[0] != '[' {
		return value[0] == 'n'
	}
	values, ok := elements(value, maxGroups)
	if ok {
		*into, ok = unquoted(values)
	}
	return ok
}

// roster writes a contact list, or what has changed in it.
func (o *object) roster(m *Message) {
	o.key("items")
	o.array(len(m.Items), func(i int) { o.item(&m.Items[i]) })
	if m.Push {
		o.flag("push", true)
	}
	if m.More || m.Last {
		o.flag("more", m.More)
	}
	o.id(m.ID)
}

func (o *object) item(item *Item) {
	o.buf = append(o.buf, '{')
	o.must("name", item.Name)
	o.text("title", item.Title)
	if len(item.Groups) > 0 {
		o.texts("groups", item.Groups)
	}
	o.must("subscription", item.Subscription)
	if item.Ask {
		o.flag("ask", true)
	}
	if item.Blocked {
		o.flag("blocked", true)
	}
	if item.Subscription != "remove" {
		o.must("show", item.Show)
		o.text("status", item.Status)
		o.texts("media", item.Media)
	}
	o.buf = append(o.buf, '}')
}

// message writes what is said to a person, as who it is for hears it.
func (o *object) message(m *Message) {
	o.must("name", m.Name)
	o.text("title", m.Title)
	o.text("body", m.Body)
	o.text("mid", m.Mid)
	if m.Sent {
		o.flag("sent", true)
	}
	o.number("at", m.At)
	o.id(m.ID)
}

// size is about what item writes.
func (item *Item) size() int {
	n := 96 + len(item.Name) + len(item.Title) + len(item.Status) + 12*len(item.Media)
	for _, group := range item.Groups {
		n += len(group) + 3
	}
	return n
}
