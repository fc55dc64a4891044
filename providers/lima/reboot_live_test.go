package lima_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers"
)

// A guest that goes on from its template's state is found where it was after a
// reboot, which is the first boot of its own. The conformance suite's check of
// reboots takes three times as long.
func TestReboot(t *testing.T) {
	t.Parallel()
	p, tmpl := live(t)
	m, sb := clone(t, p, tmpl, "benchtest-reboot")
	before, err := sb.BootID(t.Context())
	require.NoError(t, err)
	require.NoError(t, m.(providers.Rebooter).Reboot(t.Context()))
	after, err := sb.BootID(t.Context())
	require.NoError(t, err)
	assert.NotEqual(t, before, after)
	assert.Equal(t, "web1", run(t, sb, "hostname"))
}
