package incus_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lxc/incus/v6/shared/api"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/providers"
)

// clusterOnly skips what needs the cluster of scripts/incus-cluster.sh.
func clusterOnly(t *testing.T) {
	t.Helper()
	if os.Getenv("BENCHTEST_TEST_CLUSTER") == "" {
		t.Skip("this test takes a member of a cluster away: run make e2e-cluster, as root")
	}
}

// clusterScript runs scripts/incus-cluster.sh.
func clusterScript(t *testing.T, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "../../scripts/incus-cluster.sh", args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	require.NoError(t, cmd.Run(), "incus-cluster.sh %v", args)
}

// where is the cluster's member that has an instance.
func where(t *testing.T, p provider, id string) string {
	t.Helper()
	c, err := p.(clienter).Client(t.Context())
	require.NoError(t, err)
	inst, _, err := c.GetInstance(id)
	require.NoError(t, err)
	return inst.Location
}

// clusterClone makes a machine that the test destroys.
func clusterClone(t *testing.T, p provider, name, attempt string) (providers.Machine, providers.KeyRing) {
	t.Helper()
	ring, err := providers.NewKeyRing()
	require.NoError(t, err)
	m, err := p.Clone(t.Context(), providers.CloneSpec{
		ID: fmt.Sprintf("benchtest-cl-%d-%s", os.Getpid(), name), HostName: name, Template: testTemplate(), Attempt: attempt, Keys: ring.Keys,
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		assert.NoError(t, m.Destroy(ctx))
	})
	return m, ring
}

// TestCluster: a cluster is used as one server, and goes on without a member.
func TestCluster(t *testing.T) {
	clusterOnly(t)
	p, tmpl := live(t)
	require.NoError(t, p.Build(t.Context(), tmpl), "a template that is on every member is not built again")

	hosts, err := p.(providers.CapacityReporter).Capacity(t.Context())
	require.NoError(t, err)
	require.Len(t, hosts, 3, "a member each")
	one, err := os.ReadFile("/proc/cpuinfo")
	require.NoError(t, err)
	assert.Equal(t, strings.Count(string(one), "processor\t:"), hosts[0].VCPU)
	assert.Greater(t, hosts[0].MemoryMiB, 512)

	var spares []providers.Machine
	members := map[string]providers.Machine{}
	for i := range 3 {
		m, _ := clusterClone(t, p, fmt.Sprintf("spare%d", i), "")
		spares = append(spares, m)
		members[where(t, p, m.ID())] = m
	}
	require.Len(t, members, 3, "a member each")
	pair(t, p, spares[:2])
	t.Run("hosts of one attempt", func(t *testing.T) {
		a, _ := clusterClone(t, p, "a", "attempt-1")
		b, _ := clusterClone(t, p, "b", "attempt-1")
		assert.Equal(t, where(t, p, a.ID()), where(t, p, b.ID()))
	})
	lose(t, p, spares[2])
}

// pair connects two machines that were made ahead, on two members.
func pair(t *testing.T, p provider, two []providers.Machine) {
	t.Helper()
	hosts := map[string]providers.Machine{"web1": two[0], "db1": two[1]}
	require.NoError(t, p.Connect(t.Context(), "benchtest-cluster-pair", hosts))
	assert.Equal(t, where(t, p, two[0].ID()), where(t, p, two[1].ID()))
	conn, err := two[1].Dial(t.Context())
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	require.NoError(t, p.Disconnect(t.Context(), "benchtest-cluster-pair"))
}

// lose takes the member away that has m, as a power cut would.
func lose(t *testing.T, p provider, m providers.Machine) {
	t.Helper()
	member := strings.TrimPrefix(where(t, p, m.ID()), "m")
	require.NotEqual(t, "1", member, "the test itself is at member 1")
	clusterScript(t, "lose", member)
	defer func() {
		clusterScript(t, "find", member)
		require.Eventually(t, func() bool { _, err := p.Open(t.Context(), m.ID()); return err == nil }, time.Minute, time.Second, "it is back")
	}()
	require.Eventually(t, func() bool {
		all, err := p.List(t.Context())
		if err != nil {
			return false
		}
		return !slices.ContainsFunc(all, func(info providers.MachineInfo) bool { return info.ID == m.ID() && info.State == "running" })
	}, time.Minute, time.Second, "nobody says that its machines are well: their attempts are errored, and not failed")
	require.NoError(t, p.Check(t.Context()))
	other, ring := clusterClone(t, p, "after", "")
	assert.NotEqual(t, "m"+member, where(t, p, other.ID()), "the rest goes on")
	sb, err := providers.Open(t.Context(), other, "after", ring.Access("root"), providers.SandboxOptions{})
	require.NoError(t, err)
	require.NoError(t, sb.Close())
}

// TestClusterRun: a member goes away in the middle of a run. What is at work
// on it is errored, and never failed; the rest of the same run passes.
func TestClusterRun(t *testing.T) {
	clusterOnly(t)
	p := newProvider(t)
	home := t.TempDir()
	run, said := startRun(t, home, "-run", "^Test_nginx$", "-benchtest.iter=4", "-benchtest.max-concurrent=3")
	member, attempt := "", ""
	require.Eventually(t, func() bool {
		member, attempt = victim(t, p, home)
		return member != ""
	}, 10*time.Minute, 50*time.Millisecond, "an engine is at work on a member that can be spared")
	clusterScript(t, "lose", member)
	err := run.Wait()
	clusterScript(t, "find", member)
	require.Error(t, err, "errored attempts make the run red: %s", said)

	assertEnds(t, home, 12, said)
	lost := count(read(t, home), func(e event) bool {
		return e.Event == "attempt_finished" && fmt.Sprintf("%s/i%d", e.Key, e.Iteration) == attempt && e.Attempt.Outcome == "errored"
	})
	assert.Equal(t, 1, lost, "%s was on m%s: %s", attempt, member, said)
	require.Eventually(t, func() bool { return allAnswer(t, p) }, 2*time.Minute, time.Second, "member %s is back", member)
	purge(t, home)
	assertNothingOf(t, home, "benchtest-none")
}

// allAnswer reports whether each member says how its instances are.
func allAnswer(t *testing.T, p provider) bool {
	t.Helper()
	c, err := p.(clienter).Client(t.Context())
	if err != nil {
		return false
	}
	all, err := c.GetInstances(api.InstanceTypeAny)
	return err == nil && !slices.ContainsFunc(all, func(i api.Instance) bool { return i.StatusCode == api.Error })
}

// victim is an attempt at work, and the number of its member, which is not the
// one that we ask; "": there is none now.
func victim(t *testing.T, p provider, home string) (member, attempt string) {
	t.Helper()
	names := atWork(t, home)
	if len(names) == 0 {
		return "", ""
	}
	j, err := fixtures.OpenJournal(home)
	require.NoError(t, err)
	leases, err := j.List()
	require.NoError(t, err)
	c, err := p.(clienter).Client(t.Context())
	require.NoError(t, err)
	for _, l := range leases {
		if l.Kind != fixtures.LeaseClone || !slices.Contains(names, l.Attempt) {
			continue
		}
		inst, _, err := c.GetInstance(l.ID)
		if err == nil && inst.Location != "m1" { // else it has just ended
			return strings.TrimPrefix(inst.Location, "m"), l.Attempt
		}
	}
	return "", ""
}
