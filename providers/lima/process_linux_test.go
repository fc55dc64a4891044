package lima

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What carries an instance's mark dies with it, and nothing else does.
func TestKillMarked(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	start := func(mark string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), "sleep", "600")
		cmd.Env = []string{markName + "=" + mark}
		require.NoError(t, cmd.Start())
		return cmd
	}
	ours, others := start(dir), start(dir+"x")
	reaped := make(chan error, 1)
	go func() { reaped <- ours.Wait() }()
	require.NoError(t, killMarked(t.Context(), dir))
	err := <-reaped
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	assert.Equal(t, "signal: killed", exit.String())
	require.NoError(t, others.Process.Signal(os.Interrupt), "it is alive")
	require.Error(t, others.Wait())
}

// A process that has much memory to give back keeps its sockets until it has.
func TestKillMarked_waits(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "dd", "if=/dev/zero", "of=/dev/null", "bs=400M")
	cmd.Env = []string{markName + "=" + dir}
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Wait() })
	proc := fmt.Sprintf("/proc/%d/", cmd.Process.Pid)
	require.Eventually(t, func() bool {
		b, err := os.ReadFile(proc + "statm")
		fields := strings.Fields(string(b))
		if err != nil || len(fields) < 2 {
			return false
		}
		resident, err := strconv.Atoi(fields[1])
		return err == nil && resident*os.Getpagesize() > 400<<20
	}, 20*time.Second, 10*time.Millisecond)
	require.NoError(t, killMarked(t.Context(), dir))
	stat, err := os.ReadFile(proc + "stat")
	require.NoError(t, err)
	_, state, _ := strings.Cut(string(stat), ") ")
	assert.Equal(t, "Z", state[:1], "it is over, and waits for its parent")
}
