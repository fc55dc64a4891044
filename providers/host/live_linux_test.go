package host_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/host"
	"github.com/benchtest-dev/benchtest/providers/host/hosttest"
)

// provider is what New makes.
type provider interface {
	providers.Provider
	providers.Networker
	providers.Lender
}

func lender(t *testing.T, home, inventory string) provider {
	t.Helper()
	p, err := host.New(providers.Options{Home: home, Inventory: inventory})
	require.NoError(t, err)
	return p.(provider)
}

// TestConnect: hosts that know each other are left as they are, and those that
// do not are told what to write where.
func TestConnect(t *testing.T) {
	t.Parallel()
	f := farm(t, "net", hosttest.Host{Name: "web1", User: "agent"}, hosttest.Host{Name: "api1"})
	p := lender(t, t.TempDir(), f.Inventory)
	hosts, boxes := map[string]providers.Machine{}, map[string]*providers.Sandbox{}
	for i, name := range []string{"web1", "api1"} {
		m, err := p.Clone(t.Context(), providers.CloneSpec{ID: fmt.Sprintf("benchtest-net-%d", i), HostName: name})
		require.NoError(t, err)
		defer func() { assert.NoError(t, m.Destroy(context.WithoutCancel(t.Context()))) }()
		hosts[name] = m
		boxes[name] = providers.NewSandbox(m, name, providers.AccessTo(m, providers.KeyRing{}, "root"), providers.SandboxOptions{})
		defer func() { assert.NoError(t, boxes[name].Close()) }()
		require.NoError(t, boxes[name].WaitReady(t.Context()))
	}
	const attempt = "benchtest-x-net"
	for range 2 {
		require.NoError(t, p.Connect(t.Context(), attempt, hosts))
	}
	require.NoError(t, p.Disconnect(t.Context(), attempt))

	sh := func(name, script string) {
		t.Helper()
		r, err := boxes[name].Exec(t.Context(), providers.Command{Argv: []string{"/bin/sh", "-c", script}, Limit: time.Minute})
		require.NoError(t, err)
		require.Zero(t, r.ExitStatus, "%s", r.Stderr)
	}
	sh("web1", `grep -v api1 /etc/hosts >/tmp/h; cat /tmp/h >/etc/hosts`)
	require.ErrorContains(t, p.Connect(t.Context(), attempt, hosts),
		"host web1 does not reach api1 by that name (it does not know the name): put this line into /etc/hosts of web1: 10.77.0.10 api1")
	sh("web1", `echo 192.0.2.7 api1 >>/etc/hosts`)
	require.ErrorContains(t, p.Connect(t.Context(), attempt, hosts), "it takes it for 192.0.2.7")
	sh("web1", `sed -i '/api1/d' /etc/hosts; echo 10.77.0.10 api1 >>/etc/hosts; ip link set eth0 down 2>/dev/null || ip link set "$(ip -o route get 10.77.0.10 | sed 's/.* dev \([^ ]*\).*/\1/')" down`)
	require.ErrorContains(t, p.Connect(t.Context(), attempt, hosts), "let the hosts of a scenario reach each other")
}

// borrowAndWait makes this binary a process that has a host, soils it and
// waits to be killed.
const borrowAndWait = "BENCHTEST_TEST_BORROW"

func borrowUntilKilled(inventory string) {
	p, err := host.New(providers.Options{Home: filepath.Dir(inventory), Inventory: inventory})
	var m providers.Machine
	if err == nil {
		m, err = p.Clone(context.Background(), providers.CloneSpec{ID: "benchtest-killed", HostName: "web1", Attempt: "group/001-x/i1", Run: "dead"})
	}
	if err == nil {
		_, err = m.(providers.Loan).Soil("group/001-x")
	}
	_, _ = fmt.Fprintln(os.Stdout, "borrowed", err)
	select {}
}

// TestKilled: a host whose borrower was killed is free at once, purge gives
// back what is on record, and only the scenario that soiled it may have it
// before it is mended.
func TestKilled(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	inventory := filepath.Join(home, "hosts.yaml")
	pair, err := providers.NewKeyPair()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(home, "key"), pair.Private, 0o600))
	require.NoError(t, os.WriteFile(inventory, []byte("hosts:\n  - {host_name: web1, address: 127.0.0.1, key: key, network: none, host_key: "+
		strings.TrimSpace(string(pair.Authorized))+"}\n"), 0o600))
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), borrowAndWait+"="+inventory)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	said, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "borrowed <nil>\n", said)

	p := lender(t, home, inventory)
	spec := providers.CloneSpec{ID: "benchtest-next", HostName: "web1", Attempt: "group/001-x/i2"}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err = p.Borrow(ctx, []providers.CloneSpec{spec})
	require.ErrorIs(t, err, context.DeadlineExceeded, "its borrower lives")
	journal, err := fixtures.OpenJournal(home)
	require.NoError(t, err)

	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	other := spec
	other.Attempt = "group/002-y/i1"
	_, err = p.Borrow(t.Context(), []providers.CloneSpec{other})
	require.ErrorContains(t, err, "host web1 was left unmended by group/001-x/i1, since ")
	m, err := p.Clone(t.Context(), spec)
	require.NoError(t, err)
	soiled, err := m.(providers.Loan).Soil("group/001-x")
	require.NoError(t, err)
	assert.True(t, soiled)
	_, err = p.Open(t.Context(), "benchtest-killed")
	require.ErrorIs(t, err, providers.ErrNotFound, "the dead one's record is gone")
	report, err := fixtures.Purge(t.Context(), journal, func(string) (providers.Provider, error) { return p, nil }, fixtures.PurgeOptions{Providers: []string{"host"}, LockDir: t.TempDir()})
	require.NoError(t, err)
	assert.Empty(t, report.Failed)
	require.NoError(t, m.(providers.Loan).Mended())
	require.NoError(t, m.Destroy(t.Context()))
	back, err := p.Borrow(t.Context(), []providers.CloneSpec{other})
	require.NoError(t, err, "it is mended")
	back()
}
