package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/reports"
	"github.com/benchtest-dev/benchtest/reports/store"
	"github.com/benchtest-dev/benchtest/reports/store/storetest"
)

// joinedRun is the directory of the run that merge made.
func joinedRun(t *testing.T, home string) string {
	t.Helper()
	runs, err := filepath.Glob(filepath.Join(home, "runs/20*"))
	require.NoError(t, err)
	require.Len(t, runs, 1)
	return runs[0]
}

// The joined run is in the database as an import would bring it, which then has
// nothing to bring.
func TestMergeStores(t *testing.T) {
	t.Parallel()
	for name, newURL := range map[string]func(t *testing.T) string{
		"SQLite":     func(*testing.T) string { return "" },
		"PostgreSQL": func(t *testing.T) string { t.Helper(); return storetest.StartPostgres(t).NewDatabase(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			home, url := t.TempDir(), newURL(t)
			ended(t, home, "1", map[string]rules.Outcome{"a/1": rules.Passed, "b/1": rules.Passed})
			ended(t, home, "2", map[string]rules.Outcome{"a/2": rules.Failed})
			e, _, stderr := comparer(home)
			require.Equal(t, exitFindings, e.run(t.Context(), []string{"merge", "1", "2", "--db", url}))
			require.Empty(t, stderr.String())
			dir := joinedRun(t, home)
			assert.NoFileExists(t, filepath.Join(dir, "unstored"))

			target, err := store.ParseTarget(url, home)
			require.NoError(t, err)
			db, err := store.Open(t.Context(), target)
			require.NoError(t, err)
			defer db.Close() //nolint:errcheck // it was only read
			rec, err := db.Record(t.Context(), filepath.Base(dir))
			require.NoError(t, err)
			want, err := reports.ReadRecord(filepath.Join(dir, reports.EventsFile))
			require.NoError(t, err)
			assert.Equal(t, reports.Tallies(want.Attempts), reports.Tallies(rec.Attempts))
			assert.Equal(t, exitFindings, rec.Finished.Exit)
			evidence, err := db.ReadEvidence(t.Context(), rec, &rec.Attempts[0], func(string) bool { return true })
			require.NoError(t, err)
			assert.Equal(t, rec.Attempts[0].Key, evidence.Job.Plan)
			got, err := store.Import(t.Context(), db, dir)
			require.NoError(t, err)
			assert.Equal(t, store.Imported{}, got)
		})
	}
}

// A database that is away changes no verdict; the run waits for it. Who wants none
// gets none.
func TestMergeWithoutDatabase(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	ended(t, home, "1", map[string]rules.Outcome{"a/1": rules.Passed})
	url := "postgres://u:sesame@/bench?host=" + t.TempDir()
	e, stdout, stderr := comparer(home)
	require.Equal(t, exitOK, e.run(t.Context(), []string{"merge", "1", "--db", url}), stderr.String())
	dir := joinedRun(t, home)
	assert.Contains(t, stdout.String(), "passed 1 of 1 scored of 1 attempted")
	assert.Contains(t, stderr.String(), "has not all of the joined run: ")
	assert.Contains(t, stderr.String(), "benchtest import "+dir)
	assert.NotContains(t, stderr.String(), "sesame")
	assert.FileExists(t, filepath.Join(dir, "unstored"))

	home = t.TempDir()
	ended(t, home, "1", map[string]rules.Outcome{"a/1": rules.Passed})
	e, _, stderr = comparer(home)
	require.Equal(t, exitOK, e.run(t.Context(), []string{"merge", "1", "--db", "none"}))
	assert.Empty(t, stderr.String())
	_, err := os.Stat(filepath.Join(home, "benchtest.db"))
	require.ErrorIs(t, err, os.ErrNotExist)

	e, _, stderr = comparer(home)
	require.Equal(t, exitUsage, e.run(t.Context(), []string{"merge", "1", "--db", "mysql://h/d"}))
	assert.Contains(t, stderr.String(), "want postgres://USER@HOST/DATABASE")
}
