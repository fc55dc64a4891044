package rescore_test

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rescore"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/benchtest/scenario"
	"github.com/benchtest-dev/benchtest/reports"
	"github.com/benchtest-dev/benchtest/reports/store"
)

const (
	runID = "20260102T030405Z-abcdef"
	key   = "files/001-missing"
)

// today is the scenario with the rules of today.
func today(t *testing.T, state string) *scenario.Scenario {
	t.Helper()
	all, problems := scenario.Load(fstest.MapFS{
		key + "/scenario.yaml": {Data: []byte("title: t\nticket_title: t\nticket_body: t\nhosts: [{host_name: h1, template: plain}]\nstate:\n" + state)},
		key + "/prepare.sh":    {Data: []byte("#!/bin/sh\n"), Mode: 0o755},
		key + "/solve.sh":      {Data: []byte("#!/bin/sh\n"), Mode: 0o755},
	}, scenario.LoadOptions{Templates: []string{"plain"}})
	require.NoError(t, problems.Err())
	require.Len(t, all, 1)
	return all[0]
}

// recorded makes a run with an attempt that repaired the file, one of which
// validate.sh said no, one that broke before the rules, and one of a scenario
// that went since. It returns the directory of runs.
func recorded(t *testing.T) string {
	t.Helper()
	runs := t.TempDir()
	run, err := reports.NewRun(runs, runID)
	require.NoError(t, err)
	started := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	require.NoError(t, run.Log.Append(reports.Event{Kind: reports.RunStarted, RunID: runID, Run: &reports.RunInfo{RunID: runID, Started: started}}))
	there := rules.Result{Label: "the file is there", Scope: rules.ScopeState, Required: true, Status: rules.Holds, Host: "h1"}
	said := rules.Result{Label: "validate", Scope: rules.ScopeState, Required: true, Status: rules.DoesNotHold, Got: "exit status 1", Once: true}
	judged := rules.Circumstances{Judged: true, EngineActed: true, ProviderWell: true}
	for i, a := range []reports.Attempt{
		{Key: key, Outcome: rules.Passed, Circumstances: judged, Results: []rules.Result{there}},
		{Key: key, Outcome: rules.Failed, Circumstances: judged, Results: []rules.Result{there, said}},
		{Key: key, Outcome: rules.Errored, Reason: "prepare: no space"},
		{Key: "gone/001-x", Outcome: rules.Passed, Circumstances: judged},
	} {
		a.RunID, a.Iteration, a.Started, a.Score = runID, i+1, started, 1
		dir, err := run.AttemptDir(a.Key, a.Iteration)
		require.NoError(t, err)
		q := facts.Query{Noun: facts.NounFile, Subject: "/ok"}
		for _, c := range []facts.Checkpoint{facts.Healthy, facts.Faulted, facts.After, facts.Held} {
			f := facts.Fact{Query: q, Grade: facts.GradeHost, Attrs: map[string]any{"exists": c != facts.Faulted, "size": 5}}
			require.NoError(t, dir.WriteSnapshot(facts.NewSnapshot("h1", c, 0, facts.Answer{Facts: []facts.Fact{f}, At: started})))
		}
		require.NoError(t, dir.WriteJob(rules.Job{Resolution: rules.Success}))
		a.Dir = dir.Name
		a.Digests.Evidence, err = dir.Seal()
		require.NoError(t, err)
		require.NoError(t, run.Log.Append(reports.Event{Kind: reports.AttemptFinished, RunID: runID, Key: a.Key, Iteration: a.Iteration, Attempt: &a}))
	}
	require.NoError(t, run.Close())
	return runs
}

// inDatabase brings what is in the directory into a database.
func inDatabase(t *testing.T, runs string) rescore.Database {
	t.Helper()
	target, err := store.ParseTarget("", t.TempDir())
	require.NoError(t, err)
	db, err := store.Open(t.Context(), target)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	rec, err := reports.ReadRecord(filepath.Join(runs, runID, reports.EventsFile))
	require.NoError(t, err)
	require.NoError(t, db.SaveBenchmark(t.Context(), store.Benchmark{Info: rec.Info, Alive: rec.Info.Started}))
	root, err := os.OpenRoot(filepath.Join(runs, runID))
	require.NoError(t, err)
	defer root.Close()
	var list []store.Report
	for _, a := range rec.Attempts {
		list = append(list, store.ReadReport(root, a, a.Started))
	}
	added, err := db.Add(t.Context(), list)
	require.NoError(t, err)
	require.Equal(t, len(rec.Attempts), added)
	return rescore.Database{DB: db, Runs: rescore.Runs{Dir: t.TempDir()}}
}

// found is what a pass found, in short.
func found(t *testing.T, s rescore.Store, state string, c rescore.Choice) (outcomes map[int]rules.Outcome, errs map[int]error, tally rescore.Tally) {
	t.Helper()
	outcomes, errs = map[int]rules.Outcome{}, map[int]error{}
	p := rescore.Pass{Store: s, Scenarios: []*scenario.Scenario{today(t, state)}, Choice: c, Found: func(f rescore.Finding) {
		if errs[f.Attempt.Iteration] = f.Err; f.Err == nil {
			outcomes[f.Attempt.Iteration] = f.Change.New.Outcome
		}
	}}
	tally, err := p.Run(t.Context())
	require.NoError(t, err)
	return outcomes, errs, tally
}

// Directories and a database come to the same.
func TestPass(t *testing.T) {
	t.Parallel()
	const (
		same     = "  - {label: the file is there, file: /ok, expect: {exists: true}}\n"
		stricter = "  - {label: the file is there, file: /ok, expect: {exists: false}, before: any}\n"
	)
	for name, open := range map[string]func(*testing.T, string) rescore.Store{
		"directories": func(_ *testing.T, runs string) rescore.Store { return rescore.Runs{Dir: runs} },
		"database":    func(t *testing.T, runs string) rescore.Store { t.Helper(); return inDatabase(t, runs) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, recorded(t))
			outcomes, errs, tally := found(t, s, same, rescore.Choice{})
			assert.Equal(t, map[int]rules.Outcome{1: rules.Passed, 2: rules.Failed}, outcomes, "what validate.sh said stays")
			require.ErrorIs(t, errs[3], rescore.ErrNotJudged)
			require.ErrorIs(t, errs[4], rescore.ErrNoScenario)
			assert.Equal(t, rescore.Tally{Judged: 2, Appended: 2, Skipped: 1, Deprecated: 1}, tally)

			_, _, tally = found(t, s, same, rescore.Choice{})
			assert.Equal(t, rescore.Tally{Judged: 2, Skipped: 1, Deprecated: 1}, tally, "the second time nothing is news")

			outcomes, _, tally = found(t, s, stricter, rescore.Choice{Job: runID + "/" + key + "/i1"})
			assert.Equal(t, map[int]rules.Outcome{1: rules.Failed}, outcomes)
			assert.Equal(t, rescore.Tally{Judged: 1, Changed: 1, Appended: 1}, tally)

			_, _, tally = found(t, s, stricter, rescore.Choice{Scenario: key, Benchmark: runID})
			assert.Equal(t, rescore.Tally{Judged: 2, Changed: 1, Appended: 1, Skipped: 1}, tally, "the first was changed before")

			for _, none := range []rescore.Choice{
				{Benchmark: "20260102T030405Z-ffffff"}, {Scenario: "nginx/001-x"}, {Job: "20260102T030405Z-ffffff/a/b/i1"}, {Since: time.Date(2026, 1, 3, 0, 0, 0, 0, time.UTC)},
			} {
				_, _, tally = found(t, s, same, none)
				assert.Equal(t, rescore.Tally{}, tally, "%+v", none)
			}
		})
	}
}

// A verdict on a run whose directory is here is recorded there too.
// What is recorded as another run's would be judged by that run's evidence, and
// the verdict written wherever its ID leads.
func TestRuns_anotherRun(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"../outside", "20260102T030405Z-fedcba", ""} {
		dir := recorded(t)
		name := filepath.Join(dir, runID, reports.EventsFile)
		log, err := reports.OpenLog(name)
		require.NoError(t, err)
		require.NoError(t, log.Append(reports.Event{Kind: reports.AttemptFinished, RunID: runID, Key: key, Iteration: 9, Attempt: &reports.Attempt{RunID: id, Key: key, Iteration: 9}}))
		require.NoError(t, log.Close())
		err = nil
		for _, e := range (rescore.Runs{Dir: dir}).Attempts(t.Context(), rescore.Choice{}) {
			if e != nil {
				err = e
			}
		}
		require.ErrorContains(t, err, name)
		require.ErrorContains(t, err, "attempt "+key+"/i9 is recorded as one of run "+id)
	}
}

func TestDatabase_Append(t *testing.T) {
	t.Parallel()
	runs := recorded(t)
	d := inDatabase(t, runs)
	d.Runs = rescore.Runs{Dir: runs}
	_, _, tally := found(t, d, "  - {label: new, file: /ok, expect: {exists: true}}\n", rescore.Choice{})
	require.Equal(t, 2, tally.Appended)
	rec, err := reports.ReadRecord(filepath.Join(runs, runID, reports.EventsFile))
	require.NoError(t, err)
	assert.Len(t, rec.Attempts[0].Rescored, 1)
	assert.Equal(t, "new", rec.Attempts[0].Verdict().Results[0].Label)
	assert.Empty(t, rec.Attempts[2].Rescored)
}

func TestCompare(t *testing.T) {
	t.Parallel()
	result := func(label string, s rules.Status) rules.Result {
		return rules.Result{Scope: rules.ScopeState, Label: label, Status: s}
	}
	old := reports.Verdict{Outcome: rules.Passed, Rules: "a", Results: []rules.Result{result("same", rules.Holds), result("other", rules.Holds), result("gone", rules.DoesNotHold)}}
	now := reports.Verdict{Outcome: rules.Passed, Rules: "b", Results: []rules.Result{result("other", rules.DoesNotHold), result("same", rules.Holds), result("new", rules.Holds)}}
	c := rescore.Compare(old, now)
	assert.Equal(t, []rescore.RuleChange{
		{Scope: rules.ScopeState, Label: "other", Old: rules.Holds, New: rules.DoesNotHold, Reason: "state: other"},
		{Scope: rules.ScopeState, Label: "new", New: rules.Holds, Reason: "state: new"},
		{Scope: rules.ScopeState, Label: "gone", Old: rules.DoesNotHold},
	}, c.Rules)
	assert.True(t, c.Differs())
	assert.True(t, c.News())
	now.Results = old.Results
	c = rescore.Compare(old, now)
	assert.False(t, c.Differs())
	assert.True(t, c.News(), "other rules came to the same")
	assert.False(t, rescore.Compare(old, old).News())
}
