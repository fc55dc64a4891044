package lima

import (
	"os"
	"os/exec"
	"testing"

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
