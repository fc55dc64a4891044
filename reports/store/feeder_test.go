package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/reports"
	"github.com/benchtest-dev/benchtest/reports/store"
	"github.com/benchtest-dev/benchtest/reports/store/storetest"
)

// quiet is a log that nobody reads.
func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// begin makes a run with its first event.
func begin(t *testing.T, runs, id string) *reports.Run {
	t.Helper()
	run, err := reports.NewRun(runs, id)
	require.NoError(t, err)
	info := storetest.Benchmark(0).Info
	info.RunID = id
	require.NoError(t, run.Log.Append(reports.Event{Kind: reports.RunStarted, RunID: id, Run: &info}))
	return run
}

// attempt records one attempt with its evidence.
func attempt(t *testing.T, run *reports.Run, key string, iteration int) {
	t.Helper()
	dir := startAttempt(t, run, key, iteration)
	for _, c := range []facts.Checkpoint{facts.Healthy, facts.Held} {
		require.NoError(t, dir.WriteSnapshot(facts.Snapshot{Host: "web1", Checkpoint: c, Facts: map[string]facts.Fact{"file:/x": {Raw: storetest.Hostile}}}))
	}
	require.NoError(t, dir.WriteJob(rules.Job{Resolution: rules.Success, Plan: storetest.Hostile, Tasks: []rules.Task{{Host: "web1"}}}))
	_, err := dir.Transcript().Write([]byte(storetest.Hostile))
	require.NoError(t, err)
	a := storetest.Report(t, ofRun(run.ID), key, iteration).Attempt
	a.Dir = dir.Name
	a.Digests.Evidence, err = dir.Seal()
	require.NoError(t, err)
	require.NoError(t, run.Log.Append(reports.Event{Kind: reports.AttemptFinished, RunID: run.ID, Key: key, Iteration: iteration, Attempt: &a, At: storetest.Start}))
}

func startAttempt(t *testing.T, run *reports.Run, key string, iteration int) *reports.AttemptDir {
	t.Helper()
	dir, err := run.AttemptDir(key, iteration)
	require.NoError(t, err)
	require.NoError(t, run.Log.Append(reports.Event{Kind: reports.AttemptStarted, RunID: run.ID, Key: key, Iteration: iteration, At: storetest.Start}))
	return dir
}

func finish(t *testing.T, run *reports.Run) {
	t.Helper()
	require.NoError(t, run.Log.Append(reports.Event{Kind: reports.RunFinished, RunID: run.ID, At: storetest.Start}))
}

func target(t *testing.T, url, home string) store.Target {
	t.Helper()
	got, err := store.ParseTarget(url, home)
	require.NoError(t, err)
	return got
}

func count(t *testing.T, db *store.DB) int {
	t.Helper()
	all, err := db.Reports(t.Context(), store.Filter{})
	require.NoError(t, err)
	return len(all)
}

// A PostgreSQL that is stopped in the middle of a run and started later costs
// nothing: an import brings every row, and a second one none.
func TestServerStopsInTheMiddle(t *testing.T) {
	t.Parallel()
	server := storetest.StartPostgres(t)
	to := target(t, server.NewDatabase(t), "")
	runs := t.TempDir()
	run := begin(t, runs, "run-1")
	f, err := store.Feed(t.Context(), to, run, quiet())
	require.NoError(t, err)
	attempt(t, run, "nginx/001-a", 1)
	db := open2(t, to)
	require.Eventually(t, func() bool { return count(t, db) == 1 }, time.Minute, 20*time.Millisecond, "it comes while the run goes on")

	server.Stop(t)
	for i := range 40 {
		attempt(t, run, "nginx/002-b", i+1)
	}
	finish(t, run)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	require.Error(t, f.Close(ctx))
	require.NoError(t, run.Close())
	assert.Equal(t, []string{run.Dir}, store.Unstored(runs, to))

	server.Start(t)
	for _, want := range []int{40, 0} {
		got, err := store.Import(t.Context(), db, run.Dir)
		require.NoError(t, err)
		assert.Equal(t, want, got.Attempts)
	}
	assert.Equal(t, 41, count(t, db))
	assert.Empty(t, store.Unstored(runs, to))
}

// A server that is back while the run goes on gets what it missed without being
// asked.
func TestServerThatComesBack(t *testing.T) {
	t.Parallel()
	server := storetest.StartPostgres(t)
	to := target(t, server.NewDatabase(t), "")
	run := begin(t, t.TempDir(), "run-1")
	f, err := store.Feed(t.Context(), to, run, quiet())
	require.NoError(t, err)
	attempt(t, run, "nginx/001-a", 1)
	db := open2(t, to)
	require.Eventually(t, func() bool { return count(t, db) == 1 }, time.Minute, 20*time.Millisecond)
	server.Stop(t)
	attempt(t, run, "nginx/001-a", 2)
	server.Start(t)
	require.Eventually(t, func() bool { // its own connections were cut too
		list, err := db.Reports(t.Context(), store.Filter{})
		return err == nil && len(list) == 2
	}, time.Minute, 20*time.Millisecond)
	finish(t, run)
	require.NoError(t, f.Close(t.Context()))
	require.NoError(t, run.Close())
}

func open2(t *testing.T, to store.Target) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), to)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	return db
}

// A database that answers nothing holds up neither a run nor its end.
func TestServerThatHangs(t *testing.T) {
	t.Parallel()
	silent := filepath.Join(t.TempDir(), ".s.PGSQL.5432")
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", silent)
	require.NoError(t, err)
	defer l.Close()
	run := begin(t, t.TempDir(), "run-1")
	f, err := store.Feed(t.Context(), target(t, "postgres://u@/d?host="+filepath.Dir(silent), ""), run, quiet())
	require.NoError(t, err)
	attempt(t, run, "nginx/001-a", 1)
	finish(t, run)
	begun := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	require.ErrorContains(t, f.Close(ctx), "has not all of run run-1")
	assert.Less(t, time.Since(begun), 3*time.Second)
	require.NoError(t, run.Close())
}

// What an earlier run left is brought by the next: its attempts once, and the
// one under way as interrupted. A run that goes on is left alone.
func TestNextRunBringsWhatIsMissing(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	runs, to := filepath.Join(home, "runs"), target(t, "", home)
	killed := begin(t, runs, "run-1")
	require.NoError(t, store.Expect(killed.Dir, to))
	attempt(t, killed, "nginx/001-a", 1)
	require.NoError(t, startAttempt(t, killed, "nginx/002-b", 1).Close())
	require.NoError(t, killed.Close()) // the lock goes, as it does with a process
	going := begin(t, runs, "run-2")
	require.NoError(t, store.Expect(going.Dir, to))
	require.NoError(t, startAttempt(t, going, "nginx/001-a", 1).Close())

	next := begin(t, runs, "run-3")
	f, err := store.Feed(t.Context(), to, next, quiet())
	require.NoError(t, err)
	db := open2(t, to)
	earlier := store.Filter{Benchmarks: []string{"run-1", "run-2"}}
	require.Eventually(t, func() bool {
		list, err := db.Benchmarks(t.Context(), earlier)
		return err == nil && len(list) == 2 && len(store.Unstored(runs, to)) == 2
	}, time.Minute, 20*time.Millisecond)
	finish(t, next)
	require.NoError(t, f.Close(t.Context()))
	assert.Equal(t, []string{going.Dir}, store.Unstored(runs, to))

	all, err := db.Reports(t.Context(), store.Filter{})
	require.NoError(t, err)
	require.Len(t, all, 2)
	assert.Equal(t, rules.Errored, all[0].Outcome)
	assert.Contains(t, all[0].Reason, "interrupted: the process of its run was killed")
	assert.True(t, all[0].Cut)
	list, err := db.Benchmarks(t.Context(), earlier)
	require.NoError(t, err)
	require.Len(t, list, 2)
	for _, b := range list {
		assert.Equal(t, b.Info.RunID == "run-1", b.End != nil, b.Info.RunID)
	}
	require.NoError(t, going.Close())
	require.NoError(t, next.Close())
}

// The same events give the same rows in both databases, to the byte.
func TestSameRows(t *testing.T) {
	t.Parallel()
	server := storetest.StartPostgres(t)
	run := begin(t, t.TempDir(), "run-1")
	for i := range 3 {
		attempt(t, run, "nginx/001-a", i+1)
	}
	v := reports.Verdict{At: storetest.Start, Outcome: rules.Passed, Rules: "dd", Results: []rules.Result{{Label: storetest.Hostile}}}
	require.NoError(t, run.Log.Append(reports.Event{Kind: reports.Rescored, RunID: run.ID, Key: "nginx/001-a", Iteration: 2, Verdict: &v, At: storetest.Start}))
	require.NoError(t, run.Log.Append(reports.Event{Kind: reports.AttemptFinished, RunID: run.ID, Key: "nginx/003-c", Iteration: 1, At: storetest.Start, Attempt: &reports.Attempt{
		RunID: run.ID, Key: "nginx/003-c", Iteration: 1, Outcome: rules.Errored, Cut: true, Started: storetest.Start,
	}}))
	require.NoError(t, run.Log.Append(reports.Event{Kind: reports.RunResumed, RunID: run.ID, At: storetest.Start}))
	attempt(t, run, "nginx/003-c", 2)
	require.NoError(t, startAttempt(t, run, "nginx/002-b", 1).Close())
	require.NoError(t, run.Close())

	var dumps []map[string][]string
	for _, url := range []string{"", server.NewDatabase(t)} {
		db := open(t, url)
		got, err := store.Import(t.Context(), db, run.Dir)
		require.NoError(t, err)
		assert.Equal(t, 6, got.Attempts)
		assert.Equal(t, 1, got.Verdicts)
		both, err := store.Import(t.Context(), db, run.Dir)
		require.NoError(t, err)
		assert.Zero(t, both.Attempts+both.Verdicts, "a second import brings none")
		rec, err := db.Record(t.Context(), run.ID)
		require.NoError(t, err)
		var remade []string
		for _, a := range rec.Attempts {
			if a.Remade {
				remade = append(remade, a.ID())
			}
		}
		assert.Equal(t, []string{"run-1/nginx/003-c/i1"}, remade)
		dumps = append(dumps, dump(t, db.SQL()))
	}
	for _, table := range []string{"benchmarks", "scenario_reports", "jobs", "tasks", "tickets", "verdicts", "rule_results", "facts", "transcripts"} {
		assert.NotEmpty(t, dumps[0][table], table)
		assert.Equal(t, dumps[0][table], dumps[1][table], table)
	}
}

// dump is every row of every table.
func dump(t *testing.T, db *sql.DB) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for table, order := range map[string]string{
		"benchmarks": "1", "scenario_reports": "1", "jobs": "1", "tasks": "1", "tickets": "1", "verdicts": "1, 2", "rule_results": "1, 2, 3", "facts": "1, 2", "transcripts": "1",
	} {
		found, err := db.QueryContext(t.Context(), "SELECT * FROM "+table+" ORDER BY "+order)
		require.NoError(t, err)
		columns, err := found.Columns()
		require.NoError(t, err)
		for found.Next() {
			values, to := make([]any, len(columns)), make([]any, len(columns))
			for i := range values {
				to[i] = &values[i]
			}
			require.NoError(t, found.Scan(to...))
			for i, v := range values {
				if b, ok := v.(bool); ok { // SQLite's are 0 and 1, as its driver says with a type to scan into
					values[i] = map[bool]int64{true: 1}[b]
				}
			}
			all[table] = append(all[table], fmt.Sprintf("%q", values))
		}
		require.NoError(t, found.Err())
		require.NoError(t, found.Close())
	}
	return all
}

// sampleRuns is how many runs TestSize looks at.
const sampleRuns = 3

// An attempt of the shipped scenarios takes at most 64 KiB. The sample is what
// the latest runs on this machine left; import mends a run that was killed, and
// so gets copies.
func TestSize(t *testing.T) {
	t.Parallel()
	home, err := fixtures.Home(os.LookupEnv)
	require.NoError(t, err)
	found, err := filepath.Glob(filepath.Join(home, "runs", "2*", "attempts")) // by time
	require.NoError(t, err)
	if len(found) == 0 {
		t.Skipf("no record of the shipped scenarios in %s: make bench", home)
	}
	db := open(t, "")
	for _, attempts := range found[max(0, len(found)-sampleRuns):] {
		run := filepath.Dir(attempts)
		dir := filepath.Join(t.TempDir(), filepath.Base(run))
		require.NoError(t, os.CopyFS(dir, os.DirFS(run)))
		_, err := store.Import(t.Context(), db, dir)
		require.NoError(t, err)
	}
	const limit = 64 << 10
	rows, err := db.SQL().QueryContext(t.Context(), `SELECT r.id, length(r.record_json) + length(r.reason)
		+ coalesce((SELECT sum(length(body_zstd)) FROM facts WHERE report_id = r.id), 0)
		+ coalesce((SELECT sum(length(body_zstd)) FROM transcripts WHERE report_id = r.id), 0)
		+ coalesce((SELECT length(record_zstd) + length(plan) + length(messages) FROM jobs WHERE id = r.id), 0)
		+ coalesce((SELECT sum(length(raw_observation) + length(expected) + length(got) + length(label) + 200) FROM rule_results WHERE report_id = r.id), 0)
		FROM scenario_reports r`)
	require.NoError(t, err)
	defer rows.Close() //nolint:errcheck // Err says what went wrong
	most, n := 0, 0
	for rows.Next() {
		var id string
		var size int
		require.NoError(t, rows.Scan(&id, &size))
		assert.LessOrEqual(t, size, limit, id)
		most, n = max(most, size), n+1
	}
	require.NoError(t, rows.Err())
	t.Logf("at most %d bytes, of %d attempts", most, n)
}
