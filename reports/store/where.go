package store

import (
	"fmt"
	"strings"
)

// where makes the conditions of a query out of a filter.
type where struct {
	conditions []string
	args       []any
}

// in wants column to be one of values; none means any.
func (w *where) in(column string, values []string) {
	if len(values) == 0 {
		return
	}
	w.and(w.oneOf(column, values))
}

// oneOf is the condition that column is one of values.
func (w *where) oneOf(column string, values []string) string {
	first := len(w.args) + 1
	for _, v := range values {
		w.args = append(w.args, v)
	}
	return column + " IN (" + marks(first, len(values)) + ")"
}

// mark adds an argument and is its placeholder.
func (w *where) mark(v any) string {
	w.args = append(w.args, v)
	return fmt.Sprintf("$%d", len(w.args))
}

func (w *where) and(condition string) { w.conditions = append(w.conditions, condition) }

func (w *where) String() string {
	if len(w.conditions) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.conditions, " AND ")
}

// latest restricts column, a benchmark's ID, to the latest n.
func (w *where) latest(column string, n int) {
	if n > 0 {
		w.and(column + " IN (SELECT id FROM benchmarks ORDER BY started_unix_ms DESC, id DESC LIMIT " + w.mark(int64(n)) + ")")
	}
}

// marks are n placeholders from $first on.
func marks(first, n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("$%d", first+i)
	}
	return strings.Join(list, ", ")
}
