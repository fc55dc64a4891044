package local_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts/probebin"
	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/local"
	"github.com/benchtest-dev/benchtest/providers/providertest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	_, tmpl := live(t)
	providertest.Run(t, providertest.Harness{
		New: func(t *testing.T) providers.Provider {
			t.Helper()
			p, err := local.New(providers.Options{Home: testHome(t)})
			require.NoError(t, err)
			return p
		},
		Template: func(*testing.T) providers.Template { return tmpl },
		Caps:     providertest.Caps{Network: true, Probe: true, Reboot: true, Limits: true, Start: true, Resize: true, Save: true, Mounts: true, Remount: true},
		Probe: func(t *testing.T) *os.File {
			t.Helper()
			f, err := probebin.Open(t.Context(), testHome(t))
			require.NoError(t, err)
			return f
		},
	})
}
