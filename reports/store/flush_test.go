package store_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/reports"
	"github.com/benchtest-dev/benchtest/reports/store"
)

// What a kill left of a run that was being flushed goes with the next flush.
func TestFlush_leftovers(t *testing.T) {
	t.Parallel()
	runs := t.TempDir()
	half := filepath.Join(runs, ".flushed-20260102T030405Z-abcdef")
	require.NoError(t, os.MkdirAll(filepath.Join(half, "attempts"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(half, reports.EventsFile), nil, 0o600))
	db := open(t, "")
	_, err := store.Flush(t.Context(), db, runs, store.Selection{All: true}, true)
	require.NoError(t, err)
	assert.DirExists(t, half, "a preview removes nothing")
	_, err = store.Flush(t.Context(), db, runs, store.Selection{All: true}, false)
	require.NoError(t, err)
	assert.NoDirExists(t, half)
}

// What was flushed stays away, also of a run that was killed and by a verdict
// that came at the same time. A line that says so in the midst of a run is forged.
func TestFlush_staysAway(t *testing.T) {
	t.Parallel()
	runs := t.TempDir()
	run := begin(t, runs, "20260102T030405Z-aaaaaa")
	attempt(t, run, "a/1", 1)
	attempt(t, run, "a/2", 1)
	require.NoError(t, run.Log.Append(reports.Event{Kind: reports.Flushed, RunID: run.ID, Key: "a/2", Iteration: 1}))
	attempt(t, run, "a/3", 1)
	db := open(t, "")
	got, err := store.Import(t.Context(), db, run.Dir)
	require.NoError(t, err)
	assert.Equal(t, store.Imported{Attempts: 3, Running: true}, got)
	require.NoError(t, run.Close()) // it never ended

	b := ofRun(run.ID)
	b.End = nil // nobody has heard of it for long
	require.NoError(t, db.SaveBenchmark(t.Context(), b))
	_, err = store.Flush(t.Context(), db, runs, store.Selection{Scenarios: []string{"a/1"}}, false)
	require.NoError(t, err)
	assert.NoDirExists(t, filepath.Join(run.Dir, "attempts", "a", "1", "i1"))
	log, err := reports.OpenLog(filepath.Join(run.Dir, reports.EventsFile))
	require.NoError(t, err)
	require.NoError(t, log.Append(reports.Event{Kind: reports.Rescored, RunID: run.ID, Key: "a/1", Iteration: 1, Verdict: &reports.Verdict{Rules: "dd"}}))
	require.NoError(t, log.Close())

	for name, db := range map[string]*store.DB{"the same": db, "another": open(t, "")} {
		_, err = store.Import(t.Context(), db, run.Dir)
		require.NoError(t, err)
		ids, err := db.ReportIDs(t.Context(), store.Filter{})
		require.NoError(t, err)
		assert.Equal(t, []string{run.ID + "/a/2/i1", run.ID + "/a/3/i1"}, ids, name)
	}
}
