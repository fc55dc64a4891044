package local_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/local"
)

// own is a provider as the command has it: its machines belong to no run.
func own(t *testing.T) provider {
	t.Helper()
	p, err := local.New(providers.Options{Home: testHome(t)})
	require.NoError(t, err)
	return p.(provider)
}

// waitReady is WaitReady within a minute.
func waitReady(t *testing.T, s *providers.Sandbox) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, s.WaitReady(ctx))
}

// restartHost takes away what a restart of the host takes: processes, mounts
// and /run. The machine's disk stays.
func restartHost(t *testing.T, id string) {
	t.Helper()
	dir := filepath.Join("/run/benchtest", id)
	var st struct {
		Monitor, Init struct{ PID int }
	}
	b, err := os.ReadFile(filepath.Join(dir, "state.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(b, &st))
	for _, pid := range []int{st.Monitor.PID, st.Init.PID} {
		require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
	}
	for _, name := range []string{"root", "disk"} {
		require.NoError(t, unix.Unmount(filepath.Join(dir, name), unix.MNT_DETACH))
	}
	require.NoError(t, os.RemoveAll(dir))
	require.NoError(t, os.RemoveAll(filepath.Join("/run/runc", id)))
}

func TestStart_afterRestartOfHost(t *testing.T) {
	t.Parallel()
	rootOnly(t)
	_, tmpl := live(t)
	p := own(t)
	m, ring := clone(t, p, tmpl, "benchtest-revive", "web1")
	s := shell(t, m, "web1", ring)
	waitReady(t, s)
	run(t, s, "sh", "-c", "echo kept >/root/state; rm /etc/motd; sync")
	run(t, s, "sync", "-f", "/root/state")
	restartHost(t, m.ID())

	again, err := own(t).Open(t.Context(), m.ID())
	require.NoError(t, err)
	assert.Equal(t, "stopped", stateOf(t, p, m.ID()))
	require.NoError(t, again.(providers.Starter).Stop(t.Context()), "it is off")
	require.NoError(t, again.(providers.Starter).Start(t.Context()))
	back := shell(t, again, "web1", ring)
	waitReady(t, back)
	assert.Equal(t, "kept", run(t, back, "cat", "/root/state"))
	assert.Equal(t, "web1", run(t, back, "hostname"))
	assert.Equal(t, "running", stateOf(t, p, m.ID()))
}

// A disk without what it belongs to says what to do.
func TestStart_unknownAfterRestartOfHost(t *testing.T) {
	t.Parallel()
	rootOnly(t)
	p, tmpl := live(t) // a suite's: its machines do not outlive the host's run
	m, ring := clone(t, p, tmpl, "benchtest-unknown", "web1")
	waitReady(t, shell(t, m, "web1", ring))
	restartHost(t, m.ID())
	err := m.(providers.Starter).Start(t.Context())
	require.ErrorContains(t, err, "the host was restarted")
	require.ErrorContains(t, err, "delete it")
}

func TestStart_killedMonitor(t *testing.T) {
	t.Parallel()
	rootOnly(t)
	_, tmpl := live(t)
	p := own(t)
	m, ring := clone(t, p, tmpl, "benchtest-unwatched", "web1")
	s := shell(t, m, "web1", ring)
	waitReady(t, s)
	run(t, s, "sh", "-c", "echo kept >/root/state")
	var st struct{ Monitor struct{ PID int } }
	b, err := os.ReadFile(filepath.Join("/run/benchtest", m.ID(), "state.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(b, &st))
	require.NoError(t, syscall.Kill(st.Monitor.PID, syscall.SIGKILL))

	on := m.(providers.Starter)
	require.NoError(t, on.Stop(t.Context()))
	assert.Equal(t, "stopped", stateOf(t, p, m.ID()))
	require.NoError(t, on.Start(t.Context()))
	waitReady(t, s)
	assert.Equal(t, "kept", run(t, s, "cat", "/root/state"))
}

func TestStart_atOnce(t *testing.T) {
	t.Parallel()
	_, tmpl := live(t)
	m, ring := clone(t, own(t), tmpl, "benchtest-at-once", "web1")
	waitReady(t, shell(t, m, "web1", ring))
	require.NoError(t, m.(providers.Starter).Stop(t.Context()))
	errs := make(chan error)
	for range 3 {
		go func() { errs <- m.(providers.Starter).Start(context.WithoutCancel(t.Context())) }()
	}
	for range 3 {
		assert.NoError(t, <-errs)
	}
	waitReady(t, shell(t, m, "web1", ring))
}

func TestSave_refused(t *testing.T) {
	t.Parallel()
	p, tmpl := live(t)
	m, _ := clone(t, p, tmpl, "benchtest-unsaved", "web1")
	saver := p.(providers.Saver)
	other := tmpl
	other.Digest = "00000000" + tmpl.Digest
	for name, as := range map[string]providers.Template{
		"no base":      {Name: "saved", Digest: "0123456789"},
		"another base": {Name: "saved", Digest: "0123456789", Base: &other},
	} {
		require.ErrorContains(t, saver.Save(t.Context(), m, as), "must have as its base", name)
	}
	assert.Equal(t, "running", stateOf(t, p, m.ID()), "not even stopped")
}
