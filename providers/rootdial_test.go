package providers_test

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/providertest"
)

// A twoWays is a Machine with a way in for root; both are counted.
type twoWays struct {
	providers.Machine
	root           func(ctx context.Context) (net.Conn, error)
	byRoot, server atomic.Int32
}

func (m *twoWays) Dial(ctx context.Context) (net.Conn, error) {
	m.server.Add(1)
	return m.Machine.Dial(ctx)
}

func (m *twoWays) DialRoot(ctx context.Context) (net.Conn, error) {
	m.byRoot.Add(1)
	return m.root(ctx)
}

// Root's commands go by root's own way; where that leads nowhere, and for
// everybody else, by the guest's SSH server.
func TestRootDialer(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name           string
		user           string
		o              providers.SandboxOptions
		root           func(t *testing.T, own providers.Machine) func(ctx context.Context) (net.Conn, error)
		byRoot, server int32
	}{
		{name: "root", user: "root", byRoot: 1},
		{name: "root, for others", user: "root", o: providers.SandboxOptions{Server: true}, server: 1},
		{name: "agent", user: "agent", server: 1},
		{
			name: "nobody there", user: "root", byRoot: 1, server: 1,
			root: func(*testing.T, providers.Machine) func(context.Context) (net.Conn, error) {
				return func(context.Context) (net.Conn, error) { return nil, errors.New("nobody there") }
			},
		},
		{
			name: "another host key there", user: "root", byRoot: 1, server: 1,
			root: func(t *testing.T, _ providers.Machine) func(context.Context) (net.Conn, error) {
				t.Helper()
				_, other, _ := clone(t, providertest.FakeOptions{})
				return other.Dial
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, own, keys := clone(t, providertest.FakeOptions{})
			m := &twoWays{Machine: own, root: own.Dial}
			if tc.root != nil {
				m.root = tc.root(t, own)
			}
			s, err := providers.Open(within(t, 20*time.Second), m, "web1", keys.Access(tc.user), tc.o)
			require.NoError(t, err)
			defer func() { assert.NoError(t, s.Close()) }()
			r, err := s.Exec(t.Context(), sh("exit 3"))
			require.NoError(t, err)
			assert.Equal(t, 3, r.ExitStatus)
			assert.Equal(t, [2]int32{tc.byRoot, tc.server}, [2]int32{m.byRoot.Load(), m.server.Load()})
		})
	}
}
