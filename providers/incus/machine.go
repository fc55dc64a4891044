package incus

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/lxc/incus/v6/shared/api"

	"github.com/benchtest-dev/benchtest/providers"
)

// A Machine is an instance. Its methods may be called concurrently.
type Machine struct {
	p    *Provider
	id   string
	init atomic.Pointer[process]   // as last seen; see dial
	vm   atomic.Pointer[bool]      // whether it is a virtual machine; nil: not seen yet
	lost atomic.Pointer[time.Time] // when its member of the cluster was last seen to be away
}

// ID is the instance's name.
func (m *Machine) ID() string { return m.id }

// Open finds a clone, also one that is being made.
func (p *Provider) Open(ctx context.Context, id string) (providers.Machine, error) {
	if err := providers.CheckID(id); err != nil {
		return nil, fmt.Errorf("open %w: %w", providers.ErrNotFound, err)
	}
	if _, err := p.look(ctx); err != nil {
		return nil, fmt.Errorf("open %s: %w", id, err)
	}
	inst, _, err := p.instance(ctx, id)
	switch {
	case err == nil && inst.Config[markKind] != kindClone:
		return nil, fmt.Errorf("open %s: %w: it is a %s", id, providers.ErrNotFound, inst.Config[markKind])
	case errors.Is(err, providers.ErrNotFound):
		making, lerr := p.underWay(ctx, id)
		if lerr != nil || !making {
			return nil, fmt.Errorf("open %s: %w", id, errors.Join(err, lerr))
		}
	case err != nil:
		return nil, fmt.Errorf("open %s: %w", id, err)
	}
	m := &Machine{p: p, id: id}
	if err == nil {
		m.is(inst.Config)
	}
	return m, nil
}

// Destroy stops the machine by force and deletes it.
func (m *Machine) Destroy(ctx context.Context) error {
	if err := m.p.remove(ctx, m.id, ""); err != nil {
		return fmt.Errorf("destroy: %w", err)
	}
	return nil
}

// Reboot restarts the guest without asking it.
func (m *Machine) Reboot(ctx context.Context) error {
	if err := m.p.setState(ctx, m.id, api.InstanceStatePut{Action: "restart", Force: true, Timeout: -1}); err != nil {
		return fmt.Errorf("reboot %s: %w", m.id, err)
	}
	return nil
}

// Start turns it on; one that runs stays on.
func (m *Machine) Start(ctx context.Context) error {
	return m.turn(ctx, "start", api.Running)
}

// stopTimeout is how long a guest may take to shut down, in seconds.
const stopTimeout = 30

// Stop shuts the guest down; one that does not obey is turned off.
func (m *Machine) Stop(ctx context.Context) error {
	return m.turn(ctx, "stop", api.Stopped)
}

func (m *Machine) turn(ctx context.Context, action string, want api.StatusCode) error {
	inst, _, err := m.p.instance(ctx, m.id)
	if err != nil {
		return fmt.Errorf("%s %s: %w", action, m.id, err)
	}
	if inst.StatusCode == want {
		return nil
	}
	state := api.InstanceStatePut{Action: action, Timeout: stopTimeout}
	if err = m.p.setState(ctx, m.id, state); err != nil && action == "stop" && ctx.Err() == nil {
		state.Force = true
		err = m.p.setState(ctx, m.id, state)
	}
	if err != nil {
		// Somebody else may have done it meanwhile.
		if now, _, lerr := m.p.instance(ctx, m.id); lerr == nil && now.StatusCode == want {
			return nil
		}
		return fmt.Errorf("%s %s: %w", action, m.id, err)
	}
	return nil
}

// Interrupted says that the daemon, or the machine's member of the cluster, was
// away.
func (m *Machine) Interrupted(since time.Time) error {
	if err := m.p.server.remote.interrupted(since); err != nil {
		return err
	}
	if at := m.lost.Load(); at != nil && !at.Before(since) {
		return fmt.Errorf("the member of the cluster that has %s was away at %s", m.id, at.UTC().Format(time.TimeOnly))
	}
	return nil
}

// seeMember notes whether what went wrong with the machine did so because its
// member of the cluster is away: only the list of all says so, since whatever
// is asked about one instance is for its member to answer.
func (m *Machine) seeMember(ctx context.Context) {
	s, err := m.p.look(ctx)
	if err != nil || !s.cluster {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), seeLimit)
	defer cancel()
	all, err := m.p.instances(ctx)
	if err != nil {
		return
	}
	i := slices.IndexFunc(all, func(inst api.Instance) bool { return inst.Name == m.id })
	if i >= 0 && stateOf(all[i]) == "broken" {
		now := time.Now()
		m.lost.Store(&now)
	}
}

// seeLimit bounds a look at the members.
const seeLimit = 20 * time.Second

// Resize changes the limits; a container has them at once, and a virtual
// machine's disk cannot shrink.
func (m *Machine) Resize(ctx context.Context, l providers.Limits) error {
	if min(l.MemoryMiB, l.VCPU, l.DiskMiB) < 0 {
		return fmt.Errorf("resize %s: a limit is below zero", m.id)
	}
	err := m.p.update(ctx, m.id, func(put *api.InstancePut) {
		maps.Copy(put.Config, limits(isVM(put.Config), l))
		if l.DiskMiB > 0 {
			put.Devices["root"]["size"] = fmt.Sprintf("%dMiB", l.DiskMiB)
		}
	})
	if err != nil {
		return fmt.Errorf("resize %s: %w", m.id, err)
	}
	return nil
}

// Enforced reports the limits as the storage pool's driver has them: Incus
// refuses the others where the host cannot.
func (m *Machine) Enforced() providers.Enforced {
	m.p.mu.Lock()
	defer m.p.mu.Unlock()
	e := providers.Enforced{Memory: true, CPU: true, Disk: true, Pids: true}
	if vm := m.vm.Load(); vm != nil && *vm {
		e.Pids, e.Reason = false, "a virtual machine's processes are bounded by its memory alone"
		return e
	}
	if m.p.site != nil && (m.p.site.driver == "dir" || m.p.site.driver == "nfs") {
		e.Disk = false
		e.Reason = "the storage pool's driver is " + m.p.site.driver + ", which has no quotas here: use a btrfs, zfs or lvm pool"
	}
	return e
}
