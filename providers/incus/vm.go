package incus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lxc/incus/v6/shared/api"

	"github.com/benchtest-dev/benchtest/providers"
)

// A virtual machine is reached as a container is, by the API, which asks
// incus-agent in it: there is no other way in that needs no route to the guest.
// Unlike a container's, its files can be had only while it runs.

// typed is the template and its bases as what they are made as. It is one type
// for all of them, since neither can be copied from the other: with no word
// about it, containers.
func typed(t providers.Template) (providers.Template, error) {
	kind, said := providers.TypeAny, ""
	for x := &t; x != nil; x = x.Base {
		switch {
		case x.Type == providers.TypeAny || x.Type == kind:
		case kind != providers.TypeAny:
			return t, fmt.Errorf("template %s has type: %s and its base %s has type: %s: give both the same", said, kind, x.Name, x.Type)
		default:
			kind, said = x.Type, x.Name
		}
	}
	return withType(t, cmp.Or(kind, providers.TypeContainer)), nil
}

func withType(t providers.Template, kind providers.MachineType) providers.Template {
	t.Type = kind
	if t.Base != nil {
		base := withType(*t.Base, kind)
		t.Base = &base
	}
	return t
}

// instanceType is what Incus calls a template's type.
func instanceType(t providers.Template) api.InstanceType {
	if t.Type == providers.TypeVM {
		return api.InstanceTypeVM
	}
	return api.InstanceTypeContainer
}

// isVM reports whether an instance is, or is to be, a virtual machine.
func isVM(config map[string]string) bool { return config[markType] == typeVM }

// errNoVMs says what an Incus lacks on which virtual machines do not run.
var errNoVMs = errors.New("virtual machines need /dev/kvm, vhost_vsock (modprobe vhost_vsock) and QEMU where the Incus daemon is, " +
	"which looks for them when it starts: see to them and restart incusd, or use -tags lima")

// refusal puts what the daemon says of a virtual machine that it cannot run
// into our terms.
func refusal(err error) error {
	if err == nil || !strings.Contains(err.Error(), `Instance type "virtual-machine" is not supported`) {
		return err
	}
	return fmt.Errorf("%w: %w: %w", providers.ErrUnavailable, errNoVMs, err)
}

// needVMs says so where virtual machines cannot run, before minutes go into a
// disk for one. at is the server, or the member that would have it.
func needVMs(ctx context.Context, at server) error {
	can, err := at.runsVMs(ctx)
	if err == nil && !can {
		err = fmt.Errorf("%w: %w", providers.ErrUnavailable, errNoVMs)
	}
	return err
}

// vmLimits are limits' of a virtual machine. It has a kernel of its own to hold
// its processes back.
func vmLimits() map[string]string {
	return map[string]string{
		markType:              typeVM,
		"security.guestapi":   "false",
		"boot.autostart":      "false",
		"security.secureboot": "false", // not every image is signed, and nothing here rests on it
	}
}

// agentDevice is the drive that has incus-agent for kernels without 9p. The
// agent's own set-up knows it by this name.
const agentDevice = "agent"

// devices are those of every instance: its disk, and what its agent is on.
func (s *site) devices(vm bool, diskMiB int) map[string]map[string]string {
	d := map[string]map[string]string{"root": s.root(diskMiB)}
	if vm {
		d[agentDevice] = map[string]string{"type": "disk", "source": "agent:config"}
	}
	return d
}

// copyDevices are those of a copy. A virtual machine's disk cannot shrink.
func (s *site) copyDevices(from *api.Instance, diskMiB int) map[string]map[string]string {
	vm := isVM(from.Config)
	if vm {
		diskMiB = max(diskMiB, rootMiB(from))
	}
	return s.devices(vm, diskMiB)
}

// rootMiB is the size of an instance's disk, as site.root wrote it; 0: the
// pool's own.
func rootMiB(inst *api.Instance) (size int) {
	_, _ = fmt.Sscanf(inst.Devices["root"]["size"], "%dMiB", &size) // else it stays 0
	return size
}

// buildDisk is the size of a build's disk: a container's has room for all until
// it is copied.
func buildDisk(t providers.Template) int {
	if t.Type == providers.TypeVM {
		return t.DiskMiB
	}
	return 0
}

// agentLimit is how long a virtual machine may take until its agent answers.
const agentLimit = 5 * time.Minute

// awaitAgent waits until a virtual machine that was started can be asked
// something, which is when its init runs.
func (p *Provider) awaitAgent(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, agentLimit)
	defer cancel()
	for {
		_, last := p.exec(ctx, name, nil, "/bin/true")
		if last == nil {
			return nil
		}
		inst, _, err := p.instance(ctx, name)
		if err == nil && inst.StatusCode == api.Stopped {
			return fmt.Errorf("wait for incus-agent in %s: it turned itself off (%w)", name, last)
		}
		if err := providers.Pause(ctx, 10*busyPause); err != nil {
			return fmt.Errorf("wait for incus-agent in %s (its image must have it, or cloud-init): %w", name, errors.Join(err, last))
		}
	}
}
