package component

import (
	"crypto/tls"
	"errors"
	"fmt"
	"hash"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

// mechanism is the way to prove who one is that was chosen.
type mechanism struct {
	name    string // as the server calls it
	base    string // without -PLUS
	hash    func() hash.Hash
	gs2     string // what is said of channel binding (RFC 5802 §7)
	channel string // what the channel is known by, "" without binding
}

// choose takes the best that the server offers: SCRAM, bound to the channel where both can,
// and PLAIN inside TLS when there is nothing else, which is how servers are that ask LDAP
// or PAM. Where SCRAM was good once, PLAIN never is again.
func (l *login) choose(features element.Element) (mechanism, error) {
	offered := namesIn(features.Child(nsSASL, "mechanisms"), "mechanism", func(e element.Element) string { return e.TrimmedText() })
	bindings := namesIn(features.Child(nsChannels, "sasl-channel-binding"), "channel-binding", func(e element.Element) string { return e.Attr("type") })
	if m, found, err := l.chooseSCRAM(offered, bindings["tls-exporter"]); found || err != nil {
		return m, err
	}
	switch {
	case !offered["PLAIN"]:
		return mechanism{}, errors.New("the server offers neither SCRAM nor PLAIN")
	case l.secure == nil:
		return mechanism{}, errors.New("the server wants the password without TLS")
	case l.secret.keys.mechanism != "":
		return mechanism{}, fmt.Errorf("the server wants the password, and had no need of it before (%s)", l.secret.keys.mechanism)
	}
	return mechanism{name: "PLAIN"}, nil
}

// chooseSCRAM takes the best hash that is offered. With the keys alone, of the password, only
// one will do.
func (l *login) chooseSCRAM(offered map[string]bool, exporter bool) (m mechanism, found bool, err error) {
	for _, h := range scramHashes {
		plus := offered[h.name+"-PLUS"]
		known := l.secret.password != nil || l.secret.keys.mechanism == h.name
		if !known || !plus && !offered[h.name] {
			continue
		}
		m := mechanism{name: h.name, base: h.name, hash: h.hash, gs2: "n,,"}
		switch channel := l.channel(); {
		case channel == "":
		case plus && exporter:
			m.name, m.gs2, m.channel = h.name+"-PLUS", "p=tls-exporter,,", channel
		case !anyPlus(offered):
			// If the server did offer it, then somebody took it out of the offer, and the
			// server will know by this letter (RFC 5802 §6).
			m.gs2 = "y,,"
		}
		if m.name == h.name && !offered[h.name] {
			continue
		}
		return m, true, nil
	}
	return mechanism{}, false, nil
}

func anyPlus(offered map[string]bool) bool {
	for _, h := range scramHashes {
		if offered[h.name+"-PLUS"] {
			return true
		}
	}
	return false
}

// channel is what the TLS connection is known by at both ends (RFC 9266); "" when it has no
// such thing.
func (l *login) channel() string {
	if l.secure == nil || l.secure.Version < tls.VersionTLS13 {
		return ""
	}
	key, err := l.secure.ExportKeyingMaterial("EXPORTER-Channel-Binding", nil, 32)
	if err != nil {
		return ""
	}
	return string(key)
}

func namesIn(e element.Element, child string, name func(element.Element) string) map[string]bool {
	names := map[string]bool{}
	for c := range e.Children() {
		if c.Name() == child {
			names[name(c)] = true
		}
	}
	return names
}
