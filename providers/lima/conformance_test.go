package lima_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts/probebin"
	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/lima"
	"github.com/benchtest-dev/benchtest/providers/providertest"
)

// The checks that boot a machine anew take minutes each under emulation; they
// run with BENCHTEST_LIMA_TEST=all (make e2e-lima ALL=1). Without it their
// Caps are off, and the skipped checks say so. All of it is on a template in
// integrated mode, and without it on one in plain mode, which refuses mounts; so
// does a driver without virtiofsd.
func TestConformance(t *testing.T) {
	t.Parallel()
	_, tmpl := live(t)
	all := os.Getenv("BENCHTEST_LIMA_TEST") == "all"
	if all {
		_, tmpl = integrated(t)
	}
	_, err := lima.FindVirtiofsd()
	mounts := all && err == nil
	providertest.Run(t, providertest.Harness{
		New: func(t *testing.T) providers.Provider {
			t.Helper()
			p, err := lima.New(providers.Options{Home: testHome(t)})
			require.NoError(t, err)
			return p
		},
		Template: func(*testing.T) providers.Template { return tmpl },
		Caps: providertest.Caps{
			Network: true, Limits: true, Snapshot: true, Keeper: true, SSHFacts: true, RootDial: true,
			Reboot: all, Start: all, Resize: all, Copy: all, Save: all,
			Mounts: mounts, Remount: mounts,
		},
		Probe: func(t *testing.T) *os.File {
			t.Helper()
			f, err := probebin.Open(t.Context(), testHome(t))
			require.NoError(t, err)
			return f
		},
		Patience: bootPatience,
	})
}
