package local

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
)

// One machine of a run begins while the last other one ends, again and again.
// Directories stand in for cgroups: both vanish when they are empty.
func TestClaimWhileAnotherMachineEnds(t *testing.T) {
	t.Parallel()
	hs := hierarchies{{mount: t.TempDir()}}
	var wg sync.WaitGroup
	for n := range 4 {
		wg.Go(func() {
			c := cgroupOf(hs, "run", fmt.Sprintf("benchtest-%d", n))
			for range 500 {
				c.claim()
				// What runc does next: one directory in the machine's own.
				if !assert.NoError(t, os.Mkdir(filepath.Join(hs[0].mount, c.guest()), 0o755)) {
					return
				}
				assert.NoError(t, c.remove())
			}
		})
	}
	wg.Wait()
}
