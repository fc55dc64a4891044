package store_test

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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
		require.NoError(t, old.Close())

		db, err := store.Open(t.Context(), target)
		require.NoErrorf(t, err, "from version %d", n)
		got, err := db.Report(t.Context(), "run-old/nginx/001-a/i1")
		require.NoError(t, err)
		assert.Equal(t, "nginx/001-a", got.Attempt.Key)
		assert.Equal(t, "the service is up", got.Attempt.Results[0].Label)
		_, err = db.Add(t.Context(), []store.Report{storetest.Report(t, ofRun("run-old"), "nginx/001-a", 2)})
		require.NoError(t, err)
		require.NoError(t, db.Close())
	}
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
