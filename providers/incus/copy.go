package incus

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/lxc/incus/v6/shared/api"

	"github.com/benchtest-dev/benchtest/providers"
)

// Copy copies a clone with all it holds, its snapshots excepted. What it has
// in memory is not on its disk yet: sync it first where that matters.
func (p *Provider) Copy(ctx context.Context, from providers.Machine, c providers.CloneSpec) (providers.Machine, error) {
	m, err := p.copyClone(ctx, from, c)
	if err != nil {
		return nil, fmt.Errorf("copy %s: %w", from.ID(), err)
	}
	return m, nil
}

func (p *Provider) copyClone(ctx context.Context, from providers.Machine, c providers.CloneSpec) (*Machine, error) {
	s, err := p.look(ctx)
	if err != nil {
		return nil, err
	}
	if err := p.acceptable(s, c); err != nil {
		return nil, err
	}
	source, err := p.sourceOf(ctx, from)
	if err != nil {
		return nil, err
	}
	return p.copyAndStart(ctx, s, p.server.on(memberOf(s, source)), source, c)
}

// sourceOf reads the instance of a machine of ours.
func (p *Provider) sourceOf(ctx context.Context, of providers.Machine) (*api.Instance, error) {
	m, ours := of.(*Machine)
	if !ours {
		return nil, errors.New("it is not of provider incus")
	}
	inst, _, err := p.instance(ctx, m.id)
	return inst, err
}

// Save makes a template of a clone, which is stopped for that and stays
// stopped. The template's files are the clone's, less what each clone must have
// of its own.
func (p *Provider) Save(ctx context.Context, from providers.Machine, as providers.Template) error {
	if err := p.save(ctx, from, as); err != nil {
		return fmt.Errorf("save %s as %s: %w", from.ID(), as.BuildName(), err)
	}
	return nil
}

func (p *Provider) save(ctx context.Context, from providers.Machine, as providers.Template) (err error) {
	s, err := p.look(ctx)
	if err != nil {
		return err
	}
	if as, err = typed(as); err != nil {
		return err
	}
	source, err := p.sourceOf(ctx, from)
	if err != nil {
		return err
	}
	unlock, err := p.lockTemplate(ctx, as.BuildName())
	if err != nil {
		return err
	}
	defer unlock()
	if there, err := p.built(ctx, s, as); err != nil || there {
		return err
	}
	m := &Machine{p: p, id: source.Name}
	if err := m.Stop(ctx); err != nil {
		return err
	}
	name := "benchtest-build-" + newNonce()[:20]
	config := limits(isVM(source.Config), providers.Limits{})
	keepFirmware(config, source.Config)
	maps.Copy(config, map[string]string{markKind: kindBuild, markTemplate: as.BuildName(), markDigest: as.Digest, markRun: p.run, markBase: ""})
	member := memberOf(s, source)
	err = p.create(ctx, p.server.on(member), api.InstancesPost{
		Name: name, Type: api.InstanceType(source.Type),
		Source:      api.InstanceSource{Type: "copy", Source: source.Name, InstanceOnly: true},
		InstancePut: api.InstancePut{Config: config, Profiles: []string{}, Devices: s.copyDevices(source, 0)},
	})
	if err != nil {
		return err
	}
	identity := map[string]string{markPasswd: source.Config[markPasswd], markHosts: source.Config[markHosts]}
	if !isVM(config) { // which is as sealGuest left its template, and does not run
		identity, err = p.prepareIdentity(ctx, name)
	}
	if err == nil {
		err = p.publish(ctx, name, instanceName(as, member), identity)
	}
	if err != nil {
		undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), destroyLimit)
		defer cancel()
		return errors.Join(err, p.remove(undo, name, ""))
	}
	if s.cluster {
		return p.spread(ctx, s, as)
	}
	return nil
}
