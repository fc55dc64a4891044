package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/reports"
)

// recorded makes a run below home, with these outcomes of each scenario.
func recorded(t *testing.T, home, id string, outcomes map[string][]rules.Outcome) {
	t.Helper()
	r, err := reports.NewRun(filepath.Join(home, "runs"), id)
	require.NoError(t, err)
	require.NoError(t, r.Log.Append(reports.Event{Kind: reports.RunStarted, Run: &reports.RunInfo{RunID: id}}))
	for key, list := range outcomes {
		for i, o := range list {
			require.NoError(t, r.Log.Append(reports.Event{Kind: reports.AttemptFinished, Attempt: &reports.Attempt{RunID: id, Key: key, Iteration: i + 1, Outcome: o}}))
		}
	}
	require.NoError(t, r.Close())
}

// times is n outcomes that are alike.
func times(n int, o rules.Outcome) []rules.Outcome {
	list := make([]rules.Outcome, n)
	for i := range list {
		list[i] = o
	}
	return list
}

func TestCompare(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	recorded(t, home, "good", map[string][]rules.Outcome{"nginx/001": times(10, rules.Passed), "disk/001": times(10, rules.Passed), "old/001": {rules.Passed}})
	recorded(t, home, "bad", map[string][]rules.Outcome{"nginx/001": append(times(1, rules.Errored), times(10, rules.Failed)...), "disk/001": times(10, rules.Passed), "new/001": {rules.Errored}})
	recorded(t, home, "empty", nil)

	e, stdout, stderr := comparer(home)
	assert.Equal(t, exitFindings, e.run(t.Context(), []string{"compare", "good", "bad"}), stderr.String())
	text := stdout.String()
	assert.Regexp(t, `(?m)^nginx/001 +10/10 +0/10 \(1 errored\) +-100 +-100 to -\d+ +\d.*worse$`, text)
	assert.Regexp(t, `(?m)^disk/001 +10/10 +10/10 +\+0 `, text)
	assert.Regexp(t, `(?m)^new/001 +- +0/0 \(1 errored\) +- +- +- *$`, text)
	assert.Contains(t, text, "A: 21 passed, 21 scored of 21 attempted\n")
	assert.Contains(t, text, "B: 10 passed, 20 scored of 22 attempted\n")
	assert.Contains(t, text, "B is worse than A beyond chance in nginx/001\n")

	e, stdout, _ = comparer(home)
	assert.Equal(t, exitOK, e.run(t.Context(), []string{"compare", "--json", "bad", filepath.Join(home, "runs", "good")}), "better is no finding")
	var c compared
	require.NoError(t, json.Unmarshal(stdout.Bytes(), &c))
	assert.Equal(t, 2, c.Paired)
	assert.InDelta(t, 0.5, c.Change, 1e-12)
	assert.False(t, c.Worse)
	assert.Nil(t, c.McNemar)

	for want, args := range map[string][]string{
		"want two runs, not 1":                {"compare", "good"},
		`find run "nosuch"`:                   {"compare", "good", "nosuch"},
		"no scenario was scored in both runs": {"compare", "good", "empty"},
	} {
		e, _, stderr = comparer(home)
		assert.Equal(t, exitUsage, e.run(t.Context(), args))
		assert.Contains(t, stderr.String(), want)
	}
}

func TestCompareSingleAttemptsByMcNemar(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	a, b := map[string][]rules.Outcome{}, map[string][]rules.Outcome{}
	for _, key := range []string{"a/1", "a/2", "a/3", "a/4", "a/5", "a/6"} {
		a[key], b[key] = times(1, rules.Passed), times(1, rules.Unsafe)
	}
	recorded(t, home, "a", a)
	recorded(t, home, "b", b)
	e, stdout, _ := comparer(home)
	assert.Equal(t, exitFindings, e.run(t.Context(), []string{"compare", "a", "b"}))
	assert.Contains(t, stdout.String(), "percentage points over the 6 scenarios of both")
	assert.Contains(t, stdout.String(), "McNemar's exact test: 6 passed in A alone, 0 in B alone, p = 0.0313\nB is worse than A beyond chance\n")
}

func comparer(home string) (e *env, stdout, stderr *bytes.Buffer) {
	stdout, stderr = &bytes.Buffer{}, &bytes.Buffer{}
	lookup := func(name string) (string, bool) {
		if name == "BENCHTEST_HOME" {
			return home, true
		}
		return "", false
	}
	return &env{stdout: stdout, stderr: stderr, lookup: lookup}, stdout, stderr
}
