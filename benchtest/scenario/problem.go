package scenario

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
)

// A Problem is something wrong in a file, at a place. Line and Column count
// from 1 and a column is one character; 1:1 where there is no better place.
type Problem struct {
	File    string `json:"file"` // slash-separated, below the root that was loaded
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Text    string `json:"text"`              // what is wrong, and what was meant
	Warning bool   `json:"warning,omitempty"` // it does not stop a run
}

// String is the problem as editors and CI systems can parse it.
func (p Problem) String() string {
	kind := ""
	if p.Warning {
		kind = "warning: "
	}
	return fmt.Sprintf("%s:%d:%d: %s%s", p.File, max(p.Line, 1), max(p.Column, 1), kind, p.Text)
}

// Problems are all problems of all files, sorted by place. It is an error only
// when it holds something else than warnings: see Err.
type Problems []Problem

// Error is one line a problem.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Errors are the problems that are no warnings.
func (ps Problems) Errors() Problems {
	return slices.DeleteFunc(slices.Clone(ps), func(p Problem) bool { return p.Warning })
}

// Warnings are the problems that do not stop a run.
func (ps Problems) Warnings() Problems {
	return slices.DeleteFunc(slices.Clone(ps), func(p Problem) bool { return !p.Warning })
}

// Err is nil when there are only warnings, and else the Errors: a Problems in
// an error variable is never nil, not even an empty one.
func (ps Problems) Err() error {
	if errs := ps.Errors(); len(errs) > 0 {
		return errs
	}
	return nil
}

// Under is ps with dir in front of every file, so that a path below the root
// becomes one that the reader of the message can open.
func (ps Problems) Under(dir string) Problems {
	out := slices.Clone(ps)
	for i := range out {
		out[i].File = path.Join(dir, out[i].File)
	}
	return out
}

// Sorted puts ps, in place, in the order in which a person reads the files,
// each problem once and each with a place. What Load and Lint return is sorted; what is appended to
// each other is not.
func (ps Problems) Sorted() Problems {
	for i := range ps {
		ps[i].Line, ps[i].Column = max(ps[i].Line, 1), max(ps[i].Column, 1)
	}
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column), cmp.Compare(a.Text, b.Text))
	})
	return slices.Compact(ps)
}

// A place is a line and a column, from 1.
type place struct{ line, column int }

// placeAt is the place of a byte offset in text.
func placeAt(text []byte, offset int) place {
	offset = min(max(offset, 0), len(text))
	before := string(text[:offset])
	start := strings.LastIndexByte(before, '\n') + 1
	return place{1 + strings.Count(before, "\n"), 1 + len([]rune(before[start:]))}
}

// A report gathers the problems of one file.
type report struct {
	file string
	list Problems
}

func (r *report) errorf(at place, format string, args ...any) {
	r.list = append(r.list, Problem{File: r.file, Line: at.line, Column: at.column, Text: fmt.Sprintf(format, args...)})
}

func (r *report) warnf(at place, format string, args ...any) {
	r.list = append(r.list, Problem{File: r.file, Line: at.line, Column: at.column, Text: fmt.Sprintf(format, args...), Warning: true})
}
