package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/reports/store"
	"github.com/benchtest-dev/benchtest/reports/store/storetest"
)

// intoDatabase brings the runs of home into the database of url, or of another
// home without directories, which it returns.
func intoDatabase(t *testing.T, home, url string) string {
	t.Helper()
	other := t.TempDir()
	target, err := store.ParseTarget(url, other)
	require.NoError(t, err)
	db, err := store.Open(t.Context(), target)
	require.NoError(t, err)
	runs, err := filepath.Glob(filepath.Join(home, "runs", "*"))
	require.NoError(t, err)
	for _, run := range runs {
		_, err := store.Import(t.Context(), db, run)
		require.NoError(t, err)
	}
	require.NoError(t, db.Close())
	return other
}

// What commands say of runs is the same wherever those come from.
func TestRecordsFromDirectoryAndDatabase(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	ended(t, home, "20260102T030405Z-aaaaaa", map[string]rules.Outcome{"a/1": rules.Passed, "b/1": rules.Failed, "c/1": rules.Errored})
	ended(t, home, "20260103T030405Z-bbbbbb", map[string]rules.Outcome{"a/1": rules.Unsafe, "b/1": rules.Failed, "d/1": rules.Skipped})
	sources := map[string]func(t *testing.T) (home, url string){
		"directories": func(*testing.T) (string, string) { return home, "" },
		"SQLite":      func(t *testing.T) (string, string) { t.Helper(); return intoDatabase(t, home, ""), "" },
		"PostgreSQL": func(t *testing.T) (string, string) {
			t.Helper()
			url := storetest.StartPostgres(t).NewDatabase(t)
			return intoDatabase(t, home, url), url
		},
	}
	want := said(t, home, "")
	require.Contains(t, want, `"message": "a/1"`)
	for name, from := range sources {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, url := from(t)
			assert.Equal(t, want, said(t, h, url))
		})
	}
}

// said is all that commands say of the two runs, which are named by how their
// IDs begin.
func said(t *testing.T, home, url string) string {
	t.Helper()
	var all strings.Builder
	out := filepath.Join(t.TempDir(), "atif")
	for _, args := range [][]string{
		{"compare", "20260102", "20260103"},
		{"compare", "20260102T030405Z-aaaaaa", "20260103T", "--json"},
		{"export", "20260102", "20260103T030405Z-bbbbbb"},
		{"export", "20260102", "--format=atif", "--output", out},
		{"compare", "20260102", "2026010"},
		{"compare", "20260102", "20260104"},
	} {
		e, stdout, stderr := comparer(home)
		if url != "" {
			args = append(args, "--db", url)
		}
		code := e.run(t.Context(), args)
		problem, _, _ := strings.Cut(stderr.String(), ", in ") // where it looked
		_, _ = fmt.Fprintf(&all, "%s: %d\n%s%s\n", args[:3], code, stdout, problem)
	}
	require.NoError(t, filepath.WalkDir(out, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		_, _ = all.Write(text)
		return err
	}))
	return all.String()
}

func TestRecordsAlike(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	ended(t, home, "20260102T030405Z-aaaaaa", map[string]rules.Outcome{"a/1": rules.Passed})
	stored := intoDatabase(t, home, "")
	ended(t, stored, "20260102T030405Z-cccccc", map[string]rules.Outcome{"a/1": rules.Failed})
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"one here, one stored":   {[]string{"compare", "20260102T030405Z-c", "20260102T030405Z-a"}, exitOK, ""},
		"which of both":          {[]string{"compare", "20260102", "20260102T030405Z-a"}, exitUsage, "several runs are called so: 20260102T030405Z-cccccc, 20260102T030405Z-aaaaaa: give more of the ID, in "},
		"a baseline that stored": {[]string{"merge", "20260102T030405Z-c", "--fail=no-regression=20260102T030405Z-a"}, exitOK, ""},
		"a shard is no baseline": {[]string{"merge", "20260102T030405Z-a"}, exitUsage, "20260102T030405Z-aaaaaa is in the database alone, without the files of its evidence: merge on the machine that has its directory"},
		"no database":            {[]string{"compare", "20260102T030405Z-a", "20260102T030405Z-c", "--db=none"}, exitUsage, "the nearest are "},
		"a database not there":   {[]string{"compare", "20260102T030405Z-a", "20260102T030405Z-c", "--db=sqlite:///nonexistent/x.db"}, exitUsage, "; there is no sqlite:///nonexistent/x.db"},
		"a bad name":             {[]string{"compare", "20260102T030405Z-a", "20260102T030405Z-c", "--db=mysql://x"}, exitUsage, "--db or BENCHTEST_DB: bad database, of kind \"mysql\""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, _, stderr := comparer(stored)
			assert.Equal(t, c.code, e.run(t.Context(), c.args), stderr.String())
			assert.Contains(t, stderr.String(), c.says)
		})
	}
	empty := t.TempDir()
	e, _, _ := comparer(empty)
	assert.Equal(t, exitUsage, e.run(t.Context(), []string{"export", "x"}))
	assert.NoFileExists(t, filepath.Join(empty, "benchtest.db"), "reading makes no database")
}
