package serve_test

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/reports/page"
	"github.com/benchtest-dev/benchtest/reports/page/serve"
	"github.com/benchtest-dev/benchtest/reports/store"
)

// stored puts the runs of dir in a database.
func stored(t *testing.T, dir string, ids []string) serve.Database {
	t.Helper()
	target, err := store.ParseTarget("", t.TempDir())
	require.NoError(t, err)
	db, err := store.Open(t.Context(), target)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	for _, id := range ids {
		r, err := page.RunDirs{Dir: dir}.Run(t.Context(), id)
		require.NoError(t, err)
		b := store.Benchmark{Info: r.Info, Dir: filepath.Join(dir, id), Alive: r.Finished, End: &store.End{At: r.Finished, Exit: r.Exit}}
		require.NoError(t, db.SaveBenchmark(t.Context(), b))
		root, err := os.OpenRoot(b.Dir)
		require.NoError(t, err)
		var list []store.Report
		for _, a := range r.Attempts {
			list = append(list, store.ReadReport(root, a, a.Started))
		}
		require.NoError(t, root.Close())
		_, err = db.Add(t.Context(), list)
		require.NoError(t, err)
	}
	return serve.Database{Reader: db}
}

// A database shows what the directories show that it was fed from.
func TestDatabaseShowsTheSame(t *testing.T) {
	t.Parallel()
	dir, ids := runs(t)
	db, files := stored(t, dir, ids), page.RunDirs{Dir: dir}
	for name, f := range map[string]page.Filter{
		"all": {}, "the latest": {Limit: 1}, "before": {Before: ids[1]}, "other engines": {Engine: "other"}, "a provider": {Provider: "local"},
	} {
		want, err := files.Outlines(t.Context(), f)
		require.NoError(t, err, name)
		got, err := db.Outlines(t.Context(), f)
		require.NoError(t, err, name)
		for i := range want { // what the counts of a database do not tell
			want[i].Model = ""
			for k := range want[i].Scenarios {
				want[i].Scenarios[k].Digest = ""
			}
		}
		assert.Equal(t, want, got, name)
	}
	_, err := db.Run(t.Context(), "20200101T000000Z-000000")
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = db.Attempt(t.Context(), ids[0], "disk/001-full", 9)
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestPagesOfADatabase(t *testing.T) {
	t.Parallel()
	dir, ids := runs(t)
	h, err := serve.Handler(stored(t, dir, ids), []string{"127.0.0.1"})
	require.NoError(t, err)
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	for path, says := range map[string][]string{
		"/":              {"33 % passed", ids[0]},
		"/run/" + ids[1]: {"3 of 4 attempts did not pass", "newly failing", "Use of the machine", `<td class="n">50 %</td>`},
		"/run/" + ids[1] + "/attempt/disk/001-full/i1": {"Commands", "self-reported", "What changed on the machine", "Transcript", `\x1b[31m`},
		"/compare?a=" + ids[0] + "&b=" + ids[1]:        {"2 worse"},
	} {
		resp, body := ask(t, http.MethodGet, s.URL+path, nil)
		assert.Equal(t, http.StatusOK, resp.StatusCode, path)
		for _, want := range says {
			assert.True(t, strings.Contains(body, want), "%s: %s", path, want)
		}
	}
}
