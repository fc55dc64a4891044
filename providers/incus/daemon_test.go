package incus_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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
	Event     string `json:"event"`
	Key       string `json:"key"`
	Iteration int    `json:"iteration"`
	Phase     string `json:"phase"`
	Attempt   struct {
		Outcome string `json:"outcome"`
	} `json:"attempt"`
}

// TestDaemonKilled: when the daemon dies in the middle of a run and comes back,
// the attempts that were under way are errored and none is failed for it, the
// later ones of the same run pass, and nothing is left.
func TestDaemonKilled(t *testing.T) {
	daemon := privateDaemon(t)
	home := t.TempDir()
	const attempts = 6
	run, said := startRun(t, home, "-run", "^Test_nginx$/^003-false-alarm$", "-benchtest.iter="+strconv.Itoa(attempts), "-benchtest.max-concurrent=2")
	require.Eventually(t, func() bool { return len(atWork(t, home)) > 0 }, 5*time.Minute, 20*time.Millisecond, "an engine is at work")
	require.NoError(t, daemon.Kill())
	require.Eventually(t, func() bool {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "unix", filepath.Join(os.Getenv("INCUS_DIR"), "unix.socket"))
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	}, time.Minute, 10*time.Millisecond, "it is gone")
	require.NoError(t, daemonScript(t.Context(), "start"))
	require.Error(t, run.Wait(), "errored attempts make the run red: %s", said)

	assertEnds(t, home, attempts, said)
	purge(t, home)
	assertNothingOf(t, home, "benchtest-none")
}

// assertEnds wants every attempt of a run through which something broke to be
// either errored, some, or passed, some.
func assertEnds(t *testing.T, home string, attempts int, said fmt.Stringer) {
	t.Helper()
	ended := func(outcome string) int {
		return count(read(t, home), func(e event) bool { return e.Event == "attempt_finished" && e.Attempt.Outcome == outcome })
	}
	t.Logf("%d errored, %d passed of %d", ended("errored"), ended("passed"), attempts)
	assert.NotZero(t, ended("errored"), "%s", said)
	assert.NotZero(t, ended("passed"), "%s", said)
	assert.Equal(t, attempts, ended("errored")+ended("passed"), "the agent is not to blame: %s", said)
}

// atWork are the attempts of the run, by the names that leases give them,
// whose engine has been started and that have not ended.
func atWork(t *testing.T, home string) []string {
	t.Helper()
	var at []string
	for _, e := range read(t, home) {
		name := fmt.Sprintf("%s/i%d", e.Key, e.Iteration)
		switch {
		case e.Phase == "prove the fault":
			at = append(at, name)
		case e.Event == "attempt_finished":
			at = slices.DeleteFunc(at, func(other string) bool { return other == name })
		}
	}
	return at
}

// startRun starts a run of the shipped scenarios. Its home is its own, but for
// the images that the other tests made already.
func startRun(t *testing.T, home string, flags ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	images := filepath.Join(testHome(t), "images")
	require.NoError(t, os.MkdirAll(images, 0o755))
	require.NoError(t, os.Symlink(images, filepath.Join(home, "images")))
	args := append([]string{"test", "./scenarios", "-tags", "incus", "-count=1", "-timeout", "0"}, flags...)
	run := exec.CommandContext(t.Context(), "go", args...)
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

func count(all []event, is func(event) bool) (n int) {
	for _, e := range all {
		if is(e) {
			n++
		}
	}
	return n
}
