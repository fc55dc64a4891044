package reports

import (
	"strings"
	"unicode/utf8"
)

// style is an ANSI attribute; the zero value is plain.
type style string

const (
	bold    style = "\x1b[1m"
	dim     style = "\x1b[2m"
	red     style = "\x1b[31m"
	green   style = "\x1b[32m"
	yellow  style = "\x1b[33m"
	magenta style = "\x1b[35m"
)

// paint colours text where on.
func (s style) paint(text string, on bool) string {
	if !on || s == "" || text == "" {
		return text
	}
	return string(s) + text + "\x1b[0m"
}

// A column of a table. Columns with a lower keep go first when the terminal is
// too narrow; zero is never dropped. The one that shrinks is cut after that.
type column struct {
	head    string
	right   bool
	keep    int
	shrinks bool
}

type cell struct {
	text  string
	style style
}

const gap = "  "

// layout returns the lines of a table that is at most width wide; zero means
// as wide as it wants. The first line is the heads.
func layout(cols []column, rows [][]cell, width int, color bool) []string {
	head := make([]cell, len(cols))
	for i, c := range cols {
		head[i] = cell{c.head, dim}
	}
	rows = append([][]cell{head}, rows...)
	widths := make([]int, len(cols))
	for _, row := range rows {
		for i, c := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(c.text))
		}
	}
	shown := fit(cols, widths, width)
	lines := make([]string, 0, len(rows))
	for _, row := range rows {
		lines = append(lines, line(cols, row, widths, shown, color))
	}
	return lines
}

// fit chooses the columns that are shown, and narrows one where it must.
func fit(cols []column, widths []int, width int) []bool {
	shown := make([]bool, len(cols))
	total := -len(gap)
	for i := range cols {
		shown[i] = true
		total += widths[i] + len(gap)
	}
	for width > 0 && total > width {
		drop := -1
		for i, c := range cols {
			if shown[i] && c.keep > 0 && (drop < 0 || c.keep < cols[drop].keep) {
				drop = i
			}
		}
		if drop < 0 {
			break
		}
		shown[drop] = false
		total -= widths[drop] + len(gap)
	}
	for i, c := range cols {
		if width > 0 && total > width && c.shrinks {
			narrow := max(widths[i]-(total-width), 8)
			total -= widths[i] - narrow
			widths[i] = narrow
		}
	}
	return shown
}

func line(cols []column, row []cell, widths []int, shown []bool, color bool) string {
	var parts []string
	for i, c := range row {
		if !shown[i] {
			continue
		}
		text := shorten(c.text, widths[i])
		pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(text))
		if painted := c.style.paint(text, color); cols[i].right {
			parts = append(parts, pad+painted)
		} else {
			parts = append(parts, painted+pad)
		}
	}
	return strings.TrimRight(strings.Join(parts, gap), " ")
}

// shorten cuts s to n runes, the last of which is then an ellipsis. n below
// one means no limit.
func shorten(s string, n int) string {
	if n < 1 || utf8.RuneCountInString(s) <= n {
		return s
	}
	r := []rune(s)
	return string(r[:n-1]) + "…"
}
