package incus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"

	incus "github.com/lxc/incus/v6/client"
	"github.com/lxc/incus/v6/shared/api"

	"github.com/benchtest-dev/benchtest/providers"
)

// maxProcesses is what a guest may run at once.
const maxProcesses = 8192

// Clone copies the template and starts the copy. It returns when the guest's
// init runs.
func (p *Provider) Clone(ctx context.Context, c providers.CloneSpec) (providers.Machine, error) {
	m, err := p.clone(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("clone %s: %w", c.ID, err)
	}
	return m, nil
}

func (p *Provider) clone(ctx context.Context, c providers.CloneSpec) (*Machine, error) {
	s, err := p.look(ctx)
	if err != nil {
		return nil, err
	}
	if err := p.acceptable(s, c); err != nil {
		return nil, err
	}
	if c.Template, err = typed(c.Template); err != nil {
		return nil, err
	}
	at, template, err := p.place(ctx, s, c)
	if err != nil {
		return nil, err
	}
	return p.copyAndStart(ctx, s, at, template, c)
}

// acceptable says what cannot be given, before anything is made.
func (p *Provider) acceptable(s *site, c providers.CloneSpec) error {
	switch {
	case providers.CheckID(c.ID) != nil:
		return providers.CheckID(c.ID)
	case len(c.Mounts) > 0:
		return errors.New("provider incus mounts no directories of the driver: copy them in")
	case len(c.Keys.HostKey) == 0:
		return errors.New("no host key to give it")
	case c.Network == providers.NetworkOpen && s.bridge == "":
		return errors.New("network: open needs a managed bridge with an IPv4 address: incus network create incusbr0, and BENCHTEST_INCUS_NETWORK=incusbr0")
	}
	return nil
}

// copyAndStart makes the machine out of a stopped instance. When it fails,
// nothing of the machine is left.
func (p *Provider) copyAndStart(ctx context.Context, s *site, at server, from *api.Instance, c providers.CloneSpec) (*Machine, error) {
	post, err := p.request(s, from, c)
	if err != nil {
		return nil, err
	}
	var wires []wire
	if c.Network == providers.NetworkOpen {
		way, err := p.wayOut(ctx, s)
		if err != nil {
			return nil, err
		}
		wires = append(wires, way)
		plug(&post.InstancePut, wires)
	}
	if err := p.create(ctx, at, post); err != nil {
		return nil, err
	}
	m := &Machine{p: p, id: c.ID}
	vm := m.is(post.Config)
	if len(wires) > 0 && !vm {
		err = p.writeResolver(ctx, c.ID, s)
	}
	if err == nil {
		err = p.setState(ctx, c.ID, api.InstanceStatePut{Action: "start", Timeout: -1})
	}
	if err == nil && vm {
		err = p.awaitAgent(ctx, c.ID)
	}
	if err != nil {
		undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), destroyLimit)
		defer cancel()
		return nil, errors.Join(fmt.Errorf("start: %w", err), p.remove(undo, c.ID, post.Config[markNonce]))
	}
	return m, nil
}

// request says what the copy is to be. Incus leaves out the source's volatile
// keys itself, and its snapshots as it is told to.
func (p *Provider) request(s *site, from *api.Instance, c providers.CloneSpec) (api.InstancesPost, error) {
	t := c.Template
	config := limits(isVM(from.Config), providers.Limits{
		MemoryMiB: cmp.Or(c.Limits.MemoryMiB, t.MemoryMiB, 1024),
		VCPU:      cmp.Or(c.Limits.VCPU, t.VCPU, 1),
	})
	maps.Copy(config, map[string]string{
		markKind: kindClone, markID: c.ID, markRun: cmp.Or(c.Run, p.run), markAttempt: c.Attempt,
		markTemplate: t.BuildName(), markDigest: t.Digest, markNetwork: string(cmp.Or(c.Network, providers.NetworkNone)),
	})
	keepFirmware(config, from.Config)
	if err := addIdentity(config, from.Config, cmp.Or(c.HostName, t.Name), c.Keys); err != nil {
		return api.InstancesPost{}, err
	}
	return api.InstancesPost{
		Name: c.ID, Type: api.InstanceType(from.Type),
		Source: api.InstanceSource{Type: "copy", Source: from.Name, InstanceOnly: true},
		InstancePut: api.InstancePut{
			Config: config, Profiles: []string{},
			Devices: s.copyDevices(from, cmp.Or(c.Limits.DiskMiB, t.DiskMiB, 10240)),
		},
	}, nil
}

// limits are what holds a guest back, and what it may do within that.
func limits(vm bool, l providers.Limits) map[string]string {
	config := map[string]string{
		"limits.processes":    strconv.Itoa(maxProcesses),
		"security.nesting":    "true", // containers in it: systemd's own, Docker's
		"security.guestapi":   "false",
		"boot.autostart":      "false",
		"limits.memory.swap":  "false",
		"security.privileged": "false",
	}
	if vm {
		config = vmLimits()
	}
	if l.MemoryMiB > 0 {
		config["limits.memory"] = fmt.Sprintf("%dMiB", l.MemoryMiB)
	}
	if l.VCPU > 0 {
		config["limits.cpu"] = strconv.Itoa(l.VCPU)
	}
	return config
}

// writeResolver tells a stopped instance who knows the names of the world.
func (p *Provider) writeResolver(ctx context.Context, name string, s *site) error {
	return p.server.do(ctx, func(c incus.InstanceServer) error {
		files, err := c.GetInstanceFileSFTP(name)
		if err != nil {
			return fmt.Errorf("write resolv.conf: %w", err)
		}
		defer func() { _ = files.Close() }()
		_ = files.Remove("/etc/resolv.conf") // it may be a link
		f, err := files.Create("/etc/resolv.conf")
		if err != nil {
			return fmt.Errorf("write resolv.conf: %w", err)
		}
		_, err = fmt.Fprintf(f, "nameserver %s\n", s.subnet.Addr())
		return errors.Join(err, f.Chmod(0o644), f.Close())
	})
}
