package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
)

// A value is the place of one key's value, and the rule for it.
type value interface {
	// set takes what TOML decodes to: string, bool, int64, float64, []any, map[string]any.
	set(v any) error
	// String is the value as config.toml would have it.
	String() string
}

// wanted is the error for a value of the wrong kind.
func wanted(kind string, got any) error { return fmt.Errorf("want %s, got %s", kind, describe(got)) }

// describe names what was written, in the words of config.toml.
func describe(v any) string {
	switch v := v.(type) {
	case string:
		return fmt.Sprintf("the text %q", v)
	case bool:
		return strconv.FormatBool(v)
	case int64, float64:
		return fmt.Sprintf("the number %v", v)
	case []any:
		return "a list"
	case map[string]any:
		return "a table"
	}
	return "a date"
}

// text is a string that check agrees with; nil agrees with all.
type text struct {
	p     *string
	check func(string) error
}

func (t text) set(v any) error {
	s, ok := v.(string)
	if !ok {
		return wanted("text in quotes", v)
	}
	if t.check != nil {
		if err := t.check(s); err != nil {
			return err
		}
	}
	*t.p = s
	return nil
}

func (t text) String() string { return strconv.Quote(*t.p) }

// choice is one word of a few.
type choice[T ~string] struct {
	p     *T
	words []T
}

func (c choice[T]) set(v any) error {
	s, ok := v.(string)
	if !ok || !slices.Contains(c.words, T(s)) {
		return wanted(oneOf(c.words), v)
	}
	*c.p = T(s)
	return nil
}

func (c choice[T]) String() string { return strconv.Quote(string(*c.p)) }

// oneOf writes `"a", "b" or "c"`.
func oneOf[T ~string](words []T) string {
	var b strings.Builder
	for i, w := range words {
		switch {
		case i > 0 && i == len(words)-1:
			b.WriteString(" or ")
		case i > 0:
			b.WriteString(", ")
		}
		b.WriteString(strconv.Quote(string(w)))
	}
	return b.String()
}

// truth is true or false.
type truth struct{ p *bool }

func (t truth) set(v any) error {
	b, ok := v.(bool)
	if !ok {
		return wanted("true or false, without quotes", v)
	}
	*t.p = b
	return nil
}

func (t truth) String() string { return strconv.FormatBool(*t.p) }

// count is a whole number from min to max.
type count struct {
	p        *int
	min, max int
}

func (c count) set(v any) error {
	n, ok := v.(int64)
	if !ok || n < int64(c.min) || n > int64(c.max) {
		return wanted(fmt.Sprintf("a whole number from %d to %d, without quotes", c.min, c.max), v)
	}
	*c.p = int(n)
	return nil
}

func (c count) String() string { return strconv.Itoa(*c.p) }

// ratio is a number above 0, of so many a second.
type ratio struct{ p *float64 }

func (r ratio) set(v any) error {
	var f float64
	switch v := v.(type) {
	case int64:
		f = float64(v)
	case float64:
		f = v
	}
	if !(f >= 0.01 && f <= most) { // NaN is none of it
		return wanted("a number above 0, without quotes", v)
	}
	*r.p = f
	return nil
}

func (r ratio) String() string { return strconv.FormatFloat(*r.p, 'f', -1, 64) }

// span is a duration from min to max.
type span struct {
	p        *time.Duration
	min, max time.Duration
}

func (s span) set(v any) error {
	str, ok := v.(string)
	d, err := time.ParseDuration(str)
	if !ok || err != nil || d < s.min || d > s.max {
		return wanted(fmt.Sprintf("a time from %q to %q, with its unit and in quotes", short(s.min), short(s.max)), v)
	}
	*s.p = d
	return nil
}

func (s span) String() string { return strconv.Quote(short(*s.p)) }

// short writes 24h, not 24h0m0s.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// list is a list of strings, each of which check agrees with.
type list struct {
	p     *[]string
	check func(string) error
}

func (l list) set(v any) error {
	strs, err := stringsOf(v)
	if err != nil {
		return err
	}
	for _, s := range strs {
		if err := l.check(s); err != nil {
			return err
		}
	}
	*l.p = strs
	return nil
}

func (l list) String() string { return quoteAll(*l.p) }

func stringsOf(v any) ([]string, error) {
	items, ok := v.([]any)
	if !ok {
		return nil, wanted("a list in square brackets", v)
	}
	var strs []string
	for _, item := range items {
		s, ok := item.(string)
		if !ok {
			return nil, wanted("a list of texts in quotes", item)
		}
		strs = append(strs, s)
	}
	return strs, nil
}

func quoteAll(strs []string) string {
	quoted := make([]string, len(strs))
	for i, s := range strs {
		quoted[i] = strconv.Quote(s)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// fromText turns the text of an environment variable or a flag into what TOML would have
// decoded to. Lists may be written plainly, a,b,c, and words and times without quotes.
func fromText(v value, s string) any {
	switch v.(type) {
	case text:
		return s
	case list:
		if !strings.HasPrefix(strings.TrimSpace(s), "[") {
			return splitList(s)
		}
	}
	var doc map[string]any
	if err := toml.Unmarshal([]byte("v = "+s), &doc); err != nil || len(doc) != 1 {
		return s // which v refuses, saying what it wants
	}
	return doc["v"]
}

func splitList(s string) []any {
	items := []any{}
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			items = append(items, part)
		}
	}
	return items
}
