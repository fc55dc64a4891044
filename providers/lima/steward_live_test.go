package lima_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers"
)

// A session that was saved with the guest is over after a reset, a steward that
// is killed comes again, and where there is none root goes by the SSH server.
func TestSteward(t *testing.T) {
	t.Parallel()
	p, tmpl := live(t)
	ring, err := providers.NewKeyRing()
	require.NoError(t, err)
	m, err := p.Clone(t.Context(), providers.CloneSpec{ID: "benchtest-steward", Template: tmpl, HostName: "web1", Network: providers.NetworkNone, Keys: ring.Keys})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		assert.NoError(t, m.Destroy(ctx))
	})
	open := func() *providers.Sandbox {
		s, err := providers.Open(t.Context(), m, "web1", ring.Access("root"), providers.SandboxOptions{ConnectLimit: bootPatience})
		require.NoError(t, err)
		return s
	}
	s := open()
	defer func() { assert.NoError(t, s.Close()) }()
	require.NoError(t, m.(providers.Snapshotter).Snapshot(t.Context(), "ready"))
	for range 3 {
		require.NoError(t, m.(providers.Snapshotter).Restore(t.Context(), "ready"))
		then := time.Now().Add(-time.Minute).Format(time.DateTime)
		assert.Less(t, then, run(t, s, "date", "-u", "+%F %T"))
	}

	before := run(t, s, "pidof", "benchtest-steward")
	lost := func(script string) { // it takes the command's connection with it
		_, _ = s.Exec(t.Context(), providers.Command{Argv: []string{"sh", "-c", script}, Limit: 3 * time.Second})
	}
	lost("pkill -KILL benchtest-stewa")
	assert.NotEqual(t, before, run(t, s, "sh", "-c", "until pidof benchtest-steward; do sleep 0.1; done"), "it is started again")
	lost("systemctl mask --runtime benchtest-steward && systemctl stop benchtest-steward")
	other := open() // by the SSH server
	defer func() { assert.NoError(t, other.Close()) }()
	run(t, other, "sh", "-c", "! pidof benchtest-steward")
}
