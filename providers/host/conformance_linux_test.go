package host_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts/probebin"
	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/host"
	"github.com/benchtest-dev/benchtest/providers/host/hosttest"
	"github.com/benchtest-dev/benchtest/providers/local"
	"github.com/benchtest-dev/benchtest/providers/providertest"
)

// The hosts of these tests are machines of provider local, whose monitor is
// this very binary.
func TestMain(m *testing.M) {
	if handled, code := local.MonitorMain(os.Args[1:]); handled {
		os.Exit(code)
	}
	if file := os.Getenv(borrowAndWait); file != "" {
		borrowUntilKilled(file)
		return
	}
	os.Exit(m.Run())
}

// localHome outlives the tests, and the templates in it are used by the next.
func localHome(t *testing.T) string {
	t.Helper()
	if home := os.Getenv("BENCHTEST_HOME"); home != "" {
		return home
	}
	cache, err := os.UserCacheDir()
	require.NoError(t, err)
	return filepath.Join(cache, "benchtest-test")
}

// farmTemplate is a small Debian; its digest is of what is in it.
func farmTemplate() providers.Template {
	return providers.Template{
		Name: "debian-test", Digest: strings.Repeat("b0", 32), Suite: "bookworm", VCPU: 1, MemoryMiB: 512, DiskMiB: 1024,
		Packages: strings.Fields("systemd systemd-sysv dbus openssh-server sudo python3 iproute2 procps curl ca-certificates cron iputils-ping"),
	}
}

// farm starts hosts with these names; the test ends them.
func farm(t *testing.T, id string, hosts ...hosttest.Host) *hosttest.Farm {
	t.Helper()
	p, err := local.New(providers.Options{Home: localHome(t), Run: "farm"})
	require.NoError(t, err)
	if err := p.Check(t.Context()); err != nil {
		t.Skipf("this machine cannot run provider local, which the hosts are made with; mend it and run again: %v", err)
	}
	require.NoError(t, p.Build(t.Context(), farmTemplate()))
	for i := range hosts {
		hosts[i].Template = farmTemplate()
	}
	f, err := hosttest.Start(t.Context(), p, t.TempDir(), "benchtest-"+id, hosts)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, f.Close()) })
	return f
}

// TestConformance runs on hosts that let root in, and on hosts that let in
// somebody who has to sudo.
func TestConformance(t *testing.T) {
	t.Parallel()
	f := farm(t, "conf",
		hosttest.Host{Name: "h0"}, hosttest.Host{Name: "h1", User: "agent"}, hosttest.Host{Name: "h2", User: "agent"}, hosttest.Host{Name: "h3"})
	home, locks := t.TempDir(), t.TempDir()
	providertest.Run(t, providertest.Harness{
		New: func(t *testing.T) providers.Provider {
			t.Helper()
			p, err := host.New(providers.Options{Home: home, Inventory: f.Inventory, LockDir: locks})
			require.NoError(t, err)
			return p
		},
		Template: func(*testing.T) providers.Template { return farmTemplate() },
		Caps:     providertest.Caps{SSHFacts: true, Reboot: true, Limits: true, Lend: true},
		Probe: func(t *testing.T) *os.File {
			t.Helper()
			f, err := probebin.Open(t.Context(), localHome(t))
			require.NoError(t, err)
			return f
		},
		Patience: 3 * time.Minute,
	})
}
