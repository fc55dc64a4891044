package local

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"

	"github.com/benchtest-dev/benchtest/providers"
)

// Save stops the machine and makes a template of what it has changed, as a
// layer on the template that it was cloned from, which must be as.Base. What
// each clone must have of its own is taken out. The machine stays off.
func (p *Provider) Save(ctx context.Context, from providers.Machine, as providers.Template) error {
	if err := p.save(ctx, from.ID(), as); err != nil {
		return fmt.Errorf("save %s as template %s: %w", from.ID(), as.Name, err)
	}
	return nil
}

func (p *Provider) save(ctx context.Context, id string, as providers.Template) (err error) {
	m, err := p.open(id)
	if err != nil {
		return err
	}
	if err := m.revive(ctx); err != nil {
		return err
	}
	rec, err := readJSON[record](dirOf(id).record())
	switch {
	case err != nil:
		return err
	case as.Base == nil || as.Base.BuildName() != rec.Template:
		return fmt.Errorf("its template is %s, and that is what the new one must have as its base", rec.Template)
	case p.built(as):
		return errors.New("there is one of that digest")
	}
	if err := m.Stop(ctx); err != nil {
		return err
	}
	unlock, err := p.lockTemplate(ctx, as.BuildName(), exclusive)
	if err != nil {
		return err
	}
	defer unlock()
	unlockBase, err := p.lockTemplate(ctx, as.Base.BuildName(), shared)
	if err != nil {
		return err
	}
	defer unlockBase()
	if err := p.removeStaging(ctx, as.BuildName()); err != nil {
		return err
	}
	b, err := p.newBuild(as)
	if err != nil {
		return err
	}
	copied := func(ctx context.Context) error { return b.take(ctx, filepath.Join(dirOf(id).disk(), "upper")) }
	for _, step := range []func(context.Context) error{copied, b.cleanUp, b.seal} {
		if err = step(ctx); err != nil {
			break
		}
	}
	if err != nil {
		err = errors.Join(fmt.Errorf("%w\n%s", err, b.tail()), p.abandon(ctx, as.BuildName()))
	}
	return errors.Join(err, b.log.Close())
}

// take copies a machine's own layer into the template, with all that an
// overlay keeps in it: owners, links, whiteouts, attributes.
func (b *build) take(ctx context.Context, upper string) error {
	b.progress("copying what the machine has changed")
	cmd := command(ctx, "cp", "-a", "--reflink=auto", upper+"/.", b.staging.files(b.meta))
	cmd.Stdout, cmd.Stderr = b.log, b.log
	if err := b.helpers.run(cmd); err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			return fmt.Errorf("cp: exit status %d", exit.ExitCode())
		}
		return err
	}
	return nil
}

// abandon leaves nothing of a template that could not be saved: unlike a build
// that failed, there is nothing in it to look at.
func (p *Provider) abandon(ctx context.Context, buildName string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), destroyLimit)
	defer cancel()
	return p.removeStaging(ctx, buildName)
}
