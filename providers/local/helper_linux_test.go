package local

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Helpers start in the machine's cgroup, whatever the host's cgroups are, and
// go with the machine: the monitor, runc, mkfs, Ansible and a bootstrap are all
// started so.
func TestHelpersStartInTheMachinesCgroup(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("this makes cgroups: run as root")
	}
	all, err := hostHierarchies()
	require.NoError(t, err)
	tests := []struct {
		name string
		hs   hierarchies
	}{{"as here", all}}
	for _, h := range all {
		if h.unified {
			tests = append(tests, struct {
				name string
				hs   hierarchies
			}{"v2", hierarchies{h}})
		} else if h.controllers[0] == "name=systemd" {
			tests = append(tests, struct {
				name string
				hs   hierarchies
			}{"v1", hierarchies{h}})
		}
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := cgroupOf(tt.hs, "test", "benchtest-helper-"+strings.ReplaceAll(tt.name, " ", "-"))
			t.Cleanup(func() { assert.NoError(t, c.remove()) })
			var out bytes.Buffer
			cmd := command(t.Context(), "cat", "/proc/self/cgroup")
			cmd.Stdout = &out
			require.NoError(t, c.run(cmd))
			assert.Contains(t, out.String(), ":/"+c.path+"/monitor\n")
			assert.NotContains(t, ownCgroups(t), c.path, "we stay where we were")

			// With its child, and what that does not wait for.
			long := command(t.Context(), "sh", "-c", "sleep 60 & exec sleep 60")
			require.NoError(t, c.start(long))
			require.Eventually(t, func() bool { return len(c.pids()) == 2 }, 5*time.Second, 5*time.Millisecond)
			require.NoError(t, c.empty(t.Context()))
			require.EqualError(t, long.Wait(), "signal: killed")
			require.Eventually(t, func() bool { return len(c.pids()) == 0 }, 5*time.Second, 5*time.Millisecond)
		})
	}
}

func ownCgroups(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("/proc/thread-self/cgroup")
	require.NoError(t, err)
	return string(b)
}

// A host whose cgroups cannot be written, or that has none, still works.
func TestHelpersStartWithoutCgroups(t *testing.T) {
	t.Parallel()
	for name, hs := range map[string]hierarchies{
		"none":            nil,
		"read-only":       {{mount: "/proc/self", unified: true}},
		"no cgroup at v1": {{mount: t.TempDir(), controllers: []string{"name=systemd"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.NoError(t, cgroupOf(hs, "test", "benchtest-none").run(command(t.Context(), "true")))
		})
	}
}

// A child that has ended and been waited for has no group any more, whoever has
// its PID now.
func TestKillGroup(t *testing.T) {
	t.Parallel()
	cmd := command(t.Context(), "sh", "-c", "sleep 60 & echo; wait")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	_, err = out.Read(make([]byte, 1))
	require.NoError(t, err)
	require.NoError(t, killGroup(cmd.Process))
	_ = cmd.Wait() // "signal: killed"; it returns when the child's child has let go of the pipe
	require.ErrorIs(t, killGroup(cmd.Process), os.ErrProcessDone)
}

// What a machine's files say of processes is not believed without their start
// times: a PID that has been given to somebody else harms nobody.
func TestRecycledPIDsAreNotKilled(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("this makes a machine's directory: run as root")
	}
	innocent := exec.CommandContext(t.Context(), "sleep", "60")
	require.NoError(t, innocent.Start())
	ended := make(chan error, 1)
	go func() { ended <- innocent.Wait() }()
	now, err := processOf(innocent.Process.Pid)
	require.NoError(t, err)
	then := process{PID: now.PID, Start: now.Start - 1}

	const id = "benchtest-recycled"
	home := t.TempDir()
	require.NoError(t, reserve(record{ID: id, Home: home, Run: "test"}))
	require.NoError(t, writeJSON(dirOf(id).state(), state{Monitor: then, Init: then}))
	require.NoError(t, os.WriteFile(filepath.Join(string(dirOf(id)), "init.pid"), []byte("1"), 0o600))
	m := &Machine{id: id, home: home}
	require.Error(t, m.reboot(t.Context()), "its guest is gone")
	require.NoError(t, m.Destroy(t.Context()))
	assert.NoDirExists(t, string(dirOf(id)))
	select {
	case err := <-ended:
		t.Fatal("somebody else was killed: ", err)
	default:
	}
	require.NoError(t, now.kill(t.Context()), "as itself it can be")
	require.EqualError(t, <-ended, "signal: killed")
}
