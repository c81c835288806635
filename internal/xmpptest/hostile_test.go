package xmpptest

import (
	"strings"
	"testing"
)

func TestHostileStanzasDiffer(t *testing.T) {
	names, bytes := map[string]bool{}, map[string]bool{}
	forEjabberd := 0
	for _, h := range HostileStanzas() {
		if names[h.Name] || bytes[h.Bytes] {
			t.Errorf("%s is there twice", h.Name)
		}
		names[h.Name], bytes[h.Bytes] = true, true
		if !h.ProsodyOnly {
			forEjabberd++
		}
		if got := h.For("a", "b", "c"); strings.Contains(got, "{to}") || strings.Contains(got, "{user}") || strings.Contains(got, "{me}") {
			t.Errorf("%s: an address is not filled in", h.Name)
		}
		if !h.ProsodyOnly && deepest(h.Bytes) > 32 {
			t.Errorf("%s: %d deep, which ejabberd does not survive", h.Name, deepest(h.Bytes))
		}
	}
	if forEjabberd < 120 {
		t.Errorf("got %d stanzas for both servers, want 120 at least", forEjabberd)
	}
}

// deepest counts roughly how deep the elements nest.
func deepest(s string) int {
	depth, most := 0, 0
	for i := 0; i+1 < len(s); i++ {
		switch {
		case s[i] == '<' && s[i+1] == '/':
			depth--
		case s[i] == '<' && s[i+1] != '!' && s[i+1] != '?':
			depth++
			most = max(most, depth)
		case s[i] == '/' && s[i+1] == '>':
			depth--
		}
	}
	return most
}
