package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"

	"github.com/benchtest-dev/benchtest/benchtest/stats"
	"github.com/benchtest-dev/benchtest/reports"
)

func compareCommand() command {
	return command{
		name: "compare", args: "A B", about: aboutRun, summary: "Compare two runs: what changed from A to B, and what may be chance",
		flags: func(fs *flag.FlagSet) runFunc {
			asJSON := fs.Bool("json", false, "one JSON object, for other programs")
			db := recordsFlag(fs)
			return func(ctx context.Context, e *env, args []string) error { return e.compare(ctx, args, *db, *asJSON) }
		},
	}
}

// A compared pair of runs is what compare --json prints.
type compared struct {
	RunA string `json:"run_a"`
	RunB string `json:"run_b"`
	stats.Comparison
	Worse bool `json:"worse"` // beyond chance
}

// compare ends with findings when B is worse beyond chance.
func (e *env) compare(ctx context.Context, args []string, db string, asJSON bool) error {
	if len(args) != 2 {
		return usagef("want two runs, not %d: A before and B after, each by its ID or directory", len(args))
	}
	var sides [2][]stats.Scenario
	records, err := e.records(ctx, db, args)
	if err != nil {
		return err
	}
	for i, rec := range records {
		sides[i] = reports.Tallies(rec.Attempts)
	}
	c := compared{RunA: cmp.Or(records[0].Info.RunID, args[0]), RunB: cmp.Or(records[1].Info.RunID, args[1]), Comparison: stats.Compare(sides[0], sides[1], stats.Confidence, reports.StatsSeed)}
	if c.Paired == 0 {
		return usagef("no scenario was scored in both runs (A: %s; B: %s): run the same scenarios", c.A.Tally, c.B.Tally)
	}
	c.Worse = c.Comparison.Worse()
	if asJSON {
		if err := e.printJSON(c); err != nil {
			return err
		}
	} else {
		writeComparison(e.stdout, c)
	}
	if c.Worse {
		return errFindings
	}
	return nil
}

// writeComparison prints c for people; as in printf, that they cannot be reached
// is no reason to stop.
func writeComparison(w io.Writer, c compared) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	p := func(format string, args ...any) { _, _ = fmt.Fprintf(t, format+"\n", args...) }
	p("SCENARIO\tA\tB\tCHANGE (POINTS)\t95 %% INTERVAL\tP (HOLM)\t")
	for _, d := range c.Scenarios {
		if !d.Both {
			p("%s\t%s\t%s\t-\t-\t-\t", reports.OneLine(d.Key), fraction(d.A), fraction(d.B))
			continue
		}
		mark := ""
		if d.Worse() {
			mark = "worse"
		}
		p("%s\t%s\t%s\t%s\t%s\t%.3g\t%s", reports.OneLine(d.Key), fraction(d.A), fraction(d.B), points(d.Change), between(d.Interval), d.Adjusted, mark)
	}
	_ = t.Flush()
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }
	for _, side := range []struct {
		name string
		e    stats.Estimate
	}{{"A", c.A}, {"B", c.B}} {
		say("\n%s: %s\n   pass rate %.0f %%, 95 %% interval %.0f %% to %.0f %% (%s)", side.name, side.e.Tally,
			100*side.e.Rate, 100*side.e.Interval.Low, 100*side.e.Interval.High, side.e.Method)
	}
	say("\nchange %s percentage points over the %d scenarios of both, 95 %% interval %s (%s)", points(c.Change), c.Paired, between(c.Interval), c.Method)
	if c.McNemar != nil {
		say("McNemar's exact test: %d passed in A alone, %d in B alone, p = %.3g", c.OnlyA, c.OnlyB, *c.McNemar)
	}
	say("%s", judgement(c))
}

// judgement is the comparison in one sentence.
func judgement(c compared) string {
	var worse []string
	for _, d := range c.Scenarios {
		if d.Worse() {
			worse = append(worse, reports.OneLine(d.Key))
		}
	}
	switch {
	case len(worse) > 0:
		return "B is worse than A beyond chance in " + strings.Join(worse, ", ")
	case c.Worse:
		return "B is worse than A beyond chance"
	}
	return "B is not worse than A beyond chance, which does not show that it is as good: see the interval"
}

func fraction(t stats.Tally) string {
	if t.Attempted == 0 {
		return "-"
	}
	s := fmt.Sprintf("%d/%d", t.Passed, t.Scored)
	if n := t.Attempted - t.Scored; n > 0 {
		s += fmt.Sprintf(" (%d errored)", n)
	}
	return s
}

// points is a change of a rate in percentage points.
func points(v float64) string { return fmt.Sprintf("%+.0f", math.Round(100*v)+0) }

func between(i stats.Interval) string { return points(i.Low) + " to " + points(i.High) }
