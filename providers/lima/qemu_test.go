package lima

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The wrapper adds to a start of a machine, and leaves alone what limactl asks
// QEMU about itself.
func TestWrapper(t *testing.T) {
	t.Parallel()
	const hub = " -netdev hubport,id=peers,hubid=7 -device virtio-net-pci,netdev=peers,mac=52:54:00:62:74:01"
	stewards := " -device virtio-serial-pci,id=steward"
	for i := range stewardPorts {
		stewards += fmt.Sprintf(" -chardev socket,id=steward%d,path=/x/steward%d.sock,server=on,wait=off -device virtserialport,bus=steward.0,chardev=steward%d,name=benchtest.%d", i, i, i, i)
	}
	card := hub + stewards
	const start = "-m 1024 -netdev user,id=net0 -pidfile /x/qemu.pid"
	for _, tc := range []struct {
		name, args, network, state, shares, want string
	}{
		{"a disk", "-drive file=/x/diffdisk,if=virtio -drive file=/x/cidata.iso " + start, "open", "", "", "-drive file=/x/diffdisk,if=virtio,aio=io_uring -drive file=/x/cidata.iso " + start + card},
		{"a question", "-M none -netdev help", "none", "s", "bt1", "-M none -netdev help"},
		{"a start", start, "open", "", "", start + card},
		{"no way out", start, "none", "", "", start + " -set netdev.net0.restrict=on -set netdev.net0.ipv6=off" + card},
		{"from a state", start, "open", "booted", "", start + card + " -loadvm booted"},
		{
			"with directories", start, "open", "", "bt1 bt2",
			start + card + " -chardev socket,id=bt1,path=/x/bt1.sock -device vhost-user-fs-pci,chardev=bt1,tag=bt1" +
				" -chardev socket,id=bt2,path=/x/bt2.sock -device vhost-user-fs-pci,chardev=bt2,tag=bt2" +
				" -object memory-backend-memfd,id=shared,size=1024M,share=on -machine memory-backend=shared",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), "/bin/sh", append([]string{"qemu.sh"}, strings.Fields(tc.args)...)...)
			cmd.Env = []string{
				"PATH=/usr/bin:/bin", "BENCHTEST_LIMA_PROGRAM=echo", "BENCHTEST_LIMA_NETWORK=" + tc.network, "BENCHTEST_LIMA_STATE=" + tc.state,
				"BENCHTEST_LIMA_SHARES=" + tc.shares, "BENCHTEST_LIMA_MEMORY=1024", "BENCHTEST_LIMA_INSTANCE=/x",
			}
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, string(out))
			assert.Equal(t, tc.want+"\n", string(out))
		})
	}
}

// A guest keeps its card's address, and with it its own, when it reboots after it
// went on from its template's state.
func TestWrapper_card(t *testing.T) {
	t.Parallel()
	const limactls = "virtio-net-pci,netdev=net0,mac=52:55:55:e2:22:40"
	const ours = "virtio-net-pci,netdev=net0,mac=52:54:00:62:74:00"
	for _, tc := range []struct{ name, netdev, cloudInit, want string }{
		{"a copy's", "user,id=net0,net=192.168.5.0/24", "", ours},
		{"the first boot's", "user,id=net0,net=192.168.5.0/24", "1", limactls},
		{"in a network with others", "socket,id=net0,fd=3", "", limactls},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), "/bin/sh", "qemu.sh", "-netdev", tc.netdev, "-device", limactls, "-pidfile", "/x/qemu.pid")
			cmd.Env = []string{"PATH=/usr/bin:/bin", "BENCHTEST_LIMA_PROGRAM=echo", "BENCHTEST_LIMA_INSTANCE=/x", "BENCHTEST_LIMA_CLOUDINIT=" + tc.cloudInit}
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, string(out))
			assert.Contains(t, string(out), "-netdev "+tc.netdev+" -device "+tc.want+" -pidfile")
		})
	}
}

// A QEMU that has no io_uring, or may not use it, gets its disk as limactl says.
func TestWrapper_threads(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "qemu")
	require.NoError(t, os.WriteFile(program, []byte("#!/bin/sh\ncase \"$*\" in *aio=io_uring*) exit 1 ;; esac\necho \"$@\"\n"), 0o755))
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "qemu.sh", "-drive", "file=/x/diffdisk,if=virtio", "-pidfile", "/x/qemu.pid")
	cmd.Env = []string{"PATH=/usr/bin:/bin", "BENCHTEST_LIMA_INSTANCE=/x", "BENCHTEST_LIMA_PROGRAM=" + program}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	assert.Contains(t, string(out), "-drive file=/x/diffdisk,if=virtio -pidfile")
}

// The monitor speaks to a real QEMU, which has no machine.
func TestMonitor(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath(qemuProgram())
	if err != nil {
		t.Skip("no QEMU: apt-get install qemu-system-x86")
	}
	home := t.TempDir()
	p := &Provider{home: home, tool: tool{settings: settings{home: home}}}
	dir := p.tool.dir("i")
	require.NoError(t, os.Mkdir(dir, 0o700))
	ctx, cancel := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, program, "-M", "none", "-display", "none", "-netdev", "hubport,id=peers,hubid=7",
		"-qmp", "unix:"+filepath.Join(dir, "qmp.sock")+",server=on,wait=off")
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait()
	})
	var m *monitor
	require.Eventually(t, func() bool {
		m, err = p.openMonitor(t.Context(), "i")
		return err == nil
	}, 20*time.Second, 20*time.Millisecond, "%v", err)
	require.ErrorContains(t, m.do("no-such-command", nil), "no-such-command")
	require.NoError(t, m.human("stop"))
	require.ErrorContains(t, m.human("loadvm nothing"), "loadvm nothing: ")
	m.close()

	r := record{Instance: "i", Peers: []peer{{Name: "peer1", Local: filepath.Join(dir, "a"), Remote: filepath.Join(dir, "b")}}}
	for range 2 { // plugging in again changes nothing
		require.NoError(t, p.plug(t.Context(), r))
	}
	assert.FileExists(t, filepath.Join(dir, "a"))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ha.pid"), nil, 0o600))
	for range 2 {
		require.NoError(t, p.unplug(t.Context(), r))
	}
}
