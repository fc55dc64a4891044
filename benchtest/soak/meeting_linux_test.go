package soak_test

import (
	"bufio"
	"fmt"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/benchtest-dev/benchtest/fixtures"
)

// A meeting is a mount namespace with a lock directory of its own: those who
// run in one share a budget, and share it with nobody else on this machine.
type meeting struct {
	dir string // the lock directory, as seen from outside
	pid int    // of the process that keeps the namespace
}

// newMeeting makes one; it ends with the test.
func newMeeting(t *testing.T) *meeting {
	t.Helper()
	m := &meeting{dir: t.TempDir()}
	script := `mkdir -p "$1" && mount --bind "$0" "$1" && echo ready && exec cat`
	keeper := exec.CommandContext(t.Context(), "unshare", "--mount", "--propagation", "slave", //nolint:gosec // our own arguments
		"sh", "-c", script, m.dir, fixtures.LockDir())
	stdin, err := keeper.StdinPipe()
	require.NoError(t, err)
	stdout, err := keeper.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, keeper.Start())
	t.Cleanup(func() {
		_ = stdin.Close() // which ends it
		_ = keeper.Wait() // or the end of the test's context has
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err, line)
	m.pid = keeper.Process.Pid
	return m
}

// enter is argv, run there instead of here; a nil meeting is nowhere else.
func (m *meeting) enter(dir string, argv []string) []string {
	if m == nil {
		return argv
	}
	// To enter a namespace is to leave the working directory.
	return append([]string{"nsenter", fmt.Sprintf("--mount=/proc/%d/ns/mnt", m.pid), "sh", "-c", `cd "$0" && exec "$@"`, dir}, argv...)
}

// mountinfo is the file that tells what is mounted there.
func (m *meeting) mountinfo() string {
	if m == nil {
		return "/proc/self/mountinfo"
	}
	return fmt.Sprintf("/proc/%d/mountinfo", m.pid)
}

// hold keeps reservations from growing until it is released; ok is false when
// somebody has the lock just now.
func (m *meeting) hold() (release func(), ok bool) {
	fd, err := unix.Open(filepath.Join(m.dir, "budget.lock"), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return func() {}, true // nobody was ever there
	}
	if unix.Flock(fd, syscall.LOCK_SH|syscall.LOCK_NB) != nil {
		_ = unix.Close(fd)
		return nil, false
	}
	return func() { _ = unix.Close(fd) }, true
}
