package lima_test

import (
	"context"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/lima"
)

// bootPatience is for a boot under software emulation on a busy machine.
const bootPatience = 6 * time.Minute

func homeOf(name string) string {
	u, err := user.Lookup(name)
	if err != nil {
		return "/nonexistent"
	}
	return u.HomeDir
}

// testHome outlives the tests, and the templates in it are used by the next.
// Its path is short, for the sockets below it.
func testHome(tb testing.TB) string {
	tb.Helper()
	if home := os.Getenv("BENCHTEST_HOME"); home != "" {
		return home
	}
	home, err := os.UserHomeDir()
	require.NoError(tb, err)
	return filepath.Join(home, ".cache", "benchtest-test")
}

// provider is what New makes.
type provider interface {
	providers.Provider
	fixtures.Sweeper
	fixtures.TemplateDeleter
}

// live returns a provider that can make machines, with debian-base built.
func live(tb testing.TB) (provider, providers.Template) {
	tb.Helper()
	if os.Getenv("BENCHTEST_LIMA_TEST") == "" {
		tb.Skip("virtual machines take minutes to boot: make e2e-lima runs this test on them (BENCHTEST_LIMA_TEST=1, as an ordinary user)")
	}
	made, err := lima.New(providers.Options{Home: testHome(tb), Run: "test"})
	require.NoError(tb, err)
	p := made.(provider)
	require.NoError(tb, p.Check(tb.Context()))
	tmpl := baseTemplate(tb)
	tmpl.Progress = func(step string) { tb.Log(time.Now().Format(time.TimeOnly), step) }
	require.NoError(tb, p.Build(tb.Context(), tmpl))
	tmpl.Progress = nil
	return p, tmpl
}

func baseTemplate(tb testing.TB) providers.Template {
	tb.Helper()
	catalog, err := fixtures.LoadTemplates(fixtures.Embedded())
	require.NoError(tb, err)
	t, err := catalog.Get("debian-base")
	require.NoError(tb, err)
	return t
}

// clone makes a machine that the test destroys, and a sandbox of it as root.
func clone(t *testing.T, p provider, tmpl providers.Template, id string) (providers.Machine, *providers.Sandbox) {
	t.Helper()
	ring, err := providers.NewKeyRing()
	require.NoError(t, err)
	m, err := p.Clone(t.Context(), providers.CloneSpec{ID: id, Template: tmpl, HostName: "web1", Network: providers.NetworkNone, Keys: ring.Keys})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		require.NoError(t, m.Destroy(ctx))
	})
	sb, err := providers.Open(t.Context(), m, "web1", ring.Access("root"), providers.SandboxOptions{ConnectLimit: bootPatience})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, sb.Close()) })
	return m, sb
}

// run runs a command in a sandbox and wants it to succeed.
func run(t *testing.T, s *providers.Sandbox, argv ...string) string {
	t.Helper()
	r, err := s.Exec(t.Context(), providers.Command{Argv: argv})
	require.NoError(t, err)
	require.Zero(t, r.ExitStatus, "%v: %s%s", argv, r.Stdout, r.Stderr)
	return strings.TrimSpace(string(r.Stdout))
}

// lines are those of an output, and none of an empty one.
func lines(out string) []string {
	return strings.FieldsFunc(out, func(r rune) bool { return r == '\n' })
}
