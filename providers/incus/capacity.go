package incus

import (
	"context"
	"errors"
	"fmt"

	incus "github.com/lxc/incus/v6/client"

	"github.com/benchtest-dev/benchtest/providers"
)

// Capacity is what the members of the cluster, or the one server elsewhere,
// report. One that cannot be asked has nothing to give.
func (p *Provider) Capacity(ctx context.Context) ([]providers.Capacity, error) {
	hosts, err := p.capacity(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask Incus for its capacity: %w", err)
	}
	return hosts, nil
}

func (p *Provider) capacity(ctx context.Context) (hosts []providers.Capacity, err error) {
	s, err := p.look(ctx)
	switch {
	case err != nil:
		return nil, err
	case s.cluster:
		return p.membersCapacity(ctx)
	case p.server.remote.url == "":
		return nil, nil // this host, which its own reader knows better
	}
	c, err := p.server.shared().capacity(ctx)
	return []providers.Capacity{c}, err
}

func (p *Provider) membersCapacity(ctx context.Context) (hosts []providers.Capacity, err error) {
	members, err := p.members(ctx)
	if err != nil {
		return nil, err
	}
	for _, m := range members {
		c, err := p.server.shared().on(m.ServerName).capacity(ctx)
		if err == nil { // else it went away meanwhile
			hosts = append(hosts, c)
		}
	}
	if len(hosts) == 0 {
		return nil, errors.New("no member of the cluster answers")
	}
	return hosts, nil
}

// capacity is that of the server, or of the member that it is on.
func (s server) capacity(ctx context.Context) (c providers.Capacity, err error) {
	err = s.do(ctx, func(client incus.InstanceServer) error {
		r, err := client.GetServerResources()
		if err == nil {
			c = providers.Capacity{MemoryMiB: int(r.Memory.Total >> 20), VCPU: int(r.CPU.Total)}
		}
		return err
	})
	return c, err
}
