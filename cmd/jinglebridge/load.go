package main

import (
	"cmp"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
)

// kind says which of two settings wins: the greater.
type kind int

const (
	fromDefault kind = iota
	fromCredential
	fromFile
	fromEnv
	fromFlag
)

// source is where a setting was found.
type source struct {
	kind kind
	name string // of the file, the variable or the flag
	place
}

// String is "config.toml:3", "JINGLEBRIDGE_XMPP_DOMAIN" or "default".
func (s source) String() string {
	switch {
	case s.kind == fromDefault:
		return "default"
	case s.line > 0:
		return fmt.Sprintf("%s:%d", s.name, s.line)
	}
	return s.name
}

// loader collects settings and what is wrong with them.
type loader struct {
	cfg      *Config
	keys     []key
	found    map[string]source // by path; the defaults are not in it
	problems []problem
}

type problem struct {
	at   source
	text string
}

// load reads the file (none when name is ""), the environment and the flags. The error
// is a configError that lists everything that is wrong.
func load(name string, sets, environ []string) (*loader, error) {
	l := &loader{cfg: defaults(), found: map[string]source{}}
	l.keys = l.cfg.keys()
	if name != "" {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, configError{[]problem{{text: err.Error()}}}
		}
		l.readFile(name, data)
	}
	l.readEnv(environ)
	l.readFlags(sets)
	if len(l.problems) == 0 {
		l.findSecret(environ)
		l.check()
	}
	if len(l.problems) > 0 {
		return nil, configError{l.problems}
	}
	return l, nil
}

// set gives a key its value, unless a stronger source has.
func (l *loader) set(path string, v any, from source) {
	l.setFrom(path, v, func(string) source { return from })
}

// setFrom does so where the parts of the value have places of their own.
func (l *loader) setFrom(path string, v any, at func(path string) source) {
	k := l.key(path)
	err := k.value.set(v)
	exact, said := whichTable(path, err)
	switch {
	case err != nil && k.secret:
		l.refuse(at(path), "%s: want text in quotes", path) // err quotes what was written
		return
	case err != nil:
		l.refuse(at(exact), "%s: %v", said, err)
		return
	}
	l.found[path] = at(path)
	items, _ := v.([]any)
	if set, ok := k.value.(tableSet); ok {
		for i := range items {
			for _, name := range append(set.names(), "") {
				l.found[numbered(path, i, name)] = at(numbered(path, i, name))
			}
		}
	}
}

func (l *loader) refuse(at source, format string, args ...any) {
	l.problems = append(l.problems, problem{at, fmt.Sprintf(format, args...)})
}

// refuseKey refuses a key's value, wherever it came from.
func (l *loader) refuseKey(path, format string, args ...any) {
	l.refuse(l.found[path], path+": "+format, args...)
}

func (l *loader) refuseUnknown(what, path string, known []string, at source) {
	if meant := nearest(path, known); meant != "" {
		l.refuse(at, "no %s %s; did you mean %s?", what, path, meant)
		return
	}
	l.refuse(at, "no %s %s; every key is in the config.toml that comes with jinglebridge", what, path)
}

func (l *loader) key(path string) *key {
	i := slices.IndexFunc(l.keys, func(k key) bool { return k.path == path })
	if i < 0 {
		return nil
	}
	return &l.keys[i]
}

func (l *loader) paths() []string {
	var all []string
	for _, k := range l.keys {
		all = append(all, k.path)
	}
	return all
}

// tables are "xmpp", "listen", "listen.tls", …
func (l *loader) tables() []string {
	var all []string
	for _, k := range l.keys {
		if t := tableOf(k.path); t != "" && !slices.Contains(all, t) {
			all = append(all, t)
		}
	}
	return all
}

func (l *loader) isTable(path string) bool { return slices.Contains(l.tables(), path) }

func tableOf(path string) string { return path[:max(0, strings.LastIndexByte(path, '.'))] }

// configError is all that is wrong with a configuration; it ends with exit code 78.
type configError struct{ problems []problem }

func (e configError) Error() string {
	slices.SortStableFunc(e.problems, func(a, b problem) int {
		return cmp.Or(cmp.Compare(a.at.kind, b.at.kind), cmp.Compare(a.at.line, b.at.line))
	})
	var b strings.Builder
	for i, p := range e.problems {
		if i > 0 {
			b.WriteByte('\n')
		}
		if p.at.kind != fromDefault {
			fmt.Fprintf(&b, "%s: ", p.at)
		}
		b.WriteString(p.text)
		b.WriteString(p.at.caret())
	}
	return b.String()
}

// secrets are the parts of a line that must not get into logs.
var secrets = regexp.MustCompile(`(\b(?:secret|credential)\s*=)\s*(?:[^\s"].*|"[^"].*)`)

// caret is the line itself and, below it, what is meant.
func (p place) caret() string {
	if p.line == 0 {
		return ""
	}
	number := fmt.Sprintf("%4d", p.line)
	shown := secrets.ReplaceAllString(p.text, "$1 "+masked)
	indent := []byte(p.text[:min(p.column-1, len(p.text))])
	for i, c := range indent {
		if c != '\t' {
			indent[i] = ' '
		}
	}
	return fmt.Sprintf("\n%s | %s\n%*s | %s%s", number, shown, len(number), "", indent, strings.Repeat("^", max(1, p.width)))
}
