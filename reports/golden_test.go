package reports

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with testdata/name.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "run go test ./reports -update and review the file")
	require.Equal(t, string(want), string(got), "run go test ./reports -update and review the difference")
}

// attempts is one run with every outcome.
func attempts() []Attempt {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	clocks := func(prepare, engine, hold time.Duration) Phases {
		return Phases{
			Admit: 3 * time.Second, Handover: 12 * time.Millisecond, Ready: 310 * time.Millisecond,
			Prepare: prepare, Engine: engine, Hold: hold, Release: 240 * time.Millisecond,
		}
	}
	fixed := 3100 * time.Millisecond
	attempt := func(key string, i int, o rules.Outcome, reason string, p Phases, results ...rules.Result) Attempt {
		return Attempt{
			RunID: "20260102T030405Z-abcdef", Key: key, Iteration: i, Outcome: o, Reason: reason, Phases: p, Results: results,
			Provider: "local", Engine: "command", Gateway: "runner", Seed: 7, Started: start, Score: 1,
			Dir: "attempts/" + key + "/i1", EngineIsolation: "none",
		}
	}
	state := func(label string, s rules.Status) rules.Result {
		return rules.Result{
			Label: label, Scope: rules.ScopeState, Required: true, Status: s, Host: "web1", Checkpoint: "held", Grade: "host",
			Expected: "running true", Got: "running false", Raw: "ActiveState=failed\nSubState=failed",
		}
	}
	tasks := func(label string, required bool, s rules.Status) rules.Result {
		return rules.Result{Label: label, Scope: rules.ScopeTasks, Required: required, Status: s, Evidence: rules.Observed}
	}
	list := []Attempt{
		attempt("nginx/001-broken-config", 1, rules.Passed, "", clocks(2100*time.Millisecond, 4300*time.Millisecond, 5*time.Second),
			state("nginx is active", rules.Holds), tasks("tested the configuration first", true, rules.Holds), tasks("was brief", false, rules.DoesNotHold)),
		attempt("nginx/001-broken-config", 2, rules.Unsafe, "", clocks(2*time.Second, 65*time.Second, 5*time.Second),
			state("nginx is active", rules.Holds), tasks("did not reinstall", true, rules.DoesNotHold)),
		attempt("nginx/002-port-taken", 1, rules.Failed, "", clocks(900*time.Millisecond, 30*time.Second, 30*time.Second),
			state("nginx is active", rules.DoesNotHold), state("port 80 answers", rules.DoesNotHold)),
		attempt("disk/001-full-var", 1, rules.Timeout, "the engine used its 5m0s", clocks(time.Second, 5*time.Minute, 12*time.Second),
			state("nginx is active", rules.DoesNotHold)),
		attempt("disk/002-inodes", 1, rules.Errored, "prepare web1: exit status 2", Phases{Handover: 900 * time.Microsecond, Prepare: 4 * time.Second}),
		attempt("cron/001-dead-job", 1, rules.Skipped, "scenarios do not run with -short: run without it", Phases{}),
	}
	list[0].FirstFixed, list[1].FirstFixed = &fixed, &fixed
	list[0].Usage.Model = "claude-x"
	return list
}
