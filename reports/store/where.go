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

// runs restricts column, a benchmark's ID, to what f says of runs.
func (w *where) runs(column string, f Filter) {
	if f.Before == "" && f.Engine == "" && f.Provider == "" && f.Latest <= 0 {
		return
	}
	of := where{args: w.args}
	if f.Before != "" {
		of.and("id < " + of.mark(f.Before))
	}
	if f.Engine != "" {
		of.and("engine = " + of.mark(f.Engine))
	}
	if f.Provider != "" {
		of.and("provider = " + of.mark(f.Provider))
	}
	chosen := "SELECT id FROM benchmarks" + of.String()
	if f.Latest > 0 {
		chosen += " ORDER BY started_unix_ms DESC, id DESC LIMIT " + of.mark(int64(f.Latest))
	}
	w.args = of.args
	w.and(column + " IN (" + chosen + ")")
}

// marks are n placeholders from $first on.
func marks(first, n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("$%d", first+i)
	}
	return strings.Join(list, ", ")
}
