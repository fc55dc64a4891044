package progress

import "strings"

// columns is how many columns a rune takes at most. Who knows no table of East
// Asian widths takes two for all but the European scripts: a line that is cut
// too early is still read, one that wraps spoils the block.
func columnsOf(r rune) int {
	if r < 0x300 || r == '…' {
		return 1
	}
	return 2
}

func width(s string) (n int) {
	for _, r := range s {
		n += columnsOf(r)
	}
	return n
}

// cut shortens s to so many columns, the last of which is then an ellipsis.
func cut(s string, columns int) string {
	if width(s) <= columns {
		return s
	}
	n := 1 // the ellipsis
	for i, r := range s {
		if n += columnsOf(r); n > columns {
			return s[:i] + "…"
		}
	}
	return s
}

func pad(s string, columns int) string { return s + strings.Repeat(" ", max(columns-width(s), 0)) }
