package local

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/benchtest-dev/benchtest/providers"
)

const (
	// idOffset is what a guest's user and group IDs are on the host: guest root
	// is idOffset. It lies above what Incus and below what systemd-nspawn hand
	// out by default, and all guests share it: they are kept apart by their
	// other namespaces, and templates are shifted only once.
	idOffset = 0x6fff0000
	idCount  = 65536

	maxPids   = 4096
	cpuPeriod = 100000 // microseconds
)

// A guestSpec is what the OCI spec of a container depends on.
type guestSpec struct {
	Record       record
	Hierarchies  hierarchies
	Capabilities []string
	// Args is PID 1; nil means systemd.
	Args []string
	Env  []string
	// HostNetwork leaves the container in the host's network namespace, which
	// only a template's build needs; ResolvConf is then bound into it.
	HostNetwork bool
	ResolvConf  string
}

// build makes the OCI spec.
func (g guestSpec) build() *specs.Spec {
	d := dirOf(g.Record.ID)
	args, env := g.Args, g.Env
	if args == nil {
		// systemd takes the manager's environment from here; container= tells
		// it, and units with ConditionVirtualization, where they are.
		args, env = []string{"/sbin/init"}, []string{"container=oci"}
	}
	id := []specs.LinuxIDMapping{{ContainerID: 0, HostID: idOffset, Size: idCount}}
	spec := &specs.Spec{
		Version:  "1.0.2",
		Hostname: g.Record.HostName,
		Root:     &specs.Root{Path: d.root()},
		Process: &specs.Process{
			Args: args,
			Env:  append([]string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, env...),
			Cwd:  "/",
			Capabilities: &specs.LinuxCapabilities{
				Bounding: g.Capabilities, Effective: g.Capabilities, Permitted: g.Capabilities,
			},
			// No rlimits: raising one needs CAP_SYS_RESOURCE, which the host may lack.
		},
		Mounts: g.mounts(),
		Linux: &specs.Linux{
			CgroupsPath: cgroupOf(g.Hierarchies, g.Record.Run, g.Record.ID).guest(),
			UIDMappings: id,
			GIDMappings: id,
			Namespaces:  g.namespaces(),
			Resources:   g.resources(),
		},
	}
	if !g.HostNetwork {
		// As on a plain Debian, where anybody may ping.
		spec.Linux.Sysctl = map[string]string{"net.ipv4.ping_group_range": "0 " + strconv.Itoa(idCount-1)}
	}
	return spec
}

func (g guestSpec) namespaces() []specs.LinuxNamespace {
	ns := []specs.LinuxNamespace{
		{Type: specs.PIDNamespace},
		{Type: specs.IPCNamespace},
		{Type: specs.UTSNamespace},
		{Type: specs.MountNamespace},
		{Type: specs.CgroupNamespace},
		{Type: specs.UserNamespace},
	}
	if !g.HostNetwork {
		ns = append(ns, specs.LinuxNamespace{Type: specs.NetworkNamespace})
	}
	return ns
}

func (g guestSpec) mounts() []specs.Mount {
	shm := fmt.Sprintf("size=%dm", max(g.Record.MemoryMiB/2, 64))
	run := fmt.Sprintf("size=%dm", max(g.Record.MemoryMiB/5, 64))
	mounts := []specs.Mount{
		{Destination: "/proc", Type: "proc", Source: "proc", Options: []string{"nosuid", "noexec", "nodev"}},
		{Destination: "/dev", Type: "tmpfs", Source: "tmpfs", Options: []string{"nosuid", "strictatime", "mode=755", "size=65536k"}},
		{Destination: "/dev/pts", Type: "devpts", Source: "devpts", Options: []string{"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}},
		{Destination: "/dev/shm", Type: "tmpfs", Source: "shm", Options: []string{"nosuid", "nodev", "mode=1777", shm}},
		{Destination: "/dev/mqueue", Type: "mqueue", Source: "mqueue", Options: []string{"nosuid", "noexec", "nodev"}},
		{Destination: "/run", Type: "tmpfs", Source: "tmpfs", Options: []string{"nosuid", "nodev", "mode=755", run}},
	}
	if g.HostNetwork {
		// sysfs belongs to a network namespace, and this one is not the guest's.
		return append(mounts,
			specs.Mount{Destination: "/sys", Type: "bind", Source: "/sys", Options: []string{"rbind", "ro"}},
			specs.Mount{Destination: "/etc/resolv.conf", Type: "bind", Source: g.ResolvConf, Options: []string{"bind", "ro"}})
	}
	return append(mounts,
		specs.Mount{Destination: "/sys", Type: "sysfs", Source: "sysfs", Options: []string{"nosuid", "noexec", "nodev", "ro"}},
		specs.Mount{Destination: "/sys/fs/cgroup", Type: "cgroup", Source: "cgroup", Options: []string{"nosuid", "noexec", "nodev", "relatime", "rw"}})
}

// resources bounds the guest where the host's cgroups can. What they cannot
// is said by enforced.
func (g guestSpec) resources() *specs.LinuxResources {
	res := &specs.LinuxResources{Devices: []specs.LinuxDeviceCgroup{{Allow: false, Access: "rwm"}}}
	if mem := int64(g.Record.MemoryMiB) << 20; mem > 0 && g.Hierarchies.has("memory") {
		res.Memory = &specs.LinuxMemory{Limit: &mem}
		if g.Hierarchies.boundsSwap() {
			res.Memory.Swap = &mem // memory and swap together: no swap
		}
	}
	if g.Record.VCPU > 0 && g.Hierarchies.has("cpu") {
		quota, period := int64(g.Record.VCPU)*cpuPeriod, uint64(cpuPeriod)
		res.CPU = &specs.LinuxCPU{Quota: &quota, Period: &period}
	}
	if g.Hierarchies.has("pids") {
		res.Pids = &specs.LinuxPids{Limit: new(int64(maxPids))}
	}
	return res
}

// boundsSwap reports whether swap can be bounded too. On v2 runc passes over a
// kernel that cannot; on v1 it is an error.
func (hs hierarchies) boundsSwap() bool {
	return hs.version() == "v2" || slices.ContainsFunc(hs, func(h hierarchy) bool {
		return exists(filepath.Join(h.mount, "memory.memsw.limit_in_bytes"))
	})
}

// enforced says which limits hold on a host with these cgroups. The disk limit
// is the size of the clone's own file system and always holds.
func enforced(hs hierarchies) providers.Enforced {
	e := providers.Enforced{Memory: hs.has("memory"), CPU: hs.has("cpu"), Pids: hs.has("pids"), Disk: true}
	missing := slices.DeleteFunc([]string{"memory", "cpu", "pids"}, hs.has)
	if len(missing) == 0 {
		return e
	}
	remedy := "run where the whole cgroup tree is at hand, not in a container, or boot with cgroup_enable=" + missing[0]
	if hs.version() != "v2" {
		remedy = fmt.Sprintf("mount -t cgroup -o %[1]s none /sys/fs/cgroup/%[1]s", missing[0])
	}
	e.Reason = fmt.Sprintf("cgroup %s without %s: %s", hs.version(), strings.Join(missing, ", "), remedy)
	return e
}
