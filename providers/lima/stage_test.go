package lima

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// While instances are made, copied and removed, limactl finds all that it sees
// whole, and nothing is left of them.
func TestInstancesComeAndGo(t *testing.T) {
	t.Parallel()
	p := onLimactl(t)
	file, disk := filepath.Join(t.TempDir(), "plain.yaml"), filepath.Join(t.TempDir(), "disk.raw")
	require.NoError(t, os.WriteFile(disk, make([]byte, emptyDisk), 0o600))
	text := fmt.Sprintf("plain: true\nimages: [{location: %q, arch: %s}]\n", disk, qemuArch())
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))

	var makers, lookers sync.WaitGroup
	done := make(chan struct{})
	for i := range 2 {
		makers.Go(func() {
			one, two := fmt.Sprintf("benchtest-%d0000000", i), fmt.Sprintf("benchtest-%d1111111", i)
			for range 10 {
				assert.NoError(t, p.create(t.Context(), one, file))
				assert.NoError(t, p.tool.clone(t.Context(), one, two, "--set", ".cpus = 3"))
				assert.NoError(t, p.destroyInstance(t.Context(), one))
				assert.NoError(t, p.destroyInstance(t.Context(), two))
			}
		})
	}
	looks := 0
	lookers.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(5 * time.Millisecond): // who removes one must come to it
			}
			looks++
			// As limactl start and stop do it.
			assert.NoError(t, p.lookAtAll(t.Context(), "", "list", "--json", "--tty=false"))
		}
	})
	makers.Wait()
	close(done)
	lookers.Wait()
	assert.Greater(t, looks, 5)
	left, err := filepath.Glob(filepath.Join(p.tool.settings.home, "*"))
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{filepath.Join(p.tool.settings.home, "_config"), filepath.Join(p.tool.settings.home, "_benchtest.lock")}, left)
}

// What one that was killed left of an instance goes with it.
func TestDestroyInstance_halfMade(t *testing.T) {
	t.Parallel()
	p := onLimactl(t)
	const name = "benchtest-0123456789"
	require.NoError(t, p.tool.openStage(p.tool.stage(name)))
	require.NoError(t, os.Mkdir(filepath.Join(p.tool.stage(name), name), 0o700))
	require.NoError(t, p.destroyInstance(t.Context(), name))
	assert.NoDirExists(t, p.tool.stage(name))
}
