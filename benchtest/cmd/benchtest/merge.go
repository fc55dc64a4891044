package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/gate"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/benchtest/stats"
	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/reports"
	"github.com/benchtest-dev/benchtest/reports/page"
	"github.com/benchtest-dev/benchtest/reports/store"
)

func mergeCommand() command {
	return command{
		name: "merge", args: "RUN...", about: aboutRun, summary: "Join the runs of shards into one, with its reports, one gate and its rows in the database",
		flags: func(fs *flag.FlagSet) runFunc {
			fail := fs.String("fail", "any", "what makes it fail, as -benchtest.fail: `any`, never, min-pass-rate=0.8, min-lower-bound=0.7, no-regression=RUN, error-budget=0.05")
			output := fs.String("report-dir", "", "`directory` of junit.xml, report.html and summary.txt; default the joined run's")
			db := fs.String("db", "", "the `database` of runs that have no directory here, and of the joined one: "+databaseURL+", or none; "+databaseDefault)
			return func(ctx context.Context, e *env, args []string) error { return e.merge(ctx, args, *db, *fail, *output) }
		},
	}
}

// merge ends with findings when the gate fails, or without one when an attempt
// did not pass; and when a shard never ended.
func (e *env) merge(ctx context.Context, names []string, db, fail, output string) error {
	if len(names) == 0 {
		return usagef("which runs? Those of the shards, by ID or directory")
	}
	g, err := gate.Parse(fail)
	if err != nil {
		return usagef("--fail=%q: %w", fail, err)
	}
	var baseline []stats.Scenario
	if name := g.Baseline(); name != "" {
		rec, err := e.records(ctx, db, []string{name})
		if err != nil {
			return fmt.Errorf("--fail=no-regression: %w", err)
		}
		baseline = reports.Tallies(rec[0].Attempts)
	}
	shards, err := e.records(ctx, db, names)
	if err != nil {
		return err
	}
	if err := disjoint(shards); err != nil {
		return usageError{err}
	}
	home, err := fixtures.Home(e.lookup)
	if err != nil {
		return err
	}
	run, err := reports.NewRun(filepath.Join(home, "runs"), reports.NewRunID(time.Now()))
	if err != nil {
		return err
	}
	j := &joined{run: run, info: shards[0].Info}
	err = j.join(shards, g, baseline)
	if err == nil {
		err = j.report(ctx, e, cmp.Or(output, run.Dir))
	}
	if err = errors.Join(err, run.Close()); err != nil {
		return err
	}
	if err := e.storeJoined(ctx, db, run.Dir); err != nil {
		return err
	}
	if j.code != exitOK {
		return errFindings
	}
	return nil
}

// disjoint wants each attempt in one shard only, whose directory is here.
func disjoint(shards []reports.Record) error {
	in := map[string]string{}
	for _, rec := range shards {
		if rec.Dir == "" {
			return fmt.Errorf("%s is in the database alone, without the files of its evidence: merge on the machine that has its directory", rec.Info.RunID)
		}
		for _, a := range rec.Attempts {
			name := fmt.Sprintf("%s/i%d", a.Key, a.Iteration)
			if other, twice := in[name]; twice {
				return fmt.Errorf("%s is in %s and in %s: join the shards of one suite, each once", name, other, rec.Dir)
			}
			in[name] = rec.Dir
		}
	}
	return nil
}

// joined is a run that is made of others.
type joined struct {
	run      *reports.Run
	info     reports.RunInfo
	attempts []reports.Attempt
	finished time.Time // when the last shard was
	leftOut  int       // attempts that were cut, and made again when their shard was resumed
	code     int
}

// join copies evidence and records, and asks the gate.
func (j *joined) join(shards []reports.Record, g gate.Gate, baseline []stats.Scenario) error {
	j.info.RunID, j.info.Argv, j.info.Gate = j.run.ID, store.Argv(os.Args, "db"), ""
	if !g.Any() {
		j.info.Gate = g.String()
	}
	for _, rec := range shards {
		if rec.Info.Started.Before(j.info.Started) {
			j.info.Started = rec.Info.Started
		}
		if rec.Info.Capacity != j.info.Capacity {
			j.info.Capacity = reports.Capacity{} // several machines have no budget together
		}
		if rec.Finished != nil && rec.Finished.At.After(j.finished) {
			j.finished = rec.Finished.At
		}
	}
	if err := j.run.Log.Append(reports.Event{Kind: reports.RunStarted, RunID: j.run.ID, Run: &j.info}); err != nil {
		return err
	}
	for _, rec := range shards {
		if rec.Finished == nil {
			j.code = exitFindings
		}
		for _, a := range rec.Attempts {
			if a.Remade {
				j.leftOut++
				continue
			}
			if err := j.add(rec, a); err != nil {
				return fmt.Errorf("%s: %w", a.ID(), err)
			}
		}
	}
	reports.SortAttempts(j.attempts)
	if g.Any() {
		if slices.ContainsFunc(j.attempts, func(a reports.Attempt) bool { return a.Outcome != rules.Passed && a.Outcome != rules.Skipped }) {
			j.code = exitFindings
		}
	} else {
		v := g.Decide(reports.Tallies(j.attempts), baseline)
		j.info.GateVerdict = &v
		if v.Failed {
			j.code = exitFindings
		}
	}
	return j.run.Log.Append(reports.Event{Kind: reports.RunFinished, RunID: j.run.ID, Gate: j.info.GateVerdict, Exit: j.code})
}

// add takes an attempt over with its evidence.
func (j *joined) add(rec reports.Record, a reports.Attempt) error {
	if a.Dir != "" {
		from, err := os.OpenRoot(rec.Dir)
		if err != nil {
			return fmt.Errorf("open run: %w", err)
		}
		defer from.Close()
		evidence, err := from.OpenRoot(filepath.FromSlash(a.Dir))
		if err != nil {
			return fmt.Errorf("open evidence: %w", err)
		}
		defer evidence.Close()
		if err := j.run.Adopt(a.Dir, evidence.FS()); err != nil {
			return err
		}
	}
	a.RunID = j.run.ID
	if err := j.run.Log.Append(reports.Event{Kind: reports.AttemptFinished, RunID: j.run.ID, Key: a.Key, Iteration: a.Iteration, Attempt: &a}); err != nil {
		return err
	}
	j.attempts = append(j.attempts, a)
	return nil
}

// report writes the reports of the joined run to dir, and shows its summary.
func (j *joined) report(ctx context.Context, e *env, dir string) error {
	var err error
	if j.info.Dir, err = filepath.Abs(j.run.Dir); err != nil {
		return fmt.Errorf("find the record: %w", err)
	}
	if err := reports.AddTails(j.run.Dir, j.attempts); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make report directory: %w", err)
	}
	var summary bytes.Buffer
	o := reports.SummaryOptions{Gate: j.info.GateVerdict, RecordDir: j.run.Dir}
	if j.leftOut > 0 {
		o.Notes = append(o.Notes, fmt.Sprintf("left out %d attempts that were cut, and made again when their run was resumed", j.leftOut))
	}
	if err := reports.WriteSummary(&summary, j.attempts, o); err != nil {
		return err
	}
	e.printf(e.stdout, "%s", summary.Bytes())
	step, _ := e.lookup(reports.StepSummary)
	return errors.Join(
		reports.WriteFile(filepath.Join(dir, "junit.xml"), 0o644, func(w io.Writer) error { return reports.WriteJUnit(w, j.attempts, j.info) }),
		reports.WriteFile(filepath.Join(dir, "summary.txt"), 0o644, func(w io.Writer) error { _, err := w.Write(summary.Bytes()); return err }),
		page.WriteFile(ctx, filepath.Join(dir, "report.html"), filepath.Dir(j.run.Dir), page.Run{Info: j.info, Finished: j.finished, Exit: j.code, Attempts: j.attempts}, nil),
		reports.AppendStepSummary(step, j.attempts, j.info),
	)
}
