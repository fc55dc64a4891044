package page

import (
	"io/fs"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/benchtest/stats"
	"github.com/benchtest-dev/benchtest/reports"
)

// recordOf makes the record of run one out of events.
func recordOf(t *testing.T, events ...reports.Event) RunDirs {
	t.Helper()
	dir := t.TempDir()
	r, err := reports.NewRun(dir, "one")
	require.NoError(t, err)
	for _, e := range events {
		require.NoError(t, r.Log.Append(e))
	}
	require.NoError(t, r.Close())
	return RunDirs{Dir: dir}
}

func begun(key string, iteration int) reports.Event {
	return reports.Event{Kind: reports.AttemptStarted, Key: key, Iteration: iteration}
}

func done(key string, iteration int, o rules.Outcome) reports.Event {
	return reports.Event{Kind: reports.AttemptFinished, Key: key, Iteration: iteration, Attempt: &reports.Attempt{Key: key, Iteration: iteration, Outcome: o}}
}

// An attempt that was flushed is on no page.
func TestRunDirs_flushed(t *testing.T) {
	t.Parallel()
	d := recordOf(t,
		reports.Event{Kind: reports.RunStarted, Run: &reports.RunInfo{RunID: "one"}},
		begun("a/1", 1), done("a/1", 1, rules.Failed), begun("a/2", 1), done("a/2", 1, rules.Failed), begun("a/3", 1), done("a/3", 1, rules.Passed),
		reports.Event{Kind: reports.Flushed, Key: "a/3", Iteration: 1}, // forged: the run goes on
		reports.Event{Kind: reports.RunFinished, Exit: 1},
		reports.Event{Kind: reports.Flushed, Key: "a/1", Iteration: 1},
	)
	list, err := d.Outlines(t.Context(), Filter{})
	require.NoError(t, err)
	require.Len(t, list, 1)
	run, err := d.Run(t.Context(), "one")
	require.NoError(t, err)
	for _, cells := range [][]Cell{list[0].Scenarios, OutlineOf(run).Scenarios} {
		require.Len(t, cells, 2)
		assert.Equal(t, "a/2", cells[0].Key)
		assert.Equal(t, "a/3", cells[1].Key)
	}
	require.Len(t, run.Spans, 2)
	assert.Equal(t, "a/2", run.Spans[0].Key)
	_, err = d.Attempt(t.Context(), "one", "a/1", 1)
	require.ErrorIs(t, err, fs.ErrNotExist)
}

// An attempt has one record: another that has its name is passed over.
func TestRunDirs_finishedTwice(t *testing.T) {
	t.Parallel()
	d := recordOf(t,
		reports.Event{Kind: reports.RunStarted, Run: &reports.RunInfo{RunID: "one"}},
		begun("a/1", 1), done("a/1", 1, rules.Failed), done("a/1", 1, rules.Passed),
		reports.Event{Kind: reports.RunFinished, Exit: 1},
	)
	list, err := d.Outlines(t.Context(), Filter{})
	require.NoError(t, err)
	require.Len(t, list, 1)
	run, err := d.Run(t.Context(), "one")
	require.NoError(t, err)
	want := []stats.Scenario{{Key: "a/1", Tally: stats.Tally{Scored: 1, Attempted: 1}}}
	assert.Equal(t, want, scenarios(list[0]))
	assert.Equal(t, want, scenarios(OutlineOf(run)))
	a, err := d.Attempt(t.Context(), "one", "a/1", 1)
	require.NoError(t, err)
	assert.Equal(t, rules.Failed, a.Outcome)
}

// What was cut and made again is counted once, as it ended, and stays to be seen.
func TestRunDirs_remade(t *testing.T) {
	t.Parallel()
	cut := func(key string, iteration int) reports.Event {
		e := done(key, iteration, rules.Errored)
		e.Attempt.Cut, e.Attempt.RunID = true, "one"
		return e
	}
	d := recordOf(t,
		reports.Event{Kind: reports.RunStarted, Run: &reports.RunInfo{RunID: "one"}},
		begun("a/1", 1), cut("a/1", 1), begun("a/2", 1), cut("a/2", 1),
		reports.Event{Kind: reports.RunFinished, Exit: 1},
		reports.Event{Kind: reports.RunResumed},
		begun("a/1", 2), done("a/1", 2, rules.Passed),
	)
	list, err := d.Outlines(t.Context(), Filter{})
	require.NoError(t, err)
	require.Len(t, list, 1)
	assert.Zero(t, list[0].Finished, "it goes on")
	run, err := d.Run(t.Context(), "one")
	require.NoError(t, err)
	assert.Zero(t, run.Finished)
	assert.Len(t, run.Attempts, 3)
	want := []stats.Scenario{{Key: "a/1", Tally: stats.Tally{Passed: 1, Scored: 1, Attempted: 1}}, {Key: "a/2", Tally: stats.Tally{Attempted: 1}}}
	assert.Equal(t, want, scenarios(list[0]))
	assert.Equal(t, want, scenarios(OutlineOf(run)))

	page, links := newRunModel(Report{Run: run}, Query{}, Links{Served: true}), Links{Served: true}
	assert.EqualValues(t, "1 of 2 attempts did not pass", page.Headline)
	assert.Len(t, page.Rows.List, 2)
	assert.EqualValues(t, "1 attempt was cut, and made again when the run was resumed: what came of that is counted.", page.Remade.Says)
	assert.Equal(t, []attemptLink{{"a/1/i1", links.attempt("one", "a/1", 1)}}, page.Remade.List)
}
