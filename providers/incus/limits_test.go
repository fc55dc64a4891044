package incus_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lxc/incus/v6/shared/api"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts/probebin"
	"github.com/benchtest-dev/benchtest/providers"
)

// cloneOf is a machine of the template that the test destroys, and answers.
func cloneOf(t *testing.T, p provider, tmpl providers.Template, name string) *providers.Sandbox {
	t.Helper()
	ring, err := providers.NewKeyRing()
	require.NoError(t, err)
	m, err := p.Clone(t.Context(), providers.CloneSpec{
		ID: fmt.Sprintf("benchtest-%d-%s", os.Getpid(), name), HostName: name, Template: tmpl, Keys: ring.Keys,
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		assert.NoError(t, m.Destroy(ctx))
	})
	probe, err := probebin.Open(t.Context(), testHome(t))
	require.NoError(t, err)
	t.Cleanup(func() { _ = probe.Close() })
	sb, err := providers.Open(t.Context(), m, name, ring.Access("root"), providers.SandboxOptions{Probe: probe})
	require.NoError(t, err)
	t.Cleanup(func() { _ = sb.Close() })
	require.NoError(t, sb.WaitReady(t.Context()))
	return sb
}

// TestLimits: what the template allows is all that a guest gets, whatever it
// tries.
func TestLimits(t *testing.T) {
	t.Parallel()
	p, tmpl := live(t)
	sb := cloneOf(t, p, tmpl, "limits")
	e := sb.Machine().(providers.LimitReporter).Enforced()
	require.True(t, e.Memory && e.CPU, "%+v", e)
	run := func(script string) providers.Result {
		r, err := sb.Exec(t.Context(), providers.Command{Argv: []string{"/bin/sh", "-c", script}, Limit: time.Minute})
		require.NoError(t, err)
		return r
	}
	assert.Equal(t, "1", strings.TrimSpace(string(run("nproc").Stdout)))
	const fill = `python3 -c 'x = bytearray(%d << 20)'`
	assert.Zero(t, run(fmt.Sprintf(fill, tmpl.MemoryMiB/4)).ExitStatus)
	assert.NotZero(t, run(fmt.Sprintf(fill, tmpl.MemoryMiB*3/2)).ExitStatus, "memory")
	if e.Disk {
		r := run(fmt.Sprintf("head -c %dM /dev/zero >/root/big && sync", tmpl.DiskMiB*5/4))
		assert.NotZero(t, r.ExitStatus, "disk")
		assert.Zero(t, run("rm /root/big && sync").ExitStatus, "Incus writes there too")
	}

	require.NoError(t, sb.Machine().(providers.Resizer).Resize(t.Context(), providers.Limits{MemoryMiB: tmpl.MemoryMiB * 3}))
	assert.Zero(t, run(fmt.Sprintf(fill, tmpl.MemoryMiB*3/2)).ExitStatus, "it has more now")
}

// TestWarnings: doctor says what works and is slow or left out, and how to mend it.
func TestWarnings(t *testing.T) { //nolint:paralleltest // it is about the environment
	near, _ := live(t)
	c := privateClient(t, near)
	server, _, err := c.GetServer()
	require.NoError(t, err)
	warned := func(word string) string {
		list, err := newProvider(t).Warnings(t.Context())
		require.NoError(t, err)
		i := slices.IndexFunc(list, func(w string) bool { return strings.Contains(w, word) })
		if i < 0 {
			return ""
		}
		return list[i]
	}
	hasVM := slices.Contains(strings.Split(server.Environment.Driver, " | "), "qemu")
	assert.Equal(t, hasVM, warned("modprobe vhost_vsock") == "", "virtual machines")
	assert.Equal(t, warned("modprobe vhost_vsock"), warned("type vm cannot be had here: virtual machines need /dev/kvm"))
	assert.Empty(t, warned("copies every file"), "the pool is copy-on-write")
	assert.Empty(t, warned("incus network create"), "there is a bridge")

	t.Setenv("BENCHTEST_INCUS_NETWORK", "lo") // which gives nobody an address
	assert.NotEmpty(t, warned("incus network create"))

	const pool = "benchtest-dir"
	require.NoError(t, c.CreateStoragePool(api.StoragePoolsPost{Name: pool, Driver: "dir"}))
	t.Cleanup(func() { assert.NoError(t, c.DeleteStoragePool(pool)) })
	t.Setenv("BENCHTEST_INCUS_POOL", pool)
	assert.Contains(t, warned("copies every file"), "incus storage create")
}
