package attempt_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/attempt"
	"github.com/benchtest-dev/benchtest/benchtest/engines"
	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/fixtures/sandboxes"
	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/providertest"
)

func TestKeep(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		keep   attempt.Keep
		engine engines.Engine
		want   int
	}{
		{"failed keeps a failed one", attempt.KeepFailed, engines.Noop{}, 1},
		{"failed destroys a passed one", attempt.KeepFailed, engines.Solver{}, 0},
		{"always keeps a passed one", attempt.KeepAlways, engines.Solver{}, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t, func(h *harness) { h.Keep, h.Engine = tc.keep, tc.engine })
			h.run(load(t, nil))
			live := h.fake.Live()
			assert.Len(t, live, tc.want)
			for _, m := range live {
				enterKept(t, h, m)
				require.NoError(t, m.Destroy(t.Context()))
			}
		})
	}
}

// enterKept reaches a kept machine with what is on disk, as another process does.
func enterKept(t *testing.T, h *harness, m *providertest.FakeMachine) {
	t.Helper()
	store, err := sandboxes.OpenStore(h.Journal)
	require.NoError(t, err)
	defer store.Close()
	r, err := store.Find(m.ID())
	require.NoError(t, err)
	assert.WithinDuration(t, time.Now().Add(fixtures.KeptFor), r.Expires, time.Minute)
	ring, err := store.Keys(r)
	require.NoError(t, err)
	sb, err := providers.Open(t.Context(), m, "h", ring.Access("agent"), providers.SandboxOptions{})
	require.NoError(t, err)
	require.NoError(t, sb.Close())
	last, err := store.LastFailed("")
	if r.Outcome == "passed" {
		require.ErrorIs(t, err, sandboxes.ErrUnknown)
		return
	}
	require.NoError(t, err)
	assert.Equal(t, m.ID(), last.ID)
}
