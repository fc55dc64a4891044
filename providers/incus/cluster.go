package incus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	incus "github.com/lxc/incus/v6/client"
	"github.com/lxc/incus/v6/shared/api"

	"github.com/benchtest-dev/benchtest/providers"
)

// members are those of the cluster that are online, sorted by name.
func (p *Provider) members(ctx context.Context) (members []api.ClusterMember, err error) {
	err = p.server.shared().do(ctx, func(c incus.InstanceServer) (err error) {
		members, err = c.GetClusterMembers()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the cluster's members: %w", err)
	}
	members = slices.DeleteFunc(members, func(m api.ClusterMember) bool { return m.Status != "Online" })
	slices.SortFunc(members, func(a, b api.ClusterMember) int { return cmp.Compare(a.ServerName, b.ServerName) })
	return members, nil
}

// electionLimit is how long a cluster may be without a member that is online:
// when one goes away, the others choose a new leader first.
const electionLimit = 30 * time.Second

// eligible are the members that may have clones of a template.
func (p *Provider) eligible(ctx context.Context, t providers.Template) ([]string, error) {
	all, err := p.members(ctx)
	for began := time.Now(); len(all) == 0 && time.Since(began) < electionLimit && providers.Pause(ctx, time.Second) == nil; {
		all, err = p.members(ctx)
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for _, m := range all {
		if (t.Incus.Target == "" || t.Incus.Target == m.ServerName) && (t.Incus.Group == "" || slices.Contains(m.Groups, t.Incus.Group)) {
			names = append(names, m.ServerName)
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("no member of the cluster is online that template %s may be on (target %q, group %q): incus cluster list", t.Name, t.Incus.Target, t.Incus.Group)
	}
	return names, nil
}

// instanceName is what a template's instance is called. In a cluster, where
// names are everybody's, each member's has one of its own.
func instanceName(t providers.Template, member string) string {
	name := t.BuildName()
	if t.Type == providers.TypeVM {
		name += "-" + typeVM // it may be there as a container too
	}
	if member == "" {
		return name
	}
	return name + "-" + short(member, 6)
}

// memberOf is where an instance is; "": there is no cluster.
func memberOf(s *site, inst *api.Instance) string {
	if !s.cluster {
		return ""
	}
	return inst.Location
}

// templates are the built template's instances, by the member that has them.
func (p *Provider) templates(ctx context.Context, t providers.Template) (map[string]*api.Instance, error) {
	all, err := p.instances(ctx)
	return templatesAmong(all, t), err
}

func templatesAmong(all []api.Instance, t providers.Template) map[string]*api.Instance {
	at := map[string]*api.Instance{}
	for i := range all {
		if inst := &all[i]; isBuilt(inst, t) && inst.Name == instanceName(t, inst.Location) {
			at[inst.Location] = inst
		}
	}
	return at
}

// without are the eligible members that lack the template.
func (p *Provider) without(ctx context.Context, t providers.Template) ([]string, error) {
	members, err := p.eligible(ctx, t)
	if err != nil {
		return nil, err
	}
	at, err := p.templates(ctx, t)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(members, func(m string) bool { return at[m] != nil }), nil
}

// buildInCluster makes the template on one member, unless a member has it, and
// copies it to the others.
func (p *Provider) buildInCluster(ctx context.Context, s *site, t providers.Template) error {
	members, err := p.eligible(ctx, t)
	if err != nil {
		return err
	}
	at, err := p.templates(ctx, t)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(members, func(m string) bool { return at[m] != nil }) {
		if err := p.buildOn(ctx, s, members[0], t); err != nil {
			return err
		}
	}
	return p.spread(ctx, s, t)
}

// spread copies the template to the members that lack it.
func (p *Provider) spread(ctx context.Context, s *site, t providers.Template) error {
	at, err := p.templates(ctx, t)
	if err != nil {
		return err
	}
	online, err := p.members(ctx)
	if err != nil {
		return err
	}
	maps.DeleteFunc(at, func(member string, _ *api.Instance) bool {
		return !slices.ContainsFunc(online, func(m api.ClusterMember) bool { return m.ServerName == member })
	})
	if len(at) == 0 {
		return notBuilt(t)
	}
	from := at[slices.Sorted(maps.Keys(at))[0]]
	missing, err := p.without(ctx, t)
	if err != nil {
		return err
	}
	for _, member := range missing {
		if t.Progress != nil {
			t.Progress("copying to " + member)
		}
		if err := p.copyTo(ctx, s, member, from, t); err != nil {
			return fmt.Errorf("copy to member %s: %w", member, err)
		}
	}
	return nil
}

// copyTo makes the template of a member out of another's. Like a build it has
// its name when it is whole.
func (p *Provider) copyTo(ctx context.Context, s *site, member string, from *api.Instance, t providers.Template) error {
	config := maps.Clone(from.Config)
	maps.DeleteFunc(config, func(key, _ string) bool { return !keptInCopy(key) })
	config[markKind] = kindBuild
	name := "benchtest-build-" + newNonce()[:20]
	err := p.create(ctx, p.server.on(member), api.InstancesPost{
		Name: name, Type: api.InstanceType(from.Type),
		Source: api.InstanceSource{Type: "copy", Source: from.Name, InstanceOnly: true},
		InstancePut: api.InstancePut{
			Architecture: from.Architecture, // across members Incus does not look itself
			Config:       config, Profiles: []string{}, Devices: s.copyDevices(from, 0),
		},
	})
	if err != nil {
		return err
	}
	if err := p.publish(ctx, name, instanceName(t, member), nil); err != nil {
		undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), destroyLimit)
		defer cancel()
		return errors.Join(err, p.remove(undo, name, ""))
	}
	return nil
}
