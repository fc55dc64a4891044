package lima

import (
	"context"
	"errors"
	"fmt"

	"github.com/benchtest-dev/benchtest/providers"
)

// Copy copies a machine with its disk, while it is off: limactl copies nothing
// that runs, so one that runs is turned off for it and on again.
func (p *Provider) Copy(ctx context.Context, from providers.Machine, c providers.CloneSpec) (providers.Machine, error) {
	m, err := p.copyMachine(ctx, from, c)
	if err != nil {
		return nil, fmt.Errorf("copy %s to %s: %w", from.ID(), c.ID, err)
	}
	return m, nil
}

func (p *Provider) copyMachine(ctx context.Context, from providers.Machine, c providers.CloneSpec) (*Machine, error) {
	if err := p.checkSpec(c); err != nil {
		return nil, err
	}
	src, rec, err := p.sourceOf(ctx, from)
	if err != nil {
		return nil, err
	}
	like := meta{Name: rec.Template, VCPU: rec.VCPU, MemoryMiB: rec.MemoryMiB, DiskMiB: rec.DiskMiB}
	mine, err := p.recordOf(c, like, src.passwd)
	if err != nil {
		return nil, err
	}
	resume, err := p.suspend(ctx, from.ID())
	if err != nil {
		return nil, err
	}
	// The original goes on as soon as it has been copied, whatever comes of the copy.
	var rerr error
	copied := func() {
		rerr = resume()
		resume = func() error { return nil }
	}
	m, err := p.make(ctx, mine, src, c.Keys, copied)
	if err != nil {
		return nil, errors.Join(err, rerr, resume())
	}
	return m, rerr
}

// sourceOf describes a machine as a source. It must run, to be asked for its
// accounts.
func (p *Provider) sourceOf(ctx context.Context, from providers.Machine) (source, record, error) {
	m := p.machine(from.ID())
	rec, err := p.readRecord(m.id)
	if err != nil {
		return source{}, record{}, err
	}
	if !p.on(rec.Instance) {
		return source{}, record{}, errors.New("it is off: start it first")
	}
	root, err := m.admin(ctx)
	if err != nil {
		return source{}, record{}, err
	}
	defer func() { _ = root.Close() }()
	hosts, passwd, err := readAccounts(ctx, root)
	return source{instance: rec.Instance, hostKey: rec.HostKey, hosts: hosts, passwd: passwd}, rec, err
}

// suspend turns a machine off; resume turns it on again.
func (p *Provider) suspend(ctx context.Context, id string) (resume func() error, err error) {
	m := p.machine(id)
	if err := m.Stop(ctx); err != nil {
		return nil, err
	}
	return func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), firstBootLimit)
		defer cancel()
		return m.Start(ctx)
	}, nil
}

// Save makes a template of a machine, which is off afterwards.
func (p *Provider) Save(ctx context.Context, from providers.Machine, as providers.Template) error {
	if err := p.save(ctx, from, as); err != nil {
		return fmt.Errorf("save %s as template %s: %w", from.ID(), as.Name, err)
	}
	return nil
}

func (p *Provider) save(ctx context.Context, from providers.Machine, as providers.Template) error {
	src, rec, err := p.sourceOf(ctx, from)
	if err != nil {
		return err
	}
	as.Packages, as.Provision, as.Base = nil, "", nil // it has all that
	as.VCPU, as.MemoryMiB, as.DiskMiB = rec.VCPU, rec.MemoryMiB, rec.DiskMiB
	if err := p.machine(rec.ID).Stop(ctx); err != nil {
		return err
	}
	return p.buildAs(ctx, as, func(b *build) func(context.Context) error {
		return func(ctx context.Context) error { return b.fromInstance(ctx, src.instance, src.hostKey, "") }
	})
}
