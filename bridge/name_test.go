package bridge

import (
	"strings"
	"testing"
	"unicode/utf8"

	"mellium.im/xmpp/jid"
)

// names and the local part each becomes; "" for those that nobody can have.
var names = map[string]string{
	"bob": "bob", "Bob": "bob", "BOB": "bob", "ｂｏｂ": "bob", "b0b": "b0b", "007": "007", "a": "a", "bob.smith": "bob.smith", "bob_smith": "bob_smith",
	"bob-smith": "bob-smith", "-bob": "-bob", "_": "_", "-": "-", "a.b.c": "a.b.c", "x--y": "x--y", "constructor": "constructor", "__proto__": "__proto__",
	"hasOwnProperty": "hasownproperty", "toString": "tostring", "admin": "admin", "null": "null", "undefined": "undefined", "NaN": "nan", "true": "true",
	"Anna Smith": `anna\20smith`, "a b c": `a\20b\20c`, "O'Brien": `o\27brien`, "R&D": `r\26d`, "'": `\27`, "&": `\26`,
	"Ärger": "ärger", "Straße": "strasse", "STRASSE": "strasse", "Élodie": "élodie", "E\u0301lodie": "élodie", "Åsa": "åsa", "A\u030Asa": "åsa",
	"Łukasz": "łukasz", "Ñandú": "ñandú", "øl": "øl", "ĳ": "", "ﬁn": "", "Ⅳ": "", "ªº": "",
	"Иван": "иван", "Ольга Петрова": `ольга\20петрова`, "Ёлка": "ёлка", "Київ": "київ",
	"Ελένη": "ελένη", "ΣΟΦΊΑ": "σοφία", "Δ": "δ", "דוד": "דוד", "محمد": "محمد", "गीता": "गीता", "เอก": "เอก", "Արամ": "արամ", "გიორგი": "გიორგი", "தமிழ்": "தமிழ்",
	"李雷": "李雷", "たろう": "たろう", "タロウ": "タロウ", "田中太郎": "田中太郎", "한나": "한나", "ﾀﾛｳ": "タロウ",
	// Nothing, too much, blanks where they mislead.
	"": "", " ": "", "  ": "", " bob": "", "bob ": "", "bob  smith": "", "\tbob": "", "bob\n": "", "bob\r\n": "", "\u00a0bob": "", "bob\u00a0smith": "", "bob\u2003smith": "",
	"bob.": "", ".": "", "..": "", "bob..": "", ".bob": ".bob",
	strings.Repeat("a", 64): strings.Repeat("a", 64), strings.Repeat("a", 65): "", strings.Repeat("ä", 64): strings.Repeat("ä", 64), strings.Repeat("a", 1024): "",
	// What addresses are made of.
	"bob@example.org": "", "@": "", "@bob": "", "bob@": "", "bob/x": "", "/": "", "bob@call.example.org/x": "", "a:b": "", "a\"b": "", "a<b": "", "a>b": "", "a\\b": "", `a\20b`: "", `\5c`: "",
	"a;b": "", "a,b": "", "a#b": "", "a?b": "", "a!b": "", "a%b": "", "a+b": "", "a=b": "", "a~b": "", "a^b": "", "a|b": "", "a`b": "", "a$b": "", "a*b": "",
	"(bob)": "", "[bob]": "", "{bob}": "", "call.example.org": "call.example.org",
	// What only looks like something else.
	"аlice": "", "alicе": "", "раураl": "", "bοb": "", "Bob李": "", "李bob": "", "ивaн": "", "bobИ": "", "ﬀ": "", "ⓑⓞⓑ": "", "𝐛𝐨𝐛": "", "𝓫𝓸𝓫": "", "🅱ob": "",
	"ɑlice": "ɑlice", "ıstanbul": "ıstanbul", "İstanbul": "", "ſ": "", "Kelvin": "kelvin", "Å": "å", "µ": "", "ᴀlice": "",
	// What cannot be seen, or turns what is seen around.
	"bo\u200bb": "", "bo\u200db": "", "bo\u200cb": "", "\u200d": "", "\u200b": "", "bo\u2060b": "", "\ufeffbob": "", "bo\u00adb": "", "\u202ebob": "", "bob\u202c": "", "\u2066bob\u2069": "", "\u200fbob": "",
	"bob\ufe0f": "", "bo\u034fb": "", "bo\u180eb": "", "\u3164": "", "\u115f": "", "\u1160": "", "\uffa0": "", "\u2800": "",
	// What no XML has, or no text.
	"bo\x00b": "", "bo\x01b": "", "bo\x1bb": "", "bo\x7fb": "", "bo\u0085b": "", "bo\ufffeb": "", "bo\uffffb": "", "bo\U0001ffffb": "", "bo\ufdd0b": "", "bob\xff": "", "\xc3\x28": "", "\xed\xa0\x80": "", "bo\ufffdb": "",
	"bo\ue000b": "", "bo\U000e0001b": "", "bo\U000f0000b": "",
	// Marks, digits and signs that some take and some do not.
	"\u0301": "", "e\u0301\u0301\u0301": "", "bob\u0489": "", "٣": "", "३": "३", "1٣": "", "①": "", "½": "", "²": "", "x²": "", "♥": "", "b♥b": "", "☎": "", "😀": "", "bob😀": "", "👨‍👩‍👧": "", "🇩🇪": "",
	"ᄀ": "", "ᄀ\u1161": "가", "가": "가", "ᅡ": "", "々": "々", "ー": "ー", "タロー": "タロー", "ﾀﾛｰ": "タロー", "・": "", "〇": "", "ゞ": "ゞ", "l·l": "", "a\u00b7b": "", "a‐b": "", "a–b": "", "a—b": "", "a−b": "", "a․b": "", "a。b": "", "a．b": "a.b", "a＠b": "", "a／b": "", "a＼b": "", "a＇b": `a\27b`,
	"’": "", "O’Brien": "", "a‚b": "", "ß": "ss", "ẞ": "ss", "Œuvre": "œuvre", "Đuro": "đuro", "ŉ": "", "ǆ": "", "ȷ": "", "ﷺ": "", "ﬃ": "",
	"דוד 2": "", "2דוד": "", "דוד.": "", "דוד-לוי": "דוד-לוי", "דוד 2 לוי": `דוד\20` + `2\20לוי`, "ि": "", "نور٣": "", "Ⴀ": "", strings.Repeat("ß", 32): strings.Repeat("ss", 32), strings.Repeat("ß", 33): "",
	"\u0640": "", "ا\u0640ب": "", "א\u05f3": "", "שָׁלוֹם": "שָׁלוֹם", "हि\u200dन्दी": "", "Zoë": "zoë", "zo\u0308e\u0308": "zöë", "José María": `josé\20maría`,
}

// A name that is taken becomes a JID that the library takes as it is; one that it would
// refuse or change is refused here.
func TestNames(t *testing.T) {
	if len(names) < 200 {
		t.Errorf("%d names, want 200", len(names))
	}
	for name, want := range names {
		got, err := localOf(name)
		if err != nil {
			got = ""
		}
		if got != want {
			t.Errorf("%+q: got %+q, want %+q", name, got, want)
		}
		if err == nil {
			checkLocal(t, name, got)
		}
	}
}

// checkLocal checks what holds of any local part.
func checkLocal(t *testing.T, name, local string) {
	t.Helper()
	address := local + "@call.example.org"
	j, err := jid.Parse(address)
	switch {
	case err != nil:
		t.Errorf("%+q: %+q is no JID: %v", name, address, err)
	case j.String() != address:
		t.Errorf("%+q: %+q becomes %+q", name, address, j.String())
	case !utf8.ValidString(local) || strings.ContainsAny(local, escapes[:len(escapes)-1]):
		t.Errorf("%+q: %+q holds what it must not", name, local)
	case escape(unescape(local)) != local:
		t.Errorf("%+q: %+q does not survive: %+q", name, local, escape(unescape(local)))
	}
	if again, err := localOf(unescape(local)); err != nil || again != local {
		t.Errorf("%+q: folded again, %+q becomes %+q %v", name, local, again, err)
	}
}

// Names that a server or a person takes for the same one are the same one.
func TestNamesCollide(t *testing.T) {
	for _, same := range [][]string{
		{"bob", "Bob", "BOB", "bOB", "ｂｏｂ", "ＢＯＢ", "Ｂob"},
		{"Élodie", "élodie", "E\u0301LODIE", "e\u0301lodie"},
		{"Å", "å", "A\u030a", "\u212b"},
		{"Anna Smith", "anna smith", "ANNA SMITH", "Ａnna Ｓmith"},
		{"タロウ", "ﾀﾛｳ"}, {"ИВАН", "иван"}, {"Kelvin", "\u212Aelvin"}, {"가", "ᄀ\u1161"}, {"a.b", "a．b"},
		{strings.Repeat("ä", 64), strings.Repeat("a\u0308", 64)},
		{"Straße", "STRASSE", "STRAẞE", "strasse"}, {"ΝΙΚΟΣ", "Νικος", "νικοσ"}, {"ᾳ", "ΑΙ", "αι"},
	} {
		want, err := localOf(same[0])
		for _, name := range same {
			if got, err2 := localOf(name); err != nil || err2 != nil || got != want {
				t.Errorf("%+q: got %+q, want %+q as of %+q", name, got, want, same[0])
			}
		}
	}
}

func TestUnescape(t *testing.T) {
	for escaped, want := range map[string]string{
		`a\20b`: "a b", `\5c`: `\`, `\5c20`: `\20`, `a\2`: `a\2`, `a\`: `a\`, `\zz`: `\zz`, `\41`: `\41`, `\2F`: "/", `\40`: "@", `\+2`: `\+2`, `\ 2`: `\ 2`, `\0`: `\0`, ``: ``,
	} {
		if got := unescape(escaped); got != want {
			t.Errorf("%q: got %q, want %q", escaped, got, want)
		}
	}
	if got := escape(` "&'/:<>@\`); got != `\20\22\26\27\2f\3a\3c\3e\40\5c` {
		t.Errorf("got %q", got)
	}
}

func FuzzName(f *testing.F) {
	for name := range names {
		f.Add(name, strings.ToUpper(name))
	}
	f.Fuzz(func(t *testing.T, name, other string) {
		local, err := localOf(name)
		if err != nil {
			return
		}
		checkLocal(t, name, local)
		if strings.EqualFold(name, other) {
			if got, err := localOf(other); err == nil && got != local && !strings.ContainsAny(name+other, "sSſßẞkKKµμςσΣ\u0345ιΙ") {
				t.Errorf("%+q and %+q differ in case only: got %+q and %+q", name, other, local, got)
			}
		}
	})
}

func TestAddresses(t *testing.T) {
	b := newStage(t).b
	for name, want := range map[string]address{
		"Bob": {local: "bob"}, "Anna Smith": {local: `anna\20smith`}, "bob@call.example.org": {local: "bob"}, "BOB@CALL.EXAMPLE.ORG": {local: "bob"},
		`anna\20smith@call.example.org/x`: {local: `anna\20smith`}, "juliet@example.org": {bare: "juliet@example.org"}, "Juliet@Example.ORG/phone": {bare: "juliet@example.org"},
		"juliet@xn--bcher-kva.example": {bare: "juliet@bücher.example"}, "juliet@192.0.2.1": {bare: "juliet@192.0.2.1"},
	} {
		if got, err := b.addressOf(name); err != nil || got != want {
			t.Errorf("%q: got %+v %v, want %+v", name, got, err, want)
		}
	}
	for _, name := range []string{"", "@", "@example.org", "juliet@", "juliet@@example.org", "a b@example.org", "♥@call.example.org", "bob@call.example.org@x", "juliet@exa mple.org", "juliet@\x00"} {
		if got, err := b.addressOf(name); err == nil {
			t.Errorf("%q: got %+v, want an error", name, got)
		}
	}
}

func TestMayCall(t *testing.T) {
	b := newStage(t).b
	for _, test := range []struct {
		call []string
		bare string
		want bool
	}{
		{nil, "juliet@example.org", true},
		{nil, "juliet@call.example.org", false},
		{nil, "juliet@other.example.org", false},
		{nil, "juliet@evil.example", false},
		{[]string{"*"}, "juliet@evil.example", true},
		{[]string{"one.example", "juliet@two.example"}, "romeo@one.example", true},
		{[]string{"one.example", "juliet@two.example"}, "juliet@two.example", true},
		{[]string{"one.example", "juliet@two.example"}, "romeo@two.example", false},
		{[]string{"one.example"}, "romeo@sub.one.example", false},
		{[]string{"one.example"}, "romeo@example.org", false},
	} {
		b.cfg.Call = test.call
		if got := b.mayCall(test.bare); got != test.want {
			t.Errorf("call = %q: may %s be called: got %v", test.call, test.bare, got)
		}
	}
}
