package local_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers"
)

// BenchmarkMachine tells the medians of a machine's life: until its init runs,
// until its first command over SSH has answered, until systemd says running,
// and of its end.
func BenchmarkMachine(b *testing.B) {
	p, tmpl := live(b)
	var cloned, answered, ready, destroyed []time.Duration
	ring, err := providers.NewKeyRing()
	require.NoError(b, err)
	for i := range b.N {
		start := time.Now()
		m, err := p.Clone(b.Context(), providers.CloneSpec{ID: fmt.Sprintf("benchtest-bench-%d", i), Template: tmpl, HostName: "web1", Keys: ring.Keys})
		require.NoError(b, err)
		cloned = append(cloned, time.Since(start))
		s, err := providers.Open(b.Context(), m, "web1", providers.Access{User: "root", Key: ring.Root.Signer, HostKey: ring.HostKey}, providers.SandboxOptions{})
		require.NoError(b, err)
		_, err = s.Exec(b.Context(), providers.Command{Argv: []string{"true"}})
		require.NoError(b, err)
		answered = append(answered, time.Since(start))
		require.NoError(b, s.WaitReady(b.Context()))
		ready = append(ready, time.Since(start))
		require.NoError(b, s.Close())
		start = time.Now()
		require.NoError(b, m.Destroy(b.Context()))
		destroyed = append(destroyed, time.Since(start))
	}
	for unit, times := range map[string][]time.Duration{
		"ms-clone": cloned, "ms-first-command": answered, "ms-ready": ready, "ms-destroy": destroyed,
	} {
		slices.Sort(times)
		b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, unit)
	}
}
