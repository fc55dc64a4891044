package main

import (
	"path/filepath"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/reports"
)

// record makes the record of a run with one attempt a key, on whose host h1
// the file /ok was missing once the fault was in and there at the end:
//
//	record RUN_ID KEY...
func record(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 || neg {
		ts.Fatalf("usage: record RUN_ID KEY...")
	}
	started, err := time.Parse("20060102T150405Z", args[0][:16])
	ts.Check(err)
	run, err := reports.NewRun(filepath.Join(ts.Getenv("BENCHTEST_HOME"), "runs"), args[0])
	ts.Check(err)
	ts.Check(run.Log.Append(reports.Event{Kind: reports.RunStarted, RunID: run.ID, Run: &reports.RunInfo{RunID: run.ID, Started: started}}))
	for i, key := range args[1:] {
		a := reports.Attempt{
			RunID: run.ID, Key: key, Iteration: i + 1, Started: started, Outcome: rules.Passed, Score: 1,
			Circumstances: rules.Circumstances{Judged: true, EngineActed: true, ProviderWell: true},
			Results: []rules.Result{
				{Label: "the file is there", Scope: rules.ScopeState, Required: true, Status: rules.Holds, Host: "h1"},
			},
		}
		dir, err := run.AttemptDir(key, a.Iteration)
		ts.Check(err)
		q := facts.Query{Noun: facts.NounFile, Subject: "/ok"}
		for _, c := range []facts.Checkpoint{facts.Healthy, facts.Faulted, facts.After, facts.Held} {
			there := facts.Fact{Query: q, Grade: facts.GradeHost, Attrs: map[string]any{"exists": c != facts.Faulted, "size": 5}, Raw: "\x1b[31mred"}
			ts.Check(dir.WriteSnapshot(facts.NewSnapshot("h1", c, 0, facts.Answer{Facts: []facts.Fact{there}, At: started})))
		}
		ts.Check(dir.WriteJob(rules.Job{Resolution: rules.Success}))
		a.Dir = dir.Name
		a.Digests.Evidence, err = dir.Seal()
		ts.Check(err)
		ts.Check(run.Log.Append(reports.Event{Kind: reports.AttemptFinished, RunID: run.ID, Key: key, Iteration: a.Iteration, Attempt: &a}))
	}
	ts.Check(run.Close())
}
