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

	server, err := providers.Open(t.Context(), m, "web1", ring.Access("root"), providers.SandboxOptions{ConnectLimit: bootPatience, Server: true})
	require.NoError(t, err)
	defer func() { assert.NoError(t, server.Close()) }()
	before := run(t, server, "pidof", "benchtest-steward")
	run(t, server, "sh", "-c", "kill -KILL "+before+"; while p=$(pidof benchtest-steward || echo "+before+"); [ $p = "+before+" ]; do sleep 0.1; done")
	again := open()
	run(t, again, "grep", "-q", "benchtest-steward", "/proc/self/cgroup")
	require.NoError(t, again.Close())

	run(t, server, "sh", "-c", "systemctl mask --runtime benchtest-steward; systemctl stop benchtest-steward; ! pidof benchtest-steward")
	other := open()
	defer func() { assert.NoError(t, other.Close()) }()
	run(t, other, "sh", "-c", "! grep -q benchtest-steward /proc/self/cgroup")
}
