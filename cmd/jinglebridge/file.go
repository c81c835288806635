package main

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// place is where something stands in a file: its line, and the part of it to point at.
type place struct {
	line, column, width int // from 1
	text                string
}

// readFile takes in a config.toml. Syntax errors end it; all else is collected.
func (l *loader) readFile(name string, data []byte) {
	var doc map[string]any
	if err := toml.Unmarshal(data, &doc); err != nil {
		o := source{kind: fromFile, name: name}
		var de *toml.DecodeError
		if errors.As(err, &de) {
			line, column := de.Position()
			o.place = place{line, column, 1, lineOf(data, line)}
		}
		l.refuse(o, "%s", strings.TrimPrefix(err.Error(), "toml: "))
		return
	}
	places := placesOf(data)
	l.walk(doc, "", func(path string) source {
		return source{kind: fromFile, name: name, place: nearby(places, path)}
	})
}

// walk sets every key in a table, and refuses what is no key.
func (l *loader) walk(table map[string]any, prefix string, at func(path string) source) {
	for _, name := range slices.Sorted(maps.Keys(table)) {
		path, v := prefix+name, table[name]
		sub, isTable := v.(map[string]any)
		switch {
		case l.key(path) != nil:
			l.setFrom(path, v, at)
		case l.isTable(path) && isTable:
			l.walk(sub, path+".", at)
		case l.isTable(path):
			l.refuse(at(path), "%s is a table: want [%s] and its keys in the lines below it", path, path)
		case isTable || isTables(v):
			l.refuseUnknown("table", path, l.tables(), at(path))
		default:
			l.refuseUnknown("key", path, l.paths(), at(path))
		}
	}
}

// isTables says that the value was written as [[name]].
func isTables(v any) bool {
	items, _ := v.([]any)
	if len(items) == 0 {
		return false
	}
	_, ok := items[0].(map[string]any)
	return ok
}

// placesOf finds each key and each table of a document that is known to be well-formed.
func placesOf(data []byte) map[string]place {
	places := map[string]place{}
	var p unstable.Parser
	p.Reset(data)
	table := ""
	count := map[string]int{} // of the tables of each [[name]]
	for p.NextExpression() {
		node := p.Expression()
		var names []string
		var raw unstable.Range
		for key := node.Key(); key.Next(); {
			names = append(names, string(key.Node().Data))
			raw = key.Node().Raw
		}
		path := strings.Join(names, ".")
		switch node.Kind {
		case unstable.KeyValue:
			path = table + path
		case unstable.ArrayTable:
			count[path]++
			path = numbered(path, count[path]-1, "")
			table = path + "."
		default:
			table = path + "."
		}
		start := p.Shape(raw).Start
		here := place{start.Line, start.Column, int(raw.Length), lineOf(data, start.Line)}
		// A key below [a.b] makes the tables a and a.b stand somewhere too.
		for ; path != "" && places[path].line == 0; path = tableOf(path) {
			places[path] = here
		}
	}
	return places
}

// nearby is where a key stands or, of one that is not written, what it would be in.
func nearby(places map[string]place, path string) place {
	for places[path].line == 0 && path != "" {
		path = tableOf(path)
	}
	return places[path]
}

func lineOf(data []byte, line int) string {
	for range line - 1 {
		_, data, _ = bytes.Cut(data, []byte("\n"))
	}
	first, _, _ := bytes.Cut(data, []byte("\n"))
	return string(bytes.TrimRight(first, "\r"))
}
