package serve_test

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/reports"
	"github.com/benchtest-dev/benchtest/reports/page"
	"github.com/benchtest-dev/benchtest/reports/page/serve"
	"github.com/benchtest-dev/benchtest/reports/store"
	"github.com/benchtest-dev/benchtest/reports/store/storetest"
)

// resumedRun makes a run that was cut in its second attempt, resumed, and of which
// one attempt was flushed.
func resumedRun(t *testing.T, dir string) string {
	t.Helper()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	run, err := reports.NewRun(dir, at.Format("20060102T150405Z")+"-abcdef")
	require.NoError(t, err)
	event := func(e reports.Event) {
		at = at.Add(time.Second)
		e.RunID, e.At = run.ID, at
		require.NoError(t, run.Log.Append(e))
	}
	attempted := func(key string, iteration int, o rules.Outcome) {
		event(reports.Event{Kind: reports.AttemptStarted, Key: key, Iteration: iteration})
		a := reports.Attempt{RunID: run.ID, Key: key, Iteration: iteration, Outcome: o, Cut: o == rules.Errored, Score: 1, Started: at}
		event(reports.Event{Kind: reports.AttemptFinished, Key: key, Iteration: iteration, Attempt: &a})
	}
	event(reports.Event{Kind: reports.RunStarted, Run: &reports.RunInfo{RunID: run.ID, Started: at}})
	attempted("disk/001-full", 1, rules.Passed)
	attempted("nginx/001-broken", 1, rules.Errored)
	event(reports.Event{Kind: reports.RunFinished, Exit: 1})
	event(reports.Event{Kind: reports.RunResumed})
	attempted("nginx/001-broken", 2, rules.Passed)
	attempted("tls/001-expired", 1, rules.Failed)
	event(reports.Event{Kind: reports.RunFinished})
	event(reports.Event{Kind: reports.Flushed, Key: "tls/001-expired", Iteration: 1})
	require.NoError(t, run.Close())
	return run.ID
}

// Directories and both databases count alike, and as the resumed run did: it passed.
func TestResumedRunIsCountedAlike(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	id := resumedRun(t, dir)
	brought := func(t *testing.T, url string) page.Source {
		t.Helper()
		target, err := store.ParseTarget(url, t.TempDir())
		require.NoError(t, err)
		db, err := store.Open(t.Context(), target)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, db.Close()) })
		_, err = store.Import(t.Context(), db, filepath.Join(dir, id))
		require.NoError(t, err)
		return serve.Database{Reader: db}
	}
	files := page.RunDirs{Dir: dir}
	want, err := files.Outlines(t.Context(), page.Filter{})
	require.NoError(t, err)
	for name, from := range map[string]func(*testing.T) page.Source{
		"directories": func(*testing.T) page.Source { return files },
		"SQLite":      func(t *testing.T) page.Source { t.Helper(); return brought(t, "") },
		"PostgreSQL": func(t *testing.T) page.Source {
			t.Helper()
			return brought(t, storetest.StartPostgres(t).NewDatabase(t))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := from(t)
			got, err := source.Outlines(t.Context(), page.Filter{})
			require.NoError(t, err)
			assert.Equal(t, want, got)
			h, err := serve.Handler(source, []string{"127.0.0.1"})
			require.NoError(t, err)
			s := httptest.NewServer(h)
			t.Cleanup(s.Close)
			cut := "/run/" + id + "/attempt/nginx/001-broken/i1"
			for path, says := range map[string][]string{
				"/":          {"100 % passed", "2 scored of 2 attempted"},
				"/run/" + id: {"All 2 attempts passed", "1 attempt was cut, and made again", `href="` + cut + `"`},
				cut:          {"This attempt was cut, and made again"},
			} {
				resp, body := ask(t, http.MethodGet, s.URL+path, nil)
				assert.Equal(t, http.StatusOK, resp.StatusCode, path)
				for _, want := range says {
					assert.Contains(t, body, want, path)
				}
				assert.NotContains(t, body, "tls/001-expired", path)
			}
			resp, _ := ask(t, http.MethodGet, s.URL+"/run/"+id+"/attempt/nginx/001-broken/i2", nil)
			assert.Equal(t, http.StatusOK, resp.StatusCode)
		})
	}
}
