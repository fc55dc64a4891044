package rules

import (
	"fmt"
	"slices"
	"strings"
)

// unknown says that a name is not among the known ones, and which one may have
// been meant.
func unknown(what, name string, known []string) string {
	text := fmt.Sprintf("unknown %s %q", what, clip(name, 60))
	if near := Nearest(name, known); near != "" {
		return fmt.Sprintf("%s: did you mean %q?", text, near)
	}
	return fmt.Sprintf("%s: want one of %s", text, strings.Join(known, ", "))
}

// Nearest is the known word with the smallest edit distance to word, if that
// is at most a third of its length; the first of equals in sorted order; empty: none.
func Nearest(word string, known []string) string {
	best, bound := "", max(1, len(word)/3)+1
	for _, k := range slices.Sorted(slices.Values(known)) {
		d := distance(fold(word), fold(k))
		if d < bound {
			best, bound = k, d
		}
	}
	return best
}

// fold makes ticketTitle, ticket-title and ticket_title one word.
func fold(s string) string {
	return strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToLower(s))
}

// distance is the number of edits (insert, delete, replace, swap of
// neighbours) between a and b. Long words are cut: nobody misspells those.
func distance(a, b string) int {
	const longest = 64
	a, b = a[:min(len(a), longest)], b[:min(len(b), longest)]
	var before []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next := make([]int, len(b)+1)
		next[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next[j+1] = min(row[j]+cost, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}
