package reports

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/benchtest/stats"
)

func TestRunsDir(t *testing.T) {
	t.Parallel()
	runs := t.TempDir()
	r, err := NewRun(runs, "one")
	require.NoError(t, err)
	for _, e := range []Event{
		{Kind: RunStarted, Run: &RunInfo{RunID: "one"}},
		{Kind: AttemptStarted, Key: "a/b", Iteration: 1},
		{Kind: AttemptStarted, Key: "a/b", Iteration: 2},
		{Kind: AttemptFinished, Attempt: &Attempt{Key: "a/b", Iteration: 2, Outcome: rules.Passed}},
		{Kind: AttemptFinished, Attempt: &Attempt{Key: "a/c", Iteration: 1, Outcome: rules.Skipped}},
	} {
		require.NoError(t, r.Log.Append(e))
	}
	for _, name := range []string{"one", filepath.Join(runs, "one")} {
		rec, err := RunsDir(runs).Record(t.Context(), name)
		require.NoError(t, err)
		assert.Equal(t, "one", rec.Info.RunID)
		assert.Nil(t, rec.Finished, "it still runs, or was killed")
		require.Len(t, rec.Attempts, 3)
		assert.Equal(t, "interrupted", rec.Attempts[2].Reason)
		assert.Equal(t, []stats.Scenario{{Key: "a/b", Tally: stats.Tally{Passed: 1, Scored: 1, Attempted: 2}}}, Tallies(rec.Attempts))
	}
	require.NoError(t, r.Log.Append(Event{Kind: RunFinished, Exit: 1}))
	require.NoError(t, r.Close())
	rec, err := RunsDir(runs).Record(t.Context(), "one")
	require.NoError(t, err)
	require.NotNil(t, rec.Finished)
	assert.Equal(t, 1, rec.Finished.Exit)

	ids, err := RunsDir(runs).IDs(t.Context(), time.Time{})
	require.NoError(t, err)
	assert.Equal(t, []string{"one"}, ids)
	ids, err = RunsDir(filepath.Join(runs, "nosuch")).IDs(t.Context(), time.Time{})
	require.NoError(t, err)
	assert.Empty(t, ids)

	for _, name := range []string{"", ".", "..", "two", "../one", runs} {
		_, err := RunsDir(runs).Record(t.Context(), name)
		require.ErrorIs(t, err, fs.ErrNotExist, name)
	}
	log := filepath.Join(runs, "one", "events.jsonl")
	require.NoError(t, os.WriteFile(log, []byte("no event\n{}\n"), 0o600))
	_, err = RunsDir(runs).Record(t.Context(), "one")
	require.ErrorContains(t, err, log+": read event, line 1")
	assert.ErrorContains(t, err, MendRecord)
}
