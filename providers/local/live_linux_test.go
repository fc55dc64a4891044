package local_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/local"
)

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

// provider is what New makes, for root and for users who may sudo.
type provider interface {
	providers.Provider
	providers.Networker
	DeleteTemplate(ctx context.Context, buildName string) error
}

// rootOnly skips what reaches around the provider to harm a machine.
func rootOnly(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("this test harms machines of root's: run it as root")
	}
}

// live returns a provider that can make machines, with the test template
// built.
func live(tb testing.TB) (provider, providers.Template) {
	tb.Helper()
	made, err := local.New(providers.Options{Home: testHome(tb), Run: "test"})
	require.NoError(tb, err)
	p := made.(provider)
	if err := p.Check(tb.Context()); err != nil {
		tb.Skipf("this machine cannot run provider local; mend it and run again: %v", err)
	}
	tmpl := baseTemplate()
	tmpl.Progress = func(step string) { tb.Log(step) }
	require.NoError(tb, p.Build(tb.Context(), tmpl))
	return p, tmpl
}

// baseTemplate is a small Debian; its digest changes with what is in it.
func baseTemplate() providers.Template {
	return template(providers.Template{
		Name: "debian-test", Suite: "bookworm", VCPU: 1, MemoryMiB: 512, DiskMiB: 1024,
		Packages: strings.Fields("systemd systemd-sysv dbus openssh-server sudo python3 iproute2 procps curl ca-certificates cron iputils-ping"),
	}, nil)
}

func template(t providers.Template, files fs.FS) providers.Template {
	h := sha256.New()
	h.Write([]byte(t.Name + t.Suite + strings.Join(t.Packages, " ") + t.Provision))
	if files != nil {
		_ = fs.WalkDir(files, ".", func(name string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			data, err := fs.ReadFile(files, name)
			h.Write([]byte(name))
			h.Write(data)
			return err
		})
	}
	if t.Base != nil {
		h.Write([]byte(t.Base.Digest))
	}
	t.Digest, t.Files = hex.EncodeToString(h.Sum(nil)), files
	return t
}

// clone makes a machine that the test destroys.
func clone(t *testing.T, p provider, tmpl providers.Template, id, host string) (providers.Machine, providers.KeyRing) {
	t.Helper()
	ring, err := providers.NewKeyRing()
	require.NoError(t, err)
	m, err := p.Clone(t.Context(), providers.CloneSpec{ID: id, Template: tmpl, HostName: host, Keys: ring.Keys})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		require.NoError(t, m.Destroy(ctx))
	})
	return m, ring
}

// shell opens a sandbox on m as root.
func shell(t *testing.T, m providers.Machine, host string, ring providers.KeyRing) *providers.Sandbox {
	t.Helper()
	s, err := providers.Open(t.Context(), m, host, providers.Access{User: "root", Key: ring.Root.Signer, HostKey: ring.HostKey}, providers.SandboxOptions{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// run runs a command in a sandbox and wants it to succeed.
func run(t *testing.T, s *providers.Sandbox, argv ...string) string {
	t.Helper()
	r, err := s.Exec(t.Context(), providers.Command{Argv: argv})
	require.NoError(t, err)
	require.Zero(t, r.ExitStatus, "%v: %s%s", argv, r.Stdout, r.Stderr)
	return strings.TrimSpace(string(r.Stdout))
}
