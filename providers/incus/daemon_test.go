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
	Event   string    `json:"event"`
	At      time.Time `json:"at"`
	Attempt struct {
		Outcome string `json:"outcome"`
	} `json:"attempt"`
}

// TestDaemonKilled: when the daemon dies and comes back in the middle of a run,
// attempts that needed it are errored, none is failed for it, and later ones
// pass.
func TestDaemonKilled(t *testing.T) {
	daemon := privateDaemon(t)
	out := t.TempDir()
	run := exec.CommandContext(t.Context(), "go", "test", "./scenarios", "-tags", "incus", "-count=1", "-timeout", "8m",
		"-run", "^Test_nginx$/^003-false-alarm$", "-benchtest.iter=8")
	run.Dir = "../.."
	run.Env = append(os.Environ(), "BENCHTEST_REPORT_DIR="+out, "BENCHTEST_PROVIDER=incus")
	run.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	run.Cancel = func() error { return syscall.Kill(-run.Process.Pid, syscall.SIGTERM) }
	run.WaitDelay = time.Minute
	var said bytes.Buffer
	run.Stdout, run.Stderr = &said, &said
	require.NoError(t, run.Start())
	ended := make(chan error, 1)
	go func() { ended <- run.Wait() }()

	require.Eventually(t, func() bool { return count(read(t, out), "attempt_started") > 0 }, 3*time.Minute, 100*time.Millisecond, "an attempt is in flight")
	require.NoError(t, daemon.Kill())
	require.NoError(t, daemonScript(t.Context(), "start"))
	back := time.Now()

	assert.Error(t, <-ended, "errored attempts make the run red")
	outcomes, later := map[string]int{}, 0
	for _, e := range read(t, out) {
		if e.Event != "attempt_finished" {
			continue
		}
		outcomes[e.Attempt.Outcome]++
		if e.Attempt.Outcome == "passed" && e.At.After(back) {
			later++
		}
	}
	assert.Zero(t, outcomes["failed"], "the agent is not to blame: %s", &said)
	assert.NotZero(t, outcomes["errored"], "%s", &said)
	assert.NotZero(t, later, "none passed afterwards: %s", &said)
	t.Logf("%v, %d of them after the daemon was back", outcomes, later)
}

// read is what the run's record has until now, whole lines only.
func read(t *testing.T, dir string) (all []event) {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "events.jsonl"))
	if os.IsNotExist(err) {
		return nil
	}
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
