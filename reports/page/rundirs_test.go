package page

import (
	"io/fs"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
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
