package rescore_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rescore"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/reports"
)

// siblings makes a run with n attempts of one scenario that left the same
// evidence, but for one byte of it: the size of the odd one is 6 and not 5.
func siblings(t *testing.T, n, odd int) (runs string) {
	t.Helper()
	runs = t.TempDir()
	run, err := reports.NewRun(runs, runID)
	require.NoError(t, err)
	started := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	require.NoError(t, run.Log.Append(reports.Event{Kind: reports.RunStarted, RunID: runID, Run: &reports.RunInfo{RunID: runID, Started: started}}))
	for i := range n {
		dir, err := run.AttemptDir(key, i+1)
		require.NoError(t, err)
		size := 5
		if i+1 == odd {
			size = 6
		}
		for _, c := range []facts.Checkpoint{facts.Healthy, facts.Faulted, facts.After, facts.Held} {
			f := facts.Fact{Query: facts.Query{Noun: facts.NounFile, Subject: "/ok"}, Grade: facts.GradeHost, Attrs: map[string]any{"exists": true, "size": size}}
			require.NoError(t, dir.WriteSnapshot(facts.NewSnapshot("h1", c, 0, facts.Answer{Facts: []facts.Fact{f}, At: started})))
		}
		require.NoError(t, dir.WriteJob(rules.Job{Resolution: rules.Success}))
		a := reports.Attempt{RunID: runID, Key: key, Iteration: i + 1, Started: started, Outcome: rules.Passed, Circumstances: rules.Circumstances{Judged: true}, Score: 1, Dir: dir.Name}
		a.Digests.Evidence, err = dir.Seal()
		require.NoError(t, err)
		require.NoError(t, run.Log.Append(reports.Event{Kind: reports.AttemptFinished, RunID: runID, Key: key, Iteration: a.Iteration, Attempt: &a}))
	}
	require.NoError(t, run.Close())
	return runs
}

const sizeIsFive = "  - {label: size, file: /ok, expect: {size: 5}, before: any}\n"

// However much attempts have in common, each is judged by what it left itself.
func TestSiblingsAreJudgedEachOnItsOwn(t *testing.T) {
	t.Parallel()
	const n, odd = 5, 3
	runs := siblings(t, n, odd)
	want := map[int]rules.Outcome{}
	for i := 1; i <= n; i++ {
		want[i] = rules.Passed
	}
	want[odd] = rules.Failed
	for name, s := range map[string]rescore.Store{"directories": rescore.Runs{Dir: runs}, "database": inDatabase(t, runs)} {
		outcomes, errs, _ := found(t, s, sizeIsFive, rescore.Choice{})
		assert.Equal(t, want, outcomes, name)
		for i, err := range errs {
			assert.NoError(t, err, "%s: %d", name, i)
		}
	}
}

// A byte that was changed since is found in the one that has it, in whatever
// file, and the others are judged.
func TestSiblingsWithAChangedByte(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"facts/healthy.jsonl", "facts/faulted.jsonl", "facts/after.jsonl", "facts/held.jsonl", "job.json", "evidence.jsonl"} {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			const n, changed = 3, 2
			runs := siblings(t, n, 0)
			name := filepath.Join(runs, runID, "attempts", filepath.FromSlash(key), fmt.Sprintf("i%d", changed), filepath.FromSlash(file))
			b, err := os.ReadFile(name)
			require.NoError(t, err)
			i := bytes.IndexByte(b, 'e') // of a name: it stays JSON
			require.Positive(t, i)
			b[i] = 'f'
			require.NoError(t, os.WriteFile(name, b, 0o600))
			outcomes, errs, tally := found(t, rescore.Runs{Dir: runs}, sizeIsFive, rescore.Choice{})
			assert.Equal(t, map[int]rules.Outcome{1: rules.Passed, 3: rules.Passed}, outcomes)
			require.ErrorIs(t, errs[changed], reports.ErrEvidence)
			assert.Equal(t, 1, tally.Broken)
		})
	}
}
