package reports

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// SummaryOptions says how the summary is shown. The zero value is plain text
// as wide as it wants to be.
type SummaryOptions struct {
	Width int  // of the terminal, in columns; zero: not a terminal
	Color bool // ANSI colours
	// RepeatCommand returns the one command line that repeats exactly this
	// attempt; nil or "": none is shown. It is never cut to the width.
	RepeatCommand func(Attempt) string
	Gate          *GateVerdict // nil: there is none
	RecordDir     string       // where the record is
	Notes         []string     // said last, one line each
}

// summary collects the text, so that it is written in one piece.
type summary struct {
	SummaryOptions
	bytes.Buffer
	repeated map[string]bool
}

// WriteSummary writes what a person wants to know at the end of a run: a table
// of the attempts, how many passed, which rules did not hold, how to repeat
// what did not pass, and where the record is. What guests printed cannot reach
// the terminal as anything but text.
func WriteSummary(w io.Writer, attempts []Attempt, o SummaryOptions) error {
	s := &summary{SummaryOptions: o, repeated: repeated(attempts)}
	attempts = slices.SortedStableFunc(slices.Values(attempts), func(a, b Attempt) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Iteration, b.Iteration))
	})
	s.table(attempts)
	s.verdict(attempts)
	s.rate(attempts)
	s.byRule(attempts)
	s.notPassed(attempts)
	s.skipped(attempts)
	s.ending()
	if _, err := w.Write(s.Bytes()); err != nil {
		return fmt.Errorf("write summary: %w", err)
	}
	return nil
}

var summaryColumns = []column{
	{head: "outcome"},
	{head: "scenario", shrinks: true},
	{head: "hand-over", right: true, keep: 2},
	{head: "prepare", right: true, keep: 3},
	{head: "engine", right: true},
	{head: "hold", right: true, keep: 1},
	{head: "total", right: true, keep: 6},
	{head: "fixed at", right: true, keep: 5},
	{head: "compliance", right: true, keep: 4},
}

func (s *summary) table(attempts []Attempt) {
	var rows [][]cell
	for _, a := range attempts {
		if a.Outcome == rules.Skipped {
			continue
		}
		fixed := "-"
		if a.FirstFixed != nil {
			fixed = Human(max(*a.FirstFixed, 1))
		}
		rows = append(rows, []cell{
			{oneLine(string(a.Outcome)), outcomeStyle(a.Outcome)},
			{text: s.name(a)},
			{text: Human(a.Phases.Handover)},
			{text: Human(a.Phases.Prepare)},
			{text: Human(a.Phases.Engine)},
			{text: Human(a.Phases.Hold)},
			{text: Human(a.Phases.Total())},
			{text: fixed},
			{text: compliance(a)},
		})
	}
	if len(rows) == 0 {
		return
	}
	s.WriteByte('\n')
	for _, l := range layout(summaryColumns, rows, s.Width, s.Color) {
		s.WriteString(l + "\n")
	}
}

func (s *summary) verdict(attempts []Attempt) {
	count := map[rules.Outcome]int{}
	for _, a := range attempts {
		count[a.Outcome]++
	}
	attempted := len(attempts) - count[rules.Skipped]
	scored := attempted - count[rules.Errored]
	s.WriteByte('\n')
	if attempted == 0 {
		s.WriteString("nothing was attempted\n")
		return
	}
	s.WriteString(bold.paint(fmt.Sprintf("passed %d of %d scored of %d attempted", count[rules.Passed], scored, attempted), s.Color))
	sep := "\n"
	for _, o := range []rules.Outcome{rules.Failed, rules.Unsafe, rules.Timeout, rules.Errored} {
		if n := count[o]; n > 0 {
			s.WriteString(sep + outcomeStyle(o).paint(fmt.Sprintf("%d %s", n, o), s.Color))
			sep = ", "
		}
	}
	s.WriteByte('\n')
}

// byRule counts the scored attempts in which a required rule did not hold.
func (s *summary) byRule(attempts []Attempt) {
	failed := map[string][]string{}
	for _, a := range attempts {
		if !a.Outcome.Scored() {
			continue
		}
		seen := map[string]bool{} // a rule fails an attempt once, on however many hosts
		for _, r := range a.Results {
			rule := oneLine(string(r.Scope) + "/" + r.Label)
			if r.Required && r.Status != rules.Holds && !seen[rule] {
				seen[rule] = true
				failed[rule] = append(failed[rule], s.name(a))
			}
		}
	}
	if len(failed) == 0 {
		return
	}
	var rows [][]cell
	for rule, names := range failed {
		rows = append(rows, []cell{{text: fmt.Sprintf("  %d×", len(names))}, {text: rule}, {text: strings.Join(names, ", ")}})
	}
	slices.SortFunc(rows, func(a, b []cell) int {
		return cmp.Or(cmp.Compare(len(failed[b[1].text]), len(failed[a[1].text])), cmp.Compare(a[1].text, b[1].text))
	})
	s.WriteString("\nrules that did not hold\n")
	cols := []column{{right: true}, {}, {shrinks: true}}
	for _, l := range layout(cols, rows, s.Width, s.Color)[1:] {
		s.WriteString(l + "\n")
	}
}

// notPassed says why, and gives the line that repeats the attempt.
func (s *summary) notPassed(attempts []Attempt) {
	head := "\nnot passed\n"
	for _, a := range attempts {
		if a.Outcome == rules.Passed || a.Outcome == rules.Skipped {
			continue
		}
		s.WriteString(head)
		head = ""
		outcome := oneLine(string(a.Outcome))
		start := fmt.Sprintf("  %-7s  %s", outcome, s.name(a))
		rest := ": " + oneLine(Headline(a))
		if s.Width > 0 {
			rest = shorten(rest, max(s.Width-utf8.RuneCountInString(start), 20))
		}
		s.WriteString(strings.Replace(start, outcome, outcomeStyle(a.Outcome).paint(outcome, s.Color), 1) + rest + "\n")
		if s.RepeatCommand == nil {
			continue
		}
		if c := s.RepeatCommand(a); c != "" {
			s.WriteString("           " + oneLine(c) + "\n")
		}
	}
}

// skipped counts by reason: under -short there is one reason for all of them.
func (s *summary) skipped(attempts []Attempt) {
	count := map[string]int{}
	for _, a := range attempts {
		if a.Outcome == rules.Skipped {
			count[a.Reason]++
		}
	}
	if len(count) > 0 {
		s.WriteByte('\n')
	}
	reasons := make([]string, 0, len(count))
	for r := range count {
		reasons = append(reasons, r)
	}
	slices.Sort(reasons)
	for _, r := range reasons {
		_, _ = fmt.Fprintf(s, "skipped %d: %s\n", count[r], oneLine(r)) // a Buffer takes all
	}
}

func (s *summary) ending() {
	if s.RecordDir != "" || len(s.Notes) > 0 || s.Gate != nil {
		s.WriteByte('\n')
	}
	if s.Gate != nil {
		s.WriteString(bold.paint(oneLine(s.Gate.String()), s.Color) + "\n")
	}
	if s.RecordDir != "" {
		s.WriteString("record: " + oneLine(s.RecordDir) + "\n")
	}
	for _, n := range s.Notes {
		s.WriteString("note: " + oneLine(n) + "\n")
	}
}
