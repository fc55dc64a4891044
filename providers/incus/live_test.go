package incus_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	client "github.com/lxc/incus/v6/client"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/incus"
)

// provider is what New makes, with all that it can do.
type provider interface {
	providers.Provider
	providers.Networker
	providers.Copier
	providers.Saver
	providers.Warner
	DeleteTemplate(ctx context.Context, buildName string) error
	Sweep(ctx context.Context) ([]string, error)
}

// testHome outlives the tests, and the templates in it are used by the next.
func testHome(tb testing.TB) string {
	tb.Helper()
	if home := os.Getenv("BENCHTEST_HOME"); home != "" {
		return home
	}
	cache, err := os.UserCacheDir()
	require.NoError(tb, err)
	return filepath.Join(cache, "benchtest-test")
}

func newProvider(tb testing.TB) provider {
	tb.Helper()
	p, err := incus.New(providers.Options{Home: testHome(tb), Run: "test"})
	require.NoError(tb, err)
	return p.(provider)
}

// startedDaemon: it is for us to stop.
var startedDaemon atomic.Bool

// ensureDaemon starts scripts/incus.sh's daemon, once, where none runs and we
// may.
var ensureDaemon = sync.OnceValue(func() error {
	startedDaemon.Store(true)
	return daemonScript(context.Background(), "start")
})

// stopDaemon stops what ensureDaemon started; its templates stay for the next.
func stopDaemon() error {
	if !startedDaemon.Load() {
		return nil
	}
	return daemonScript(context.Background(), "stop")
}

// daemonScript runs scripts/incus.sh.
func daemonScript(ctx context.Context, do string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "../../scripts/incus.sh", do)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	return cmd.Run()
}

// live returns a provider that can make machines, with the test template
// built.
func live(tb testing.TB) (provider, providers.Template) {
	tb.Helper()
	p := newProvider(tb)
	err := p.Check(tb.Context())
	if err != nil && os.Geteuid() == 0 && !testing.Short() {
		require.NoError(tb, ensureDaemon(), "scripts/incus.sh start")
		p = newProvider(tb)
		err = p.Check(tb.Context())
	}
	if err != nil {
		tb.Skipf("no Incus can be used here: run as root, or mend it and run again: %v", err)
	}
	tmpl := testTemplate()
	tmpl.Progress = func(step string) { tb.Log(step) }
	require.NoError(tb, p.Build(tb.Context(), tmpl))
	return p, tmpl
}

// testTemplate is a small Debian; its digest changes with what is in it.
func testTemplate() providers.Template {
	t := providers.Template{
		Name: "debian-test", Suite: "bookworm", VCPU: 1, MemoryMiB: 512, DiskMiB: 1024,
		Packages: strings.Fields("systemd systemd-sysv dbus openssh-server sudo python3 iproute2 procps curl ca-certificates cron iputils-ping"),
	}
	sum := sha256.Sum256([]byte(t.Name + t.Suite + strings.Join(t.Packages, " ")))
	t.Digest = hex.EncodeToString(sum[:])
	return t
}

// clienter gives the tests what providers have no method for.
type clienter interface {
	Client(ctx context.Context) (client.InstanceServer, error)
}
