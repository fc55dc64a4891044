package lima_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers"
)

// A reset brings back disk, memory and clock, in less than two seconds.
func TestReset(t *testing.T) {
	t.Parallel()
	p, tmpl := live(t)
	began := time.Now()
	m, sb := clone(t, p, tmpl, fmt.Sprintf("benchtest-reset-%d", os.Getpid()))
	require.NoError(t, sb.WaitReady(t.Context()))
	t.Logf("clone ready after %s", time.Since(began))
	r := m.(providers.Resetter)
	require.NoError(t, r.CanReset(t.Context()))
	require.NoError(t, r.Snapshot(t.Context(), "clean"))
	for range 3 {
		run(t, sb, "/bin/sh", "-c", "echo spoilt >state; date -s 2001-01-01")
		began = time.Now()
		require.NoError(t, r.Restore(t.Context(), "clean"))
		run(t, sb, "/bin/sh", "-c", "! test -e state")
		t.Logf("reset to first command: %s", time.Since(began))
		now, err := time.Parse(time.RFC3339, run(t, sb, "date", "-u", "+%Y-%m-%dT%H:%M:%SZ"))
		require.NoError(t, err)
		assert.WithinDuration(t, time.Now(), now, 3*time.Second)
	}
}
