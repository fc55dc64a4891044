package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/reports"
)

func TestExport(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	recorded(t, home, "one", map[string][]rules.Outcome{"a/1": times(2, rules.Passed)})
	recorded(t, home, "two", map[string][]rules.Outcome{"a/1": times(1, rules.Failed), "../../out": times(1, rules.Failed)})

	e, stdout, _ := comparer(home)
	require.Equal(t, exitOK, e.run(t.Context(), []string{"export", "one", "two"}))
	assert.Equal(t, 5, strings.Count(stdout.String(), "\n"))
	assert.Contains(t, stdout.String(), "one,a/1,2,passed,true,")

	out := filepath.Join(t.TempDir(), "runs.csv")
	e, _, _ = comparer(home)
	require.Equal(t, exitOK, e.run(t.Context(), []string{"export", "one", "--output", out}))
	text, err := os.ReadFile(out)
	require.NoError(t, err)
	assert.Contains(t, string(text), "one,a/1,1,passed,true,")

	dir := filepath.Join(t.TempDir(), "atif")
	e, _, stderr := comparer(home)
	assert.Equal(t, exitFindings, e.run(t.Context(), []string{"export", "one", "two", "--format=atif", "--output", dir}))
	assert.FileExists(t, filepath.Join(dir, "one/a/1/i1.json"))
	assert.FileExists(t, filepath.Join(dir, "two/a/1/i1.json"))
	assert.Contains(t, stderr.String(), "two/../../out/i1: write trajectory", "a record does not say where to write")
	assert.NoFileExists(t, filepath.Join(filepath.Dir(dir), "out/i1.json"))

	for want, args := range map[string][]string{
		"which runs? By ID or directory":    {"export"},
		"--format xml: want csv or atif":    {"export", "one", "--format=xml"},
		"say where with --output DIRECTORY": {"export", "one", "--format=atif"},
		"make the output directory":         {"export", "one", "--format=atif", "--output", dir},
		`find run "nosuch"`:                 {"export", "nosuch"},
	} {
		e, _, stderr := comparer(home)
		assert.Equal(t, exitUsage, e.run(t.Context(), args), want)
		assert.Contains(t, stderr.String(), want)
	}
}

// The job record of an attempt comes out of its evidence, which has to be whole.
func TestExportTakesVerifiedEvidence(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	r, err := reports.NewRun(filepath.Join(home, "runs"), "one")
	require.NoError(t, err)
	d, err := r.AttemptDir("a/1", 1)
	require.NoError(t, err)
	require.NoError(t, d.WriteJob(rules.Job{Plan: "look at it"}))
	head, err := d.Seal()
	require.NoError(t, err)
	require.NoError(t, d.Close())
	require.NoError(t, r.Log.Append(reports.Event{Kind: reports.AttemptFinished, Attempt: &reports.Attempt{
		RunID: "one", Key: "a/1", Iteration: 1, Outcome: rules.Passed, Dir: d.Name, Digests: reports.Digests{Evidence: head},
	}}))
	require.NoError(t, r.Close())

	dir := filepath.Join(t.TempDir(), "atif")
	e, _, stderr := comparer(home)
	require.Equal(t, exitOK, e.run(t.Context(), []string{"export", "one", "--format=atif", "--output", dir}), stderr.String())
	text, err := os.ReadFile(filepath.Join(dir, "one/a/1/i1.json"))
	require.NoError(t, err)
	assert.Contains(t, string(text), `"message": "look at it"`)

	jobs, err := filepath.Glob(filepath.Join(home, "runs/one", d.Name, "job*"))
	require.NoError(t, err)
	require.Len(t, jobs, 1)
	require.NoError(t, os.WriteFile(jobs[0], []byte(`{"plan":"another"}`), 0o600))
	e, _, stderr = comparer(home)
	assert.Equal(t, exitFindings, e.run(t.Context(), []string{"export", "one", "--format=atif", "--output", dir + "2"}))
	assert.Contains(t, stderr.String(), "one/a/1/i1: ")
}
