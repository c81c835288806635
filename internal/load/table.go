package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// table is what was measured.
type table struct{ rows []row }

type row struct {
	what, seen, bound string
	broken            bool
}

// note adds something that has no bound.
func (t *table) note(what, seen string, args ...any) {
	t.rows = append(t.rows, row{what: what, seen: fmt.Sprintf(seen, args...)})
}

// atMost adds a number and what it may be.
func (t *table) atMost(what, format string, seen, bound float64) {
	t.rows = append(t.rows, row{what, fmt.Sprintf(format, seen), "≤ " + fmt.Sprintf(format, bound), seen > bound})
}

// within adds a time and how long it may be.
func (t *table) within(what string, seen, bound time.Duration) {
	t.rows = append(t.rows, row{what, round(seen), "≤ " + round(bound), seen > bound})
}

// exactly adds a count and what it must be.
func (t *table) exactly(what string, seen, want int) {
	t.rows = append(t.rows, row{what, fmt.Sprint(seen), fmt.Sprint(want), seen != want})
}

func round(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		d = d.Round(100 * time.Millisecond)
	case d >= time.Second:
		d = d.Round(10 * time.Millisecond)
	case d >= time.Millisecond:
		d = d.Round(100 * time.Microsecond)
	}
	return d.String()
}

func (t *table) broken() bool {
	for _, r := range t.rows {
		if r.broken {
			return true
		}
	}
	return false
}

func (t *table) print(w io.Writer) {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, r := range t.rows {
		verdict := ""
		switch {
		case r.broken:
			verdict = "BROKEN"
		case r.bound != "":
			verdict = "ok"
		}
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\n", r.what, r.seen, r.bound, verdict)
	}
	out.Flush()
}
