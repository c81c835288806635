//go:build integration

package bridge

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/jinglebridge/jinglebridge/internal/xmpptest"
)

// Every name that we take is taken by both servers as it is, there and back, and every
// spelling of it that a server takes is the same person.
func TestIntegrationNames(t *testing.T) {
	taken := nasty(t)
	t.Run("prosody", func(t *testing.T) {
		t.Parallel()
		p := xmpptest.ProsodyFor(t, xmpptest.ServerConfig{})
		checkNames(newCourier(t, p.Client, p.Component), taken)
	})
	t.Run("ejabberd", func(t *testing.T) {
		t.Parallel()
		e := xmpptest.EjabberdFor(t, xmpptest.ServerConfig{})
		checkNames(newCourier(t, e.Client, e.Component), taken)
	})
}

func checkNames(c *courier, taken map[string]string) {
	typed := slices.Sorted(maps.Keys(taken))
	locals := make([]string, len(typed))
	for i, name := range typed {
		locals[i] = taken[name]
	}
	c.unchanged("written to", locals, c.there(locals))
	c.unchanged("heard", locals, c.back(locals))
	chars := characters()
	c.unchanged("a character, written to", chars, c.there(chars))
	for _, spell := range []func(string) string{strings.Clone, strings.ToUpper, strings.ToLower, norm.NFD.String, norm.NFKD.String} {
		c.checkSpelling(typed, locals, spell)
	}
}

func (c *courier) unchanged(how string, locals, came []string) {
	c.t.Helper()
	for i, local := range locals {
		if came[i] != local {
			c.t.Errorf("%s: %+q becomes %+q", how, local, came[i])
		}
	}
}

// checkSpelling writes to people as others may type their names. What arrives is theirs.
func (c *courier) checkSpelling(typed, locals []string, spell func(string) string) {
	c.t.Helper()
	spelled := make([]string, len(typed))
	for i, name := range typed {
		spelled[i] = escape(spell(name))
	}
	for i, came := range c.there(spelled) {
		other, err := localOf(spell(typed[i]))
		if came == "" || err == nil && other != locals[i] {
			continue // refused, and the writer knows; or it is somebody else's name, as I is, of ı
		}
		if local, err := localOf(unescape(came)); err != nil || local != locals[i] {
			c.t.Errorf("%+q, written to as %+q, arrives as %+q: got %+q, %v", typed[i], spelled[i], came, local, err)
		}
	}
}

// nasty is 12,000 names that make trouble, the same at each run: of these it gives those
// that we take, and the local part of each. Each is of another local part.
func nasty(t *testing.T) map[string]string {
	t.Helper()
	all := slices.Sorted(maps.Keys(names))
	random := rand.New(rand.NewPCG(1, 2))
	for len(all) < 12_000 {
		all = append(all, strange(random))
	}
	taken, seen, refused := map[string]string{}, map[string]bool{}, 0
	for _, name := range all {
		local, err := localOf(name)
		switch {
		case err != nil:
			refused++
		case !seen[local]:
			seen[local] = true
			taken[name] = local
		}
	}
	t.Logf("%d names: %d refused, %d taken, of different local parts", len(all), refused, len(taken))
	if len(taken) < 1000 || refused < 1000 {
		t.Error("want 1,000 of both")
	}
	return taken
}

// odd is what names are made of here: what each line has is likely to be mixed.
var odd = [][]string{
	strings.Split("abcxyzABCXYZ0189", ""),
	{"é", "É", "e\u0301", "E\u0301", "ß", "ẞ", "ss", "ſ", "ı", "İ", "i", "I", "ø", "Ø", "ą\u0301", "a\u0323\u0302", "a\u0302\u0323", "ơ\u0309", "Ǆ", "ǅ", "ŋ", "ﬁ", "ĳ", "ŉ", "ª", "ɑ", "ɓ", "ʰ"},
	{"α", "Ά", "β", "σ", "ς", "Σ", "ΐ", "ᾳ", "ᾼ", "ᾴ", "ὀ", "ό", "ό", "ϐ", "Ω", "\u0345", "µ"},
	{"а", "А", "ё", "Ё", "е\u0308", "й", "И\u0306", "ї", "ѣ", "ӏ", "Ӏ", "ԥ", "қ", "\u0483"},
	{"א", "ב", "ם", "שׁ", "ש\u05c1", "ָ", "ְ", "״", "׳", "יִ", "ﬞ", "1"},
	{"م", "ح", "د", "آ", "ا\u0653", "ي", "ی", "ک", "ـ", "َ", "ّ", "٣", "۳", "ﷲ", "ﻻ", "ٱ", "ݐ", "2"},
	{"ग", "ी", "त", "ा", "क्ष", "क\u093c", "क़", "३", "्", "ং", "ক", "ো", "ে\u09be", "த", "ொ", "ெ\u0bbe"},
	{"เ", "แ", "ก", "ำ", "ํ\u0e32", "่", "๓", "ๅ", "ฺ"},
	{"가", "ᄀ\u1161", "ᄀ", "ᅡ", "각", "가\u11a8", "ㄱ", "ﾡ", "힣", "ힰ"},
	{"李", "雷", "々", "た", "だ", "た\u3099", "タ", "ﾀ", "ﾀﾞ", "ー", "ｰ", "ゞ", "豈", "侮", "𠀀", "𪛖", "𪜀", "・", "゛", "〇", "鿿"},
	{"Ａ", "ｂ", "１", "．", "－", "＿", "＠", "＆", "　", "⑨", "Ⅷ", "ⅷ", "𝐛", "²", "℡", "㎏"},
	{"😀", "♥", "☎️", "👩\u200d💻", "🇩🇪", "\ufe0f", "\u200d", "\u200c", "\u200b", "\u2060", "\ufeff", "\u00ad", "\u034f", "\u202e", "\u2066", "\u200f", "\u061c"},
	{" ", "  ", "\t", "\n", "\u00a0", "\u2003", "\u3000", "\u1680", "\u2028", "\u0085"},
	{`"`, "&", "'", "/", ":", "<", ">", "@", `\`, `\20`, `\22`, `\26`, `\27`, `\2f`, `\3a`, `\40`, `\5c`, `\5C20`, `\2`, "&amp;", "&#32;", "%20"},
	{".", "-", "_", "..", "+", "=", "!", "$", "*", "~", "`", "|", "^", "(", "[", "{", ",", ";", "?", "#", "‐", "–", "·", "’"},
	{"\x00", "\x01", "\x7f", "\ufffd", "\ufffe", "\uffff", "\ufdd0", "\U0001ffff", "\ue000", "\U000f0000", "\U000e0041", "\xff", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\u0221", "ᴀ", "\u0378", "ꙁ", "Ⴀ", "ა"},
}

// strange makes a name: most of one line of odd, some of two, and few of the length of a limit.
func strange(random *rand.Rand) string {
	from := [2][]string{odd[random.IntN(len(odd))], odd[random.IntN(len(odd))]}
	seldom := []int{2, 10, 1000}[random.IntN(3)] // something of the other line
	length := 1 + random.IntN(8)
	if random.IntN(20) == 0 {
		length = []int{63, 64, 65, 255, 1023, 1024}[random.IntN(6)]
	}
	var name strings.Builder
	for range length {
		line := from[0]
		if random.IntN(seldom) == 0 {
			line = from[1]
		}
		name.WriteString(line[random.IntN(len(line))])
	}
	return name.String()
}

// characters has names with each character that names may have; of the many thousand of Hangul,
// and beyond the Basic Multilingual Plane, one in fifty.
func characters() []string {
	letter := map[string]string{}
	for _, r := range "aαаاאगকதกաაた가" {
		letter[scriptOf(r)] = string(r)
	}
	var locals []string
	for r := rune(1); r <= unicode.MaxRune; r++ {
		if many := r >= 0xAC00 && r < 0xD7A3 || r > 0xFFFF; many && r%50 != 0 {
			continue
		}
		local, err := localOf(string(r))
		if of := letter[scriptOf(r)]; err != nil && of != "" {
			local, err = localOf(of + string(r) + of)
		}
		if err == nil && utf8.ValidRune(r) {
			locals = append(locals, local)
		}
	}
	return locals
}
