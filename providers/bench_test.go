package providers_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/providertest"
)

// BenchmarkFake is the cost of the transport itself: everything but a guest.
func BenchmarkFake(b *testing.B) {
	f := providertest.NewFake(providertest.FakeOptions{Dir: b.TempDir(), Exec: echoes})
	require.NoError(b, f.Build(b.Context(), template))
	keys, err := providers.NewKeyRing()
	require.NoError(b, err)
	spec := providers.CloneSpec{ID: "benchtest-1", Template: template, Keys: keys.Keys}
	m, err := f.Clone(b.Context(), spec)
	require.NoError(b, err)
	echo := providers.Command{Argv: []string{"echoes", "x"}}
	s, err := providers.Open(b.Context(), m, "web1", keys.Access("root"), providers.SandboxOptions{})
	require.NoError(b, err)
	defer func() { require.NoError(b, s.Close()) }()
	b.Run("exec", func(b *testing.B) {
		for b.Loop() {
			_, err := s.Exec(b.Context(), echo)
			require.NoError(b, err)
		}
	})
	b.Run("exec a process", func(b *testing.B) {
		for b.Loop() {
			_, err := s.Exec(b.Context(), providers.Command{Argv: []string{"true"}})
			require.NoError(b, err)
		}
	})
	b.Run("keys", func(b *testing.B) {
		for b.Loop() {
			_, err := providers.NewKeyRing()
			require.NoError(b, err)
		}
	})
	b.Run("clone, open, exec, destroy", func(b *testing.B) {
		for b.Loop() {
			spec.ID = "benchtest-2"
			m, err := f.Clone(b.Context(), spec)
			require.NoError(b, err)
			s, err := providers.Open(b.Context(), m, "web1", keys.Access("root"), providers.SandboxOptions{})
			require.NoError(b, err)
			_, err = s.Exec(b.Context(), echo)
			require.NoError(b, err)
			require.NoError(b, s.Close())
			require.NoError(b, m.Destroy(b.Context()))
		}
	})
}
