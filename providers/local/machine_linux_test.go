package local_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers"
)

func TestMachineIsAMachine(t *testing.T) {
	t.Parallel()
	p, tmpl := live(t)
	m, ring := clone(t, p, tmpl, "benchtest-whole", "web1")
	s := shell(t, m, "web1", ring)

	assert.Equal(t, "running", run(t, s, "systemctl", "is-system-running", "--wait"))
	assert.Equal(t, "web1", run(t, s, "hostname"))
	assert.Len(t, run(t, s, "cat", "/etc/machine-id"), 32)
	assert.Contains(t, run(t, s, "getent", "hosts", "web1"), "127.0.1.1")
	assert.Equal(t, "root", run(t, s, "sudo", "-u", "agent", "sudo", "-n", "whoami"))
	assert.Contains(t, run(t, s, "ping", "-c1", "-W1", "127.0.0.1"), "1 received")
	assert.Equal(t, "lo", run(t, s, "ls", "/sys/class/net"), "loopback and nothing else")

	agent, err := providers.Open(t.Context(), m, "web1", providers.Access{User: "agent", Key: ring.Agent.Signer, HostKey: ring.HostKey}, providers.SandboxOptions{})
	require.NoError(t, err)
	defer func() { assert.NoError(t, agent.Close()) }()
	assert.Equal(t, "agent", run(t, agent, "whoami"))
}

//nolint:tparallel // its subtests share one guest, which one of them fills
func TestLimitsAreEnforced(t *testing.T) {
	t.Parallel()
	p, tmpl := live(t)
	m, ring := clone(t, p, tmpl, "benchtest-limits", "web1")
	s := shell(t, m, "web1", ring)
	enforced := m.(providers.LimitReporter).Enforced()

	t.Run("disk", func(t *testing.T) {
		assert.True(t, enforced.Disk)
		r, err := s.Exec(t.Context(), providers.Command{Argv: []string{"dd", "if=/dev/zero", "of=/var/big", "bs=1M", "count=2000"}})
		require.NoError(t, err)
		assert.NotZero(t, r.ExitStatus)
		assert.Contains(t, string(r.Stderr), "No space left on device")
		run(t, s, "rm", "/var/big")
	})
	t.Run("memory", func(t *testing.T) {
		if !enforced.Memory {
			t.Skipf("not enforced here: %s", enforced.Reason)
		}
		r, err := s.Exec(t.Context(), providers.Command{Argv: []string{"python3", "-c", "b = bytearray(700 << 20); print(len(b))"}})
		require.NoError(t, err)
		assert.Equal(t, "KILL", r.Signal, "%s%s", r.Stdout, r.Stderr)
		assert.Equal(t, "web1", run(t, s, "hostname"), "the guest goes on")
	})
	t.Run("pids", func(t *testing.T) {
		if !enforced.Pids {
			t.Skipf("not enforced here: %s", enforced.Reason)
		}
		assert.Equal(t, "4096", run(t, s, "sh", "-c", "cd /sys/fs/cgroup; cat pids/pids.max || cat pids.max"))
	})
	t.Run("cpu", func(t *testing.T) {
		if !enforced.CPU {
			t.Skipf("not enforced here: %s", enforced.Reason)
		}
		// What it does to two spinners would need two idle CPUs to be seen.
		assert.Contains(t, []string{"100000", "100000 100000"},
			run(t, s, "sh", "-c", "cd /sys/fs/cgroup; cat cpu/cpu.cfs_quota_us || cat cpu.max"))
	})
}

//nolint:tparallel // its subtests share one guest
func TestReboot(t *testing.T) {
	t.Parallel()
	p, tmpl := live(t)
	m, ring := clone(t, p, tmpl, "benchtest-reboot", "web1")
	s := shell(t, m, "web1", ring)
	boot := func() string { return run(t, s, "systemctl", "show", "--value", "-p", "UserspaceTimestampMonotonic") }
	first := boot()
	run(t, s, "touch", "/var/kept")

	t.Run("from inside", func(t *testing.T) {
		_, _ = s.Exec(t.Context(), providers.Command{Argv: []string{"systemctl", "reboot"}})
		require.Eventually(t, func() bool {
			r, err := s.Exec(t.Context(), providers.Command{Argv: []string{"systemctl", "show", "--value", "-p", "UserspaceTimestampMonotonic"}})
			return err == nil && r.ExitStatus == 0 && strings.TrimSpace(string(r.Stdout)) != first
		}, 20*time.Second, 50*time.Millisecond)
		run(t, s, "test", "-e", "/var/kept")
	})
	t.Run("from outside", func(t *testing.T) {
		second := boot()
		require.NoError(t, m.(providers.Rebooter).Reboot(t.Context()))
		require.Eventually(t, func() bool {
			r, err := s.Exec(t.Context(), providers.Command{Argv: []string{"systemctl", "show", "--value", "-p", "UserspaceTimestampMonotonic"}})
			return err == nil && r.ExitStatus == 0 && strings.TrimSpace(string(r.Stdout)) != second
		}, 20*time.Second, 50*time.Millisecond)
		run(t, s, "test", "-e", "/var/kept")
	})
}

func TestPowerOffStaysOff(t *testing.T) {
	t.Parallel()
	p, tmpl := live(t)
	m, ring := clone(t, p, tmpl, "benchtest-off", "web1")
	s := shell(t, m, "web1", ring)
	_, _ = s.Exec(t.Context(), providers.Command{Argv: []string{"systemctl", "poweroff"}})
	require.Eventually(t, func() bool { return stateOf(t, p, m.ID()) == "stopped" }, 20*time.Second, 20*time.Millisecond)

	_, err := m.Dial(t.Context())
	require.ErrorContains(t, err, "powered off")
	require.NoError(t, m.(providers.Rebooter).Reboot(t.Context()), "it can be switched on again")
	assert.Equal(t, "web1", run(t, s, "hostname"))
}

// stateOf is what List says of a machine; "" when it is not there.
func stateOf(t *testing.T, p provider, id string) string {
	t.Helper()
	infos, err := p.List(t.Context())
	require.NoError(t, err)
	for _, i := range infos {
		if i.ID == id {
			return i.State
		}
	}
	return ""
}

func TestHostsReachEachOther(t *testing.T) {
	t.Parallel()
	p, tmpl := live(t)
	a, ringA := clone(t, p, tmpl, "benchtest-net-a", "pool-1")
	b, ringB := clone(t, p, tmpl, "benchtest-net-b", "db1")
	hosts := map[string]providers.Machine{"web1": a, "db1": b}
	require.NoError(t, p.Connect(t.Context(), "run/nginx/001/i1", hosts))
	require.NoError(t, p.Connect(t.Context(), "run/nginx/001/i1", hosts), "idempotent")
	t.Cleanup(func() { require.NoError(t, p.Disconnect(context.Background(), "run/nginx/001/i1")) })
	web, db := shell(t, a, "web1", ringA), shell(t, b, "db1", ringB)

	assert.Equal(t, "web1", run(t, web, "hostname"), "a clone of the pool gets its name")
	assert.Contains(t, run(t, web, "ping", "-c1", "-W2", "db1"), "1 received")
	assert.Contains(t, run(t, db, "ping", "-c1", "-W2", "web1"), "1 received")
	assert.Equal(t, "running", stateOf(t, p, "run/nginx/001/i1"))

	require.NoError(t, b.(providers.Rebooter).Reboot(t.Context()))
	assert.Contains(t, run(t, web, "ping", "-c1", "-W5", "db1"), "1 received", "plugged in again after a reboot")

	require.NoError(t, p.Disconnect(t.Context(), "run/nginx/001/i1"))
	require.NoError(t, p.Disconnect(t.Context(), "run/nginx/001/i1"), "idempotent")
	require.Eventually(t, func() bool {
		r, err := web.Exec(t.Context(), providers.Command{Argv: []string{"test", "-e", "/sys/class/net/eth0"}})
		return err == nil && r.ExitStatus == 1
	}, 5*time.Second, 20*time.Millisecond)
}

func TestDestroyLeavesNothing(t *testing.T) {
	t.Parallel()
	p, tmpl := live(t)
	tests := []struct {
		name  string
		harm  func(id string) error
		state string
	}{
		{name: "running", harm: func(string) error { return nil }, state: "running"},
		{name: "monitor killed", harm: killMonitor, state: "running"},
		{name: "no state", harm: func(id string) error { return os.Remove(filepath.Join("/run/benchtest", id, "state.json")) }, state: "broken"},
		{name: "no record", harm: func(id string) error { return os.Remove(filepath.Join("/run/benchtest", id, "machine.json")) }, state: "running"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.name != "running" {
				rootOnly(t)
			}
			id := "benchtest-gone-" + strings.ReplaceAll(tt.name, " ", "-")
			clone(t, p, tmpl, id, "web1")
			require.NoError(t, tt.harm(id))
			assert.Equal(t, tt.state, stateOf(t, p, id))

			again, err := p.Open(t.Context(), id)
			require.NoError(t, err)
			require.NoError(t, again.Destroy(t.Context()))
			require.NoError(t, again.Destroy(t.Context()), "idempotent")
			assertGone(t, p, id)
		})
	}
}

// killMonitor kills the monitor that the machine's state names.
func killMonitor(id string) error {
	b, err := os.ReadFile(filepath.Join("/run/benchtest", id, "state.json"))
	if err != nil {
		return err
	}
	var state struct{ Monitor struct{ PID int } }
	if err := json.Unmarshal(b, &state); err != nil {
		return err
	}
	p, err := os.FindProcess(state.Monitor.PID)
	if err != nil {
		return err
	}
	return p.Kill()
}

func TestCloneThatFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	p, tmpl := live(t)
	ring, err := providers.NewKeyRing()
	require.NoError(t, err)
	tests := []struct {
		name  string
		after time.Duration
	}{
		{"at once", 0},
		{"at the disk", 5 * time.Millisecond},
		{"at the monitor", 40 * time.Millisecond},
		{"at the guest", 80 * time.Millisecond},
		{"late", 120 * time.Millisecond},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			id := "benchtest-cut-" + strings.ReplaceAll(tt.name, " ", "-")
			ctx, cancel := context.WithTimeout(t.Context(), tt.after)
			defer cancel()
			m, err := p.Clone(ctx, providers.CloneSpec{ID: id, Template: tmpl, Keys: ring.Keys})
			if err == nil { // it was faster
				require.NoError(t, m.Destroy(t.Context()))
			}
			assertGone(t, p, id)
		})
	}
}

// assertGone wants nothing of a machine to be left on the host.
func assertGone(t *testing.T, p provider, id string) {
	t.Helper()
	assert.Empty(t, stateOf(t, p, id))
	_, err := p.Open(t.Context(), id)
	assert.ErrorIs(t, err, providers.ErrNotFound)
	mounts, err := os.ReadFile("/proc/self/mounts")
	require.NoError(t, err)
	assert.NotContains(t, string(mounts), id)
	assert.NoDirExists(t, filepath.Join("/run/runc", id))
	assert.NoDirExists(t, filepath.Join("/run/benchtest", id))
	groups, err := filepath.Glob("/sys/fs/cgroup/*/benchtest/*/" + id)
	require.NoError(t, err)
	assert.Empty(t, groups)
	loops, err := filepath.Glob("/sys/block/loop*/loop/backing_file")
	require.NoError(t, err)
	for _, l := range loops {
		if b, err := os.ReadFile(l); err == nil { // else freed meanwhile
			assert.NotContains(t, string(b), id)
		}
	}
}

func TestCloneRefuses(t *testing.T) {
	t.Parallel()
	p, tmpl := live(t)
	unbuilt := template(providers.Template{Name: "never"}, nil)
	tests := []struct {
		name string
		spec providers.CloneSpec
		want string
	}{
		{"an open network", providers.CloneSpec{ID: "benchtest-refused", Template: tmpl, Network: providers.NetworkOpen}, "network: open"},
		{"an ID that is not ours", providers.CloneSpec{ID: "web1", Template: tmpl}, "machine ID"},
		{"an ID that is a path", providers.CloneSpec{ID: "../benchtest", Template: tmpl}, "machine ID"},
		{"a template that is not built", providers.CloneSpec{ID: "benchtest-refused", Template: unbuilt}, "is not built"},
	}
	ring, err := providers.NewKeyRing()
	require.NoError(t, err)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.spec.Keys = ring.Keys
			_, err := p.Clone(t.Context(), tt.spec)
			require.ErrorContains(t, err, tt.want)
		})
	}
	_, err = p.Open(t.Context(), "benchtest-nobody")
	assert.True(t, errors.Is(err, providers.ErrNotFound))
}
