package bridge

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

// TestNicknames: a stranger's nickname is one short line, and turns nothing around.
func TestNicknames(t *testing.T) {
	for said, want := range map[string]string{
		"":                        "",
		" \t\r\n\u2028":           "",
		"  Anna \n  Maria  ":      "Anna Maria",
		"Anna\u202egnp.exe":       "Anna gnp.exe",
		"A\u0000n\u0007n\u0085a":  "A n n a",
		"\u200d \u200c\u200d":     "",
		"\u200b\u2060\ufeff":      "",
		"Zoë 👩\u200d🚀":            "Zoë 👩\u200d🚀",
		"<b>'&\"":                 "<b>'&\"",
		strings.Repeat("ö", 1000): strings.Repeat("ö", maxNick),
		"a\xff\xfeb":              "a\ufffd\ufffdb",
	} {
		if got := plain(said); got != want {
			t.Errorf("%q: got %q, want %q", said, got, want)
		}
	}
}

func FuzzNicknames(f *testing.F) {
	f.Add("Anna\u202e\n\x00")
	f.Fuzz(func(t *testing.T, said string) {
		nick := plain(said)
		if utf8.RuneCountInString(nick) > maxNick || plain(nick) != nick || !element.LegalText(nick) {
			t.Errorf("%q: got %q", said, nick)
		}
		for _, r := range nick {
			if unicode.Is(unicode.Bidi_Control, r) || unicode.IsControl(r) {
				t.Errorf("%q: got %q with %q in it", said, nick, r)
			}
		}
	})
}

// TestPagesThatCannotBe: what a configuration was not checked for is left out.
func TestPagesThatCannotBe(t *testing.T) {
	page := func(name string, ring ...string) Page {
		p := NewPage()
		p.Name, p.Ring = name, ring
		return p
	}
	b := New(Config{Domain: "call.example.org", Pages: []Page{
		page("front♥door", "bob"),
		page("door", "x@y@z", "door", "bob", "BOB@call.example.org", "romeo@example.org", "romeo@example.org/phone"),
	}}, nopStream{})
	if len(b.users) != 1 || b.pageOf("Door") == nil {
		t.Fatalf("got %d users, want one page", len(b.users))
	}
	if people := b.pageOf("door").page.people; len(people) != 2 || people[0].local != "bob" || people[1].bare != "romeo@example.org" {
		t.Errorf("got %v, want bob and Romeo", people)
	}
}
