package incus

import (
	"context"
	"fmt"
	"strings"

	incus "github.com/lxc/incus/v6/client"
	"github.com/lxc/incus/v6/shared/api"

	"github.com/benchtest-dev/benchtest/providers"
)

// instances are all of ours, of every home.
func (p *Provider) instances(ctx context.Context) (ours []api.Instance, err error) {
	err = p.server.do(ctx, func(c incus.InstanceServer) error {
		all, err := c.GetInstances(api.InstanceTypeAny)
		for _, inst := range all {
			if inst.Config[markKind] != "" {
				ours = append(ours, inst)
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list instances: %w", err)
	}
	return ours, nil
}

// List names the templates on this Incus, which all homes share, and the
// clones, builds and networks of this one. Where no Incus is there is nothing.
func (p *Provider) List(ctx context.Context) ([]providers.MachineInfo, error) {
	if p.server.remote.absent() {
		return nil, nil
	}
	if _, err := p.look(ctx); err != nil {
		return nil, fmt.Errorf("list: %w", err)
	}
	all, err := p.instances(ctx)
	if err != nil {
		return nil, fmt.Errorf("list: %w", err)
	}
	var infos []providers.MachineInfo
	seen := map[string]bool{}
	for _, inst := range all {
		info, ok := p.describe(inst)
		if !ok || seen[info.ID] {
			continue // a cluster has each template several times
		}
		seen[info.ID] = true
		infos = append(infos, info)
	}
	networks, err := p.networks(ctx)
	if err != nil {
		return nil, fmt.Errorf("list: %w", err)
	}
	return append(infos, networks...), nil
}

// describe says what an instance is to those who ask a provider.
func (p *Provider) describe(inst api.Instance) (providers.MachineInfo, bool) {
	c := inst.Config
	info := providers.MachineInfo{
		ID: inst.Name, Kind: providers.KindClone, Provider: "incus", Template: c[markTemplate],
		Run: c[markRun], State: stateOf(inst), Created: createdAt(c),
	}
	switch c[markKind] {
	case kindTemplate, kindBuild:
		if c[markKind] == kindBuild && c[markHome] != homeMark(p.home) {
			return info, false
		}
		info.ID, info.Kind, info.State = c[markTemplate], providers.KindTemplate, "complete"
		if c[markKind] == kindBuild || !strings.HasPrefix(inst.Name, c[markTemplate]) {
			info.State = "broken"
		}
		return info, true
	case kindClone:
		return info, c[markHome] == homeMark(p.home)
	}
	return info, false
}

// stateOf is "running", "stopped" or, for what is neither, "broken". That is
// also what was not turned off, from inside or by us, and does not run: its
// host was.
func stateOf(inst api.Instance) string {
	switch inst.StatusCode {
	case api.Running, api.Ready:
		return "running"
	case api.Stopped:
		if inst.Config["volatile.last_state.power"] == "RUNNING" {
			return "broken"
		}
		return "stopped"
	case api.Starting, api.Pending:
		return "starting"
	}
	return "broken"
}

// networks are the attempts' of this home.
func (p *Provider) networks(ctx context.Context) (infos []providers.MachineInfo, err error) {
	err = p.server.shared().do(ctx, func(c incus.InstanceServer) error {
		all, err := c.GetNetworks()
		for _, n := range all {
			if n.Config[markKind] == kindNetwork && n.Config[markHome] == homeMark(p.home) {
				// The attempt is what Disconnect wants to hear.
				infos = append(infos, providers.MachineInfo{
					ID: n.Config[markAttempt], Kind: providers.KindNetwork, Provider: "incus", Run: n.Config[markRun],
					State: "running", Created: createdAt(n.Config),
				})
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list networks: %w", err)
	}
	return infos, nil
}
