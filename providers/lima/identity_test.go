package lima

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Where the clock may not be set by a system call, it is by date; neither is
// let near this machine's.
func TestWakeScript(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		t.Skip("it would set this machine's clock: run the tests as an ordinary user, as scripts/lima.sh does")
	}
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", "date() { echo date \"$@\" >&2; }\n"+wakeScript(time.Unix(7, 8)))
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	assert.Equal(t, "date -u -s @7.000000008", strings.TrimSpace(string(out)))
}
