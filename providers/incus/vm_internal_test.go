package incus

import (
	"errors"
	"maps"
	"net/netip"
	"regexp"
	"runtime"
	"slices"
	"testing"

	"github.com/lxc/incus/v6/shared/api"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/providers"
)

// A template and its bases are of one type, and what nobody says is a container.
func TestTyped(t *testing.T) {
	t.Parallel()
	const some, container, vm = providers.TypeAny, providers.TypeContainer, providers.TypeVM
	for _, tc := range []struct {
		name       string
		chain      []providers.MachineType // from the template to what all stand on
		want, says string
	}{
		{"nobody says", []providers.MachineType{some, some}, "container", ""},
		{"it says", []providers.MachineType{vm, some, some}, "vm", ""},
		{"its base says", []providers.MachineType{some, vm}, "vm", ""},
		{"both say the same", []providers.MachineType{vm, some, vm}, "vm", ""},
		{"a container", []providers.MachineType{container}, "container", ""},
		{"they differ", []providers.MachineType{vm, some, container}, "", "template t0 has type: vm and its base t2 has type: container: give both the same"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := typed(chainOf(tc.chain))
			if tc.says != "" {
				require.EqualError(t, err, tc.says)
				return
			}
			require.NoError(t, err)
			for x := &got; x != nil; x = x.Base {
				assert.Equal(t, tc.want, string(x.Type), x.Name)
			}
		})
	}
}

func chainOf(types []providers.MachineType) providers.Template {
	var base *providers.Template
	for i, kind := range slices.Backward(types) {
		base = &providers.Template{Name: "t" + string(rune('0'+i)), Type: kind, Base: base}
	}
	return *base
}

// The same template may be there as both.
func TestInstanceName(t *testing.T) {
	t.Parallel()
	tmpl := providers.Template{Name: "web", Digest: "0123456789abcdef"}
	vm := withType(tmpl, providers.TypeVM)
	assert.Equal(t, "template-web-01234567", instanceName(tmpl, ""))
	assert.Equal(t, "template-web-01234567-vm", instanceName(vm, ""))
	assert.Regexp(t, `^template-web-01234567-vm-[0-9a-f]{6}$`, instanceName(vm, "member"))
}

// The requests of a clone: what a virtual machine's has that a container's has
// not, and the other way round.
func TestCloneRequest(t *testing.T) {
	t.Parallel()
	s := &site{pool: "fast"}
	container := &api.Instance{Name: "template-web", Type: "container", InstancePut: api.InstancePut{Config: api.ConfigMap{}}}
	vm := &api.Instance{Name: "template-web-vm", Type: "virtual-machine", InstancePut: api.InstancePut{
		Config:  api.ConfigMap{markType: typeVM, firmware: "true"},
		Devices: api.DevicesMap{"root": {"size": "20480MiB"}},
	}}
	agent := map[string]string{"type": "disk", "source": "agent:config"}
	root := func(size string) map[string]string {
		return map[string]string{"type": "disk", "path": "/", "pool": "fast", "size": size}
	}
	for _, tc := range []struct {
		name    string
		from    *api.Instance
		limits  providers.Limits
		config  map[string]string
		devices map[string]map[string]string
	}{
		{
			"a container",
			container,
			providers.Limits{VCPU: 2},
			map[string]string{
				"limits.cpu": "2", "limits.memory": "512MiB", "limits.memory.swap": "false", "limits.processes": "8192",
				"security.nesting": "true", "security.privileged": "false", "security.guestapi": "false", "boot.autostart": "false",
			},
			map[string]map[string]string{"root": root("10240MiB")},
		},
		{
			"a virtual machine", vm,
			providers.Limits{VCPU: 2, MemoryMiB: 4096, DiskMiB: 40960},
			map[string]string{
				"limits.cpu": "2", "limits.memory": "4096MiB", "security.secureboot": "false", "security.csm": "true",
				"security.guestapi": "false", "boot.autostart": "false",
			},
			map[string]map[string]string{"root": root("40960MiB"), "agent": agent},
		},
		{
			"whose disk cannot shrink", vm,
			providers.Limits{DiskMiB: 1024},
			map[string]string{
				"limits.cpu": "1", "limits.memory": "512MiB", "security.secureboot": "false", "security.csm": "true",
				"security.guestapi": "false", "boot.autostart": "false",
			},
			map[string]map[string]string{"root": root("20480MiB"), "agent": agent},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			post, err := (&Provider{}).request(s, tc.from, providers.CloneSpec{
				ID: "benchtest-x", Template: providers.Template{Name: "web", MemoryMiB: 512}, Limits: tc.limits,
			})
			require.NoError(t, err)
			assert.Equal(t, tc.from.Type, string(post.Type))
			assert.Equal(t, api.InstanceSource{Type: "copy", Source: tc.from.Name, InstanceOnly: true}, post.Source)
			assert.Equal(t, api.DevicesMap(tc.devices), post.Devices)
			machineID := post.Config[fileKey("etc/machine-id")]
			assert.Equal(t, isVM(tc.from.Config), machineID == "", "a virtual machine makes its own")
			maps.DeleteFunc(post.Config, func(key, _ string) bool { return keptOf(key) })
			assert.Equal(t, api.ConfigMap(tc.config), post.Config)
		})
	}
}

// keptOf reports whether a key is one of our marks, which are alike for all.
func keptOf(key string) bool { return regexp.MustCompile(`^user\.`).MatchString(key) }

// What a build's first boot needs of a disk, and the template does not have.
func TestVMSource(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ processor, csm string }{{"amd64", "true"}, {"arm64", ""}} {
		put := api.InstancePut{Config: api.ConfigMap{}, Devices: api.DevicesMap{}}
		vmSource(&put, tc.processor)
		assert.Equal(t, tc.csm, put.Config["security.csm"], tc.processor)
		assert.Equal(t, "cloud-init:config", put.Devices["cloud-init"]["source"])
		assert.Contains(t, put.Config["cloud-init.user-data"], "./install.sh")
		copied := map[string]string{}
		keepFirmware(copied, put.Config)
		dropSource(&put)
		assert.Empty(t, put.Devices)
		maps.DeleteFunc(put.Config, func(key, _ string) bool { return key == firmware })
		assert.Empty(t, put.Config)
		assert.Equal(t, tc.csm, copied["security.csm"], "a copy boots by the same")
	}
}

// A disk that others made lacks our users and the template's packages.
func TestForeign(t *testing.T) {
	t.Parallel()
	made := runtime.GOOS != "linux" || runtime.GOARCH != "amd64" // elsewhere we make no disks
	for _, tc := range []struct {
		name   string
		kind   providers.MachineType
		source *providers.Source
		want   bool
	}{
		{"of packages", providers.TypeVM, nil, made},
		{"a disk of the user's own", providers.TypeVM, &providers.Source{Path: "/srv/web.qcow2"}, true},
		{"an image, which is completed before", providers.TypeVM, &providers.Source{Image: "images:debian/12"}, false},
		{"a container", providers.TypeContainer, &providers.Source{Path: "/srv/web.tar"}, false},
	} {
		b := build{t: providers.Template{Type: tc.kind, Source: tc.source}}
		assert.Equal(t, tc.want, b.foreign(), tc.name)
	}
}

// A virtual machine's addresses are by MAC, and a wire that is laid again keeps
// its own.
func TestVMWires(t *testing.T) {
	t.Parallel()
	put := api.InstancePut{Config: api.ConfigMap{markType: typeVM}, Devices: api.DevicesMap{"root": {"type": "disk"}}}
	near := wire{device: attemptDevice, network: "benchtestabc", address: netip.MustParsePrefix("10.77.0.10/24")}
	plug(&put, []wire{near, {device: openDevice, network: "br0", address: netip.MustParsePrefix("10.1.0.9/16"), gateway: netip.MustParseAddr("10.1.0.1")}})
	said := put.Config[markWires]
	assert.Regexp(t, `^10:66:6a(:[0-9a-f]{2}){3} 10\.77\.0\.10/24
10:66:6a(:[0-9a-f]{2}){3} 10\.1\.0\.9/16 10\.1\.0\.1$`, said)
	assert.NotContains(t, put.Config, "raw.lxc")
	plug(&put, []wire{near})
	assert.Equal(t, said, put.Config[markWires])
	delete(put.Devices, openDevice)
	delete(put.Devices, attemptDevice)
	setAddresses(&put)
	assert.Empty(t, put.Config[markWires])
}

func TestRefusal(t *testing.T) {
	t.Parallel()
	other := errors.New("Failed creating instance record: Add instance info to the database: This \"instances\" entry already exists")
	assert.Equal(t, other, refusal(other))
	require.NoError(t, refusal(nil))
	err := refusal(errors.New(`Failed creating instance record: Instance type "virtual-machine" is not supported on this server: KVM support is missing (no /dev/kvm)`))
	require.ErrorIs(t, err, providers.ErrUnavailable)
	for _, word := range []string{"/dev/kvm", "vhost_vsock", "modprobe", "restart incusd", "-tags lima", "KVM support is missing"} {
		assert.ErrorContains(t, err, word)
	}
}

// Both kinds are asked beside their SSH servers; only what holds a guest's
// processes back differs.
func TestMachineOfKind(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		config map[string]string
		pids   bool
	}{
		{"container", map[string]string{}, true},
		{"virtual machine", map[string]string{markType: typeVM}, false},
	} {
		m := &Machine{p: &Provider{}}
		assert.Equal(t, !tc.pids, m.is(tc.config), tc.name)
		vm, err := m.isVM(t.Context())
		require.NoError(t, err)
		assert.Equal(t, !tc.pids, vm, tc.name)
		e := m.Enforced()
		assert.Equal(t, tc.pids, e.Pids, tc.name)
		assert.Equal(t, tc.pids, e.Reason == "", tc.name)
		assert.Equal(t, facts.GradeGuestOOB, m.ProbeGrade(), tc.name)
	}
}
