package bridge

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// What names may be written in.

// oneScript allows letters and digits of one script, and a little punctuation: mixed
// scripts serve mostly to look like somebody else.
func oneScript(name string) bool {
	script := ""
	for i, r := range name {
		of := ""
		switch {
		case strings.ContainsRune("-_. '&", r), r < utf8.RuneSelf && unicode.IsDigit(r):
			continue
		case unicode.IsMark(r) && i == 0: // of what is before it
			return false
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.In(r, unicode.Mn, unicode.Mc):
			of = scriptOf(r)
		}
		if of == "" || script != "" && of != script {
			return false
		}
		script = of
	}
	return !fromRight[script] || turnsWell(name)
}

// fromRight are the scripts written from right to left.
var fromRight = map[string]bool{"Arabic": true, "Hebrew": true}

// turnsWell says whether a name from right to left begins and ends with a letter: with a digit
// or a mark at an end servers refuse it (RFC 3454 §6).
func turnsWell(name string) bool {
	first, _ := utf8.DecodeRuneInString(name)
	last, _ := utf8.DecodeLastRuneInString(name)
	return scriptOf(first) != "" && unicode.IsLetter(first) && unicode.IsLetter(last)
}

// letters are the scripts that names may be written in; Japanese mixes three.
var letters = map[string][]*unicode.RangeTable{
	"Latin": {unicode.Latin}, "Greek": {unicode.Greek}, "Cyrillic": {unicode.Cyrillic}, "Arabic": {unicode.Arabic},
	"Hebrew": {unicode.Hebrew}, "Devanagari": {unicode.Devanagari}, "Bengali": {unicode.Bengali}, "Tamil": {unicode.Tamil},
	"Thai": {unicode.Thai}, "Armenian": {unicode.Armenian}, "Georgian": {unicode.Georgian},
	"East Asian": {unicode.Han, unicode.Hiragana, unicode.Katakana, longVowel},
}

// longVowel is the mark of タロー, which Unicode counts to no script.
var longVowel = &unicode.RangeTable{R16: []unicode.Range16{{Lo: 0x30FC, Hi: 0x30FC, Stride: 1}}}

func scriptOf(r rune) string {
	switch {
	case !unicode.Is(known, r):
		return ""
	case unicode.Is(unicode.Hangul, r) && r >= 0xAC00:
		return "Hangul"
	}
	for name, tables := range letters {
		if unicode.In(r, tables...) {
			return name
		}
	}
	return ""
}

// known has, of the scripts above, what Unicode 3.2 had: servers that prepare addresses by
// RFC 3454 refuse what it lists as unassigned (A.1). Between are letters of no script above.
// COMPAT ejabberd 23.01: refuses a stanza to such an address. Prosody takes most of them.
var known = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x0041, 0x0220, 1}, {0x0222, 0x0233, 1}, {0x0250, 0x02AD, 1}, {0x02B0, 0x02E4, 1}, {0x037A, 0x037A, 1},
		{0x0386, 0x03CE, 1}, {0x03D0, 0x03F5, 1}, {0x0400, 0x0484, 1}, {0x048A, 0x04CE, 1}, {0x04D0, 0x04F5, 1},
		{0x04F8, 0x04F9, 1}, {0x0500, 0x050F, 1}, {0x0531, 0x0559, 1}, {0x0561, 0x0587, 1}, {0x0591, 0x05A1, 1},
		{0x05A3, 0x05B9, 1}, {0x05BB, 0x05C4, 1}, {0x05D0, 0x05EA, 1}, {0x05F0, 0x05F2, 1}, {0x0621, 0x063A, 1},
		{0x0641, 0x064A, 1}, {0x0660, 0x06ED, 1}, {0x06F0, 0x06FC, 1}, {0x0901, 0x0903, 1}, {0x0905, 0x0939, 1},
		{0x093C, 0x094D, 1}, {0x0950, 0x0950, 1}, {0x0958, 0x096F, 1}, {0x0981, 0x09BC, 1}, {0x09BE, 0x09CD, 1},
		{0x09D7, 0x09F1, 1}, {0x0B82, 0x0BB5, 1}, {0x0BB7, 0x0BCD, 1}, {0x0BD7, 0x0BD7, 1}, {0x0BE7, 0x10C5, 1},
		{0x10D0, 0x10F8, 1}, {0x1100, 0x1159, 1}, {0x115F, 0x11A2, 1}, {0x11A8, 0x11F9, 1}, {0x1E00, 0x1E9B, 1},
		{0x1EA0, 0x1EF9, 1}, {0x1F00, 0x207F, 1}, {0x2126, 0x2132, 1}, {0x2183, 0x2183, 1}, {0x3005, 0x4DB5, 1},
		{0x4E00, 0x9FA5, 1}, {0xAC00, 0xD7A3, 1}, {0xF900, 0xFA2D, 1}, {0xFA30, 0xFA6A, 1}, {0xFB00, 0xFDFB, 1},
		{0xFE70, 0xFFDC, 1},
	},
	R32: []unicode.Range32{{0x20000, 0x2A6D6, 1}, {0x2F800, 0x2FA1D, 1}},
}
