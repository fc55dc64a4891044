package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/reports"
)

// ended makes a run that came to its end, each attempt with a job record.
func ended(t *testing.T, home, id string, outcomes map[string]rules.Outcome) {
	t.Helper()
	r, err := reports.NewRun(filepath.Join(home, "runs"), id)
	require.NoError(t, err)
	require.NoError(t, r.Log.Append(reports.Event{Kind: reports.RunStarted, Run: &reports.RunInfo{RunID: id}}))
	for key, o := range outcomes {
		d, err := r.AttemptDir(key, 1)
		require.NoError(t, err)
		require.NoError(t, d.WriteJob(rules.Job{Plan: key}))
		head, err := d.Seal()
		require.NoError(t, err)
		require.NoError(t, r.Log.Append(reports.Event{Kind: reports.AttemptFinished, Attempt: &reports.Attempt{
			RunID: id, Key: key, Iteration: 1, Outcome: o, Dir: d.Name, Digests: reports.Digests{Evidence: head},
			Results: []rules.Result{{Label: "it is " + string(o), Scope: rules.ScopeState, Required: true, Status: rules.DoesNotHold}},
			Phases:  reports.Phases{Engine: 1234567}, Started: time.Date(2026, 1, 2, 3, 4, 5, 6789, time.UTC),
		}}))
	}
	require.NoError(t, r.Log.Append(reports.Event{Kind: reports.RunFinished}))
	require.NoError(t, r.Close())
}

func TestMerge(t *testing.T) {
	t.Parallel()
	home, out := t.TempDir(), t.TempDir()
	ended(t, home, "1", map[string]rules.Outcome{"a/1": rules.Passed, "b/1": rules.Passed})
	ended(t, home, "2", map[string]rules.Outcome{"a/2": rules.Failed})
	e, stdout, stderr := comparer(home)
	require.Equal(t, exitOK, e.run(t.Context(), []string{"merge", "1", filepath.Join(home, "runs/2"), "--fail=min-pass-rate=0.6", "--report-dir", out}), stderr.String())
	assert.Contains(t, stdout.String(), "passed 2 of 3 scored of 3 attempted")
	assert.Contains(t, stdout.String(), "gate passed: -benchtest.fail=min-pass-rate=0.6")
	junit, err := os.ReadFile(filepath.Join(out, "junit.xml"))
	require.NoError(t, err)
	assert.Contains(t, string(junit), `failures="0"`)
	page, err := os.ReadFile(filepath.Join(out, "report.html"))
	require.NoError(t, err)
	for _, key := range []string{"a/1", "b/1", "a/2"} {
		assert.Contains(t, string(page), key)
	}

	// It is a run like any other: one ID, evidence that can be verified.
	runs, err := filepath.Glob(filepath.Join(home, "runs/20*"))
	require.NoError(t, err)
	require.Len(t, runs, 1)
	rec, err := reports.RunsDir(filepath.Join(home, "runs")).Record(t.Context(), filepath.Base(runs[0]))
	require.NoError(t, err)
	require.Len(t, rec.Attempts, 3)
	require.NotNil(t, rec.Finished)
	for _, a := range rec.Attempts {
		assert.Equal(t, rec.Info.RunID, a.RunID)
		evidence, err := reports.ReadEvidence(os.DirFS(filepath.Join(rec.Dir, a.Dir)), a.Digests.Evidence, nil)
		require.NoError(t, err)
		assert.Equal(t, a.Key, evidence.Job.Plan)
	}
}

// What was cut and made again fails nobody: its shard has passed.
func TestMergeResumed(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	r, err := reports.NewRun(filepath.Join(home, "runs"), "1")
	require.NoError(t, err)
	finished := func(key string, iteration int, o rules.Outcome) reports.Event {
		return reports.Event{Kind: reports.AttemptFinished, Attempt: &reports.Attempt{RunID: "1", Key: key, Iteration: iteration, Outcome: o, Cut: o == rules.Errored}}
	}
	for _, e := range []reports.Event{
		{Kind: reports.RunStarted, Run: &reports.RunInfo{RunID: "1"}},
		finished("a/1", 1, rules.Passed), finished("a/2", 1, rules.Errored), finished("a/3", 1, rules.Errored),
		{Kind: reports.RunFinished},
		{Kind: reports.RunResumed, Run: &reports.RunInfo{RunID: "1"}},
		{Kind: reports.AttemptStarted, Key: "a/2", Iteration: 2},
		finished("a/2", 2, rules.Passed),
	} {
		require.NoError(t, r.Log.Append(e))
	}
	merge := func() (code int, stdout string) {
		e, out, stderr := comparer(home)
		code = e.run(t.Context(), []string{"merge", "1"})
		require.Empty(t, stderr.String())
		return code, out.String()
	}
	code, stdout := merge()
	assert.Equal(t, exitFindings, code, "it goes on, and a/3 was not made again")
	assert.Contains(t, stdout, "passed 2 of 2 scored of 3 attempted")
	assert.Contains(t, stdout, "left out 1 attempts that were cut")

	for _, e := range []reports.Event{{Kind: reports.AttemptStarted, Key: "a/3", Iteration: 2}, finished("a/3", 2, rules.Passed)} {
		require.NoError(t, r.Log.Append(e))
	}
	code, _ = merge()
	assert.Equal(t, exitFindings, code, "it never ended")
	require.NoError(t, r.Log.Append(reports.Event{Kind: reports.RunFinished}))
	require.NoError(t, r.Close())
	code, stdout = merge()
	assert.Equal(t, exitOK, code)
	assert.Contains(t, stdout, "passed 3 of 3 scored of 3 attempted")
}

func TestMergeDecides(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	ended(t, home, "1", map[string]rules.Outcome{"a/1": rules.Passed})
	ended(t, home, "2", map[string]rules.Outcome{"a/2": rules.Failed})
	recorded(t, home, "cut", map[string][]rules.Outcome{"a/3": times(1, rules.Passed)})
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"any, all passed":            {[]string{"1"}, exitOK, ""},
		"any, one did not":           {[]string{"1", "2"}, exitFindings, ""},
		"a gate that fails":          {[]string{"1", "2", "--fail=min-pass-rate=0.9"}, exitFindings, ""},
		"never":                      {[]string{"1", "2", "--fail=never"}, exitOK, ""},
		"a shard that never ended":   {[]string{"1", "cut", "--fail=never"}, exitFindings, ""},
		"no worse than the baseline": {[]string{"1", "--fail=no-regression=1"}, exitOK, ""},
		"twice":                      {[]string{"1", "1"}, exitUsage, "a/1/i1 is in "},
		"none":                       {nil, exitUsage, "which runs? Those of the shards"},
		"no gate":                    {[]string{"1", "--fail=some"}, exitUsage, `--fail="some": "some" is no gate`},
		"no baseline":                {[]string{"1", "--fail=no-regression=nosuch"}, exitUsage, `find run "nosuch"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, _, stderr := comparer(home)
			assert.Equal(t, c.code, e.run(t.Context(), append([]string{"merge"}, c.args...)), stderr.String())
			assert.Contains(t, stderr.String(), c.says)
		})
	}
}
