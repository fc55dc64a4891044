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
