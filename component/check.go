package component

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxAttrsOut is more attributes than any element has that we write.
const maxAttrsOut = 32

// maxDepthOut is how deep a stanza of ours may be: ejabberd 23.01 can be crashed by
// deep ones, and no extension we speak nests half as far.
const maxDepthOut = 32

// checker reads a rendered stanza once and says what would make a server end the link.
// It knows the part of XML that element.Writer writes (start tags with quoted
// attributes, end tags, text) and refuses the rest, so it needs no tree and no memory.
type checker struct {
	b    []byte
	pos  int
	open [maxDepthOut][]byte // names of the open elements
	n    int

	attrs [maxAttrsOut][]byte // names of the current tag's attributes
	nAttr int

	name     []byte // of the outermost element, as the rest
	from, to []byte // as written, still escaped
	xmlns    span
}

var errCut = errors.New("it ends inside an element")

// head is what checkStanza says of a stanza.
type head struct {
	kind  string // "iq", "message" or "presence"
	xmlns span   // where its tag names the namespace, with the blank before it
}

type span struct{ begin, end int }

// checkStanza wants one stanza with addresses that mayLeave lets pass.
func checkStanza(b []byte, mayLeave func(from, to string) error) (head, error) {
	if !utf8.Valid(b) {
		return head{}, errors.New("stanza: not UTF-8")
	}
	c := checker{b: b}
	if err := c.element(); err != nil {
		return head{}, fmt.Errorf("stanza at byte %d: %w", c.pos, err)
	}
	kind := kindOf(c.name)
	if kind == "" {
		return head{}, fmt.Errorf("stanza: %q is no iq, message or presence", c.name)
	}
	if err := checkAddresses(unescapeJID(c.from), unescapeJID(c.to), mayLeave); err != nil {
		return head{}, fmt.Errorf("stanza: %w", err)
	}
	return head{kind, c.xmlns}, nil
}

func kindOf(name []byte) string {
	switch string(name) {
	case "iq":
		return "iq"
	case "message":
		return "message"
	case "presence":
		return "presence"
	}
	return ""
}

func checkAddresses(from, to string, mayLeave func(from, to string) error) error {
	switch {
	case from == "":
		return errors.New("no from")
	case !soundJID(from):
		return fmt.Errorf("from %q is no JID", from)
	case to != "" && !soundJID(to):
		return fmt.Errorf("to %q is no JID", to)
	}
	return mayLeave(from, to)
}

// mayLeave keeps XEP-0114 §3: a stanza has a `to`, and a `from` in our domain.
func (c *Component) mayLeave(from, to string) error {
	if to == "" {
		return errors.New("no to")
	}
	if _, d, _ := Split(from); d != c.domain {
		return fmt.Errorf("from %q is not in %q", from, c.domain)
	}
	return nil
}

var jidEntities = strings.NewReplacer("&amp;", "&", "&lt;", "<", "&gt;", ">", "&apos;", "'", "&quot;", `"`)

func unescapeJID(b []byte) string {
	if bytes.IndexByte(b, '&') < 0 {
		return string(b)
	}
	return jidEntities.Replace(string(b))
}

// element reads one element and wants nothing behind it.
func (c *checker) element() error {
	for c.pos < len(c.b) {
		if c.b[c.pos] != '<' {
			if c.n == 0 {
				return errors.New("want <")
			}
			if err := c.run('<', false); err != nil {
				return err
			}
			continue
		}
		c.pos++
		if c.pos == len(c.b) {
			return errCut
		}
		var err error
		if c.b[c.pos] == '/' {
			err = c.endTag()
		} else {
			err = c.startTag()
		}
		if err != nil {
			return err
		}
		if c.n == 0 {
			if c.pos < len(c.b) {
				return errors.New("more than one element")
			}
			return nil
		}
	}
	return errCut
}

func (c *checker) startTag() error {
	name, err := c.word()
	if err != nil {
		return err
	}
	if c.n == len(c.open) {
		return errors.New("nested too deeply")
	}
	c.open[c.n] = name
	c.n++
	c.nAttr = 0
	if c.n == 1 {
		c.name = name
	}
	for c.pos < len(c.b) {
		switch c.b[c.pos] {
		case '>':
			c.pos++
			return nil
		case '/':
			if c.pos++; c.pos == len(c.b) || c.b[c.pos] != '>' {
				return errors.New("want />")
			}
			c.pos++
			c.n--
			return nil
		case ' ':
			c.pos++
			if err := c.attr(); err != nil {
				return err
			}
		default:
			return errors.New("want a blank or >")
		}
	}
	return errCut
}

func (c *checker) attr() error {
	begin := c.pos
	name, err := c.word()
	if err != nil {
		// The one prefix that needs no declaration.
		if !bytes.HasPrefix(c.b[begin:], []byte("xml:")) {
			return err
		}
		c.pos = begin + len("xml:")
		if _, err = c.word(); err != nil {
			return err
		}
		name = c.b[begin:c.pos]
	}
	if err := c.once(name); err != nil {
		return err
	}
	if c.pos+1 >= len(c.b) || c.b[c.pos] != '=' || c.b[c.pos+1] != '\'' && c.b[c.pos+1] != '"' {
		return errors.New("want = and a quoted value")
	}
	quote := c.b[c.pos+1]
	c.pos += 2
	from := c.pos
	if err := c.run(quote, true); err != nil {
		return err
	}
	value := c.b[from:c.pos]
	c.pos++
	if c.n == 1 {
		return c.headAttr(name, value, span{begin - 1, c.pos})
	}
	return nil
}

// once refuses an attribute that its tag already has.
func (c *checker) once(name []byte) error {
	for _, other := range c.attrs[:c.nAttr] {
		if bytes.Equal(other, name) {
			return fmt.Errorf("attribute %q twice", name)
		}
	}
	if c.nAttr == len(c.attrs) {
		return errors.New("too many attributes")
	}
	c.attrs[c.nAttr] = name
	c.nAttr++
	return nil
}

// headAttr looks at an attribute of the outermost element.
func (c *checker) headAttr(name, value []byte, at span) error {
	switch string(name) {
	case "from":
		c.from = value
	case "to":
		c.to = value
	case "xmlns":
		if string(value) != NS {
			return fmt.Errorf("namespace %q", value)
		}
		c.xmlns = at
	}
	return nil
}

func (c *checker) endTag() error {
	c.pos++
	name, err := c.word()
	if err != nil {
		return err
	}
	if c.n == 0 || !bytes.Equal(name, c.open[c.n-1]) {
		return fmt.Errorf("</%s> closes nothing", name)
	}
	if c.pos == len(c.b) || c.b[c.pos] != '>' {
		return errors.New("want >")
	}
	c.pos++
	c.n--
	return nil
}

// wordByte are the characters of the names that we write: no prefixes.
var wordByte = func() (ok [256]bool) {
	for _, c := range []byte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") {
		ok[c] = true
	}
	return ok
}()

func (c *checker) word() ([]byte, error) {
	from := c.pos
	for c.pos < len(c.b) && wordByte[c.b[c.pos]] {
		c.pos++
	}
	word := c.b[from:c.pos]
	if len(word) == 0 || word[0] == '-' || word[0] == '.' || word[0] >= '0' && word[0] <= '9' {
		return nil, errors.New("want a name")
	}
	if c.pos < len(c.b) && c.b[c.pos] == ':' {
		return nil, errors.New("want a name without prefix")
	}
	return word, nil
}

// Bytes that run stops at: characters XML forbids or that begin something.
var runStop = func() (stop [256]bool) {
	for c := range 0x20 {
		stop[c] = c != '\t' && c != '\n'
	}
	for _, c := range []byte{'<', '>', '\'', '"', '&', 0xEF} {
		stop[c] = true
	}
	return stop
}()

// run goes over text or a value up to the byte end, which must come.
func (c *checker) run(end byte, inValue bool) error {
	for i := c.pos; i < len(c.b); i++ {
		b := c.b[i]
		if !runStop[b] {
			continue
		}
		if b == end {
			c.pos = i
			return nil
		}
		c.pos = i
		switch {
		case b == '&':
			n := entityLength(c.b[i:])
			if n == 0 {
				return errors.New("& begins nothing")
			}
			i += n - 1
		case b == 0xEF:
			// U+FFFE and U+FFFF; the bytes are valid UTF-8, so two more follow.
			if c.b[i+1] == 0xBF && c.b[i+2] >= 0xBE {
				return errors.New("a character that XML does not allow")
			}
		case b == '<' && inValue, b < 0x20, b == '>' && !inValue && bytes.HasSuffix(c.b[:i], []byte("]]")):
			return errors.New("a character that XML does not allow")
		}
	}
	return errCut
}

var entities = [][]byte{[]byte("&amp;"), []byte("&lt;"), []byte("&gt;"), []byte("&apos;"), []byte("&quot;"), []byte("&#xA;"), []byte("&#x9;"), []byte("&#xD;")}

// entityLength returns the length of the reference that b begins with, 0 for one that
// element.Writer does not write.
func entityLength(b []byte) int {
	for _, e := range entities {
		if bytes.HasPrefix(b, e) {
			return len(e)
		}
	}
	return 0
}
