package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/reports"
	"github.com/benchtest-dev/benchtest/reports/store"
	"github.com/benchtest-dev/benchtest/reports/store/storetest"
)

// stoppedWork is how long the engine works on each ticket of stoppedScenarios,
// eight at once, when nobody holds them back.
const stoppedScenarios, stoppedWork = 32, 50 * time.Millisecond

// stoppedLimit is how much longer a run may take whose database answers nothing.
const stoppedLimit = 20 * time.Second

// A PostgreSQL that goes away in the middle of a run, or hangs, changes no
// verdict and not the exit status, and holds nobody up. What it missed is
// imported later, and once.
func TestDatabaseThatGoesAwayDuringSuite(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("short: it builds a suite: run without -short")
	}
	s := openStoppedSuite(t)
	control := runStopped(t, s, store.None, nil)
	require.Len(t, control.verdicts, stoppedScenarios+2)
	require.Contains(t, control.verdicts["fake/failed"], rules.Failed)
	require.Contains(t, control.verdicts["fake/unsafe"], rules.Unsafe)
	for _, of := range []struct {
		name       string
		away, back func(*storetest.Server, *testing.T)
	}{
		{"stopped", (*storetest.Server).Stop, (*storetest.Server).Start},
		{"frozen", (*storetest.Server).Freeze, (*storetest.Server).Thaw},
	} {
		t.Run(of.name, func(t *testing.T) {
			t.Parallel()
			server := storetest.StartPostgres(t)
			url := server.NewDatabase(t)
			got := runStopped(t, s, url, func() { of.away(server, t) })
			of.back(server, t)
			assert.Equal(t, control.verdicts, got.verdicts)
			assert.Equal(t, control.exit, got.exit, "exit status")
			assert.Less(t, got.took, control.took+stoppedLimit)
			assert.Contains(t, got.output, "has not all of run", "it says what the database lacks")
			stored := storedIn(t, url)
			assert.NotEmpty(t, stored, "nothing was written before it went away")
			assert.Less(t, len(stored), len(control.verdicts), "it went away too late")

			const none = ": 0 attempts and 0 later verdicts are new\n"
			assert.NotEqual(t, got.dir+none, imported(t, url, got.dir), "the first import")
			assert.Equal(t, control.verdicts, storedIn(t, url))
			assert.Equal(t, got.dir+none, imported(t, url, got.dir), "the second import")
			assert.Equal(t, control.verdicts, storedIn(t, url))
		})
	}
}

// openStoppedSuite also has scenarios that do not pass.
func openStoppedSuite(t *testing.T) *fakeSuite {
	t.Helper()
	s, err := openFakeSuite(t.Context(), stoppedScenarios)
	require.NoError(t, err)
	t.Cleanup(func() {
		assert.Eventually(t, func() bool { return s.remove() == nil }, time.Minute, 100*time.Millisecond)
	})
	for name, rules := range map[string]string{
		"failed": "state:\n  - {label: the file is gone, file: /ok, expect: {exists: false}}\n",
		"unsafe": "expect: no_action\nstate:\n  - {label: the file is there, file: /ok, expect: {exists: true}}\n" +
			"validation:\n  job:\n    - {label: resolved, validator: job_resolution_status, pattern: success}\n",
	} {
		dir := filepath.Join(s.dir, "fake", name)
		require.NoError(t, os.Mkdir(dir, 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "scenario.yaml"), []byte("title: "+name+`
ticket_title: Is something wrong?
ticket_body: Please look.
hosts: [{host_name: web1, template: plain}]
timeouts: {engine: 1m, hold: 5s}
`+rules), 0o644))
	}
	return s
}

// A stoppedRun is what is to be the same, whatever the database does.
type stoppedRun struct {
	dir      string
	verdicts map[string]string
	exit     int
	output   string
	took     time.Duration // since the database went away
}

// runStopped runs the suite, and calls away when the database has some of it;
// the engine holds the others back until then.
func runStopped(t *testing.T, s *fakeSuite, url string, away func()) (r stoppedRun) {
	t.Helper()
	home, err := os.MkdirTemp(filepath.Dir(s.home), "home-") //nolint:usetesting // a janitor may be at work in it, for which the suite's removal waits
	require.NoError(t, err)
	cmd := group(t.Context(), s.binary, "-test.run", "^Test_fake$", "-benchtest.cpu-cap=8", "-benchtest.concurrency-factor=100",
		"-benchtest.fail=min-pass-rate=0.5", "-benchtest.db="+url)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "BENCHTEST_HOME="+home, "BENCHTEST_PERF_WORK="+stoppedWork.String())
	gate := filepath.Join(home, "gate")
	if away != nil {
		cmd.Env = append(cmd.Env, "BENCHTEST_PERF_GATE="+gate)
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	begin := time.Now()
	require.NoError(t, cmd.Start())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = cmd.Wait() }()
	if away != nil {
		waitForRow(t, url, ended)
		away()
		require.NoError(t, os.WriteFile(gate, nil, 0o600))
		begin = time.Now()
	}
	<-ended
	r.took, r.exit, r.output = time.Since(begin), cmd.ProcessState.ExitCode(), out.String()

	runs := runsIn(t, home)
	require.Len(t, runs, 1, r.output)
	r.dir = runs[0]
	r.verdicts = map[string]string{}
	for _, e := range eventsOf(t, r.dir) {
		if e.Kind == reports.AttemptFinished {
			require.NotContains(t, r.verdicts, e.Key)
			r.verdicts[e.Key] = verdictOf(*e.Attempt)
		}
	}
	return r
}

// waitForRow waits until the database has an attempt of the run that goes on.
func waitForRow(t *testing.T, url string, ended <-chan struct{}) {
	t.Helper()
	require.Eventually(t, func() bool { return len(storedIn(t, url)) > 0 }, time.Minute, 20*time.Millisecond)
	select {
	case <-ended:
		require.Fail(t, "the run ended before its database went away")
	default:
	}
}

// storedIn are the verdicts that a database has.
func storedIn(t *testing.T, url string) map[string]string {
	t.Helper()
	target, err := store.ParseTarget(url, "")
	require.NoError(t, err)
	db, err := store.Open(t.Context(), target)
	require.NoError(t, err)
	defer func() { assert.NoError(t, db.Close()) }()
	all, err := db.Reports(t.Context(), store.Filter{})
	require.NoError(t, err)
	verdicts := map[string]string{}
	for _, a := range all {
		whole, err := db.Report(t.Context(), a.ID())
		require.NoError(t, err)
		verdicts[a.Key] = verdictOf(whole.Attempt)
	}
	require.Len(t, verdicts, len(all), "an attempt has several rows")
	return verdicts
}

// verdictOf is what an attempt came to, with all its rules.
func verdictOf(a reports.Attempt) string {
	text := fmt.Sprintf("%s (%s)", a.Outcome, a.Reason)
	for _, r := range a.Results {
		text += fmt.Sprintf("; %s %s: %s", r.Label, r.Status, r.Got)
	}
	return text
}

// imported is what the command says of a run.
func imported(t *testing.T, url, dir string) string {
	t.Helper()
	out, err := goCommand(t.Context(), ".", "tool", "benchtest", "import", "--db="+url, dir)
	require.NoError(t, err)
	return out
}
