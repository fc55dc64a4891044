package incus

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Where no Incus is, nothing is listed and nothing swept; one that does not
// answer is an error.
func TestAbsent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	dead := filepath.Join(dir, "dead")
	require.NoError(t, os.WriteFile(dead, nil, 0o600))
	for _, tc := range []struct {
		name string
		r    remote
		fail bool
	}{
		{"no socket", remote{socket: filepath.Join(dir, "none")}, false},
		{"a socket that nobody listens at", remote{socket: dead}, true},
		{"a remote that cannot be reached", remote{url: "https://127.0.0.1:1"}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.r.outage = &outage{}
			p := &Provider{server: server{remote: tc.r}, home: dir, env: func(string) string { return "" }}
			list, err := p.List(t.Context())
			assert.Equal(t, tc.fail, err != nil, "%v", err)
			assert.Empty(t, list)
			swept, err := p.Sweep(t.Context())
			assert.Equal(t, tc.fail, err != nil, "%v", err)
			assert.Empty(t, swept)
		})
	}
}

// A pool without quotas is not said to bound a disk.
func TestEnforced(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		driver string
		disk   bool
	}{{"btrfs", true}, {"zfs", true}, {"dir", false}, {"nfs", false}} {
		e := (&Machine{p: &Provider{site: &site{driver: tc.driver}}}).Enforced()
		assert.True(t, e.Memory && e.CPU && e.Pids, tc.driver)
		assert.Equal(t, tc.disk, e.Disk, tc.driver)
		if !tc.disk {
			assert.Contains(t, e.Reason, "is "+tc.driver)
		}
	}
}
