package rescore_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rescore"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/reports"
	"github.com/benchtest-dev/benchtest/reports/redact"
)

// The run itself judged what its evidence no longer holds: judged again, that is
// no other verdict but none.
func TestRedactedEvidenceChangesNoVerdict(t *testing.T) {
	t.Parallel()
	const (
		byToken = "  - {label: it has the token's owner, file: /ok, expect: {owner: hunter2-secret}}\n"
		there   = "  - {label: it is there, file: /other, expect: {exists: true}}\n"
		audit   = "validation:\n  tasks:\n    - {label: keeps the token to itself, validator: pattern_match, where: executed_commands, pattern: hunter2, negate: true}\n"
	)
	for name, c := range map[string]struct {
		rules  string
		job    string // what the engine ran
		other  bool   // whether /other is there
		then   []rules.Result
		want   rules.Outcome
		reason string
	}{
		"a fact that held": {byToken, "true", true, results("it has the token's owner", rules.Holds), rules.Errored, "it has the token's owner: expected owner: \"hunter2-secret\", got owner: \"[redacted]\"; evidence redacted: a secret stood where this looks"},
		"a command that stood there": {
			there + audit, "login hunter2-secret", true,
			append(results("it is there", rules.Holds), rules.Result{Label: "keeps the token to itself", Scope: rules.ScopeTasks, Required: true, Status: rules.DoesNotHold}),
			rules.Errored, "evidence redacted: a secret stood where this looks",
		},
		"what no secret stood in":        {there, "login hunter2-secret", false, results("it is there", rules.Holds), rules.Failed, "it is there"},
		"what comes to the same as then": {byToken, "true", true, results("it has the token's owner", rules.DoesNotHold), rules.Failed, "it has the token's owner"},
		"a new rule about a secret":      {byToken, "true", true, nil, rules.Errored, "evidence redacted"},
		"a new rule about nothing of it": {there, "login hunter2-secret", false, nil, rules.Failed, "it is there"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sc := today(t, c.rules)
			a := reports.Attempt{
				RunID: runID, Key: key, Iteration: 1, Outcome: rules.Passed, Results: c.then, Digests: reports.Digests{Rules: rules.Digest(sc.State, sc.Compliance)},
				Circumstances: rules.Circumstances{Judged: true, EngineActed: true, ProviderWell: true},
			}
			v, err := rescore.Judge(sc, &a, hiddenEvidence(t, c.job, c.other))
			require.NoError(t, err)
			assert.Equal(t, c.want, v.Outcome, v.Reason)
			assert.Contains(t, v.Reason, c.reason)
		})
	}
}

func results(label string, s rules.Status) []rules.Result {
	return []rules.Result{{Label: label, Scope: rules.ScopeState, Host: "h1", Required: true, Status: s}}
}

// hiddenEvidence is what a run that keeps a secret to itself stores.
func hiddenEvidence(t *testing.T, ran string, other bool) reports.Evidence {
	t.Helper()
	run, err := reports.NewRun(t.TempDir(), runID)
	require.NoError(t, err)
	defer func() { require.NoError(t, run.Close()) }()
	run.Hide(redact.New([]string{"hunter2-secret"}))
	d, err := run.AttemptDir(key, 1)
	require.NoError(t, err)
	for _, c := range []facts.Checkpoint{facts.Healthy, facts.Faulted, facts.After, facts.Held} {
		answer := facts.Answer{}
		for path, attrs := range map[string]map[string]any{
			"/ok":    {"exists": true, "owner": "hunter2-secret"},
			"/other": {"exists": c != facts.Faulted && other},
		} {
			answer.Facts = append(answer.Facts, facts.Fact{Query: facts.Query{Noun: facts.NounFile, Subject: path}, Grade: facts.GradeHost, Attrs: attrs})
		}
		require.NoError(t, d.WriteSnapshot(facts.NewSnapshot("h1", c, 0, answer)))
	}
	status := 0
	require.NoError(t, d.WriteJob(rules.Job{Tasks: []rules.Task{{Host: "h1", Commands: []rules.Command{{Argv: []string{"sh", "-c", ran}, ExitStatus: &status, Evidence: rules.Observed}}}}}))
	head, err := d.Seal()
	require.NoError(t, err)
	e, err := reports.ReadEvidence(os.DirFS(filepath.Join(run.Dir, d.Name)), head, func(string) bool { return true })
	require.NoError(t, err)
	return e
}
