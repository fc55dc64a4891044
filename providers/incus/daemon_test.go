package incus_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// privateDaemon is the process of scripts/incus.sh's daemon.
func privateDaemon(t *testing.T) *os.Process {
	t.Helper()
	if os.Getenv("BENCHTEST_TEST_DAEMON") == "" {
		t.Skip("this test kills the Incus daemon: run make e2e-incus, as root")
	}
	dir := os.Getenv("INCUS_DIR")
	text, err := os.ReadFile(filepath.Join(dir, "benchtest.pid"))
	require.NoError(t, err, "only the private daemon of scripts/incus.sh is killed: set INCUS_DIR as it says")
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	require.NoError(t, err)
	environ, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	require.NoError(t, err)
	require.Contains(t, "\x00"+string(environ), "\x00INCUS_DIR="+dir+"\x00", "process %d is another's by now", pid)
	daemon, err := os.FindProcess(pid)
	require.NoError(t, err)
	return daemon
}

// An event is what this test reads of a run's record.
type event struct {
	Event   string `json:"event"`
	Attempt struct {
		Outcome string `json:"outcome"`
	} `json:"attempt"`
}

// TestDaemonKilled: when the daemon dies in the middle of a run, its attempts
// are errored and none is failed for it; once it is back the next run passes,
// and nothing of the first is left.
func TestDaemonKilled(t *testing.T) {
	daemon := privateDaemon(t)
	home := t.TempDir()
	first, said := startRun(t, home)
	require.Eventually(t, func() bool { return count(read(t, home), "attempt_started") > 0 }, 5*time.Minute, 100*time.Millisecond, "an attempt is in flight")
	require.NoError(t, daemon.Kill())
	require.Error(t, first.Wait(), "errored attempts make the run red: %s", said)
	require.NoError(t, daemonScript(t.Context(), "start"))

	outcomes := map[string]int{}
	for _, e := range read(t, home) {
		if e.Event == "attempt_finished" {
			outcomes[e.Attempt.Outcome]++
		}
	}
	assert.Zero(t, outcomes["failed"], "the agent is not to blame: %s", said)
	assert.NotZero(t, outcomes["errored"], "%s", said)

	next, said := startRun(t, home)
	require.NoError(t, next.Wait(), "%s", said)
	purge(t, home)
	assertNothingOf(t, home, "benchtest-none")
}

// startRun starts a short run of the shipped scenarios.
func startRun(t *testing.T, home string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	run := exec.CommandContext(t.Context(), "go", "test", "./scenarios", "-tags", "incus", "-count=1", "-timeout", "8m",
		"-run", "^Test_nginx$/^003-false-alarm$", "-benchtest.iter=2")
	run.Dir = "../.."
	run.Env = append(os.Environ(), "BENCHTEST_HOME="+home, "BENCHTEST_REPORT_DIR="+t.TempDir(), "BENCHTEST_PROVIDER=incus")
	run.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	run.Cancel = func() error { return syscall.Kill(-run.Process.Pid, syscall.SIGTERM) }
	run.WaitDelay = time.Minute
	said := &bytes.Buffer{}
	run.Stdout, run.Stderr = said, said
	require.NoError(t, run.Start())
	return run, said
}

// read is what the record of the home's first run has until now, whole lines only.
func read(t *testing.T, home string) (all []event) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(home, "runs", "*", "events.jsonl"))
	require.NoError(t, err)
	if len(paths) == 0 {
		return nil
	}
	f, err := os.Open(paths[0])
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	for r := bufio.NewReader(f); ; {
		line, err := r.ReadBytes('\n')
		if err == io.EOF {
			return all
		}
		require.NoError(t, err)
		var e event
		require.NoError(t, json.Unmarshal(line, &e))
		all = append(all, e)
	}
}

func count(all []event, name string) (n int) {
	for _, e := range all {
		if e.Event == name {
			n++
		}
	}
	return n
}
