package incus_test

import (
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	client "github.com/lxc/incus/v6/client"
	"github.com/lxc/incus/v6/shared/api"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/incus"
)

// vmTemplate is one that no other test has.
func vmTemplate() providers.Template {
	return providers.Template{
		Name: "vm-test", Suite: "bookworm", Type: providers.TypeVM, VCPU: 1, MemoryMiB: 512, DiskMiB: 1024,
		Digest: "feedbeef" + strings.Repeat("0", 56),
	}
}

// withoutVMs returns a provider whose daemon cannot run virtual machines.
func withoutVMs(t *testing.T) (provider, client.InstanceServer) {
	t.Helper()
	p, _ := live(t)
	c, err := p.(clienter).Client(t.Context())
	require.NoError(t, err)
	server, _, err := c.GetServer()
	require.NoError(t, err)
	if slices.Contains(strings.Split(server.Environment.Driver, " | "), "qemu") {
		t.Skip("this Incus runs virtual machines, and the test is about one that does not: run it where vhost_vsock is missing")
	}
	return p, c
}

// assertUnavailable wants the error that has scenarios skipped, with the remedy.
func assertUnavailable(t *testing.T, err error) {
	t.Helper()
	require.ErrorIs(t, err, providers.ErrUnavailable)
	for _, word := range []string{"/dev/kvm", "modprobe vhost_vsock", "restart incusd"} {
		assert.ErrorContains(t, err, word)
	}
}

// assertNothingMade wants neither an instance nor an image of the template.
func assertNothingMade(t *testing.T, p provider, c client.InstanceServer, buildName string) {
	t.Helper()
	all, err := p.List(t.Context())
	require.NoError(t, err)
	for _, info := range all {
		assert.NotEqual(t, buildName, info.Template, "%s is left", info.ID)
	}
	images, err := c.GetImages()
	require.NoError(t, err)
	for _, i := range images {
		assert.NotContains(t, i.Properties, "user.benchtest.template", "image %s is left", i.Fingerprint)
	}
	swept, err := p.Sweep(t.Context())
	require.NoError(t, err)
	assert.Empty(t, swept)
}

// TestVMUnavailable: where no virtual machine runs, a template of one is said
// to be unavailable before its disk is made.
func TestVMUnavailable(t *testing.T) { //nolint:paralleltest // it looks at all that is there
	p, c := withoutVMs(t)
	tmpl := vmTemplate()
	tmpl.Progress = func(step string) { t.Errorf("it begins with %s", step) }
	assertUnavailable(t, p.Build(t.Context(), tmpl))
	assertNothingMade(t, p, c, tmpl.BuildName())

	_, err := p.Clone(t.Context(), providers.CloneSpec{ID: "benchtest-vm-none", Template: tmpl, Keys: someKeys(t)})
	require.ErrorContains(t, err, "it is not built")
	assertNothingMade(t, p, c, tmpl.BuildName())
}

func someKeys(t *testing.T) providers.Keys {
	t.Helper()
	ring, err := providers.NewKeyRing()
	require.NoError(t, err)
	return ring.Keys
}

// TestVMRefused: an Incus that runs no virtual machines takes the image of one,
// refuses the instance, and keeps neither.
func TestVMRefused(t *testing.T) { //nolint:paralleltest // it looks at all that is there
	p, c := withoutVMs(t)
	disk := filepath.Join(t.TempDir(), "disk.qcow2")
	out, err := exec.CommandContext(t.Context(), "qemu-img", "create", "-q", "-f", "qcow2", disk, "64M").CombinedOutput()
	require.NoError(t, err, "apt-get install qemu-utils: %s", out)

	fingerprint, remove, err := incus.ImportVM(t.Context(), p, vmTemplate(), disk)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, remove()) }) // should the test end here
	image, _, err := c.GetImage(fingerprint)
	require.NoError(t, err)
	assert.Equal(t, "virtual-machine", image.Type)
	assert.Equal(t, vmTemplate().BuildName(), image.Properties["description"])
	require.NoError(t, remove())

	err = incus.MakeOf(t.Context(), p, vmTemplate(), disk)
	assertUnavailable(t, err)
	require.ErrorContains(t, err, "not supported on this server", "it is the daemon that refuses")
	assertNothingMade(t, p, c, vmTemplate().BuildName())
}

// TestVMKeys: the daemon, which refuses a virtual machine before it reads what
// is asked for, knows every key and disk of that, and none is a container's
// alone.
func TestVMKeys(t *testing.T) {
	t.Parallel()
	p, _ := live(t)
	c, err := p.(clienter).Client(t.Context())
	require.NoError(t, err)
	known, err := c.GetMetadataConfiguration()
	require.NoError(t, err)
	keys := func(entity api.MetadataConfigEntityName, groups ...api.MetadataConfigGroupName) map[string]string {
		found := map[string]string{}
		for _, group := range groups {
			for _, entry := range known.Config[entity][group].Keys {
				for key, about := range entry {
					found[key] = about.Condition
				}
			}
		}
		return found
	}
	instance := keys("instance", slices.Collect(maps.Keys(known.Config["instance"]))...)
	disk := keys("devices", "disk")
	post, err := incus.VMPost(someKeys(t))
	require.NoError(t, err)
	for key := range post.Config {
		if strings.HasPrefix(key, "user.") {
			continue
		}
		require.Contains(t, instance, key)
		assert.NotContains(t, instance[key], "container", key)
	}
	for name, d := range post.Devices {
		for key := range d {
			if d["type"] == "disk" && key != "type" { // of a card the daemon does not say what it knows
				assert.Contains(t, disk, key, name)
			}
		}
	}
}

// TestVMScripts: what a virtual machine is told in itself works in a guest,
// here in one that has our interfaces and not the agent.
func TestVMScripts(t *testing.T) {
	t.Parallel()
	p, tmpl := live(t)
	sb := cloneOf(t, p, tmpl, "scripts")
	run := func(script, stdin string) string {
		t.Helper()
		r, err := sb.Exec(t.Context(), providers.Command{
			Argv: []string{"/bin/sh", "-ec", script}, Stdin: strings.NewReader(stdin), Limit: time.Minute,
		})
		require.NoError(t, err)
		require.Zero(t, r.ExitStatus, "%s%s", r.Stdout, r.Stderr)
		return string(r.Stdout)
	}
	const near, far = "10:66:6a:00:00:01", "10:66:6a:00:00:02"
	run("ip link add one address "+near+" type veth peer name two address "+far+"; ip link set two up", "")
	run("cat >/etc/benchtest-wires", near+" 10.77.0.10/24\n"+far+" 10.78.0.5/24 10.78.0.1\n10:66:6a:00:00:03 10.79.0.5/24\n")
	for range 2 { // again changes nothing
		run("sh -s", incus.WiresScript)
		assert.Contains(t, run("ip -4 -o address show dev one", ""), "10.77.0.10/24")
		assert.Contains(t, run("ip -4 route", ""), "default via 10.78.0.1 dev two")
		assert.Equal(t, "nameserver 10.78.0.1\n", run("cat /etc/resolv.conf", ""))
	}

	run("mkdir -p /etc/cloud && cat >"+incus.WiresTool, incus.WiresScript)
	run("sh -s", incus.VMScript)
	run("test -e /etc/cloud/cloud-init.disabled && test ! -s /etc/benchtest-wires", "")
	require.NoError(t, sb.Reboot(t.Context()))
	require.NoError(t, sb.WaitReady(t.Context()))
	assert.Equal(t, "active\n", run("systemctl is-active benchtest-wires", ""))
	assert.Contains(t, run("systemctl show -p After ssh", ""), "incus-agent.service")
}
