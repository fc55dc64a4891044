package lima

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An instance that somebody is just making, or was killed over, does not keep
// the real limactl from telling of the others.
func TestStatusesBesideHalfAnInstance(t *testing.T) {
	t.Parallel()
	p := onLimactl(t)
	got, err := p.statuses(t.Context())
	require.NoError(t, err)
	require.Empty(t, got)
	for _, name := range []string{"benchtest-whole", "benchtest-half"} {
		require.NoError(t, os.Mkdir(p.tool.dir(name), 0o700))
	}
	text := "images: [{location: /nowhere.qcow2, arch: " + qemuArch() + "}]\n"
	require.NoError(t, os.WriteFile(filepath.Join(p.tool.dir("benchtest-whole"), "lima.yaml"), []byte(text), 0o600))
	_, err = p.tool.run(t.Context(), "", "list", "--json", "--tty=false")
	require.ErrorContains(t, err, "benchtest-half", "limactl has learnt it: ask it for all")
	got, err = p.statuses(t.Context())
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"benchtest-whole": "Stopped"}, got)
}

// onLimactl is the provider with a limactl that there is, and a home of its own.
func onLimactl(t *testing.T) *Provider {
	t.Helper()
	if os.Geteuid() == 0 {
		t.Skip("limactl refuses root: run this test as an ordinary user, as scripts/lima.sh does")
	}
	s, err := readSettings(t.TempDir(), os.Getenv)
	require.NoError(t, err)
	if _, err := exec.LookPath(s.limactl); err != nil {
		t.Skip("no limactl: scripts/lima.sh builds one, and runs this test")
	}
	home, err := os.MkdirTemp("/tmp", "lima") //nolint:usetesting // its sockets need a short path
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	s.home = home
	p := &Provider{tool: tool{settings: s, wrapper: filepath.Join(home, "_config", "qemu")}}
	require.NoError(t, p.tool.prepare())
	return p
}
