package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/benchtest/stats"
	"github.com/benchtest-dev/benchtest/reports"
	"github.com/benchtest-dev/benchtest/reports/store"
)

func verdictsAdded(t *testing.T, db *store.DB) {
	t.Helper()
	id := save(t, db, Benchmark(0), "nginx/001-a")[0].ID()
	for _, c := range []struct {
		name    string
		hours   int
		rules   string
		outcome rules.Outcome
		status  rules.Status
		isNew   bool
	}{
		{"the first", 2, "dd", rules.Passed, rules.RuleErrored, true},
		{"at the same moment", 2, "dd", rules.Failed, rules.RuleErrored, false},
		{"equal and later", 3, "dd", rules.Passed, rules.RuleErrored, false},
		{"equal and earlier, as an import brings it", 1, "dd", rules.Passed, rules.RuleErrored, false},
		{"another result", 4, "dd", rules.Passed, rules.Holds, true},
		{"another outcome", 5, "dd", rules.Failed, rules.Holds, true},
		{"other rules", 6, "ee", rules.Failed, rules.Holds, true},
		{"other rules at the same moment", 6, "ff", rules.Failed, rules.Holds, true},
		{"as once before", 7, "dd", rules.Passed, rules.RuleErrored, true},
		{"other rules and earlier", 0, "aa", rules.Passed, rules.RuleErrored, true},
	} {
		got, err := db.AddVerdict(t.Context(), id, reports.Verdict{
			At: Start.Add(time.Duration(c.hours) * time.Hour), Outcome: c.outcome, Score: 1, Rules: c.rules, Reason: Hostile,
			Results: []rules.Result{{Label: Hostile, Scope: rules.ScopeJob, Status: c.status, Reason: "fact missing"}},
		})
		require.NoError(t, err, c.name)
		assert.Equal(t, c.isNew, got, c.name)
	}
	got, err := db.Report(t.Context(), id)
	require.NoError(t, err)
	assert.Equal(t, rules.Unsafe, got.Attempt.Outcome)
	assert.Len(t, got.Attempt.Results, 3)
	var order []string
	for _, v := range got.Attempt.Rescored {
		order = append(order, fmt.Sprintf("%s at %.0f", v.Rules, v.At.Sub(Start).Hours()))
	}
	assert.Equal(t, []string{"aa at 0", "dd at 2", "dd at 4", "dd at 5", "ee at 6", "ff at 6", "dd at 7"}, order)
	judged, err := db.ReadJudged(t.Context(), id)
	require.NoError(t, err)
	require.Len(t, judged, 1)
	sameJudged(t, got.Attempt, judged[0])
	last := got.Attempt.Verdict()
	assert.Equal(t, rules.Passed, last.Outcome)
	assert.Equal(t, Shown, last.Reason)
	assert.Equal(t, "fact missing", last.Results[0].Reason)
	_, err = db.AddVerdict(t.Context(), "nobody", reports.Verdict{})
	require.ErrorIs(t, err, store.ErrNotFound)
}

// sameJudgedAtOnce: of several that are read together each has what is its own,
// in the order that was asked for.
func sameJudgedAtOnce(t *testing.T, db *store.DB, want []reports.Attempt) {
	t.Helper()
	require.Greater(t, len(want), 1)
	var ids []string
	for i := range slices.Backward(want) {
		ids = append(ids, want[i].ID())
	}
	got, err := db.ReadJudged(t.Context(), ids...)
	require.NoError(t, err)
	require.Len(t, got, len(want))
	for i := range got {
		sameJudged(t, want[len(want)-1-i], got[i])
	}
	_, err = db.ReadJudged(t.Context(), ids[0], "nobody")
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = db.ReadJudged(t.Context(), slices.Repeat(ids[:1], store.JudgedAtOnce+1)...)
	require.Error(t, err)
	_, err = db.ReadJudged(t.Context())
	require.Error(t, err)
}

// sameJudged requires that judged is whole as far as it takes part in judging
// again: of results that anyone can come to again that is how they came out.
func sameJudged(t *testing.T, whole, judged reports.Attempt) {
	t.Helper()
	assert.Equal(t, whole.ID(), judged.ID())
	assert.Equal(t, whole.Outcome, judged.Outcome)
	assert.Equal(t, whole.Circumstances, judged.Circumstances)
	assert.Equal(t, whole.Phases.Engine, judged.Phases.Engine)
	assert.Equal(t, whole.Digests.Rules, judged.Digests.Rules)
	assert.Equal(t, whole.Digests.Evidence, judged.Digests.Evidence)
	assert.Equal(t, whole.Rescored, judged.Rescored)
	require.Len(t, judged.Results, len(whole.Results))
	for i, r := range whole.Results {
		if !r.Once {
			r = rules.Result{Label: r.Label, Scope: r.Scope, Required: r.Required, Status: r.Status, Host: r.Host}
			j := judged.Results[i]
			judged.Results[i] = rules.Result{Label: j.Label, Scope: j.Scope, Required: j.Required, Status: j.Status, Host: j.Host}
		}
		assert.Equal(t, r, judged.Results[i])
	}
}

func remadeTold(t *testing.T, db *store.DB) {
	t.Helper()
	b := Benchmark(0)
	require.NoError(t, db.SaveBenchmark(t.Context(), b))
	var list []store.Report
	for i, key := range []string{"disk/001-a", "nginx/001-a", "nginx/001-a", "nginx/001-a"} {
		list = append(list, Report(t, b, key, i+1))
	}
	_, err := db.Add(t.Context(), list)
	require.NoError(t, err)
	for range 2 {
		require.NoError(t, db.MarkRemade(t.Context(), []string{list[0].ID(), list[1].ID(), "run-000/nobody/i1"}))
	}
	require.NoError(t, db.MarkRemade(t.Context(), nil))
	rec, err := db.Record(t.Context(), "run-000")
	require.NoError(t, err)
	require.Len(t, rec.Attempts, 4, "it stays as history")
	for _, a := range rec.Attempts {
		assert.Equal(t, a.Iteration <= 2, a.Remade, a.ID())
		alone, err := db.Report(t.Context(), a.ID())
		require.NoError(t, err)
		assert.Equal(t, alone.Attempt, a)
	}
	assert.Equal(t, []stats.Scenario{{Key: "nginx/001-a", Tally: stats.Tally{Scored: 2, Attempted: 2}}}, reports.Tallies(rec.Attempts))
	cells, err := db.Overview(t.Context(), store.Filter{})
	require.NoError(t, err)
	assert.Equal(t, []store.Cell{{Benchmark: "run-000", Scenario: "nginx/001-a", Outcome: rules.Unsafe, Attempts: 2, Score: 1}}, cells)
}
