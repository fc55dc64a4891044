package providers_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/providertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var template = providers.Template{Name: "debian-fake", Digest: "0123456789abcdef"}

// clone makes a machine of a new Fake, and its keys.
func clone(t *testing.T, o providertest.FakeOptions) (*providertest.Fake, providers.Machine, providers.KeyRing) {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	f := providertest.NewFake(o)
	keys, err := providers.NewKeyRing()
	require.NoError(t, err)
	require.NoError(t, f.Build(t.Context(), template))
	m, err := f.Clone(t.Context(), providers.CloneSpec{ID: "benchtest-1", Template: template, HostName: "web1", Keys: keys.Keys})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Destroy(context.Background())) })
	return f, m, keys
}

// open is a sandbox of a machine of a new Fake.
func open(t *testing.T, fake providertest.FakeOptions) (*providers.Sandbox, *providertest.Fake) {
	t.Helper()
	f, m, keys := clone(t, fake)
	s, err := providers.Open(within(t, 10*time.Second), m, "web1", keys.Access("root"), providers.SandboxOptions{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s, f
}

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// dialer is a Machine that is only a way to dial.
type dialer func(ctx context.Context) (net.Conn, error)

func (d dialer) ID() string                                 { return "benchtest-dialer" }
func (d dialer) Dial(ctx context.Context) (net.Conn, error) { return d(ctx) }
func (d dialer) Destroy(context.Context) error              { return nil }

// sh is a command of the shell.
func sh(script string) providers.Command {
	return providers.Command{Argv: []string{"/bin/sh", "-c", script}, Limit: 20 * time.Second}
}
