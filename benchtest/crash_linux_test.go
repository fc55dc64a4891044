package benchtest_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/local"
)

// TestKilledOnProviderLocal kills the suite while an engine works on a real
// machine: the janitor removes everything, and the next run works. It is not
// parallel: it looks at what is mounted on this machine.
func TestKilledOnProviderLocal(t *testing.T) {
	if testing.Short() {
		t.Skip("short: it boots machines: run without -short")
	}
	home := testHome(t)
	requireLocal(t, home)
	binary := filepath.Join(t.TempDir(), "scenarios.test")
	out, err := exec.CommandContext(t.Context(), "go", "test", "-c", "-o", binary, "../scenarios").CombinedOutput()
	require.NoError(t, err, string(out))

	var log bytes.Buffer
	cmd := suiteOn(t.Context(), binary, home, "-benchtest.engine=command", "-benchtest.engine-cmd=sleep 600")
	cmd.Stdout, cmd.Stderr = &log, &log
	require.NoError(t, cmd.Start())
	begun := time.Now()
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	journal, err := fixtures.OpenJournal(home)
	require.NoError(t, err)
	var ours []fixtures.Lease
	waitUntil(t, 5*time.Minute, "the engine works", func() bool { // the first time, Debian is built
		ours = leasesOf(t, journal, cmd.Process.Pid)
		return len(ours) > 0 && engineWorks(home, ours[0].Run)
	})
	run := ours[0].Run

	require.NoError(t, cmd.Process.Signal(syscall.SIGKILL))
	_ = cmd.Wait() // it was killed
	t.Logf("killed after %s", time.Since(begun).Round(time.Millisecond))
	waitUntil(t, time.Minute, "the janitor is done", func() bool { return len(leasesOfRun(t, journal, run)) == 0 })
	for _, l := range ours {
		if l.Kind == fixtures.LeaseScratch {
			assert.NoDirExists(t, l.Dir)
			continue
		}
		mounts, err := os.ReadFile("/proc/self/mounts")
		require.NoError(t, err)
		assert.NotContains(t, string(mounts), l.ID, "still mounted")
		cgroups, err := filepath.Glob("/sys/fs/cgroup/*/benchtest/" + run)
		require.NoError(t, err)
		assert.Empty(t, cgroups)
	}
	report, err := fixtures.Purge(t.Context(), journal, func(string) (providers.Provider, error) {
		return local.New(providers.Options{Home: home})
	}, fixtures.PurgeOptions{Run: run})
	require.NoError(t, err)
	assert.Empty(t, report.Removed, "the janitor left something to purge")

	next := suiteOn(t.Context(), binary, home)
	out, err = next.CombinedOutput()
	require.NoError(t, err, "the next run: %s", out)
	assert.Contains(t, string(out), "passed 1 of 1 scored of 1 attempted")
}

// suiteOn runs one scenario of ours as the go command would.
func suiteOn(ctx context.Context, binary, home string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, binary, append([]string{"-test.run=nginx/001", "-benchtest.pool-idle=0"}, args...)...)
	cmd.Dir = "../scenarios"
	cmd.Env = append(os.Environ(), "BENCHTEST_HOME="+home)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) } // so that it tears down
	cmd.WaitDelay = time.Minute
	return cmd
}

// testHome outlives the tests, and the templates in it are used by the next.
func testHome(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	require.NoError(t, err)
	return filepath.Join(cache, "benchtest-test")
}

func requireLocal(t *testing.T, home string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("provider local is killed as root here: run as root, or with sudo")
	}
	p, err := local.New(providers.Options{Home: home})
	require.NoError(t, err)
	if err := p.Check(t.Context()); err != nil {
		t.Skipf("this machine cannot run provider local; mend it (go tool benchtest doctor) and run again: %v", err)
	}
}

// engineWorks reports whether the fault is in and proved in the run's attempt,
// after which the engine is started.
func engineWorks(home, run string) bool {
	info, err := os.Stat(filepath.Join(home, "runs", run, "attempts/nginx/001-broken-config/i1/facts/faulted.jsonl"))
	return err == nil && info.Size() > 0
}

func leasesOf(t *testing.T, j *fixtures.Journal, pid int) []fixtures.Lease {
	t.Helper()
	return leases(t, j, func(l fixtures.Lease) bool { return l.Owner.PID == pid })
}

func leasesOfRun(t *testing.T, j *fixtures.Journal, run string) []fixtures.Lease {
	t.Helper()
	return leases(t, j, func(l fixtures.Lease) bool { return l.Run == run })
}

func leases(t *testing.T, j *fixtures.Journal, want func(fixtures.Lease) bool) []fixtures.Lease {
	t.Helper()
	all, err := j.List()
	require.NoError(t, err)
	var list []fixtures.Lease
	for _, l := range all {
		if want(l) && strings.HasPrefix(l.ID, "benchtest-") {
			list = append(list, l)
		}
	}
	return list
}

func waitUntil(t *testing.T, limit time.Duration, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !done(); <-time.After(50 * time.Millisecond) {
		require.Truef(t, time.Now().Before(end), "after %s: not yet: %s", limit, what)
	}
}
