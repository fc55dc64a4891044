package store_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/reports/store"
	"github.com/benchtest-dev/benchtest/reports/store/storetest"
)

// Rows that an earlier version has written are read by this one. Each version
// has rows of its time in testdata.
func TestMigrateFromEveryVersion(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		migrateFromEvery(t, func(*testing.T) string { return "" })
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		migrateFromEvery(t, storetest.StartPostgres(t).NewDatabase)
	})
}

func migrateFromEvery(t *testing.T, newURL func(*testing.T) string) {
	t.Helper()
	files, err := fs.Glob(store.Migrations(), "migrations/*.sql")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for n := 1; n <= len(files); n++ {
		target, err := store.ParseTarget(newURL(t), t.TempDir())
		require.NoError(t, err)
		old, err := store.OpenWith(t.Context(), target, upTo(t, files[:n]))
		require.NoError(t, err)
		rows, err := os.ReadFile(fmt.Sprintf("testdata/v%d.sql", n))
		require.NoErrorf(t, err, "version %d has no rows: write some", n)
		_, err = old.SQL().ExecContext(t.Context(), string(rows))
		require.NoError(t, err)
		addFactsOf(t, old, n)
		require.NoError(t, old.Close())

		db, err := store.Open(t.Context(), target)
		require.NoErrorf(t, err, "from version %d", n)
		got, err := db.Report(t.Context(), "run-old/nginx/001-a/i1")
		require.NoError(t, err)
		assert.Equal(t, "nginx/001-a", got.Attempt.Key)
		assert.Equal(t, "the service is up", got.Attempt.Results[0].Label)
		e, err := db.Evidence(t.Context(), "run-old/nginx/001-a/i1")
		require.NoErrorf(t, err, "from version %d", n)
		assert.Equal(t, []string{"held", "job"}, e.Omitted)
		assert.Equal(t, factsHealthy, string(e.Facts[facts.Healthy]))
		assert.Equal(t, factsAfter, string(e.Facts[facts.After]))
		_, err = db.Add(t.Context(), []store.Report{storetest.Report(t, ofRun("run-old"), "nginx/001-a", 2)})
		require.NoError(t, err)
		require.NoError(t, db.Close())
	}
}

// A server that hangs while the tables are brought up to date holds nobody up,
// and the lock is not left behind.
func TestMigrateOnServerThatHangs(t *testing.T) {
	t.Parallel()
	server := storetest.StartPostgres(t)
	to := target(t, server.NewDatabase(t), "")
	db := open2(t, to)
	other, err := db.SQL().BeginTx(t.Context(), nil)
	require.NoError(t, err)
	_, err = other.ExecContext(t.Context(), "LOCK TABLE goose_db_version") // what a migration waits for
	require.NoError(t, err)

	ctx, cancel := context.WithCancel(t.Context())
	opened := make(chan error, 1)
	go func() {
		second, err := store.Open(ctx, to)
		if err == nil {
			err = second.Close()
		}
		opened <- err
	}()
	require.Eventually(t, func() bool {
		var waiting int
		err := db.SQL().QueryRowContext(t.Context(), "SELECT count(*) FROM pg_locks WHERE NOT granted").Scan(&waiting)
		return err == nil && waiting > 0
	}, time.Minute, 10*time.Millisecond)
	server.Freeze(t)
	cancel()
	select {
	case err := <-opened:
		require.ErrorIs(t, err, context.Canceled)
	case <-time.After(30 * time.Second):
		require.Fail(t, "a frozen server is waited for without end")
	}
	server.Thaw(t)
	require.NoError(t, other.Rollback())
	third, err := store.Open(t.Context(), to)
	require.NoError(t, err)
	require.NoError(t, third.Close())
}

// What addFactsOf stores.
const (
	factsHealthy = "{\"facts\":\"the service was up, and will be\"}\n"
	factsAfter   = "{\"facts\":\"the service was up, and will not be\"}\n"
)

// addFactsOf adds facts as benchtests of that version packed them: against the
// first as a dictionary, and since version 3 as parts of one frame.
func addFactsOf(t *testing.T, db *store.DB, version int) {
	t.Helper()
	healthy := "28b52ffd04006101007b226661637473223a227468652073657276696365207761732075702c20616e642077696c6c206265227d0a1d63d090"
	after := "28b52ffd050001850000486e6f74206265227d0a01540005225e4f5a5895"
	if version >= 3 {
		healthy = "28b52ffd04506001007b226661637473223a227468652073657276696365207761732075702c20616e642077696c6c206265227d0a"
		after = "840000486e6f74206265227d0a01540005225e010000e4ed253e"
	}
	add := func(checkpoint, base, body, packed string) {
		b, err := hex.DecodeString(packed)
		require.NoError(t, err)
		_, err = db.SQL().ExecContext(t.Context(), "INSERT INTO facts VALUES ($1, $2, $3, $4, $5)", "run-old/nginx/001-a/i1", checkpoint, base, len(body), b)
		require.NoError(t, err)
	}
	add("healthy", "", factsHealthy, healthy)
	add("after", "healthy", factsAfter, after)
}

// upTo holds some of the migrations.
func upTo(t *testing.T, files []string) fstest.MapFS {
	t.Helper()
	some := fstest.MapFS{}
	for _, name := range files {
		b, err := fs.ReadFile(store.Migrations(), name)
		require.NoError(t, err)
		some[strings.TrimPrefix(name, "migrations/")] = &fstest.MapFile{Data: b}
	}
	return some
}

// The tables of a newer benchtest are not touched.
func TestNewerTables(t *testing.T) {
	t.Parallel()
	target, err := store.ParseTarget("", t.TempDir())
	require.NoError(t, err)
	files, err := fs.Glob(store.Migrations(), "migrations/*.sql")
	require.NoError(t, err)
	newer := upTo(t, files)
	newer["00999_later.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE later (id TEXT);\n")}
	db, err := store.OpenWith(t.Context(), target, newer)
	require.NoError(t, err)
	require.NoError(t, db.Close())
	_, err = store.Open(t.Context(), target)
	require.ErrorContains(t, err, "use a newer benchtest")
}

func ofRun(id string) store.Benchmark {
	b := storetest.Benchmark(0)
	b.Info.RunID = id
	return b
}
