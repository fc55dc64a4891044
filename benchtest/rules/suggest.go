package rules

import (
	"fmt"
	"strings"
)

// unknown says that a name is not among the known ones, and which one may have
// been meant.
func unknown(what, name string, known []string) string {
	text := fmt.Sprintf("unknown %s %q", what, clip(name, 60))
	if near := nearest(name, known); near != "" {
		return fmt.Sprintf("%s: did you mean %q?", text, near)
	}
	return fmt.Sprintf("%s: want one of %s", text, strings.Join(known, ", "))
}

// nearest returns the known name that is closest to name, or nothing when none
// is close enough to be a slip of the pen.
func nearest(name string, known []string) string {
	if len(name) > 60 {
		return ""
	}
	best, limit := "", max(1, len(name)/3)+1
	for _, k := range known {
		d := distance(strings.ToLower(strings.ReplaceAll(name, "_", "-")), strings.ToLower(strings.ReplaceAll(k, "_", "-")))
		if d < limit {
			best, limit = k, d
		}
	}
	return best
}

// distance is the number of single-character edits between a and b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
