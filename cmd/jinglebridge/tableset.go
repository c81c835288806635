package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// tables are those of [[name]]: any number, each with the same keys.
type tables[T any] struct {
	p    *[]T
	with func() T       // what holds where nothing is said
	keys func(*T) []key // of one table; their paths have no dots
}

// set takes all tables, and says of the first that is wrong which it is, and which key of it.
func (t tables[T]) set(v any) error {
	items, ok := v.([]any)
	if !ok {
		return wanted("a list of tables, each below [[ ]]", v)
	}
	var all []T
	for i, item := range items {
		table, ok := item.(map[string]any)
		if !ok {
			return &tableError{i, "", wanted("a table", item)}
		}
		one := t.with()
		if err := setAll(t.keys(&one), table); err != nil {
			err.table = i
			return err
		}
		all = append(all, one)
	}
	*t.p = all
	return nil
}

// setAll gives the keys of one table their values.
func setAll(keys []key, table map[string]any) *tableError {
	for _, name := range slices.Sorted(maps.Keys(table)) {
		i := slices.IndexFunc(keys, func(k key) bool { return k.path == name })
		if i < 0 {
			return &tableError{key: name, err: unknownIn(keys, name)}
		}
		if err := keys[i].value.set(table[name]); err != nil {
			return &tableError{key: name, err: err}
		}
	}
	return nil
}

func unknownIn(keys []key, name string) error {
	var words []string
	for _, k := range keys {
		words = append(words, k.path)
	}
	if meant := nearest(name, words); meant != "" {
		return fmt.Errorf("there is no such key; did you mean %s?", meant)
	}
	return fmt.Errorf("there is no such key; want %s", oneOf(words))
}

// String writes them as inline tables.
func (t tables[T]) String() string {
	all := make([]string, len(*t.p))
	for i := range *t.p {
		var fields []string
		for _, k := range t.keys(&(*t.p)[i]) {
			fields = append(fields, k.path+" = "+k.value.String())
		}
		all[i] = inline(fields)
	}
	return "[" + strings.Join(all, ", ") + "]"
}

// names are the keys of one table.
func (t tables[T]) names() []string {
	one := t.with()
	var names []string
	for _, k := range t.keys(&one) {
		names = append(names, k.path)
	}
	return names
}

// set of tables, whatever is in them.
type tableSet interface{ names() []string }

func (k key) isTableSet() bool {
	_, ok := k.value.(tableSet)
	return ok
}

// tableError is an error of one of several tables.
type tableError struct {
	table int
	key   string // "" for the table itself
	err   error
}

func (e *tableError) Error() string { return e.err.Error() }

// numbered is where a key of the table of this number stands: "page.0.name".
func numbered(path string, table int, key string) string {
	path += "." + strconv.Itoa(table)
	if key != "" {
		path += "." + key
	}
	return path
}

// whichTable finds the path of what an error is about, with and without the table's number.
func whichTable(path string, err error) (numberedPath, plainPath string) {
	var e *tableError
	if !errors.As(err, &e) {
		return path, path
	}
	if numberedPath = numbered(path, e.table, e.key); e.key == "" {
		return numberedPath, path
	}
	return numberedPath, path + "." + e.key
}

// refuseIn refuses the value of a key in one of several tables, wherever it came from.
func (l *loader) refuseIn(path string, table int, key, format string, args ...any) {
	at := l.found[path]
	if exact, ok := l.found[numbered(path, table, key)]; ok {
		at = exact
	}
	if key != "" {
		path += "." + key
	}
	l.refuse(at, path+": "+format, args...)
}

// whom is a word for many people, or a list of their addresses and domains; nil is the word
// that is "".
type whom struct {
	p     *[]string
	words []string
}

func (w whom) set(v any) error {
	if s, ok := v.(string); ok && slices.Contains(w.words, s) {
		if *w.p = nil; s != "" {
			*w.p = []string{s}
		}
		return nil
	}
	if _, ok := v.([]any); !ok {
		return wanted(oneOf(w.words)+", or a list of addresses and domains", v)
	}
	err := list{w.p, person}.set(v)
	if *w.p == nil { // nobody, which is something else than nothing said
		*w.p = []string{}
	}
	return err
}

func (w whom) String() string {
	if len(*w.p) == 1 && slices.Contains(w.words, (*w.p)[0]) {
		return strconv.Quote((*w.p)[0])
	}
	if *w.p == nil && slices.Contains(w.words, "") {
		return `""`
	}
	return quoteAll(*w.p)
}

// person agrees with an address or a domain.
func person(s string) error {
	if s == "*" {
		return fmt.Errorf("want an address or a domain, got %q", s)
	}
	return callee(s)
}
