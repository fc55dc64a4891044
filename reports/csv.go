package reports

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// csvColumns are the columns of WriteCSV, with what each holds.
var csvColumns = []struct {
	name string
	of   func(a Attempt) string
}{
	{"run_id", func(a Attempt) string { return a.RunID }},
	{"key", func(a Attempt) string { return a.Key }},
	{"iteration", func(a Attempt) string { return strconv.Itoa(a.Iteration) }},
	{"outcome", func(a Attempt) string { return string(a.Outcome) }},
	{"scored", func(a Attempt) string { return strconv.FormatBool(a.Outcome.Scored() && !a.Remade) }},
	{"remade", func(a Attempt) string { return strconv.FormatBool(a.Remade) }},
	{"reason", headlineUnlessPassed},
	{"compliance_score", func(a Attempt) string { return strconv.FormatFloat(a.Score, 'g', -1, 64) }},
	{"resolution", func(a Attempt) string { return string(a.Resolution) }},
	{"provider", func(a Attempt) string { return a.Provider }},
	{"engine", func(a Attempt) string { return a.Engine }},
	{"model", func(a Attempt) string { return a.Usage.Model }},
	{"seed", func(a Attempt) string { return strconv.FormatInt(a.Seed, 10) }},
	{"started", func(a Attempt) string { return csvTime(a.Started) }},
	{"first_fixed_ms", func(a Attempt) string {
		if a.FirstFixed == nil {
			return ""
		}
		return millis(*a.FirstFixed)
	}},
	{"downtime_ms", func(a Attempt) string { return millis(a.Downtime) }},
	{"input_tokens", func(a Attempt) string { return strconv.FormatInt(a.Usage.InputTokens, 10) }},
	{"output_tokens", func(a Attempt) string { return strconv.FormatInt(a.Usage.OutputTokens, 10) }},
	{"cost_usd", func(a Attempt) string { return strconv.FormatFloat(a.Usage.CostUSD, 'g', -1, 64) }},
	{"tags", func(a Attempt) string { return strings.Join(a.Tags, " ") }},
	{"record", func(a Attempt) string { return a.Dir }},
}

// WriteCSV writes one line an attempt, with a head (RFC 4180). One that was
// remade is history, and counts neither as scored nor as attempted. Cells that a
// spreadsheet would take for a formula begin with an apostrophe.
func WriteCSV(w io.Writer, attempts []Attempt) error {
	out := csv.NewWriter(w)
	row := make([]string, 0, len(csvColumns)+len(Phases{}.list()))
	for _, c := range csvColumns {
		row = append(row, c.name)
	}
	for _, p := range (Phases{}).list() {
		row = append(row, p.name+"_ms")
	}
	if err := out.Write(row); err != nil {
		return fmt.Errorf("write csv: %w", err)
	}
	for _, a := range attempts {
		row = row[:0]
		for _, c := range csvColumns {
			row = append(row, csvCell(c.of(a)))
		}
		for _, p := range a.Phases.list() {
			row = append(row, millisOrNothing(p.took))
		}
		if err := out.Write(row); err != nil {
			return fmt.Errorf("write csv: %w", err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write csv: %w", err)
	}
	return nil
}

// millisOrNothing leaves a phase empty that did not happen or is not known, as
// the release is not, which comes after the record.
func millisOrNothing(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return millis(d)
}

func headlineUnlessPassed(a Attempt) string {
	if a.Outcome == rules.Passed {
		return ""
	}
	return Headline(a)
}

func csvTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func millis(d time.Duration) string {
	return strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', -1, 64)
}

// csvCell is s as text on one line that is no formula; numbers may be negative.
func csvCell(s string) string {
	s = escapeRunes(s, unicode.IsPrint)
	if s != "" && strings.ContainsRune("=+-@", rune(s[0])) {
		if _, err := strconv.ParseFloat(s, 64); err != nil {
			return "'" + s
		}
	}
	return s
}
