package incus

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestProcess(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("there is no procfs here: run on Linux")
	}
	child := exec.CommandContext(t.Context(), "cat")
	in, err := child.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	p := seeProcess(int64(child.Process.Pid))
	require.NotNil(t, p)
	assert.True(t, p.lives())
	assert.False(t, process{pid: p.pid, began: "1"}.lives(), "another has its number")
	require.NoError(t, in.Close())
	require.NoError(t, child.Wait())
	assert.False(t, p.lives())
	assert.Nil(t, seeProcess(0))
}
