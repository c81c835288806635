package main

import "strings"

// nearest finds the word that was probably meant, or "".
func nearest(got string, words []string) string {
	best, least := "", min(4, 1+len(lastPart(got))/3)
	for _, w := range words {
		d := distance(strings.ToLower(got), strings.ToLower(w))
		// The right key in the wrong table is one mistake, however long the table's name is.
		if strings.EqualFold(lastPart(got), lastPart(w)) {
			d = min(d, 1)
		}
		if d <= least && (best == "" || d < least) {
			best, least = w, d
		}
	}
	return best
}

func lastPart(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }

// distance counts the letters to insert, delete, replace or swap with their neighbour
// that make b of a (optimal string alignment).
func distance(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
