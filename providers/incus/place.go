package incus

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	incus "github.com/lxc/incus/v6/client"
	"github.com/lxc/incus/v6/shared/api"

	"github.com/benchtest-dev/benchtest/providers"
)

// keptInCopy reports whether a key of a template's configuration is the copy's
// as well.
func keptInCopy(key string) bool { return !strings.HasPrefix(key, "volatile.") }

// place finds the template that a clone is copied from, and where the copy is
// to be.
func (p *Provider) place(ctx context.Context, s *site, c providers.CloneSpec) (server, *api.Instance, error) {
	if !s.cluster {
		inst, err := p.template(ctx, c.Template)
		return p.server, inst, err
	}
	// The list first: while a member that went away counts as online, it takes
	// until it does not.
	all, err := p.instances(ctx)
	if err != nil {
		return server{}, nil, err
	}
	members, err := p.eligible(ctx, c.Template)
	if err != nil {
		return server{}, nil, err
	}
	at := templatesAmong(all, c.Template)
	member := choose(members, all, c.Attempt, func(m string) bool { return at[m] != nil })
	if member == "" {
		return server{}, nil, notBuilt(c.Template)
	}
	return p.server.on(member), at[member], nil
}

// choose is the member that has the attempt's other hosts; else, as Incus
// itself chooses, the one with the fewest instances. It is chosen here because
// a clone is a fast copy only of a template on the same member.
func choose(members []string, all []api.Instance, attempt string, has func(string) bool) string {
	count := map[string]int{}
	for _, inst := range all {
		count[inst.Location]++
		if attempt != "" && inst.Config[markKind] == kindClone && inst.Config[markAttempt] == attempt {
			for _, m := range members {
				if m == inst.Location && has(m) {
					return m
				}
			}
		}
	}
	best := ""
	for _, m := range members {
		if has(m) && (best == "" || count[m] < count[best]) {
			best = m
		}
	}
	return best
}

// gather brings the hosts of an attempt to one member: clones that were made
// ahead, for nobody yet, may be anywhere. A host that moves boots again.
func (p *Provider) gather(ctx context.Context, s *site, hosts map[string]providers.Machine) error {
	if !s.cluster || len(hosts) < 2 {
		return nil
	}
	count, at, best := map[string]int{}, map[string]string{}, ""
	for _, name := range slices.Sorted(maps.Keys(hosts)) {
		inst, _, err := p.instance(ctx, hosts[name].ID())
		if err != nil {
			return err
		}
		at[inst.Name] = inst.Location
		if count[inst.Location]++; best == "" || count[inst.Location] > count[best] {
			best = inst.Location
		}
	}
	for id, member := range at {
		if member == best {
			continue
		}
		if err := p.move(ctx, id, best); err != nil {
			return fmt.Errorf("move %s from %s to %s: %w", id, member, best, err)
		}
	}
	return nil
}

func (p *Provider) move(ctx context.Context, id, member string) error {
	m := &Machine{p: p, id: id}
	if err := m.Stop(ctx); err != nil {
		return err
	}
	err := p.server.on(member).run(ctx, func(c incus.InstanceServer) (incus.Operation, error) {
		return c.MigrateInstance(id, api.InstancePost{Name: id, Migration: true})
	})
	if err != nil {
		return err
	}
	return m.Start(ctx)
}
