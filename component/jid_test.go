package component

import "testing"

func TestSplit(t *testing.T) {
	for _, test := range []struct{ jid, local, domain, resource, bare string }{
		{"a@b/c", "a", "b", "c", "a@b"},
		{"b", "", "b", "", "b"},
		{"b/c@d/e", "", "b", "c@d/e", "b"},
		{"a@b/c@d", "a", "b", "c@d", "a@b"},
		{"", "", "", "", ""},
	} {
		local, domain, resource := Split(test.jid)
		if local != test.local || domain != test.domain || resource != test.resource || Bare(test.jid) != test.bare {
			t.Errorf("%q: got %q, %q, %q, bare %q", test.jid, local, domain, resource, Bare(test.jid))
		}
	}
}

func TestFoldJID(t *testing.T) {
	for _, test := range []struct{ a, b string }{
		{"Alice@Example.ORG/Phone", "alice@example.org/Phone"},
		{"alice@example.org.", "alice@example.org"},
		{"É@bücher.example/x", "é@BÜCHER.example/x"},
		{"alice@example.org/ﬁ", "alice@example.org/fi"},
	} {
		if a, b := foldJID(test.a), foldJID(test.b); a != b {
			t.Errorf("%q and %q: got %q and %q, want one", test.a, test.b, a, b)
		}
	}
	for _, test := range []struct{ a, b string }{
		{"alice@example.org/Phone", "alice@example.org/phone"},
		{"alice@example.org", "alice@example.org/phone"},
		{"alice@example.org", "example.org"},
	} {
		if a, b := foldJID(test.a), foldJID(test.b); a == b {
			t.Errorf("%q and %q: got one, %q", test.a, test.b, a)
		}
	}
}
