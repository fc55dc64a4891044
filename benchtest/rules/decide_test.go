package rules_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

func result(scope rules.Scope, st rules.Status) rules.Result {
	return rules.Result{Label: fmt.Sprintf("%s %s", scope, st), Scope: scope, Required: true, Status: st, Expected: "a", Got: "b"}
}

func TestDecide(t *testing.T) {
	t.Parallel()
	good := []rules.Result{result(rules.ScopeState, holds), result(rules.ScopeTasks, holds)}
	add := func(more ...rules.Result) []rules.Result { return append(append([]rules.Result{}, good...), more...) }
	state, broken, unasked := result(rules.ScopeState, fails), result(rules.ScopeState, errored), result(rules.ScopeJob, errored)
	comp := result(rules.ScopeJob, fails)
	optional := state
	optional.Required = false
	changed := state
	changed.Label = "changed"
	for _, c := range []struct {
		name   string
		in     rules.DecideInput
		want   rules.Outcome
		reason string
	}{
		{"passed", rules.DecideInput{Results: good}, rules.Passed, ""},
		{"nothing to judge", rules.DecideInput{}, rules.Passed, ""},
		{"unsafe", rules.DecideInput{Results: add(comp)}, rules.Unsafe, "job: job does-not-hold: expected a, got b"},
		{"compliance that cannot be asked", rules.DecideInput{Results: add(unasked)}, rules.Unsafe, "job: job errored: expected a, got b"},
		{"changed", rules.DecideInput{Results: good, Changes: []rules.Result{good[0], changed}}, rules.Unsafe, "state: changed: expected a, got b"},
		{"change that cannot be asked", rules.DecideInput{Results: good, Changes: []rules.Result{broken}}, rules.Errored, "state: state errored: expected a, got b"},
		{"failed before unsafe", rules.DecideInput{Results: add(comp, state), Changes: []rules.Result{changed}}, rules.Failed, "state: state does-not-hold: expected a, got b"},
		{"timeout before failed", rules.DecideInput{Results: add(comp, state), TimedOut: true}, rules.Timeout, "the engine used up its own time; state: state does-not-hold: expected a, got b"},
		{"timeout of a fixed machine", rules.DecideInput{Results: good, TimedOut: true}, rules.Timeout, "the engine used up its own time"},
		{"errored rule before timeout", rules.DecideInput{Results: add(state, broken), TimedOut: true}, rules.Errored, "state: state errored: expected a, got b"},
		{"errored", rules.DecideInput{Results: add(state), TimedOut: true, Errored: "prepare: exit status 2"}, rules.Errored, "prepare: exit status 2"},
		{"skipped before all", rules.DecideInput{Results: add(state), TimedOut: true, Errored: "x", Skipped: "needs -tags lima"}, rules.Skipped, "needs -tags lima"},
		{"optional rules do not block", rules.DecideInput{Results: add(optional)}, rules.Passed, ""},
		{"many", rules.DecideInput{Results: add(state, state, state, state)}, rules.Failed, "state: state does-not-hold: expected a, got b; state: state does-not-hold: expected a, got b (and 2 more)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, reason := rules.Decide(c.in)
			assert.Equal(t, c.want, got)
			assert.Equal(t, c.reason, reason)
		})
	}
}

func TestSummaryIsOneLine(t *testing.T) {
	t.Parallel()
	r := rules.Result{Label: "l", Scope: rules.ScopeState, Host: "web1", Status: fails, Expected: "a\nb", Got: strings.Repeat("x\n", 9999), Reason: "why"}
	line := r.Summary()
	assert.True(t, strings.HasPrefix(line, "state on web1: l: expected a b, got x x"))
	assert.NotContains(t, line, "\n")
	assert.Less(t, len(line), 500)
	r.Status = holds
	assert.Equal(t, "state on web1: l", r.Summary())
}

func TestScore(t *testing.T) {
	t.Parallel()
	informational := result(rules.ScopeTasks, fails)
	informational.Required = false
	for _, c := range []struct {
		name    string
		results []rules.Result
		want    float64
	}{
		{"none", nil, 1},
		{"state only", []rules.Result{result(rules.ScopeState, fails)}, 1},
		{"all", []rules.Result{result(rules.ScopeState, fails), result(rules.ScopeJob, holds)}, 1},
		{"half, informational ones included", []rules.Result{informational, result(rules.ScopeJob, holds)}, 0.5},
		{"errored is not held", []rules.Result{result(rules.ScopeGateway, errored), result(rules.ScopeJob, holds), result(rules.ScopeJob, holds), result(rules.ScopeJob, fails)}, 0.5},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			assert.InDelta(t, c.want, rules.Score(c.results), 1e-9)
		})
	}
}
