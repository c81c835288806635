package bridge

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/norm"
	"mellium.im/xmpp/jid"

	"github.com/jinglebridge/jinglebridge/component"
)

// Names are what browsers log in with and call: "Bob", "Anna Smith", or the bare JID of an
// XMPP user. A login name becomes the local part of a JID: case folded (RFC 8265 §3.3),
// the characters that a local part cannot hold escaped (XEP-0106).

const (
	maxName  = 64   // characters of a local part, as ä is one however it is written
	maxLocal = 1023 // bytes of what is written (RFC 7622 §3.1)
)

var errName = errors.New("want 1 to 64 letters, digits, blanks, - . or _ of one script")

// escapes are the characters of XEP-0106 §2, with their codes.
const escapes = " \"&'/:<>@\\"

// localOf makes the local part of a login name. Two names that look alike to XMPP servers
// get the same one; what some server or library would refuse or change is refused here.
func localOf(name string) (string, error) {
	if name == "" || len(name) > maxLocal || strings.TrimSpace(name) != name || strings.HasSuffix(name, ".") {
		return "", errName
	}
	words := strings.Split(name, " ")
	for i, word := range words {
		var err error
		if words[i], err = foldWord(word); err != nil {
			return "", err
		}
	}
	folded := strings.Join(words, " ")
	if utf8.RuneCountInString(folded) > maxName || !oneScript(folded) {
		return "", errName
	}
	return escape(folded), nil
}

// foldWord is more than what RFC 8265 asks for: servers still fold as RFC 3454 B.2 does, and
// make ss of ß, and σ of ς.
func foldWord(word string) (string, error) {
	mapped, err := precis.UsernameCaseMapped.String(word)
	if err != nil || mapped == "" {
		return "", errName
	}
	return norm.NFC.String(cases.Fold().String(mapped)), nil
}

// FoldName is the form in which names are compared: the local part of the JID. The error says
// what a name is made of.
func FoldName(name string) (string, error) { return localOf(name) }

// FoldLocal is that of the name which the local part of a JID stands for (XEP-0106 §4).
func FoldLocal(local string) (string, error) { return localOf(unescape(local)) }

func escape(s string) string {
	if !strings.ContainsAny(s, escapes) {
		return s
	}
	var out strings.Builder
	for i := range len(s) {
		if strings.IndexByte(escapes, s[i]) >= 0 {
			fmt.Fprintf(&out, "\\%02x", s[i])
		} else {
			out.WriteByte(s[i])
		}
	}
	return out.String()
}

func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 <= len(s) {
			var c byte
			if _, err := fmt.Sscanf(s[i+1:i+3], "%02x", &c); err == nil && strings.IndexByte(escapes, c) >= 0 {
				out.WriteByte(c)
				i += 2
				continue
			}
		}
		out.WriteByte(s[i])
	}
	return out.String()
}

// callee is whom a browser wants to reach: somebody here, or an XMPP user elsewhere.
type address struct {
	local string // of one of our users; "" for an XMPP user
	bare  string // of an XMPP user
}

// addressOf reads the name in a browser's message.
func (b *Bridge) addressOf(name string) (address, error) {
	if !strings.Contains(name, "@") {
		local, err := localOf(name)
		return address{local: local}, err
	}
	j, err := jid.Parse(name)
	if err != nil || j.Localpart() == "" {
		return address{}, fmt.Errorf("%q is no address", name)
	}
	if j.Domainpart() == b.cfg.Domain {
		local, err := localOf(unescape(j.Localpart()))
		return address{local: local}, err
	}
	return address{bare: j.Bare().String()}, nil
}

// ours finds the key of our user in a JID that the XMPP server gave us. Servers differ in
// what they lower-case, so it is folded again; "" when nobody here can have such a name.
func (b *Bridge) ours(address string) string {
	if u := b.users[address]; u != nil && u.account != nil {
		return address
	}
	local, domain, _ := component.Split(address)
	if local == "" || domain != b.cfg.Domain {
		return ""
	}
	if _, known := b.users[local]; known {
		return local
	}
	key, err := localOf(unescape(local))
	if err != nil {
		return ""
	}
	return key
}

// mayCall says whether policy lets browsers call this XMPP user.
func (b *Bridge) mayCall(bare string) bool {
	_, domain, _ := component.Split(bare)
	if len(b.cfg.Call) == 0 {
		_, above, found := strings.Cut(b.cfg.Domain, ".")
		return found && domain == above
	}
	for _, allowed := range b.cfg.Call {
		if allowed == "*" || allowed == bare || allowed == domain {
			return true
		}
	}
	return false
}
