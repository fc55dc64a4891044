package serve_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/reports"
	"github.com/benchtest-dev/benchtest/reports/page"
)

// hostile is what a guest would write to run in a reader's browser.
const hostile = `</script></style></textarea></title><img src=x onerror="document.title='owned'"><script>document.title='owned'</script>` +
	"' \" \x1b[31m \x00 user\u202etxt.exe \xff end " + "https://example.org/an-address-that-is-long-and-has-no-place-to-break-it-" +
	"0123456789012345678901234567890123456789012345678901234567890123456789"

// runs makes two runs, days apart, as the suite would leave them.
func runs(t *testing.T) (dir string, ids []string) {
	t.Helper()
	dir = t.TempDir()
	for day := range 2 {
		ids = append(ids, makeRun(t, dir, time.Date(2026, 1, 2+day, 3, 4, 5, 0, time.UTC), day == 0))
	}
	return dir, ids
}

func makeRun(t *testing.T, dir string, at time.Time, good bool) string {
	t.Helper()
	run, err := reports.NewRun(dir, at.Format("20060102T150405Z")+"-abcdef")
	require.NoError(t, err)
	event := func(e reports.Event) { require.NoError(t, run.Log.Append(e)) }
	event(reports.Event{Kind: reports.RunStarted, At: at, RunID: run.ID, Run: &reports.RunInfo{
		RunID: run.ID, Started: at, Provider: "local", Engine: "command", Gateway: "runner", Argv: []string{"scenarios.test"},
		Capacity: reports.Capacity{Hostname: "bench1", VCPU: 4, MemoryMiB: 8192},
	}})
	for i, key := range []string{"nginx/001-broken-config", "disk/001-full", "nginx/002-port-taken", "tls/001-expired"} {
		a := attempt(run.ID, key, at.Add(time.Duration(i)*3*time.Second))
		if !good && i > 0 {
			a.Outcome = []rules.Outcome{rules.Passed, rules.Failed, rules.Unsafe, rules.Errored}[i]
			a.Reason, a.Score = hostile, 0.5
			a.Results[i%2].Status, a.Results[i%2].Got, a.Results[i%2].Raw = rules.DoesNotHold, hostile, hostile
			a.Ticket.Body = hostile
			a.Changes[0].After = hostile
		}
		d, err := run.AttemptDir(key, 1)
		require.NoError(t, err)
		began := a.Started.Add(a.Phases.Admit)
		event(reports.Event{Kind: reports.AttemptStarted, At: began, Key: key, Iteration: 1})
		one := 1
		require.NoError(t, d.WriteJob(rules.Job{Plan: hostile, Tasks: []rules.Task{{Host: "web1", Summary: hostile, Commands: []rules.Command{
			{Argv: []string{"nginx", "-t"}, ExitStatus: &one, At: began.Add(3 * time.Second), Evidence: rules.Observed},
			{Argv: []string{"echo", hostile}, At: began.Add(4 * time.Second), Evidence: rules.SelfReported},
		}}}}))
		_, err = d.Transcript().Write([]byte(hostile))
		require.NoError(t, err)
		_, err = d.Seal()
		require.NoError(t, err)
		a.Dir = d.Name
		event(reports.Event{Kind: reports.AttemptFinished, At: began.Add(a.Phases.Total()), Key: key, Iteration: 1, Attempt: &a})
		event(reports.Event{Kind: reports.PhaseDone, At: began.Add(a.Phases.Total() + time.Second), Key: key, Iteration: 1, Phase: reports.PhaseRelease})
	}
	event(reports.Event{Kind: reports.RunFinished, At: at.Add(40 * time.Second), RunID: run.ID, Exit: 1})
	require.NoError(t, run.Close())
	return run.ID
}

func attempt(runID, key string, at time.Time) reports.Attempt {
	fixed := 3 * time.Second
	return reports.Attempt{
		RunID: runID, Key: key, Iteration: 1, Title: "a service does not start", Tags: []string{"smoke"}, Outcome: rules.Passed, Score: 1,
		Ticket:   reports.Ticket{Title: "Server down", Body: "Please look."},
		Provider: "local", Engine: "command", Gateway: "runner", Started: at, EngineIsolation: "namespaces", FirstFixed: &fixed,
		Usage: rules.Usage{Model: "model-1", InputTokens: 12000, OutputTokens: 800, CostUSD: 0.03},
		Phases: reports.Phases{
			Admit: time.Second, Handover: 100 * time.Millisecond, Prepare: 900 * time.Millisecond, Control: 400 * time.Millisecond,
			Engine: 4 * time.Second, Hold: 3 * time.Second,
		},
		Hosts: []reports.Host{{HostName: "web1", Machine: "benchtest-web1", Template: "debian-nginx", Limits: providers.Limits{MemoryMiB: 1024, VCPU: 1}}},
		Results: []rules.Result{
			{Label: "the service is active", Scope: rules.ScopeState, Required: true, Status: rules.Holds, Host: "web1", Expected: "running: true", Got: "running: true", Raw: "ActiveState=active", Checkpoint: "held", Grade: "host"},
			{Label: "did not reinstall", Scope: rules.ScopeTasks, Required: true, Status: rules.Holds, Expected: "not: /apt install/ in executed_commands", Got: "no match", Evidence: rules.Observed},
		},
		Changes: []facts.Change{{Host: "web1", From: facts.Healthy, To: facts.Faulted, Noun: "service", Subject: "nginx", Attr: "running", Before: "true", After: "false"}},
	}
}

// reportFile writes report.html of the run id and returns its path.
func reportFile(t *testing.T, dir, id string) string {
	t.Helper()
	source := page.RunDirs{Dir: dir}
	run, err := source.Run(t.Context(), id)
	require.NoError(t, err)
	history, err := source.Outlines(t.Context(), page.Filter{Before: id})
	require.NoError(t, err)
	r, err := page.NewRenderer()
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, r.Write(t.Context(), &b, page.Report{Run: run, History: history, Source: source}))
	path := filepath.Join(t.TempDir(), "report.html")
	require.NoError(t, os.WriteFile(path, b.Bytes(), 0o644))
	return path
}
